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
    let mut sent = [b"sessionid=", &[b'v'; CookieHeader::MAX_BYTES - 10][..]].concat();
    assert_eq!(
        values(&sent, "sessionid")[0].len(),
        CookieHeader::MAX_BYTES - 10
    );
    sent.push(b'v');
    let bytes = CookieHeader::MAX_BYTES + 1;
    assert_eq!(
        CookieHeader::new(&sent).err(),
        Some(HeaderTooLong { bytes })
    );
}

#[test]
fn hostile_headers_cost_one_allocation() {
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
        let sent = repeated(pattern, CookieHeader::MAX_BYTES);
        let mut out = Vec::with_capacity(sent.len() + sent.len() / 2 + 2);
        let capacity = out.capacity();
        header(&sent).write_without(&ours, &mut out);
        assert_eq!(out.capacity(), capacity, "{}", pattern.escape_ascii());
    }
}

/// `pattern` again and again, between letters that keep blanks from being trimmed at once.
fn repeated(pattern: &[u8], bytes: usize) -> Vec<u8> {
    let inside = pattern.iter().copied().cycle().take(bytes - 6);
    b"a=b"
        .iter()
        .copied()
        .chain(inside)
        .chain(*b"c=d")
        .collect()
}

/// Eight times the header takes eight times the time, whatever two bytes fill it, and not 64 times.
// There is no clock in WASM; the work is the same there.
#[cfg(not(target_family = "wasm"))]
#[test]
fn headers_of_every_two_bytes_cost_linear_time() {
    let ours = [&name("sessionid"), &name("__Host-sessionid")];
    let read = |sent: &[u8], out: &mut Vec<u8>| {
        out.clear();
        header(sent).write_without(&ours, out);
    };
    for pair in (0..=u16::MAX).map(u16::to_be_bytes) {
        assert_linear(&pair, read);
    }
    for filling in [
        &b"sessionid "[..],
        b" sessionid",
        b"\x80s\x80e",
        b",%80",
        b"\x80+",
        b"/=",
        b"s%ff[e",
    ] {
        assert_linear(filling, read);
    }
}

/// The best of many runs is what the work costs; a machine that is busy only makes it take longer to see.
#[cfg(not(target_family = "wasm"))]
fn assert_linear(filling: &[u8], mut read: impl FnMut(&[u8], &mut Vec<u8>)) {
    const SMALL: usize = 128;
    const TIMES: u32 = 8;
    let (small, large) = (
        repeated(filling, SMALL),
        repeated(filling, SMALL * TIMES as usize),
    );
    let mut out = Vec::with_capacity(2 * large.len());
    let mut time = |sent: &[u8]| {
        let start = Instant::now();
        read(sent, &mut out);
        start.elapsed()
    };
    let mut best = (Duration::MAX, Duration::MAX);
    for _ in 0..1000 {
        best = (best.0.min(time(&small)), best.1.min(time(&large)));
        if best.1 < best.0 * TIMES * 3 {
            return;
        }
    }
    let (small, large) = best;
    panic!(
        "{}: {small:?}, {TIMES} times as much {large:?}",
        filling.escape_ascii()
    );
}

#[test]
fn sizes_are_exact_at_every_length() {
    let profile = CookieProfile::new(CookieProfileConfig::default()).unwrap();
    let longest = "v".repeat(4097);
    for bytes in 0..=4096 {
        let size = profile.size_of(bytes);
        let made = profile.set(&longest[..bytes], Lifetime::BrowserSession);
        match made {
            Ok(cookie) => {
                let pair = cookie.as_str().split(';').next().unwrap();
                assert_eq!(pair.len() - 1, size); // the `=` does not count
                assert!(size <= 4096);
            }
            Err(error) => {
                assert_eq!(error, CookieValueError::TooLong { bytes: size });
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
