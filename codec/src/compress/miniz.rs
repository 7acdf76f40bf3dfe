use alloc::boxed::Box;
use alloc::vec::Vec;

use miniz_oxide::DataFormat;
use miniz_oxide::deflate::core::{
    CompressorOxide, TDEFLFlush, TDEFLStatus, compress, compress_to_output,
};
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress, inflate_flags};

use super::{Container, InflateError, usual_room};

/// A compressor whose state (0.3 MB) is kept between calls: make one a thread and keep it.
pub(crate) struct Deflater {
    state: Box<CompressorOxide>,
}

impl Deflater {
    /// Allocates the state; deflating then allocates nothing but output.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self {
            state: Box::default(),
        }
    }

    /// Appends the stream of `plain` to `out` if it needs at most `limit` bytes, and gives its
    /// length; otherwise leaves `out` as it was.
    pub(crate) fn deflate(
        &mut self,
        plain: &[u8],
        container: Container<'_>,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Option<usize> {
        let start = out.len();
        let written = self.append(plain, container, limit, out);
        out.truncate(start.saturating_add(written.unwrap_or(0)));
        written
    }

    fn append(
        &mut self,
        plain: &[u8],
        container: Container<'_>,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Option<usize> {
        self.start(container)?;
        let start = out.len();
        let (mut read, mut written) = (0_usize, 0_usize);
        // Incompressible input takes a few bytes more than itself: with the margin one call does.
        let mut room = plain.len().saturating_add(64).min(limit);
        loop {
            out.resize(start.saturating_add(room), 0);
            let (status, taken, given) = compress(
                &mut self.state,
                plain.get(read..)?,
                out.get_mut(start.saturating_add(written)..)?,
                TDEFLFlush::Finish,
            );
            read = read.saturating_add(taken);
            written = written.saturating_add(given);
            match status {
                TDEFLStatus::Done => return Some(written),
                TDEFLStatus::Okay if room < limit => room = room.saturating_mul(2).min(limit),
                _ => return None,
            }
        }
    }

    /// Gets the state ready. There is no call for a preset dictionary: the words are compressed
    /// first and their stream thrown away up to a sync flush, which ends on a whole byte and
    /// leaves the words in the window.
    fn start(&mut self, container: Container<'_>) -> Option<()> {
        let format = match container {
            Container::Raw(_) => DataFormat::Raw,
            Container::Zlib => DataFormat::Zlib,
        };
        self.state.reset();
        self.state.set_format_and_level(format, LEVEL);
        if let Container::Raw(Some(dictionary)) = container {
            let words = dictionary.bytes();
            let (status, taken) =
                compress_to_output(&mut self.state, words, TDEFLFlush::Sync, |_| true);
            (status == TDEFLStatus::Okay && taken == words.len()).then_some(())?;
        }
        Some(())
    }
}

impl Default for Deflater {
    fn default() -> Self {
        Self::new()
    }
}

/// An inflater whose state (11 KB) is kept between calls: make one a thread and keep it.
pub(crate) struct Inflater {
    state: Box<DecompressorOxide>,
}

impl Inflater {
    /// Allocates the state; inflating then allocates nothing but output.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self {
            state: Box::default(),
        }
    }

    /// Appends what `stream` inflates to, at most `limit` bytes, to `out`; on an error leaves
    /// `out` as it was. Bytes after the end of a stream are corrupt if it is raw (sealed bodies
    /// are exact) and ignored after zlib, as Django does. All windows up to 32 KiB are accepted.
    ///
    /// # Errors
    ///
    /// [`InflateError::TooLong`] if there are more than `limit` bytes, [`InflateError::Corrupt`]
    /// if `stream` is not exactly one whole stream in this container.
    pub(crate) fn inflate(
        &mut self,
        stream: &[u8],
        container: Container<'_>,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), InflateError> {
        let start = out.len();
        // There is no call for a preset dictionary, but a stream may point back to anything in
        // the buffer it is inflated into: so the words go first, and leave at the end.
        let words: &[u8] = match container {
            Container::Raw(Some(dictionary)) => dictionary.bytes(),
            _ => &[],
        };
        out.extend_from_slice(words);
        let result = self.append(stream, container, limit, out, start, words.len());
        match result {
            Ok(()) => drop(out.drain(start..start.saturating_add(words.len()))),
            Err(_) => out.truncate(start),
        }
        result
    }

    /// `out` has `words` bytes that a stream may point back to from `window` on.
    fn append(
        &mut self,
        stream: &[u8],
        container: Container<'_>,
        limit: usize,
        out: &mut Vec<u8>,
        window: usize,
        words: usize,
    ) -> Result<(), InflateError> {
        self.state.init();
        let flags = inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF
            | match container {
                Container::Raw(_) => 0,
                Container::Zlib => inflate_flags::TINFL_FLAG_PARSE_ZLIB_HEADER,
            };
        let mut rest = stream;
        let mut end = words;
        // One byte more than allowed tells a stream that ends at the limit from one that goes on.
        let most = limit.saturating_add(1);
        let mut room = usual_room(stream, most);
        loop {
            let length = window.saturating_add(words).saturating_add(room);
            out.reserve_exact(length.saturating_sub(out.len()));
            out.resize(length, 0);
            let buffer = out.get_mut(window..).ok_or(InflateError::Corrupt)?;
            let (status, taken, given) = decompress(&mut self.state, rest, buffer, end, flags);
            rest = rest.get(taken..).ok_or(InflateError::Corrupt)?;
            end = end.saturating_add(given);
            if end.saturating_sub(words) > limit {
                return Err(InflateError::TooLong);
            }
            match status {
                TINFLStatus::Done => break,
                TINFLStatus::HasMoreOutput => room = room.saturating_mul(2).min(most),
                _ => return Err(InflateError::Corrupt),
            }
        }
        out.truncate(window.saturating_add(end));
        match container {
            Container::Raw(_) if !rest.is_empty() => Err(InflateError::Corrupt),
            _ => Ok(()),
        }
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Self::new()
    }
}

// Zlib's level 6; lower ones save time only beyond 2 KB.
const LEVEL: u8 = 6;
