use core::error::Error;
use core::fmt;

/// Why a stream was not inflated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InflateError {
    /// It inflates to more bytes than the caller allows.
    TooLong,
    /// It is no deflate stream: malformed, cut off, a wrong checksum, a preset dictionary named in
    /// a zlib header, or (raw only) bytes after its end.
    Corrupt,
}

impl fmt::Display for InflateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the deflate stream is longer than allowed when inflated",
            Self::Corrupt => "the deflate stream is corrupt",
        })
    }
}

impl Error for InflateError {}
