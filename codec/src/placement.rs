//! What stays in the cookie, and what is told of it.

mod outcome;
mod placing;
mod plan;
mod report;
mod rules;
mod search;
mod selection;

pub use outcome::{KeyPlacement, Placement, PlacementReason};
pub(crate) use placing::{Placing, Room, measurable};
pub(crate) use plan::Planned;
pub use report::{KeyReport, Report};
pub(crate) use search::Whole;
