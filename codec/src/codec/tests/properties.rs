//! What holds for every session, key ring and clock.

use proptest::{collection::vec as vec_of, prelude::*};

use super::*;
use crate::session::Merged;

/// A JSON value in any spelling: blanks, escapes, numbers as Python writes none.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".into()),
        Just("NaN".into()),
        "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,9})?([eE][-+]?[0-9]{1,2})?",
        "\"([ -!#-\\[\\]-~é🍪]|\\\\u00[0-7][0-9a-fA-F]|\\\\n|\\\\\"){0,40}\"",
        "\"[0-9a-f]{0,600}\"",
    ];
    leaf.prop_recursive(3, 20, 5, |inner| {
        prop_oneof![
            vec_of(inner.clone(), 0..5).prop_map(|all| format!("[ {} ]", all.join(" ,"))),
            vec_of(("[a-c\"]?", inner), 0..5).prop_map(|all| {
                let members: Vec<_> = all.iter().map(|(key, value)| member(key, value)).collect();
                format!("{{{}}}", members.join(", "))
            }),
        ]
    })
}

fn member(key: &str, value: &str) -> String {
    format!("{} : {value}", serde_json::to_string(key).unwrap())
}

fn session(range: core::ops::Range<usize>) -> impl Strategy<Value = SessionData> {
    vec_of(("[a-zé\"\\\\]{0,6}", value()), range).prop_map(|members| {
        let members: Vec<_> = members
            .iter()
            .map(|(key, value)| member(key, value))
            .collect();
        SessionData::from_json(format!("{{{}}}", members.join(","))).unwrap()
    })
}

fn codec_of(write: Envelope, key: u8) -> Codec {
    let config = Config {
        write,
        accept: vec![Acceptance::always(write)],
        identify: true,
        ..config()
    };
    Codec::new(config, &keys(&[key], &["secret"])).unwrap()
}

fn whole(codec: &Codec, commit: &Commit) -> OpenSession {
    let mut opened = open(codec, &value_of(commit)).unwrap();
    if let Some(StoreOp::Put { record, .. }) = commit.store_ops.first() {
        codec
            .open_record(&mut opened, record, &mut Workspace::new())
            .unwrap();
    }
    opened
}

fn value_of(commit: &Commit) -> String {
    super::value(commit)
}

/// Values as Python spells them, which is what Django's envelope keeps.
fn canonical(session: &SessionData) -> Vec<(String, String)> {
    let spelled = |json: &str| {
        let mut canonical = String::new();
        crate::text::json::write_canonical(json, crate::text::json::DEPTH_LIMIT, &mut canonical)
            .unwrap();
        canonical
    };
    session
        .raw_members()
        .map(|(key, value)| (key.into(), spelled(value)))
        .collect()
}

