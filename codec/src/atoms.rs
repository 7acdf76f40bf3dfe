//! Small values that every layer speaks of.

mod envelope;
mod key_id;
mod key_position;
mod priority;
mod record_id;
mod session_id;
mod timestamp;

pub use envelope::Envelope;
pub use key_id::KeyId;
pub use key_position::KeyPosition;
pub use priority::Priority;
pub(crate) use record_id::RecordId;
pub(crate) use session_id::SessionId;
pub use timestamp::Timestamp;
