use serde_json::json;

use super::*;

fn session(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(session) => session,
        _ => Map::new(),
    }
}

/// `pickle.dumps({'a': [1, -2, 70000, 2**40, 1.5, None, True, False], 'b': {'a': 'ü'}, 'c': ()}, 5)` of CPython 3.11.
const OF_PYTHON: &[u8] = b"\x80\x05\x95D\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01a\x94]\x94(K\x01J\xfe\xff\xff\xffJp\x11\x01\x00\x8a\x06\x00\x00\x00\x00\x00\x01G?\xf8\x00\x00\x00\x00\x00\x00N\x88\x89e\x8c\x01b\x94}\x94h\x01\x8c\x02\xc3\xbc\x94s\x8c\x01c\x94)u.";

#[test]
fn what_python_writes_is_read() {
    let expected = json!({
        "a": [1, -2, 70_000, 1_u64 << 40, 1.5, null, true, false], "b": {"a": "ü"}, "c": [],
    });
    assert_eq!(read(OF_PYTHON), Ok(session(expected)));
}

#[test]
fn what_is_written_is_read() {
    let all = session(json!({
        "": "", "text": "ü\u{0}€😀", "numbers": [0, -1, i64::MIN, i64::MAX, u64::MAX, 0.1, -1e300],
        "nested": {"a": [[], {}, [null, true, false]]},
    }));
    assert_eq!(read(&write(&all).unwrap()), Ok(all));
}

#[test]
fn nothing_is_called_or_imported() {
    for pickle in [
        // os.system('true'), in two spellings.
        &b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00true\x85R."[..],
        b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",
        // An object, a set, bytes, a name outside of it, an extension.
        b"\x80\x02}X\x01\x00\x00\x00a\x8c\x02os\x8c\x04path\x93\x81s.",
        b"\x80\x04\x8f.",
        b"\x80\x04C\x01a.",
        b"\x80\x02X\x01\x00\x00\x00aQ.",
        b"\x80\x02\x82\x01.",
    ] {
        assert_eq!(read(pickle), Err(NOT_JSON), "{pickle:?}");
    }
    assert_eq!(read(b"x\x9c\x01"), Err(COMPRESSED));
    assert_eq!(read(b"\x80\x02]."), Err(NOT_JSON));
}

#[test]
fn what_breaks_off_is_refused_at_every_byte() {
    for length in 0..OF_PYTHON.len() {
        assert!(read(&OF_PYTHON[..length]).is_err(), "{length}");
    }
}

#[test]
fn depth_and_copies_are_bounded() {
    let deep = [
        &b"\x80\x02}X\x01\x00\x00\x00a"[..],
        &[b']'; 100_000],
        &[b'a'; 99_999],
        b"s.",
    ]
    .concat();
    assert_eq!(read(&deep), Err(TOO_MUCH));
    // One text of 60,000 characters, named again and again.
    let long = "x".repeat(60_000);
    let mut copies = vec![0x80, 2, b'}', b'X', 1, 0, 0, 0, b'a', b']', b'X'];
    copies.extend(60_000_u32.to_le_bytes());
    copies.extend(long.as_bytes());
    copies.extend(b"q\x00a");
    for _ in 0..1_000 {
        copies.extend(b"h\x00a");
    }
    copies.extend(b"s.");
    assert_eq!(read(&copies), Err(TOO_MUCH));
    // A dictionary that holds itself.
    assert_eq!(
        read(b"\x80\x02}q\x00X\x01\x00\x00\x00ah\x00s."),
        Err(NOT_JSON)
    );
}

#[test]
fn any_bytes_are_read_without_a_panic() {
    let mut seed = 1_u64;
    for _ in 0..100_000 {
        let mut bytes = OF_PYTHON.to_vec();
        for _ in 0..3 {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let place = (seed >> 33) as usize % bytes.len();
            bytes[place] = (seed >> 24) as u8;
        }
        let _ = read(&bytes);
    }
}
