//! Adapters of the platform's stores, and what every store is wrapped in.

mod backend;
mod d1;
mod database;
mod kv;
mod measured;
mod object;
mod origin;
mod platform_error;
mod r2;
mod text;
mod timers;

#[cfg(feature = "conformance")]
pub(crate) use backend::Guarded;
pub(crate) use backend::{AfterAnswer, AnyRecords, Backend, circuit, has_binding};
pub(crate) use d1::D1Records;
pub(crate) use database::{Database, Row, rows_of};
pub(crate) use kv::KvRecords;
pub(crate) use measured::{Counted, Measured, measured};
pub(crate) use object::{ObjectRecords, ask_object, unexpected};
pub(crate) use origin::{OriginAddress, OriginRecords};
pub(crate) use platform_error::failed;
pub(crate) use r2::R2Records;
pub(crate) use text::seconds;
pub(crate) use timers::{Timers, within};
