//! Adapters of the platform's stores.

mod kv;
mod time_limit;

pub(crate) use kv::KvRecords;
pub(crate) use time_limit::TimeLimit;
