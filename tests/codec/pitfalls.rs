//! What went wrong in other software, where no other test says so already: `docs/PITFALLS.md` has the list.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use session_codec::{
    Codec, Config, DjangoSecret, Envelope, KeyRing, Keys, Opened, Reason, Secret, Workspace,
    config::Acceptance, cookie::CookieHeader, flask::FlaskSecret,
};

use crate::{
    platform::test,
    requirements::{ISSUED, codec, config, open_at, seal, secret, session},
};

/// Enough for a reader that takes one wrong key in 256, as one with CBC padding does, to be caught
/// for certain; few enough for WebAssembly without optimisation.
const WRONG_KEYS: u32 = 10_000;

#[test]
fn a_wrong_key_opens_nothing_whichever_key_the_cookie_claims() {
    let reader = codec();
    let claimed = secret(1).key_id().to_string();
    for number in 0..WRONG_KEYS {
        let mut bytes = [0xA5; 32];
        bytes[..4].copy_from_slice(&number.to_be_bytes());
        let keys = Keys::sealing(KeyRing::new(Secret::from_bytes(bytes), vec![]).unwrap());
        let writer = Codec::new(config("__Host-s", "prod"), &keys).unwrap();
        let (value, _) = seal(&writer, &session(9), number as u8);
        let mut raw = URL_SAFE_NO_PAD.decode(value).unwrap();
        for (at, byte) in raw[1..5].iter_mut().enumerate() {
            *byte = u8::from_str_radix(&claimed[2 * at..2 * at + 2], 16).unwrap();
        }
        let reason = open_at(&reader, &URL_SAFE_NO_PAD.encode(raw), 0).err();
        assert_eq!(reason, Some(Reason::Forged), "{number}");
    }
}

/// Codecs of one envelope with the keys of these numbers, the first of which writes.
fn with_keys(envelope: Envelope, numbers: &[u8]) -> Codec {
    fn ring<T>(numbers: &[u8], secret: impl Fn(u8) -> T) -> KeyRing<T> {
        let fallbacks = numbers[1..].iter().map(|&number| secret(number)).collect();
        KeyRing::new(secret(numbers[0]), fallbacks).ok().unwrap()
    }
    let text = |number| format!("{number}-0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdef");
    let django = |number| DjangoSecret::new(text(number)).unwrap();
    let flask = ring(numbers, |number| FlaskSecret::new(text(number)).unwrap());
    let keys = Keys::sealing(ring(numbers, secret)).django(ring(numbers, django));
    let config = Config {
        write: envelope,
        accept: vec![Acceptance::always(envelope)],
        ..config("__Host-s", "prod")
    };
    Codec::new(config, &keys.flask(flask)).unwrap()
}

#[test]
fn after_every_rotation_the_newest_key_alone_has_written() {
    for envelope in [Envelope::Sealed, Envelope::Django, Envelope::Flask] {
        for step in 1..=5 {
            let numbers: Vec<u8> = (1..=step).rev().collect();
            let (value, _) = seal(&with_keys(envelope, &numbers), &session(9), step);
            for number in 1..=step {
                let opened = open_at(&with_keys(envelope, &[number]), &value, 0);
                assert_eq!(
                    opened.is_ok(),
                    number == step,
                    "{envelope:?}: {number} of {numbers:?}"
                );
            }
        }
    }
}

/// What the cookie `__Host-s` with this value comes to.
fn opened(codec: &Codec, value: &[u8]) -> Opened {
    let header = [b"__Host-s=", value].concat();
    let header = CookieHeader::new(&header).unwrap();
    codec.open(&header, ISSUED, &mut Workspace::new())
}

#[test]
fn what_is_no_envelope_is_no_session_and_names_no_record() {
    let values: [&[u8]; 16] = [
        b"",
        b" ",
        b"\t",
        b"\"\"",
        b"null",
        b"undefined",
        b"{}",
        b"0",
        b"..",
        b"../../etc/passwd",
        b"..%2f..%2fetc%2fpasswd",
        b"a\0b",
        b"session:1",
        b"C:\\x",
        b"%C0%AE%C0%AE/",
        b"%",
    ];
    for envelope in [Envelope::Sealed, Envelope::Django, Envelope::Flask] {
        for value in values {
            let outcome = opened(&with_keys(envelope, &[1]), value);
            assert!(
                matches!(outcome, Opened::Rejected(_)),
                "{envelope:?} {}",
                value.escape_ascii()
            );
        }
    }
}

/// A thread with less stack than the 1 MiB that WebAssembly has reads what is as deep and as long as
/// may be, and refuses what is deeper, longer or cut off: no depth of any input reaches the stack.
#[cfg(not(target_family = "wasm"))]
#[test]
fn hostile_input_is_read_within_64_kib_of_stack() {
    let deep = |levels: usize| {
        let (open, close) = ("[{\"a\":".repeat(levels / 2), "}]".repeat(levels / 2));
        format!("{{\"deep\":{open}1{close}}}")
    };
    let mut session = session_codec::SessionData::from_json(deep(998)).unwrap();
    session.insert("long", &"A".repeat(40_000)).unwrap();
    let envelopes = [Envelope::Sealed, Envelope::Django, Envelope::Flask];
    let values = envelopes.map(|envelope| {
        let codec = with_keys(envelope, &[1]);
        let (value, _) = seal(&codec, &session, 0);
        (codec, value)
    });
    let workspace = &mut Workspace::new();
    let read = || {
        for (codec, value) in &values {
            let mut open = |value: &[u8]| codec.open_value(value, ISSUED, workspace);
            assert_eq!(open(value.as_bytes()).unwrap().session().len(), 2);
            for at in (0..value.len()).step_by(7) {
                assert!(open(&value.as_bytes()[..at]).is_err());
            }
        }
        assert!(session_codec::SessionData::from_json(deep(100_000)).is_err());
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(64 << 10);
        let thread = thread.spawn_scoped(scope, read).unwrap();
        thread.join().unwrap();
    });
}
