/// The body of a request, which is read only where the session API needs it.
pub trait Body {
    /// Reads it: at most `limit` bytes, whatever the client says of its length.
    fn read(self, limit: usize) -> impl Future<Output = Result<Vec<u8>, BodyError>>;
}

/// Why there is no body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyError {
    /// Longer than the limit.
    TooLarge,
    /// It broke off.
    Broken,
}
