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
mod time_limit;

pub(crate) use backend::{AfterAnswer, Backend, circuit, has_binding};
pub(crate) use d1::D1Records;
pub(crate) use database::Database;
pub(crate) use kv::KvRecords;
pub(crate) use measured::{Measured, measured};
pub(crate) use object::ObjectRecords;
pub(crate) use origin::{OriginAddress, OriginRecords};
pub(crate) use r2::R2Records;
pub(crate) use text::seconds;
#[cfg(test)]
pub(crate) use time_limit::Wait;
pub(crate) use time_limit::{PUT, READ, TimeLimit, Timers, within};
