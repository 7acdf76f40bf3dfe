use super::Dictionary;

/// What a deflate stream is wrapped in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Container<'a> {
    /// RFC 1951, nothing around the stream (sealed envelopes). With a dictionary both sides start
    /// as if its bytes had just been sent; the stream does not name it.
    Raw(Option<&'a Dictionary>),
    /// RFC 1950: two bytes before the stream, its Adler-32 after it (Django). Never with a preset
    /// dictionary: Python's `zlib.decompress` has none.
    Zlib,
}
