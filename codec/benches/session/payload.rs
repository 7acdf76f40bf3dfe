//! The sessions: what Django sites keep, made by `scripts/session-samples.py`.

use alloc::collections::BTreeMap;

use serde_json::value::RawValue;

/// A session's name in the tables, and its JSON.
#[derive(Clone, Copy)]
pub(crate) struct Payload {
    pub(crate) name: &'static str,
    pub(crate) json: &'static str,
}

/// 175 bytes: who is logged in.
pub(crate) const S: Payload = Payload {
    name: "s",
    json: include_str!("../payloads/s.json"),
};
/// 913 bytes: a cart and messages too.
pub(crate) const M: Payload = Payload {
    name: "m",
    json: include_str!("../payloads/m.json"),
};
/// 2,800 bytes: a shop in use.
pub(crate) const L: Payload = Payload {
    name: "l",
    json: include_str!("../payloads/l.json"),
};
/// 20,000 bytes: too much for a cookie, compressed or not.
pub(crate) const X: Payload = Payload {
    name: "x",
    json: include_str!("../payloads/x.json"),
};
/// Those that fit a cookie.
pub(crate) const FITTING: [Payload; 3] = [S, M, L];

/// The values of `json` spread over about `keys` keys of like length: the same text, cut
/// elsewhere.
pub(crate) fn with_keys(json: &str, keys: usize) -> String {
    let members: BTreeMap<&str, &RawValue> = serde_json::from_str(json).expect("payloads are JSON");
    let text: String = members.values().map(|value| value.get()).collect();
    let size = text.len().div_ceil(keys);
    let mut pieces = serde_json::Map::new();
    for (index, piece) in text.as_bytes().chunks(size).enumerate() {
        let piece = core::str::from_utf8(piece).expect("payloads are ASCII");
        pieces.insert(format!("key_{index:04}"), piece.into());
    }
    serde_json::to_string(&pieces).expect("strings have a JSON form")
}
