//! Keys of a session that are ours: what its own keys may not be called, since a reader would take
//! them for these.

use alloc::string::String;

/// Carries when keys end.
pub(crate) const ENDS_KEY: &str = "_edge_ends";

/// Carries the ticket of a record, in the cookies of others: a text, harmless to them.
pub(crate) const TICKET_KEY: &str = "_edge_ticket";

/// Carries which requests of its client a session has the changes of.
pub(crate) const DONE_KEY: &str = "_edge_done";

/// All of them.
pub(crate) const RESERVED: [&str; 3] = [ENDS_KEY, TICKET_KEY, DONE_KEY];

/// When a key ends: its raw form, and seconds since 1970.
pub(crate) type KeyEnd = (String, u32);
