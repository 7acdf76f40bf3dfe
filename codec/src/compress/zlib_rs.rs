use alloc::vec::Vec;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::{Container, InflateError, usual_room};

/// A compressor whose state (0.5 MB) is kept between calls: make one a thread and keep it.
pub(crate) struct Deflater {
    raw: Compress,
    zlib: Compress,
}

impl Deflater {
    /// Allocates the state; deflating then allocates nothing but output.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self {
            raw: Compress::new(LEVEL, false),
            zlib: Compress::new(LEVEL, true),
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
        let compress = match container {
            Container::Raw(_) => &mut self.raw,
            Container::Zlib => &mut self.zlib,
        };
        let start = out.len();
        let written = Self::append(compress, plain, container, limit, out);
        if written.is_none() {
            drain(compress);
        }
        out.truncate(start.saturating_add(written.unwrap_or(0)));
        written
    }

    fn append(
        compress: &mut Compress,
        plain: &[u8],
        container: Container<'_>,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Option<usize> {
        compress.reset();
        if let Container::Raw(Some(dictionary)) = container {
            compress.set_dictionary(dictionary.bytes()).ok()?;
        }
        let start = out.len();
        // zlib tells the end of a stream only where a byte of room is left after it.
        let most = limit.saturating_add(1);
        // Incompressible input takes a few bytes more than itself: with the margin one call does.
        let mut room = plain.len().saturating_add(64).min(most);
        loop {
            out.resize(start.saturating_add(room), 0);
            let read = usize::try_from(compress.total_in()).ok()?;
            let written = usize::try_from(compress.total_out()).ok()?;
            let status = compress
                .compress(
                    plain.get(read..)?,
                    out.get_mut(start.saturating_add(written)..)?,
                    FlushCompress::Finish,
                )
                .ok()?;
            if status == Status::StreamEnd {
                let written = usize::try_from(compress.total_out()).ok()?;
                return (written <= limit).then_some(written);
            }
            if room == most {
                return None;
            }
            room = room.saturating_mul(2).min(most);
        }
    }
}

impl Default for Deflater {
    fn default() -> Self {
        Self::new()
    }
}

/// Takes the rest of a stream that was given up out of the state.
///
/// `reset` alone is not enough: in zlib-rs 0.6.8 it forgets the bytes that wait for room, but not
/// their place in the buffer (`Pending::reset_keep` leaves `out`). After some streams given up in
/// a row the next one would find the buffer full and panic.
fn drain(compress: &mut Compress) {
    let mut rest = [0; 1024];
    loop {
        let before = compress.total_out();
        let status = compress.compress(&[], &mut rest, FlushCompress::Finish);
        if !matches!(status, Ok(Status::Ok | Status::BufError)) || compress.total_out() == before {
            return;
        }
    }
}

/// An inflater whose state (40 KB) is kept between calls: make one a thread and keep it.
pub(crate) struct Inflater {
    state: Decompress,
}

impl Inflater {
    /// Allocates the state; inflating then allocates nothing but output.
    #[must_use]
    pub(crate) fn new() -> Self {
        Self {
            state: Decompress::new(false),
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
        let result = self.append(stream, container, limit, out);
        if result.is_err() {
            out.truncate(start);
        }
        result
    }

    fn append(
        &mut self,
        stream: &[u8],
        container: Container<'_>,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), InflateError> {
        let state = &mut self.state;
        state.reset(matches!(container, Container::Zlib));
        if let Container::Raw(Some(dictionary)) = container {
            state
                .set_dictionary(dictionary.bytes())
                .map_err(|_| InflateError::Corrupt)?;
        }
        let start = out.len();
        // One byte more than allowed tells a stream that ends at the limit from one that goes on.
        let most = limit.saturating_add(1);
        let mut room = usual_room(stream, most);
        loop {
            let produced = out.len().saturating_sub(start);
            out.reserve_exact(room.saturating_sub(produced));
            let read = usize::try_from(state.total_in()).map_err(|_| InflateError::TooLong)?;
            let rest = stream.get(read..).ok_or(InflateError::Corrupt)?;
            let status = state
                .decompress_vec(rest, out, FlushDecompress::Finish)
                .map_err(|_| InflateError::Corrupt)?;
            if out.len().saturating_sub(start) > limit {
                return Err(InflateError::TooLong);
            }
            if status == Status::StreamEnd {
                break;
            }
            if out.len() < out.capacity() {
                return Err(InflateError::Corrupt); // room is left, so it was input that lacked
            }
            room = room.saturating_mul(2).min(most);
        }
        let exact = usize::try_from(state.total_in()).is_ok_and(|read| read == stream.len());
        match container {
            Container::Raw(_) if !exact => Err(InflateError::Corrupt),
            _ => Ok(()),
        }
    }
}

impl Default for Inflater {
    fn default() -> Self {
        Self::new()
    }
}

// Measured on sessions of 0.2 to 20 KB: 7 takes up to twice the time for 1 % less, 4 saves no time
// below 3 KB. And it keeps Django cookies within 1 % of what Python writes at its level 6. A window
// smaller than 32 KiB is no faster and 1 % worse on long sessions.
const LEVEL: Compression = Compression::new(6);
