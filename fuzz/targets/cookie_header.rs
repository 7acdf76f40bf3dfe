//! A Cookie header reads as RFC 6265bis cuts it, and what is forwarded of it is part of what was sent,
//! holds no cookie of ours, and is forwarded again unchanged.
#![no_main]

use std::cell::RefCell;

use libfuzzer_sys::fuzz_target;
use session_codec::{
    Opened,
    cookie::{CookieHeader, CookieName},
};
use session_fuzz::{NOW, Stand, VERIFIES};

thread_local! {
    static STAND: RefCell<Stand> = RefCell::new(Stand::sealed());
}

/// Names and values, cut in the plainest way there is.
fn plainly(header: &[u8]) -> Vec<(&[u8], &[u8])> {
    header
        .split(|&octet| octet == b';')
        .map(trimmed)
        .filter(|chunk| !chunk.is_empty())
        .map(
            |chunk| match chunk.iter().position(|&octet| octet == b'=') {
                Some(at) => (trimmed(&chunk[..at]), trimmed(&chunk[at + 1..])),
                None => (&b""[..], chunk),
            },
        )
        .collect()
}

fn trimmed(mut octets: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = octets {
        octets = rest;
    }
    octets
}

fn read(header: &[u8]) -> Vec<(&[u8], &[u8])> {
    let header = CookieHeader::new(header).expect("it is not longer than what was sent");
    header
        .cookies()
        .map(|cookie| (cookie.name, cookie.value))
        .collect()
}

fuzz_target!(|octets: &[u8]| STAND.with_borrow_mut(|stand| {
    let Ok(header) = CookieHeader::new(octets) else {
        assert!(octets.len() > CookieHeader::MAX_OCTETS);
        return;
    };
    assert_eq!(read(octets), plainly(octets));
    let names = ["__Host-s", "sessionid"].map(|name| CookieName::new(name).expect("a token"));
    let ours = names.each_ref();
    let mut kept = Vec::new();
    header.write_without(&ours, &mut kept);
    let mut sent = plainly(octets).into_iter();
    for cookie in plainly(&kept) {
        assert!(sent.any(|one| one == cookie), "nothing is made up or moved");
        assert!(
            names
                .iter()
                .all(|name| cookie.0 != name.as_str().as_bytes())
        );
    }
    let mut again = Vec::new();
    CookieHeader::new(&kept)
        .expect("as above")
        .write_without(&ours, &mut again);
    assert_eq!(again, kept);
    if VERIFIES {
        let opened = stand.codec.open(&header, NOW, &mut stand.workspace);
        assert!(
            matches!(opened, Opened::Absent | Opened::Rejected(_)),
            "a forgery opened"
        );
    }
}));
