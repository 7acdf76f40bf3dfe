//! What every pair of a writer and a reader keeps.

use alloc::vec;
use alloc::vec::Vec;

use super::super::{Container, Dictionary, InflateError};
use super::samples::{
    SESSION, SESSION_BY_PYTHON, SESSION_BY_PYTHON_WITH_DICTIONARY, for_each_container, noise,
    plain_texts,
};
use super::{Read, Write};

pub(super) fn what_is_written_is_read(writer: &mut impl Write, reader: &mut impl Read) {
    for plain in plain_texts() {
        for_each_container(|container| {
            let stream = writer.write(&plain, container);
            assert_eq!(
                reader.read(&stream, container, plain.len()).as_deref(),
                Ok(&*plain),
                "{} bytes in {container:?}",
                plain.len()
            );
        });
    }
}

pub(super) fn what_is_read_is_appended(writer: &mut impl Write, reader: &mut impl Read) {
    for_each_container(|container| {
        let mut out = b"before".to_vec();
        let length = writer.write_within(SESSION, container, 1000, &mut out);
        assert_eq!(length, Some(out.len() - 6));
        let (before, stream) = out.split_at(6);
        assert_eq!(before, b"before");
        let mut plain = b"before".to_vec();
        assert_eq!(
            reader.read_onto(stream, container, 1000, &mut plain),
            Ok(())
        );
        assert_eq!(plain, [b"before", SESSION].concat());
    });
}

pub(super) fn what_python_writes_is_read(_: &mut impl Write, reader: &mut impl Read) {
    let read = reader.read(SESSION_BY_PYTHON, Container::Zlib, 1000);
    assert_eq!(read.as_deref(), Ok(SESSION));
    let built_in = Container::Raw(Some(Dictionary::built_in()));
    let read = reader.read(SESSION_BY_PYTHON_WITH_DICTIONARY, built_in, 1000);
    assert_eq!(read.as_deref(), Ok(SESSION));
}

pub(super) fn a_stream_over_the_limit_is_not_written(
    writer: &mut impl Write,
    reader: &mut impl Read,
) {
    for plain in plain_texts() {
        for_each_container(|container| {
            let length = writer.write(&plain, container).len();
            let mut out = vec![7];
            for limit in [0, 1, length / 2, length - 1] {
                let written = writer.write_within(&plain, container, limit, &mut out);
                assert_eq!((written, &*out), (None, &[7][..]), "limit {limit}");
            }
            let written = writer.write_within(&plain, container, length, &mut out);
            assert_eq!(written, Some(length));
            assert!(reader.read(&out[1..], container, plain.len()).is_ok());
        });
    }
}

pub(super) fn a_plain_text_over_the_limit_is_not_read(
    writer: &mut impl Write,
    reader: &mut impl Read,
) {
    for plain in plain_texts().into_iter().filter(|plain| !plain.is_empty()) {
        for_each_container(|container| {
            let stream = writer.write(&plain, container);
            let mut out = vec![7];
            for limit in [0, plain.len() / 2, plain.len() - 1] {
                let read = reader.read_onto(&stream, container, limit, &mut out);
                assert_eq!((read, &*out), (Err(InflateError::TooLong), &[7][..]));
            }
        });
    }
}

pub(super) fn a_bomb_is_stopped_early(writer: &mut impl Write, reader: &mut impl Read) {
    let bomb = vec![b'A'; 4 << 20];
    for_each_container(|container| {
        let stream = writer.write(&bomb, container);
        assert!(stream.len() < bomb.len() / 900);
        for limit in [0, 1, 1000, 64 << 10] {
            let mut out = Vec::new();
            let read = reader.read_onto(&stream, container, limit, &mut out);
            assert_eq!(read, Err(InflateError::TooLong));
            let constant = 1 + Dictionary::MAX_LENGTH;
            assert!(out.capacity() <= limit + constant, "{}", out.capacity());
        }
    });
}

pub(super) fn a_truncated_stream_is_corrupt(writer: &mut impl Write, reader: &mut impl Read) {
    for plain in [b"", SESSION] {
        for_each_container(|container| {
            let stream = writer.write(plain, container);
            for length in 0..stream.len() {
                assert_eq!(
                    reader.read(&stream[..length], container, 1 << 16),
                    Err(InflateError::Corrupt),
                    "{length} of {} bytes in {container:?}",
                    stream.len()
                );
            }
        });
    }
}

