//! Large and hostile headers: exact limits, linear time, one allocation.

use alloc::format;
use alloc::vec::Vec;
#[cfg(not(target_family = "wasm"))]
use {core::time::Duration, std::time::Instant};

use super::{header, name, values};
use crate::cookie::{
    Budget, CookieHeader, CookieProfile, CookieProfileConfig, CookieValueError, HeaderTooLong,
    Lifetime,
};

#[test]
fn ten_thousand_cookies() {
    let mut sent = Vec::new();
    for at in 0..10_000 {
        sent.extend_from_slice(format!("c{at}=v; ").as_bytes());
        if at == 5_000 {
            sent.extend_from_slice(b"sessionid=ours; ");
        }
    }
    assert_eq!(header(&sent).cookies().count(), 10_001);
    assert_eq!(values(&sent, "sessionid"), [b"ours"]);
    let mut out = Vec::new();
    header(&sent).write_without(&[&name("sessionid")], &mut out);
    assert_eq!(header(&out).cookies().count(), 10_000);
    assert!(values(&out, "sessionid").is_empty());
}

#[test]
fn the_limit_is_128_kib() {
    let mut sent = [b"sessionid=", &[b'v'; CookieHeader::MAX_OCTETS - 10][..]].concat();
    assert_eq!(
        values(&sent, "sessionid")[0].len(),
        CookieHeader::MAX_OCTETS - 10
    );
    sent.push(b'v');
    let octets = CookieHeader::MAX_OCTETS + 1;
    assert_eq!(
        CookieHeader::new(&sent).err(),
        Some(HeaderTooLong { octets })
    );
}

// There is no clock in WASM; the work is the same there.
#[cfg(not(target_family = "wasm"))]
#[test]
fn hostile_headers_cost_linear_time_and_one_allocation() {
    let ours = [&name("sessionid"), &name("__Host-session")];
    for pattern in [
        &b";"[..],
        b"a;",
        b"=",
        b"=;",
        b"%",
        b"%25",
        b"%20",
        b"a ",
        b"a\t,",
        b", ",
        b" \x80",
        b"\x80",
        b"\x0b",
        b"\"",
        b"$",
        b"sessionid",
        b"sessionid ",
        b"sessionid,",
        b"x=sessionid ",
        b"$sessionid;",
        b"s\x80",
        b"a=b sessionid\x0b",
        b"%73essionid ",
        b"sessioni=",
        b"__Host-session;",
        b"..",
    ] {
        let sent: Vec<u8> = pattern
            .iter()
            .copied()
            .cycle()
            .take(CookieHeader::MAX_OCTETS)
            .collect();
        // One fixed octet at each end keeps blanks from being trimmed at once.
        let sent = [b"b", &sent[2..], b"e"].concat();
        let mut out = Vec::with_capacity(sent.len() + sent.len() / 2 + 2);
        let (start, capacity) = (Instant::now(), out.capacity());
        header(&sent).write_without(&ours, &mut out);
        // 128 KiB squared would be minutes in this build; linear is some milliseconds.
        let shown = pattern.escape_ascii();
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{shown}: {:?}",
            start.elapsed()
        );
        assert_eq!(out.capacity(), capacity, "{shown}");
    }
}

#[test]
fn sizes_are_exact_at_every_length() {
    let profile = CookieProfile::new(CookieProfileConfig::default()).unwrap();
    let longest = "v".repeat(4097);
    for octets in 0..=4096 {
        let size = profile.size_of(octets);
        let made = profile.set(&longest[..octets], Lifetime::BrowserSession);
        match made {
            Ok(cookie) => {
                let pair = cookie.as_str().split(';').next().unwrap();
                assert_eq!(pair.len() - 1, size); // the `=` does not count
                assert!(size <= 4096);
            }
            Err(error) => {
                assert_eq!(error, CookieValueError::TooLong { octets: size });
                assert!(size > 4096);
            }
        }
    }
    assert_eq!(profile.room(Budget::MAX), 4096 - 14);
    assert_eq!(profile.size_of(profile.room(Budget::DEFAULT)), 4093);
    let long = CookieProfileConfig {
        name: "n".repeat(255),
        ..CookieProfileConfig::default()
    };
    assert_eq!(CookieProfile::new(long).unwrap().room(Budget::MIN), 0);
    assert_eq!(profile.size_of(usize::MAX), usize::MAX);
}

#[test]
fn lifetimes_are_clamped() {
    let profile = CookieProfile::new(CookieProfileConfig::default()).unwrap();
    for (seconds, written) in [
        (0, "Max-Age=1;"),
        (1, "Max-Age=1;"),
        (34_560_000, "Max-Age=34560000;"),
        (34_560_001, "Max-Age=34560000;"),
        (u64::MAX, "Max-Age=34560000;"),
    ] {
        let cookie = profile.set("v", Lifetime::MaxAge(seconds)).unwrap();
        assert!(cookie.as_str().contains(written), "{seconds}");
    }
    let cookie = profile.set("v", Lifetime::BrowserSession).unwrap();
    assert!(!cookie.as_str().contains("Max-Age"));
}
