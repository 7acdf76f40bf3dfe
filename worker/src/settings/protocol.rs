//! How the origin speaks of sessions.

use session_codec::{KeyRing, OriginMac, Secret};

use super::field::Fields;

/// What an origin reads and writes.
pub(crate) enum Protocol {
    /// Django's signed cookies.
    Transcode,
    /// `x-session` with a MAC inbound, `session-patch` outbound.
    Headers(OriginMac),
}

/// The protocol's name alone: what other settings mean depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Spoken {
    Transcode,
    Headers,
}

impl Spoken {
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.parsed("SESSION_PROTOCOL", "transcode", |text| match text {
            "transcode" => Ok(Self::Transcode),
            "headers" => Ok(Self::Headers),
            _ => Err(r#"neither "transcode" nor "headers""#.to_owned()),
        })
    }
}

impl Protocol {
    /// The origin's key must not be one that seals: whoever may verify could then make cookies.
    pub(super) fn read(
        fields: &mut Fields<'_>,
        spoken: Option<Spoken>,
        sealing: Option<&KeyRing<Secret>>,
    ) -> Option<Self> {
        match spoken? {
            Spoken::Transcode => Some(Self::Transcode),
            Spoken::Headers => {
                let key = fields.required("SESSION_ORIGIN_KEY", |text| {
                    let key = Secret::parse(text).map_err(|error| error.to_string())?;
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
