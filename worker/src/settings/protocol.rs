//! How the origin speaks of sessions.

use session_codec::{DjangoSecret, KeyRing, OriginMac, Secret};

use super::{field::Fields, keys::secret_of};
use crate::rows::RowSigner;

/// What an origin reads and writes.
pub(crate) enum Protocol {
    /// Django's signed cookies.
    Transcode,
    /// `x-session` with a MAC inbound, `session-patch` outbound.
    Headers(OriginMac),
    /// Django's session keys: the sessions are where the site keeps them.
    Rows(RowSigner),
}

/// The protocol's name alone: what other settings mean depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoken {
    Transcode,
    Headers,
    Rows,
}

impl Spoken {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.parsed("SESSION_PROTOCOL", "transcode", |text| match text {
            "transcode" => Ok(Self::Transcode),
            "headers" => Ok(Self::Headers),
            "rows" => Ok(Self::Rows),
            _ => Err(r#"none of "transcode", "headers" and "rows""#.to_owned()),
        })
    }
}

impl Protocol {
    /// The origin's key must not be one that seals: whoever may verify could then make cookies.
    pub(super) fn read(
        fields: &mut Fields<'_>,
        spoken: Option<Spoken>,
        sealing: Option<&KeyRing<Secret>>,
        django: Option<&KeyRing<DjangoSecret>>,
    ) -> Option<Self> {
        match spoken? {
            Spoken::Transcode => Some(Self::Transcode),
            Spoken::Rows => django.map(|keys| Self::Rows(RowSigner::new(keys))),
            Spoken::Headers => {
                let key = fields.required("SESSION_ORIGIN_KEY", |text| {
                    let key = secret_of(text)?;
                    let id = key.key_id();
                    match sealing.is_some_and(|ring| ring.iter().any(|key| key.key_id() == id)) {
                        true => Err("is one of SESSION_KEYS; draw another one".to_owned()),
                        false => Ok(key),
                    }
                });
                key.map(|key| Self::Headers(OriginMac::new(&key)))
            }
        }
    }
}
