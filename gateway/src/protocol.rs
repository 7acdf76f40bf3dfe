//! The three ways in which a site speaks of sessions.

mod headers;
mod row_keys;
mod transcode;

pub(crate) use headers::Headers;
pub(crate) use row_keys::RowKeys;
pub(crate) use transcode::Transcode;
