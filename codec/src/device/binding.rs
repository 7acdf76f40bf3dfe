use alloc::vec::Vec;

use super::{Identifier, PublicKey};
use crate::atoms::Timestamp;

/// The first half of a P-256 key's x coordinate, which nobody can choose.
pub type Thumbprint = [u8; 16];

/// What stands under a session's name where that has ended.
pub const DENIED: &[u8] = b"denied";

/// To which device a session is bound. It stands where it would stand that the session has ended:
/// one look-up answers both, and every copy of the cookie is covered, whenever it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding {
    /// Of the device's key.
    pub thumbprint: Thumbprint,
    /// When the key was registered; whole seconds.
    pub since: Timestamp,
    /// The browser has shown that it knows: before that the answer to its registration may have
    /// been lost, and the session is good without a device.
    pub is_confirmed: bool,
}

/// What a binding begins with in a store. An end has another length.
const BEGIN: &[u8; 8] = b"device-1";

/// How long the answer to a registration may be on its way: so long nobody else may register.
const UNDER_WAY_SECONDS: i64 = 60;

impl Binding {
    const LEN: usize = BEGIN.len() + 1 + 8 + 16;

    /// As a store keeps it.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(Self::LEN);
        bytes.extend_from_slice(BEGIN);
        bytes.push(u8::from(self.is_confirmed));
        bytes.extend_from_slice(&self.since.seconds().to_be_bytes());
        bytes.extend_from_slice(&self.thumbprint);
        bytes
    }

    /// What a store keeps; `None` if that is no binding.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(BEGIN)?;
        let (&[is_confirmed], rest) = rest.split_first_chunk()?;
        let (since, rest) = rest.split_first_chunk()?;
        Some(Self {
            thumbprint: rest.try_into().ok()?,
            since: Timestamp::from_seconds(i64::from_be_bytes(*since)),
            is_confirmed: match is_confirmed {
                0 => false,
                1 => true,
                _ => return None,
            },
        })
    }

    /// What there is to be kept when a browser registers a key, where `before` was kept; `None`: the
    /// session is bound to another device, or another one's registration is under way.
    #[must_use]
    pub fn registered(before: Option<Self>, key: &PublicKey, now: Timestamp) -> Option<Self> {
        let thumbprint = key.thumbprint();
        match before {
            Some(before) if before.thumbprint == thumbprint => Some(before),
            Some(before) if before.is_confirmed || before.is_under_way(now) => None,
            _ => Some(Self {
                thumbprint,
                since: Timestamp::from_seconds(now.seconds()),
                is_confirmed: false,
            }),
        }
    }

    fn is_under_way(&self, now: Timestamp) -> bool {
        now.millis_since(self.since) < UNDER_WAY_SECONDS * 1000
    }
}

/// What a proof of the device's key comes to, by what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// The session is bound to another device meanwhile.
    Other,
    /// All is as it was.
    Stands,
    /// This is to be kept: the browser shows that it knows, or what was kept is lost, or not to be
    /// seen yet.
    Keeps(Binding),
}

impl Identifier {
    /// What a proof of this key comes to, where `kept` is what a store says.
    #[must_use]
    pub fn refreshed(&self, kept: Option<Binding>) -> Refreshed {
        let thumbprint = self.key.thumbprint();
        match kept {
            Some(kept) if kept.thumbprint != thumbprint => Refreshed::Other,
            Some(kept) if kept.is_confirmed => Refreshed::Stands,
            _ => Refreshed::Keeps(Binding {
                thumbprint,
                since: self.since,
                is_confirmed: true,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names::StoreName;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    const fn binding(thumb: u8, is_confirmed: bool) -> Binding {
        Binding {
            thumbprint: [thumb; 16],
            since: NOW,
            is_confirmed,
        }
    }

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        for is_confirmed in [false, true] {
            let binding = binding(7, is_confirmed);
            let bytes = binding.to_bytes();
            assert_eq!(bytes.len(), Binding::LEN);
            assert_eq!(Binding::read(&bytes), Some(binding));
            for length in 0..bytes.len() {
                assert_eq!(Binding::read(&bytes[..length]), None, "{length}");
            }
            assert_eq!(Binding::read(&[&bytes[..], &[0]].concat()), None);
            let mut odd = bytes;
            odd[BEGIN.len()] = 2;
            assert_eq!(Binding::read(&odd), None);
        }
        assert_eq!(Binding::read(DENIED), None);
    }

    #[test]
    fn the_first_key_counts_from_when_its_browser_knows_or_for_a_minute() {
        let key = PublicKey([7; 64]);
        let at = |seconds| Timestamp::from_seconds(NOW.seconds() + seconds);
        let registered = |before, seconds| Binding::registered(before, &key, at(seconds));
        assert_eq!(registered(None, 0), Some(binding(7, false)));
        for is_confirmed in [false, true] {
            let own = binding(7, is_confirmed);
            assert_eq!(registered(Some(own), 500), Some(own));
        }
        assert_eq!(registered(Some(binding(8, true)), 500), None);
        assert_eq!(registered(Some(binding(8, false)), 59), None);
        assert_eq!(
            registered(Some(binding(8, false)), 60).map(|made| made.since),
            Some(at(60))
        );
    }

    #[test]
    fn a_proof_confirms_and_mends_and_takes_from_nobody() {
        let identifier = Identifier {
            session: StoreName::new([1; 24]),
            key: PublicKey([7; 64]),
            since: NOW,
        };
        let confirmed = Refreshed::Keeps(binding(7, true));
        assert_eq!(identifier.refreshed(None), confirmed);
        assert_eq!(identifier.refreshed(Some(binding(7, false))), confirmed);
        assert_eq!(
            identifier.refreshed(Some(binding(7, true))),
            Refreshed::Stands
        );
        for is_confirmed in [false, true] {
            let other = Some(binding(8, is_confirmed));
            assert_eq!(identifier.refreshed(other), Refreshed::Other);
        }
    }
}
