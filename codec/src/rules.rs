//! What settings say of sessions: how long they live, how much work a cookie may cause, and what holds
//! for single keys.

mod key_rule;
mod lifetimes;
mod limits;
mod overflow;

pub use key_rule::{KeyOverflow, KeyRule};
pub use lifetimes::Lifetimes;
pub use limits::Limits;
pub use overflow::Overflow;