/// Of two texts that decode alike one at most is accepted.
fn other_spellings(text: &str) -> Vec<String> {
    let mut last = text.as_bytes().to_vec();
    let end = last.len() - 1;
    last[end] ^= 1; // its low bits are unused unless the length is a multiple of four
    let mut spellings = vec![
        format!("{text}="),
        format!("{text}=="),
        format!(" {text}"),
        format!("{text}\n"),
        format!("\"{text}\""),
        text.replacen('-', "+", 1),
        text.replacen('_', "/", 1),
        text.replacen('A', "%41", 1),
    ];
    spellings.extend(String::from_utf8(last));
    spellings.retain(|other| other != text);
    spellings
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_sealed_opens_and_is_never_sealed_alike_twice(
        session in session(0..12), is_sealed: bool, start: u8,
    ) {
        let codec = codec_of(if is_sealed { Envelope::Sealed } else { Envelope::Django }, 0);
        let lineage = Lineage::new(CREATED);
        let one = seal(&codec, &session, &lineage, start);
        let two = seal(&codec, &session, &lineage, start.wrapping_add(128));
        for commit in [&one, &two] {
            let opened = whole(&codec, commit);
            prop_assert_eq!(canonical(opened.session()), canonical(&session));
            prop_assert_eq!(commit.cookie_bytes, "__Host-s".len() + value_of(commit).len());
        }
        if is_sealed {
            prop_assert_ne!(value_of(&one), value_of(&two));
        }
    }

    #[test]
    fn every_change_of_a_cookie_and_every_other_spelling_is_refused(
        session in session(0..4), is_sealed: bool, at: prop::sample::Index, by in 1..=255_u8, len: prop::sample::Index,
    ) {
        let codec = codec_of(if is_sealed { Envelope::Sealed } else { Envelope::Django }, 0);
        let value = value_of(&seal(&codec, &session, &Lineage::new(CREATED), 0));
        let mut changed = value.clone().into_bytes();
        changed[at.index(value.len())] ^= by;
        let refused = |bytes: &[u8]| codec.open_value(bytes, ISSUED, &mut Workspace::new()).is_err();
        prop_assert!(refused(&changed));
        prop_assert!(refused(&value.as_bytes()[..len.index(value.len())]));
        for other in other_spellings(&value) {
            prop_assert!(refused(other.as_bytes()), "{}", other);
        }
    }

    #[test]
    fn a_ring_opens_what_any_of_its_keys_wrote_and_writes_with_its_first(
        order in Just(vec![10_u8, 60, 110, 160, 210]).prop_shuffle(), length in 1..=5_usize, session in session(0..3),
    ) {
        let ring = Codec::new(config(), &keys(&order[..length], &[])).unwrap();
        for (index, &key) in order.iter().enumerate() {
            let value = value_of(&seal(&codec_of(Envelope::Sealed, key), &session, &Lineage::new(CREATED), 0));
            match open(&ring, &value) {
                Ok(opened) => {
                    prop_assert!(index < length);
                    prop_assert_eq!(opened.key(), KeyPosition::of_index(index));
                    prop_assert_eq!(ring.needs_reissue(&opened), index > 0);
                }
                Err(reason) => {
                    prop_assert!(index >= length);
                    prop_assert_eq!(reason, Reason::UnknownKey(secret(key).key_id()));
                }
            }
        }
        let value = value_of(&seal(&ring, &session, &Lineage::new(CREATED), 0));
        for (index, &key) in order.iter().enumerate() {
            prop_assert_eq!(open(&codec_of(Envelope::Sealed, key), &value).is_ok(), index == 0);
        }
    }

    #[test]
    fn a_session_opens_in_one_span_of_time_and_never_after_it(
        ages in vec_of(-1_000_i64..40 * 86_400, 3), began in 0..30 * 86_400_i64, is_sealed: bool,
    ) {
        let codec = codec_of(if is_sealed { Envelope::Sealed } else { Envelope::Django }, 0);
        let created = Timestamp::from_seconds(ISSUED.seconds() - began);
        let value = value_of(&seal(&codec, &SessionData::new(), &Lineage::new(created), 0));
        let opens = |age: i64| {
            let now = Timestamp::from_seconds(ISSUED.seconds() + age);
            codec.open_value(value.as_bytes(), now, &mut Workspace::new()).is_ok()
        };
        let mut ages = ages;
        ages.sort_unstable();
        prop_assert!(!opens(ages[0]) || !opens(ages[2]) || opens(ages[1]), "{:?}", ages);
        prop_assert!(opens(0));
        prop_assert!(!opens(14 * 86_400 + 1));
    }

    #[test]
    fn changes_of_different_keys_merge_in_either_order_alike(
        base in session(0..6), ours in session(0..4), theirs in session(0..4), removed: [bool; 2],
    ) {
        // Theirs changes other keys than ours.
        let (mut one, mut other) = (base.clone(), base.clone());
        for (key, value) in ours.raw_members() {
            one.insert_raw(&format!("ours-{key}"), value).unwrap();
        }
        for (key, value) in theirs.raw_members() {
            other.insert_raw(&format!("theirs-{key}"), value).unwrap();
        }
        let keys: Vec<String> = base.keys().map(Into::into).collect();
        if let [first, .., last] = &keys[..] {
            if removed[0] { one.remove(first); }
            if removed[1] { other.remove(last); }
        }
        let sorted = |Merged { session, contested }: Merged| {
            let mut members = canonical(&session);
            members.sort_unstable();
            (members, contested)
        };
        let (one_way, other_way) = (SessionData::merged(&base, &one, &other), SessionData::merged(&base, &other, &one));
        prop_assert_eq!(one_way.contested, 0);
        prop_assert_eq!(sorted(one_way), sorted(other_way));
    }
}
