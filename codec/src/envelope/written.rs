use alloc::string::String;

use crate::{
    body::Bodies,
    placement::{Placement, Placing},
    record::{Records, SealedRecord},
    session::SpilledRecord,
};

/// What writing takes, whichever the envelope.
#[derive(Clone, Copy)]
pub(crate) struct Tools<'a> {
    pub(crate) placing: &'a Placing,
    pub(crate) bodies: &'a Bodies,
    pub(crate) records: &'a Records,
}

/// A cookie's value, where its session's keys went, and the record of what did not fit.
pub(crate) struct Written {
    pub(crate) value: String,
    pub(crate) placement: Placement,
    pub(crate) record: Option<SealedRecord>,
    /// What the cookie names as its place in the session's line: that record, or a state without one.
    pub(crate) named: Option<SpilledRecord>,
}
