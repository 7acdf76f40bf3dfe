//! Tests across the whole of cookies: what we write read back, what others planted, sizes.

mod corpus;
mod injection;
mod matrix;
mod properties;
mod scale;

use alloc::vec::Vec;

use super::{CookieHeader, CookieName, CookieProfile, CookieProfileConfig};

fn name(text: &str) -> CookieName {
    CookieName::new(text).unwrap()
}

fn header(bytes: &[u8]) -> CookieHeader<'_> {
    CookieHeader::new(bytes).unwrap()
}

fn values<'a>(bytes: &'a [u8], of: &str) -> Vec<&'a [u8]> {
    header(bytes).values(&name(of)).collect()
}

fn without(bytes: &[u8], ours: &[&CookieName]) -> Vec<u8> {
    let mut out = Vec::new();
    header(bytes).write_without(ours, &mut out);
    out
}

fn profile(config: CookieProfileConfig) -> CookieProfile {
    CookieProfile::new(config).unwrap()
}
