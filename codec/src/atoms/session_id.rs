use core::fmt;

/// A session's own 128 random bits, in sealed cookies only. No [`RecordId`](super::RecordId), of
/// which it has many: names are made of both.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionId(pub(crate) [u8; 16]);

impl fmt::Debug for SessionId {
    /// Not which: names in a store are made of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(…)")
    }
}
