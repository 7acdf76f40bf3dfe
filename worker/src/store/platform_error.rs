use core::fmt::Display;

use session_store::StoreError;

/// The runtime tells its errors as text only, and text is never matched on: whatever it is, ask elsewhere.
pub(crate) fn failed(error: impl Display) -> StoreError {
    StoreError::Unavailable {
        reason: error.to_string().into(),
    }
}
