//! Small values that every layer speaks of.

mod envelope;
mod key_id;
mod key_position;
mod priority;
mod timestamp;

pub use envelope::Envelope;
pub use key_id::KeyId;
pub use key_position::KeyPosition;
pub use priority::Priority;
pub use timestamp::Timestamp;
