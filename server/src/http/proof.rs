use core::time::Duration;

use hyper::http::request::Parts;
use session_codec::{OriginMac, Timestamp};
use subtle::ConstantTimeEq;

use crate::settings::Key;

/// The first line of what a request's MAC covers.
const REQUEST: &str = "edge-session-store/1 request";
/// The first line of what an answer's MAC covers.
const ANSWER: &str = "edge-session-store/1 answer";
/// Seconds that the clocks may differ and a request may take.
const TOLERANCE: u64 = 60;
/// Characters of a MAC.
const CHARACTERS: usize = 43;

/// What a request shows for itself; not yet verified.
pub(super) struct Proof {
    mac: String,
    time: i64,
    /// What the MAC covers, up to the body.
    head: String,
}

impl Proof {
    /// None if there is none, or its time is not now.
    pub(super) fn of(request: &Parts, now: Timestamp) -> Option<Self> {
        let field = |name| request.headers.get(name)?.to_str().ok();
        let (mac, at) = (field("x-store-mac")?, field("x-store-time")?);
        let is_number = at.bytes().all(|byte| byte.is_ascii_digit());
        let time: i64 = at.parse().ok().filter(|_| is_number)?;
        let is_now = time.abs_diff(now.seconds()) <= TOLERANCE;
        let (method, path) = (&request.method, request.uri.path());
        (mac.len() == CHARACTERS && is_now).then(|| Self {
            mac: mac.to_owned(),
            time,
            head: format!("{REQUEST}\n{method}\n{path}\n{at}\n"),
        })
    }

    /// The key that the request was made with.
    pub(super) fn key<'a>(&self, keys: &'a [Key], body: &[u8]) -> Option<&'a OriginMac> {
        let message = [self.head.as_bytes(), body].concat();
        let mut macs = keys.iter().map(Key::mac);
        macs.find(|key| {
            key.text(&message)
                .as_bytes()
                .ct_eq(self.mac.as_bytes())
                .into()
        })
    }

    /// The MAC as it was sent, which the answer's covers.
    pub(super) fn mac(&self) -> &str {
        &self.mac
    }

    /// The clock of whoever asks.
    pub(super) const fn time(&self) -> Timestamp {
        Timestamp::from_seconds(self.time)
    }
}

/// The earliest that a clock may show whose requests are taken while another one shows this.
pub(crate) fn earliest(clock: Timestamp) -> Timestamp {
    clock.before(Duration::from_secs(TOLERANCE))
}

/// The proof of a request, as whoever asks makes it.
#[must_use]
pub fn of_request(key: &Key, method: &str, path: &str, time: &str, body: &[u8]) -> String {
    let head = format!("{REQUEST}\n{method}\n{path}\n{time}\n");
    key.mac().text(&[head.as_bytes(), body].concat())
}

pub(super) fn of_answer(key: &OriginMac, request: &str, status: u16, content: &[u8]) -> String {
    let head = format!("{ANSWER}\n{request}\n{status}\n");
    key.text(&[head.as_bytes(), content].concat())
}

#[cfg(test)]
mod tests {
    use hyper::Request;
    use session_codec::Secret;

    use super::*;

    /// The worked example of docs/ORIGIN-STORE.md.
    #[test]
    fn macs_are_as_documented() {
        let documented = include_str!("../../../docs/ORIGIN-STORE.md");
        let macs = documented
            .lines()
            .filter_map(|line| line.strip_prefix("x-store-mac of the "));
        let macs: Vec<_> = macs
            .filter_map(|line| line.split_whitespace().last())
            .collect();
        let key = OriginMac::new(&Secret::from_bytes(core::array::from_fn(|i| i as u8)));
        let key = Key::of(key);
        let path = "/session-store/records/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        let proof = |time: &str, now: i64| {
            let request = Request::put(path).header("x-store-mac", macs[0]);
            let request = request.header("x-store-time", time).body(()).unwrap();
            Proof::of(&request.into_parts().0, Timestamp::from_seconds(now))
        };
        let found = proof("1800000000", 1_800_000_060).unwrap();
        let keys = [key];
        let key = found.key(&keys, b"\0\0\0\0kJ\xd2\x10abc").unwrap();
        assert_eq!(of_answer(key, found.mac(), 204, b""), macs[1]);
        assert!(found.key(&keys, b"\0\0\0\0kJ\xd2\x10abd").is_none());
        for (time, now) in [
            ("1800000000", 1_800_000_061),
            ("1800000000", 1_799_999_939),
            ("+1800000000", 1_800_000_000),
            ("", 0),
            ("99999999999999999999", 0),
        ] {
            assert!(proof(time, now).is_none(), "{time}");
        }
    }
}
