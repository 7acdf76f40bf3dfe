//! Small values that every layer speaks of.

mod priority;
mod timestamp;

pub use priority::Priority;
pub use timestamp::Timestamp;
