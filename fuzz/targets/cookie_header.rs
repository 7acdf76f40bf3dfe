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
        .split(|&byte| byte == b';')
        .map(trimmed)
        .filter(|chunk| !chunk.is_empty())
        .map(|chunk| match chunk.iter().position(|&byte| byte == b'=') {
            Some(at) => (trimmed(&chunk[..at]), trimmed(&chunk[at + 1..])),
            None => (&b""[..], chunk),
        })
        .collect()
}

fn trimmed(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

fn read(header: &[u8]) -> Vec<(&[u8], &[u8])> {
    let header = CookieHeader::new(header).expect("it is not longer than what was sent");
    header
        .cookies()
        .map(|cookie| (cookie.name, cookie.value))
        .collect()
}

fuzz_target!(|bytes: &[u8]| STAND.with_borrow_mut(|stand| {
    let Ok(header) = CookieHeader::new(bytes) else {
        assert!(bytes.len() > CookieHeader::MAX_BYTES);
        return;
    };
    assert_eq!(read(bytes), plainly(bytes));
    let names = ["__Host-s", "sessionid"].map(|name| CookieName::new(name).expect("a token"));
    let ours = names.each_ref();
    let mut kept = Vec::new();
    header.write_without(&ours, &mut kept);
    let mut sent = plainly(bytes).into_iter();
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
