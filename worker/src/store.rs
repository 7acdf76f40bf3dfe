//! Adapters of the platform's stores, and what every store is wrapped in.

mod backend;
mod d1;
mod kv;
mod measured;
mod object;
mod r2;
mod text;
mod time_limit;

pub(crate) use backend::{Backend, has_binding};
pub(crate) use d1::D1Records;
pub(crate) use kv::KvRecords;
pub(crate) use measured::Measured;
pub(crate) use object::ObjectRecords;
pub(crate) use r2::R2Records;
pub(crate) use time_limit::TimeLimit;
