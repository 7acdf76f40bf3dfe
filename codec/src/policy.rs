//! What stays in the cookie, how long a session lives, and how much work a cookie may cause.

mod lifetimes;
mod limits;
mod placement;
mod priorities;

pub use lifetimes::Lifetimes;
pub use limits::Limits;
pub use placement::{KeyPlacement, KeyReport, Placement, Report};
pub(crate) use placement::{Prefix, scaled};
pub use priorities::{Priorities, PriorityRule};
