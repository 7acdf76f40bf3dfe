//! The same promises, kept by both implementations and by every pair of writer and reader.

mod promises;
mod samples;

use alloc::vec::Vec;

#[cfg(feature = "zlib-rs")]
use super::zlib_rs;
use super::{Container, InflateError, miniz};

trait Write {
    fn fresh() -> Self;
    fn write(&mut self, plain: &[u8], container: Container<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        let length = self.write_within(plain, container, usize::MAX, &mut out);
        assert_eq!(length, Some(out.len()));
        out
    }
    fn write_within(
        &mut self,
        plain: &[u8],
        container: Container<'_>,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Option<usize>;
}

trait Read {
    fn fresh() -> Self;
    fn read(
        &mut self,
        stream: &[u8],
        container: Container<'_>,
        limit: usize,
    ) -> Result<Vec<u8>, InflateError> {
        let mut out = Vec::new();
        self.read_onto(stream, container, limit, &mut out)?;
        Ok(out)
    }
    fn read_onto(
        &mut self,
        stream: &[u8],
        container: Container<'_>,
        limit: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), InflateError>;
}

macro_rules! implementation {
    ($module:ident) => {
        impl Write for $module::Deflater {
            fn fresh() -> Self {
                Self::new()
            }
            fn write_within(
                &mut self,
                plain: &[u8],
                container: Container<'_>,
                limit: usize,
                out: &mut Vec<u8>,
            ) -> Option<usize> {
                self.deflate(plain, container, limit, out)
            }
        }
        impl Read for $module::Inflater {
            fn fresh() -> Self {
                Self::new()
            }
            fn read_onto(
                &mut self,
                stream: &[u8],
                container: Container<'_>,
                limit: usize,
                out: &mut Vec<u8>,
            ) -> Result<(), InflateError> {
                self.inflate(stream, container, limit, out)
            }
        }
    };
}

#[cfg(feature = "zlib-rs")]
implementation!(zlib_rs);
implementation!(miniz);

/// Every promise as a test of the module `$name`, for one writer and one reader.
macro_rules! pair {
    ($name:ident, $writer:ident, $reader:ident; $($promise:ident)*) => {
        mod $name {
            $(#[test]
            fn $promise() {
                super::promises::$promise(
                    &mut <super::$writer::Deflater as super::Write>::fresh(),
                    &mut <super::$reader::Inflater as super::Read>::fresh(),
                );
            })*
        }
    };
}

macro_rules! pairs {
    ($($promise:ident)*) => {
        #[cfg(feature = "zlib-rs")]
        pair!(zlib_rs_to_zlib_rs, zlib_rs, zlib_rs; $($promise)*);
        #[cfg(feature = "zlib-rs")]
        pair!(zlib_rs_to_miniz, zlib_rs, miniz; $($promise)*);
        #[cfg(feature = "zlib-rs")]
        pair!(miniz_to_zlib_rs, miniz, zlib_rs; $($promise)*);
        pair!(miniz_to_miniz, miniz, miniz; $($promise)*);
    };
}

pairs! {
    what_is_written_is_read
    what_is_read_is_appended
    what_python_writes_is_read
    a_stream_over_the_limit_is_not_written
    a_plain_text_over_the_limit_is_not_read
    a_bomb_is_stopped_early
    a_truncated_stream_is_corrupt
    a_flipped_byte_is_never_trouble
    bytes_after_a_raw_stream_are_corrupt_and_after_zlib_ignored
    another_or_no_dictionary_does_not_read
    a_preset_dictionary_in_a_zlib_header_is_corrupt
    a_state_is_as_good_as_new_after_an_error
    streams_given_up_leave_nothing_behind
}

/// A stream may be written with any window up to 32 KiB.
#[cfg(feature = "zlib-rs")]
#[test]
fn every_window_is_read() {
    use alloc::vec;
    use flate2::{Compress, Compression, FlushCompress};
    use samples::{SESSION, noise};

    let start = noise(32_000);
    let plain = [&*start, &start, SESSION, SESSION].concat();
    for window_bits in 9..=15 {
        for (container, is_zlib) in [(Container::Raw(None), false), (Container::Zlib, true)] {
            let mut stream = vec![0; plain.len() + 1000];
            let mut compress =
                Compress::new_with_window_bits(Compression::best(), is_zlib, window_bits);
            compress
                .compress(&plain, &mut stream, FlushCompress::Finish)
                .unwrap();
            stream.truncate(usize::try_from(compress.total_out()).unwrap());
            assert_eq!(stream.len() < 40_000, window_bits == 15);
            let limit = plain.len();
            let read = zlib_rs::Inflater::new().read(&stream, container, limit);
            assert_eq!(read.as_ref(), Ok(&plain), "zlib-rs, {window_bits} bits");
            let read = miniz::Inflater::new().read(&stream, container, limit);
            assert_eq!(read.as_ref(), Ok(&plain), "miniz, {window_bits} bits");
        }
    }
}
