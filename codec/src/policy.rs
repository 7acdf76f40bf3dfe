//! What stays in the cookie, how long a session lives, and how much work a cookie may cause.

mod lifetimes;
mod limits;
mod placement;
mod plan;
mod report;
mod rules;

pub use lifetimes::Lifetimes;
pub use limits::Limits;
pub use placement::{KeyPlacement, Placement, PlacementReason};
pub(crate) use placement::{Selection, scaled};
pub(crate) use plan::{ENDS_KEY, KeyEnd, Plan, TICKET_KEY, overflow_of};
pub(crate) use report::is_nearly_full;
pub use report::{KeyReport, Report};
pub(crate) use rules::Rules;
pub use rules::{KeyOverflow, KeyRule};
