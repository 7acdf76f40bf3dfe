//! Sessions that are sealed towards the browser: what the protocols `transcode` and `headers` share.

mod afterwards;
mod dialect;
mod end;
mod lost;
mod outbound;
mod save;
mod standing;
mod visit;

pub use afterwards::Afterwards;
pub(crate) use dialect::{Sealed, SealedDialect};
pub(crate) use outbound::{failed, without_session};
pub(crate) use save::Made;
