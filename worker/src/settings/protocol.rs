//! How the origin speaks of sessions.

use session_codec::{DjangoSecret, KeyRing, OriginMac, Secret};
use session_gateway::site::{Protocol, RowSigner};

use super::{field::Fields, keys::secret_of, setting};

/// The protocol's name alone: what other settings mean depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ProtocolName {
    Transcode,
    Headers,
    Rows,
}

impl ProtocolName {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.choice(&setting::SESSION_PROTOCOL, |text| match text {
            "transcode" => Some(Self::Transcode),
            "headers" => Some(Self::Headers),
            "rows" => Some(Self::Rows),
            _ => None,
        })
    }
}

/// The protocol. The origin's key must not be one that seals: whoever may verify could then make
/// cookies.
pub(super) fn read(
    fields: &mut Fields<'_>,
    spoken: Option<ProtocolName>,
    sealing: Option<&KeyRing<Secret>>,
    django: Option<&KeyRing<DjangoSecret>>,
) -> Option<Protocol> {
    match spoken? {
        ProtocolName::Transcode => Some(Protocol::Transcode),
        ProtocolName::Rows => django.map(|keys| Protocol::Rows(RowSigner::new(keys))),
        ProtocolName::Headers => {
            let key = fields.parsed(setting::SESSION_ORIGIN_KEY, |text| {
                let key = secret_of(text)?;
                let id = key.key_id();
                if sealing.is_some_and(|ring| ring.iter().any(|key| key.key_id() == id)) {
                    return Err("is one of SESSION_KEYS; draw another one".to_owned());
                }
                Ok(key)
            });
            key.map(|key| Protocol::Headers(OriginMac::new(&key)))
        }
    }
}
