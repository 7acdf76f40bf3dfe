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

fn header(octets: &[u8]) -> CookieHeader<'_> {
    CookieHeader::new(octets).unwrap()
}

fn values<'a>(octets: &'a [u8], of: &str) -> Vec<&'a [u8]> {
    header(octets).values(&name(of)).collect()
}

fn without(octets: &[u8], ours: &[&CookieName]) -> Vec<u8> {
    let mut out = Vec::new();
    header(octets).write_without(ours, &mut out);
    out
}

fn profile(config: CookieProfileConfig) -> CookieProfile {
    CookieProfile::new(config).unwrap()
}