pub(super) fn a_flipped_byte_is_never_trouble(writer: &mut impl Write, reader: &mut impl Read) {
    for_each_container(|container| {
        let stream = writer.write(SESSION, container);
        for position in 0..stream.len() {
            for flip in [1, 2, 4, 8, 16, 32, 64, 128, 255] {
                let mut flipped = stream.clone();
                flipped[position] ^= flip;
                let read = reader.read(&flipped, container, 500);
                if let Ok(plain) = read {
                    assert!(plain.len() <= 500);
                    // The checksum of zlib leaves only the remarks in the header and the bits that
                    // fill the last byte; a raw stream has none, its envelope is authenticated.
                    let zlib = matches!(container, Container::Zlib);
                    assert!(
                        !zlib || plain == SESSION,
                        "byte {position} changed by {flip}"
                    );
                }
            }
        }
    });
}

pub(super) fn bytes_after_a_raw_stream_are_corrupt_and_after_zlib_ignored(
    writer: &mut impl Write,
    reader: &mut impl Read,
) {
    for_each_container(|container| {
        for tail in [&b"\0"[..], b"x", b"0123456789abcdef"] {
            let stream = [&*writer.write(SESSION, container), tail].concat();
            let read = reader.read(&stream, container, 1000);
            match container {
                Container::Raw(_) => assert_eq!(read, Err(InflateError::Corrupt)),
                Container::Zlib => assert_eq!(read.as_deref(), Ok(SESSION)),
            }
        }
    });
}

pub(super) fn another_or_no_dictionary_does_not_read(
    writer: &mut impl Write,
    reader: &mut impl Read,
) {
    let stream = writer.write(SESSION, Container::Raw(Some(Dictionary::built_in())));
    let other = Dictionary::configured(200, &b"something else"[..]).unwrap();
    for container in [Container::Raw(None), Container::Raw(Some(&other))] {
        assert_eq!(
            reader.read(&stream, container, 1000),
            Err(InflateError::Corrupt)
        );
    }
}

pub(super) fn a_preset_dictionary_in_a_zlib_header_is_corrupt(
    writer: &mut impl Write,
    reader: &mut impl Read,
) {
    // Python: zlib.compressobj(zdict=b"hello"), then compress(b"hello hello")
    let named = [
        0x78, 0xbb, 0x06, 0x2c, 0x02, 0x15, 0xcb, 0x00, 0x11, 0x0a, 0x60, 0x12, 0x00, 0x19, 0x91,
        0x04, 0x49,
    ];
    assert_eq!(
        reader.read(&named, Container::Zlib, 1000),
        Err(InflateError::Corrupt)
    );
    let raw = writer.write(SESSION, Container::Raw(None));
    assert_eq!(
        reader.read(&raw, Container::Zlib, 1000),
        Err(InflateError::Corrupt)
    );
}

pub(super) fn a_state_is_as_good_as_new_after_an_error(
    writer: &mut impl Write,
    reader: &mut impl Read,
) {
    for_each_container(|container| {
        let expected = writer.write(SESSION, container);
        let mut out = Vec::new();
        assert_eq!(writer.write_within(SESSION, container, 9, &mut out), None);
        assert_eq!(writer.write(SESSION, container), expected);

        let cut = &expected[..expected.len() / 2];
        assert!(reader.read(cut, container, 1000).is_err());
        assert!(reader.read(&expected, container, 9).is_err());
        assert_eq!(
            reader.read(&expected, container, 1000).as_deref(),
            Ok(SESSION)
        );
    });
}

/// zlib-rs 0.6.8 panics here, unless what waits for room is taken out before the next stream.
pub(super) fn streams_given_up_leave_nothing_behind(
    writer: &mut impl Write,
    reader: &mut impl Read,
) {
    let plain = noise(20_000);
    for_each_container(|container| {
        let expected = writer.write(&plain, container);
        let mut out = Vec::new();
        for limit in (0..plain.len()).step_by(499) {
            assert_eq!(
                writer.write_within(&plain, container, limit, &mut out),
                None
            );
        }
        let stream = writer.write(&plain, container);
        assert!(stream == expected);
        let read = reader.read(&stream, container, plain.len());
        assert!(read.as_ref() == Ok(&plain));
    });
}
