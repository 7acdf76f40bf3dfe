//! The three ways in which a site speaks of sessions.

mod headers;
mod row_keys;
mod sealing;
mod transcode;

use crate::{gateway::Gateway, sealed::Sealed, site};
use headers::Headers;
pub(crate) use row_keys::RowKeys;
pub(crate) use sealing::Sealing;
use transcode::Transcode;

/// How a site speaks, ready to be used for one request. Sealed sessions and rows are of different types.
pub(crate) enum Spoken<'g, P> {
    Sealed(Sealed<Sealing<'g, P>>),
    Rows(RowKeys<'g, P>),
}

impl<'g, P> Spoken<'g, P> {
    pub(crate) fn of(gateway: &'g Gateway<P>, protocol: &'g site::Protocol) -> Self {
        let sealing = match protocol {
            site::Protocol::Transcode => Sealing::Transcode(Transcode(gateway)),
            site::Protocol::Headers(mac) => Sealing::Headers(Headers(gateway, mac)),
            site::Protocol::Rows(signer) => return Self::Rows(RowKeys(gateway, signer)),
        };
        Self::Sealed(Sealed(sealing))
    }
}
