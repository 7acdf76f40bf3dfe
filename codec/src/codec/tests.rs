mod edges;
mod placement;
mod properties;

use alloc::{format, string::String, vec, vec::Vec};
use core::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

use super::*;
use crate::{
    atoms::{KeyPosition, Priority, RecordId},
    config::{Acceptance, Overflow},
    cookie::{Budget, CookieProfileConfig, Lifetime},
    crypto::{DjangoSecret, Secret},
    placement::KeyPlacement,
    ring::KeyRing,
    rules::KeyRule,
};

/// Bytes that count up: every draw differs, and a test can repeat it.
pub(crate) struct Counting(pub(crate) u8);

impl TryRng for Counting {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
        Ok(())
    }
}

impl TryCryptoRng for Counting {}

/// A random source that fails.
struct Broken;

impl TryRng for Broken {
    type Error = core::fmt::Error;

    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        Err(core::fmt::Error)
    }

    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        Err(core::fmt::Error)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), Self::Error> {
        Err(core::fmt::Error)
    }
}

impl TryCryptoRng for Broken {}

const ISSUED: Timestamp = Timestamp::from_seconds(1_800_000_000);
const CREATED: Timestamp = Timestamp::from_seconds(1_799_990_000);
const WORKED_EXAMPLE: &str =
    "AW3WUuhAQUJDREVGR0hJSktMTU5PUFFSU1RVVlcmdddYYpLPPQ7VbTrYeQovwgO_l9k0311sMjoevNdVgqE";

fn secret(first: u8) -> Secret {
    Secret::from_bytes(core::array::from_fn(|i| first.wrapping_add(i as u8)))
}

fn django(key: &str) -> DjangoSecret {
    DjangoSecret::new_allowing_weak(key).unwrap()
}

fn keys(sealing: &[u8], django_keys: &[&str]) -> Keys {
    let ring = |mut secrets: Vec<_>| KeyRing::new(secrets.remove(0), secrets).unwrap();
    let sealing = ring(sealing.iter().map(|&first| secret(first)).collect());
    Keys::sealing(sealing).django((!django_keys.is_empty()).then(|| {
        let mut keys: Vec<_> = django_keys.iter().map(|key| django(key)).collect();
        KeyRing::new(keys.remove(0), keys).unwrap()
    }))
}

fn config() -> Config {
    Config {
        cookie: CookieProfileConfig {
            name: "__Host-s".into(),
            ..CookieProfileConfig::default()
        },
        audience: "prod".into(),
        overflow: Overflow::Spill,
        ..Config::default()
    }
}

fn codec() -> Codec {
    Codec::new(config(), &keys(&[0], &[])).unwrap()
}

fn value(commit: &Commit) -> String {
    let line = commit.set_cookie.as_str();
    let (_, rest) = line.split_once('=').unwrap();
    rest.split(';').next().unwrap().into()
}

fn seal(codec: &Codec, session: &SessionData, lineage: &Lineage, start: u8) -> Commit {
    let workspace = &mut Workspace::new();
    let rng = &mut Counting(start);
    codec
        .seal(
            &Session::resumed(session.clone(), lineage.clone()),
            Issue::new(ISSUED, Lifetime::BrowserSession),
            rng,
            workspace,
        )
        .unwrap()
}

fn open(codec: &Codec, value: &str) -> Result<OpenSession, Reason> {
    codec.open_value(value.as_bytes(), ISSUED, &mut Workspace::new())
}

/// JSON of `keys` keys with `bytes` hex digits each, which deflate halves at best.
fn large_session(keys: usize, bytes: usize) -> SessionData {
    let mut state = 1u32;
    let mut json = String::from("{");
    for key in 0..keys {
        let comma = if key == 0 { "" } else { "," };
        json += &format!("{comma}\"k{key}\":\"");
        for _ in 0..bytes {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            json += &format!("{:x}", state >> 28);
        }
        json += "\"";
    }
    json += "}";
    SessionData::from_json(json).unwrap()
}

fn put(commit: &Commit) -> (&StoreName, &[u8]) {
    match &commit.store_ops[0] {
        StoreOp::Put { name, record, .. } => (name, record),
        StoreOp::Delete { .. } => panic!("a put comes first"),
    }
}

#[test]
fn the_worked_example_of_the_format() {
    let session = SessionData::from_json(r#"{"u":42}"#).unwrap();
    let commit = seal(&codec(), &session, &Lineage::new(CREATED), 0x40);
    assert_eq!(value(&commit), WORKED_EXAMPLE);
    assert_eq!(
        commit.set_cookie.as_str(),
        format!("__Host-s={WORKED_EXAMPLE}; Path=/; Secure; HttpOnly; SameSite=Lax")
    );
    assert!(commit.store_ops.is_empty());
    let opened = open(&codec(), WORKED_EXAMPLE).unwrap();
    assert_eq!(opened.session(), &session);
    assert_eq!(opened.lineage().created(), CREATED);
    assert_eq!(format!("{}", opened.key_id().unwrap()), "6dd652e8");
}

#[test]
fn every_flipped_bit_and_every_truncation_is_refused() {
    let codec = codec();
    let raw_len = WORKED_EXAMPLE.len();
    for at in 0..raw_len {
        for bit in 0..8 {
            let mut text = WORKED_EXAMPLE.as_bytes().to_vec();
            text[at] ^= 1 << bit;
            let outcome = codec.open_value(&text, ISSUED, &mut Workspace::new());
            assert!(outcome.is_err(), "character {at}, bit {bit}");
        }
        assert!(open(&codec, &WORKED_EXAMPLE[..at]).is_err(), "{at}");
        assert!(open(&codec, &WORKED_EXAMPLE[at + 1..]).is_err(), "{at}");
    }
    assert_eq!(
        open(&codec, &format!("{WORKED_EXAMPLE}=")).unwrap_err(),
        Reason::Malformed
    );
    assert!(open(&codec, &format!("{WORKED_EXAMPLE}A")).is_err());
}

#[test]
fn another_key_name_or_audience_is_refused() {
    let other_key = Codec::new(config(), &keys(&[9], &[])).unwrap();
    assert!(matches!(
        open(&other_key, WORKED_EXAMPLE),
        Err(Reason::UnknownKey(_))
    ));
    let mut other_name = config();
    other_name.cookie.name = "__Host-t".into();
    let other_name = Codec::new(other_name, &keys(&[0], &[])).unwrap();
    assert_eq!(
        open(&other_name, WORKED_EXAMPLE).unwrap_err(),
        Reason::Forged
    );
    let other_audience = Config {
        audience: "staging".into(),
        ..config()
    };
    let other_audience = Codec::new(other_audience, &keys(&[0], &[])).unwrap();
    assert_eq!(
        open(&other_audience, WORKED_EXAMPLE).unwrap_err(),
        Reason::Forged
    );
}

#[test]
fn a_fallback_opens_and_the_primary_writes() {
    let session = SessionData::from_json(r#"{"u":42}"#).unwrap();
    let rotated = Codec::new(config(), &keys(&[9, 0], &[])).unwrap();
    let opened = open(&rotated, WORKED_EXAMPLE).unwrap();
    assert_eq!(opened.key().index(), 1);
    let again = value(&seal(&rotated, &session, opened.lineage(), 0));
    let newest = Codec::new(config(), &keys(&[9], &[])).unwrap();
    assert_eq!(open(&newest, &again).unwrap().key(), KeyPosition::PRIMARY);
    assert!(open(&codec(), &again).is_err());
}

#[test]
fn both_times_limit_a_session() {
    let codec = codec();
    let at = |seconds| {
        let now = Timestamp::from_seconds(seconds);
        codec
            .open_value(WORKED_EXAMPLE.as_bytes(), now, &mut Workspace::new())
            .err()
    };
    let idle_end = 1_800_000_000 + 14 * 86_400;
    assert_eq!(at(idle_end), None);
    assert_eq!(at(idle_end + 1), Some(Reason::Expired));
    assert_eq!(at(1_800_000_000 - 300), None);
    assert_eq!(at(1_800_000_000 - 301), Some(Reason::FromTheFuture));
    assert_eq!(at(0), Some(Reason::FromTheFuture));
}

#[test]
fn every_length_around_the_budget_is_exact_or_spilled() {
    let codec = codec();
    let room = codec.profile.room(codec.placing.budget());
    let mut whole = 0;
    for bytes in 2_450..3_100 {
        // One incompressible key beside a small one.
        let mut session = large_session(1, bytes * 2);
        session.insert("small", &1).unwrap();
        let commit = seal(&codec, &session, &Lineage::new(CREATED), 0);
        let value = value(&commit);
        assert!(value.len() <= room, "{} > {room}", value.len());
        assert_eq!(commit.cookie_bytes, "__Host-s".len() + value.len());
        whole += usize::from(commit.placement.is_all_in_cookie());
        let mut opened = open(&codec, &value).unwrap();
        if !commit.placement.is_all_in_cookie() {
            let (name, record) = put(&commit);
            assert_eq!(codec.record_name(&opened).as_ref(), Some(name));
            codec
                .open_record(&mut opened, record, &mut Workspace::new())
                .unwrap();
        }
        assert_eq!(opened.session(), &session);
    }
    assert!(
        (1..650).contains(&whole),
        "the edge lies inside the range: {whole}"
    );
}

#[test]
fn predicted_and_real_size_agree_for_every_length_of_plain_body() {
    let config = Config {
        compress_from: usize::MAX,
        ..config()
    };
    let codec = Codec::new(config, &keys(&[0], &[])).unwrap();
    let room = codec.profile.room(codec.placing.budget());
    for bytes in 0..3_100 {
        let session = large_session(1, bytes);
        let commit = seal(&codec, &session, &Lineage::new(CREATED), 0);
        let inner = 9 + session.to_json().len();
        let predicted = crate::text::base64url::encoded_len(crate::crypto::framing::raw_len(inner));
        let fits = predicted <= room;
        assert_eq!(commit.placement.is_all_in_cookie(), fits, "{bytes}");
        if fits {
            assert_eq!(value(&commit).len(), predicted, "{bytes}");
        }
    }
}

#[test]
fn a_large_session_spills_by_priority_and_returns_whole() {
    for write in [Envelope::Sealed, Envelope::Django] {
        let rule = |key: &str, priority| KeyRule::new(key, priority);
        let config = Config {
            write,
            accept: vec![Acceptance::always(write)],
            rules: vec![
                rule("k19", Priority::Critical),
                rule("k1*", Priority::Important),
                rule("k0", Priority::Optional),
            ],
            ..config()
        };
        let codec = Codec::new(config, &keys(&[0], &["secret"])).unwrap();
        let session = large_session(20, 1_000);
        let commit = seal(&codec, &session, &Lineage::new(CREATED), 0);
        let report = codec.report(&session, &commit);
        let kept = |index: usize| report.keys[index].placement == KeyPlacement::Cookie;
        assert!(kept(19) && !kept(0), "{report:?}");
        let worst_kept = report
            .keys
            .iter()
            .filter(|k| k.placement == KeyPlacement::Cookie);
        let worst_kept = worst_kept.map(|k| k.priority).max().unwrap();
        let best_spilled = report
            .keys
            .iter()
            .filter(|k| k.placement == KeyPlacement::Spilled);
        assert!(best_spilled.map(|k| k.priority).min().unwrap() >= worst_kept);
        assert!(report.is_nearly_full());

        let mut opened = open(&codec, &value(&commit)).unwrap();
        assert!(opened.session().len() < 20);
        assert!(opened.session().contains("k19"));
        let (name, record) = put(&commit);
        assert_eq!(codec.record_name(&opened).as_ref(), Some(name));
        codec
            .open_record(&mut opened, record, &mut Workspace::new())
            .unwrap();
        assert_eq!(opened.session(), &session, "{write:?}");
        assert_eq!(codec.record_name(&opened), None);
    }
}

/// The 20 KB session of the benchmarks, its values cut into pieces under so many keys.
fn shop_session(keys: usize) -> SessionData {
    let shop = SessionData::from_json(include_str!("../../benches/payloads/x.json")).unwrap();
    let mut order: Vec<usize> = (0..shop.len()).collect();
    order.sort_by_key(|&index| shop.raw_key(index));
    let text: Vec<char> = order
        .iter()
        .flat_map(|&index| shop.raw_value(index).chars())
        .collect();
    let mut session = SessionData::new();
    for (index, piece) in text.chunks(text.len().div_ceil(keys)).enumerate() {
        let key = format!("key_{index:04}");
        session
            .insert(&key, &piece.iter().collect::<String>())
            .unwrap();
    }
    session
}

#[test]
fn what_stays_is_all_that_fits() {
    // A ticket in a sealed cookie, in characters; and the one with which Django's is measured.
    const SEALED_TICKET: u32 = 48;
    const DJANGO_TICKET: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJw";
    let config = |write, overflow, budget| Config {
        write,
        accept: vec![Acceptance::always(write)],
        rules: vec![KeyRule::new("key_000*", Priority::Optional)],
        overflow,
        budget: Budget::new(budget).unwrap(),
        ..config()
    };
    let keys = keys(&[0], &["secret"]);
    for (write, budget_without_ticket) in [
        (Envelope::Sealed, 4_093 - SEALED_TICKET),
        (Envelope::Django, 4_093),
    ] {
        let spilling = Codec::new(config(write, Overflow::Spill, 4_093), &keys).unwrap();
        let refusing = config(write, Overflow::Refuse, budget_without_ticket);
        let refusing = Codec::new(refusing, &keys).unwrap();
        for count in [1, 2, 3, 10, 13, 30, 77, 200, 1_000] {
            let session = shop_session(count);
            let commit = seal(&spilling, &session, &Lineage::new(CREATED), 0);
            let stays = |index: usize| commit.placement.of(index) == KeyPlacement::Cookie;
            // The first ten keys are optional: the others stay before them.
            let order = (10..session.len()).chain(0..session.len().min(10));
            let kept = order.clone().take_while(|&index| stays(index)).count();
            // Single keys of the same priority may stay behind the first that has no room.
            assert!(kept <= order.clone().filter(|&index| stays(index)).count());
            assert!(kept < session.len());

            let mut chosen: Vec<usize> = order.take(kept + 1).collect();
            chosen.sort_unstable();
            let mut one_more = SessionData::new();
            for index in chosen {
                let key = session.raw_key(index);
                one_more.insert_raw(key, session.raw_value(index)).unwrap();
            }
            if write == Envelope::Django {
                one_more.insert("as_a_ticket_", DJANGO_TICKET).unwrap();
            }
            let refused = refusing.seal(
                &Session::resumed(one_more.clone(), Lineage::new(CREATED)),
                Issue::new(ISSUED, Lifetime::BrowserSession),
                &mut Counting(0),
                &mut Workspace::new(),
            );
            let budget = budget_without_ticket as usize;
            assert_eq!(refused.err(), Some(SealError::DoesNotFit { budget }));
        }
    }
}

#[test]
fn a_record_is_its_tickets_alone() {
    let codec = codec();
    let session = large_session(20, 1_000);
    let first = seal(&codec, &session, &Lineage::new(CREATED), 0);
    let second = seal(&codec, &session, &Lineage::new(CREATED), 1);
    let open_with = |record: &[u8]| {
        let mut opened = open(&codec, &value(&first)).unwrap();
        let outcome = codec.open_record(&mut opened, record, &mut Workspace::new());
        assert!(outcome.is_ok() || opened.ticket().is_some());
        outcome
    };
    let (_, record) = put(&first);
    assert_eq!(open_with(record), Ok(()));
    assert_eq!(open_with(put(&second).1), Err(Reason::WrongRecord));
    assert_eq!(
        open_with(&record[..record.len() - 1]),
        Err(Reason::WrongRecord)
    );
    let mut flipped = record.to_vec();
    flipped[100] ^= 1;
    assert_eq!(open_with(&flipped), Err(Reason::WrongRecord));
}

#[test]
fn a_record_that_is_refused_leaves_the_session_as_it_was() {
    let codec = codec();
    let commit = seal(&codec, &large_session(3, 4_000), &Lineage::new(CREATED), 0);
    let mut opened = open(&codec, &value(&commit)).unwrap();
    let (before, lineage) = (opened.session().data().clone(), opened.lineage().clone());
    // Only a key holder could write such bodies.
    for body in [
        r#"{"a":1,"_edge_ends":{"a":-1}}"#,
        r#"{"a":1,"_edge_ends":[]}"#,
        r#"{"a":1,"_edge_done":"AAAA"}"#,
        "{",
        "[]",
    ] {
        let ring = crate::record::RecordRing::new(keys(&[0], &[]).sealing.as_ref().unwrap());
        let ring = ring.unwrap();
        let fields = crate::record::layout::Fields {
            compression: crate::body::compression::Compression::None,
            trail: crate::session::trail::Trail::EMPTY,
            positions: vec![0, 1],
        };
        let mut record = Vec::new();
        ring.seal(&[1; 24], &RecordId([2; 16]), 1, &mut record, |inner| {
            fields.write(inner);
            inner.extend_from_slice(body.as_bytes());
        });
        let spilled = opened.session.lineage.spilled.as_mut().unwrap();
        spilled.ticket.id = RecordId([2; 16]);
        spilled.ticket.revision = 1;
        spilled.ticket.digest = crate::crypto::digest16(&record);
        let refused = codec.open_record(&mut opened, &record, &mut Workspace::new());
        assert_eq!(refused, Err(Reason::CorruptBody), "{body}");
        assert_eq!(opened.session(), &before, "{body}");
        assert_eq!(opened.lineage().ends, lineage.ends);
        assert!(opened.ticket().is_some());
    }
}

/// Changes a session again and again, so many seconds between two changes; the names of its
/// records in order, and the lineage and the deletions at the end.
fn changed_every(
    seconds: i64,
    times: u8,
    stale_seconds: u32,
) -> (Codec, Vec<StoreName>, Lineage, Vec<StoreName>) {
    let config = Config {
        stale_seconds,
        ..config()
    };
    let codec = Codec::new(config, &keys(&[0], &[])).unwrap();
    let session = large_session(20, 1_000);
    let mut lineage = Lineage::new(CREATED);
    assert_eq!(lineage.revision(), 0);
    let (mut names, mut deleted) = (Vec::new(), Vec::new());
    for round in 0..times {
        let now = Timestamp::from_seconds(ISSUED.seconds() + i64::from(round) * seconds);
        let (handle, rng) = (
            Session::resumed(session.clone(), lineage),
            &mut Counting(round),
        );
        let issue = Issue::new(now, Lifetime::BrowserSession).dated(ISSUED);
        let commit = codec
            .seal(&handle, issue, rng, &mut Workspace::new())
            .unwrap();
        let (name, record) = put(&commit);
        names.push(*name);
        for op in &commit.store_ops[1..] {
            let StoreOp::Delete { name } = op else {
                panic!("one put a commit")
            };
            deleted.push(*name);
        }
        let mut opened = open(&codec, &value(&commit)).unwrap();
        assert_eq!(opened.ticket().unwrap().revision(), u32::from(round) + 1);
        assert_eq!(opened.lineage().revision(), u32::from(round) + 1);
        codec
            .open_record(&mut opened, record, &mut Workspace::new())
            .unwrap();
        // As JavaScript keeps it between opening and sealing.
        let text = opened.lineage().to_text();
        lineage = Lineage::from_text(opened.lineage().created(), &text).unwrap();
        assert_eq!(lineage, *opened.lineage());
    }
    (codec, names, lineage, deleted)
}

#[test]
fn superseded_records_stay_for_their_time_and_are_at_most_sixteen() {
    for (seconds, stale, kept) in [
        (1, 600, 16),
        (60, 600, 10),
        (61, 600, 10),
        (599, 600, 2),
        (600, 600, 1),
        (3_600, 600, 1),
        (100, 0, 1),
        (0, 0, 1),
        (0, 600, 16),
    ] {
        let (codec, names, lineage, deleted) = changed_every(seconds, 40, stale);
        let last = names.len() - 1;
        // The one before the last had its place taken just now, so its time has just begun.
        let (gone, good) = names.split_at(last - kept);
        assert_eq!(deleted, gone, "{seconds} s apart, {stale} s stale");
        // All that is left goes with the session.
        let newest_first = good.iter().rev();
        let all: Vec<_> = newest_first.map(|&name| StoreOp::Delete { name }).collect();
        assert_eq!(codec.end(&lineage), all);
    }
}

#[test]
fn a_session_that_does_not_change_loses_no_superseded_record() {
    let (codec, names, lineage, deleted) = changed_every(1, 3, 600);
    assert!(deleted.is_empty());
    assert_eq!(codec.end(&lineage).len(), names.len());
}

#[test]
fn overflow_is_dropped_or_refused_as_configured_never_the_critical() {
    let session = large_session(20, 1_000);
    let with = |overflow, priority| {
        let config = Config {
            overflow,
            rules: vec![KeyRule::new("*", priority)],
            ..config()
        };
        let codec = Codec::new(config, &keys(&[0], &[])).unwrap();
        let lineage = Lineage::new(CREATED);
        let (rng, workspace) = (&mut Counting(0), &mut Workspace::new());
        codec.seal(
            &Session::resumed(session.clone(), lineage.clone()),
            Issue::new(ISSUED, Lifetime::BrowserSession),
            rng,
            workspace,
        )
    };
    let refused = Some(SealError::DoesNotFit { budget: 4093 });
    assert_eq!(with(Overflow::Refuse, Priority::Optional).err(), refused);
    assert_eq!(with(Overflow::Drop, Priority::Critical).err(), refused);
    let commit = with(Overflow::Drop, Priority::Normal).unwrap();
    assert!(commit.store_ops.is_empty());
    assert_eq!(commit.placement.of(19), KeyPlacement::Dropped);
    assert_eq!(commit.placement.of(0), KeyPlacement::Cookie);
}

#[test]
fn nothing_is_sealed_without_randomness_or_beyond_the_limits() {
    let seal = |session: &SessionData, issued| {
        let workspace = &mut Workspace::new();
        let lineage = Lineage::new(issued);
        let rng = &mut Counting(0);
        codec()
            .seal(
                &Session::resumed(session.clone(), lineage.clone()),
                Issue::new(issued, Lifetime::BrowserSession),
                rng,
                workspace,
            )
            .err()
    };
    let small = SessionData::new();
    let workspace = &mut Workspace::new();
    let broken = codec()
        .seal(
            &Session::resumed(small.clone(), Lineage::new(CREATED)),
            Issue::new(ISSUED, Lifetime::BrowserSession),
            &mut Broken,
            workspace,
        )
        .err();
    assert_eq!(broken, Some(SealError::Entropy));
    let before_1970 = Timestamp::from_seconds(-1);
    assert_eq!(seal(&small, before_1970), Some(SealError::TimeOutOfRange));
    let huge = large_session(2, 600_000);
    assert!(matches!(
        seal(&huge, ISSUED),
        Some(SealError::TooLarge {
            limit: 1_048_576,
            ..
        })
    ));
}

#[test]
fn a_bomb_is_stopped_at_the_limit_and_none_is_written() {
    let json = format!("{{\"a\":\"{}\"}}", "A".repeat(900_000));
    let session = SessionData::from_json(json).unwrap();
    for write in [Envelope::Sealed, Envelope::Django] {
        let config = |cookie_bytes| Config {
            write,
            accept: vec![Acceptance::always(write)],
            limits: Limits {
                cookie_bytes,
                ..Limits::default()
            },
            ..config()
        };
        let keys = keys(&[0], &["secret"]);
        let reckless = Codec::new(config(1 << 20), &keys).unwrap();
        let careful = Codec::new(config(64 << 10), &keys).unwrap();
        let bomb = seal(&reckless, &session, &Lineage::new(CREATED), 0);
        assert!(bomb.placement.is_all_in_cookie());
        let outcome = open(&careful, &value(&bomb));
        assert_eq!(outcome.unwrap_err(), Reason::TooLarge);
        // What would not be opened is not written, however short it is: it spills.
        let commit = seal(&careful, &session, &Lineage::new(CREATED), 0);
        let mut opened = open(&careful, &value(&commit)).unwrap();
        let (_, record) = put(&commit);
        careful
            .open_record(&mut opened, record, &mut Workspace::new())
            .unwrap();
        assert_eq!(opened.session(), &session, "{write:?}");
    }
}

#[test]
fn copies_of_one_name_are_judged_together() {
    let codec = codec();
    let other = SessionData::from_json(r#"{"u":43}"#).unwrap();
    let other = value(&seal(&codec, &other, &Lineage::new(CREATED), 7));
    let read = |header: &str| {
        let header = CookieHeader::new(header.as_bytes()).unwrap();
        match codec.open(&header, ISSUED, &mut Workspace::new()) {
            Opened::Absent => "absent",
            Opened::Session(_) => "session",
            Opened::Rejected(Reason::TooManyCopies) => "too many",
            Opened::Rejected(_) => "rejected",
            Opened::Conflict => "conflict",
        }
    };
    let good = WORKED_EXAMPLE;
    assert_eq!(read("a=b"), "absent");
    assert_eq!(
        read(&format!("__Host-s={good}; __Host-s={good}")),
        "session"
    );
    assert_eq!(
        read(&format!("__Host-s=bad; a=b; __Host-s={good}")),
        "session"
    );
    assert_eq!(
        read(&format!("__Host-s={good}; __Host-s={other}")),
        "conflict"
    );
    assert_eq!(read("__Host-s=bad; __Host-s=worse"), "rejected");
    let many: Vec<_> = (0..5).map(|i| format!("__Host-s={i}")).collect();
    assert_eq!(read(&many.join("; ")), "too many");
    assert_eq!(read(&format!("__Host-S={good}")), "absent");
}

#[test]
fn a_plain_django_cookie_is_read_only_where_none_of_ours_was_sent() {
    let config = Config {
        django_cookie: Some("sessionid".into()),
        accept: vec![
            Acceptance::always(Envelope::Sealed),
            Acceptance::always(Envelope::Django),
        ],
        ..config()
    };
    let codec = Codec::new(config, &keys(&[0], &["secret", "older"])).unwrap();
    let session = SessionData::from_json(r#"{"hello":"world"}"#).unwrap();
    let plain = codec
        .origin_cookie(&session, ISSUED, &mut Workspace::new())
        .unwrap();
    let read = |header: &str| {
        let header = CookieHeader::new(header.as_bytes()).unwrap();
        codec.open(&header, ISSUED, &mut Workspace::new())
    };
    let Opened::Session(opened) = read(&format!("sessionid={plain}")) else {
        panic!("the plain cookie is read");
    };
    assert!(opened.is_from_django_cookie());
    assert_eq!(opened.session(), &session);
    let tampered = format!(
        "sessionid={plain}; __Host-s={}",
        WORKED_EXAMPLE.replace('W', "X")
    );
    assert!(matches!(read(&tampered), Opened::Rejected(_)));
    let both = format!("sessionid={plain}; __Host-s={WORKED_EXAMPLE}");
    assert!(matches!(read(&both), Opened::Session(o) if !o.is_from_django_cookie()));
    // A sealed text is never tried as a Django cookie, and the reverse.
    assert!(matches!(
        read(&format!("sessionid={WORKED_EXAMPLE}")),
        Opened::Rejected(_)
    ));
}

#[test]
fn configurations_that_cannot_work_are_refused() {
    let refused = |config: Config, keys: &Keys| Codec::new(config, keys).err();
    let no_keys = Keys::none();
    assert_eq!(refused(config(), &no_keys), Some(ConfigError::NoSealingKey));
    let django = Config {
        write: Envelope::Django,
        accept: vec![Acceptance::always(Envelope::Django)],
        ..config()
    };
    assert_eq!(
        refused(django.clone(), &keys(&[0], &[])),
        Some(ConfigError::NoDjangoKey)
    );
    let unread = Config {
        accept: vec![],
        ..config()
    };
    assert_eq!(
        refused(unread, &keys(&[0], &[])),
        Some(ConfigError::WritesWhatItRefuses)
    );
    let twice = refused(config(), &keys(&[0, 0], &[]));
    assert!(matches!(twice, Some(ConfigError::Keys(_))), "{twice:?}");
    let tiny = Config {
        budget: Budget::new(100).unwrap(),
        ..config()
    };
    assert_eq!(
        refused(tiny, &keys(&[0], &[])),
        Some(ConfigError::BudgetTooSmall)
    );
}

#[test]
fn a_session_has_an_id_of_its_own_until_it_begins_anew() {
    let config = Config {
        identify: true,
        ..config()
    };
    let codec = Codec::new(config, &keys(&[0, 9], &[])).unwrap();
    let session = SessionData::from_json(r#"{"u":42}"#).unwrap();
    let opened_after = |lineage: &Lineage, start| {
        let commit = seal(&codec, &session, lineage, start);
        let opened = open(&codec, &value(&commit)).unwrap();
        let name = codec.session_revocation(opened.lineage());
        assert_eq!(commit.session_revocation(), name);
        opened
    };
    let first = opened_after(&Lineage::new(CREATED), 0);
    let name = codec.session_revocation(first.lineage()).unwrap();
    assert!(!codec.needs_reissue(&first));
    assert!(codec.needs_reissue(&open(&codec, WORKED_EXAMPLE).unwrap()));
    // A later cookie of the same session is found under the same name.
    let later = opened_after(first.lineage(), 100);
    assert_eq!(codec.session_revocation(later.lineage()), Some(name));
    assert!(codec.keeps_session_id(&first));
    // After log in it is another session.
    let anew = opened_after(&first.lineage().restarted(ISSUED), 200);
    assert_ne!(codec.session_revocation(anew.lineage()), Some(name));
    // A user is not a session, and a session without an id cannot be revoked.
    assert!(!codec.user_revocations("42").contains(&name));
    assert_ne!(codec.user_revocations("42"), codec.user_revocations("43"));
    let without_id = open(&self::codec(), WORKED_EXAMPLE).unwrap();
    assert_eq!(self::codec().session_revocation(without_id.lineage()), None);
    assert!(!self::codec().keeps_session_id(&without_id));
}

#[test]
fn names_of_a_session_depend_on_no_key_and_begin_alike() {
    let config = Config {
        identify: true,
        ..config()
    };
    let before = Codec::new(config.clone(), &keys(&[0], &[])).unwrap();
    let after = Codec::new(config, &keys(&[9, 0], &[])).unwrap();
    let session = large_session(3, 4_000);
    let old = value(&seal(&before, &session, &Lineage::new(CREATED), 0));
    let old = open(&after, &old).unwrap();
    let commit = seal(&after, &session, old.lineage(), 100);
    let new = open(&after, &value(&commit)).unwrap();
    assert_eq!(
        before.session_revocation(old.lineage()),
        after.session_revocation(new.lineage())
    );
    assert_eq!(
        before.head_name(old.lineage()),
        after.head_name(new.lineage())
    );
    // Both records, the head and the end.
    let change = commit.head.unwrap();
    assert_eq!(change.from, after.record_name(&old));
    assert_eq!(Some(change.to), after.record_name(&new));
    assert!(change.has_record);
    let names = [
        change.from,
        Some(change.to),
        Some(change.session),
        after.session_revocation(new.lineage()),
    ];
    let names = names.map(Option::unwrap);
    assert!(names.iter().all(|name| name.place() == names[0].place()));
    assert!((1..4).all(|n| !names[..n].contains(&names[n])));
    // What begins anew lies elsewhere, and still knows where its records of before lie.
    let anew = seal(&after, &session, &new.lineage().restarted(ISSUED), 200);
    let change = anew.head.unwrap();
    assert_ne!(change.session.place(), names[0].place());
    assert_eq!(change.session.place(), change.to.place());
    assert_eq!(change.from, after.record_name(&new));
}

#[test]
fn a_plain_cookie_and_what_becomes_of_it_are_one_session_whatever_becomes_of_keys() {
    const WEAK: [&str; 2] = ["the key of the site", "its next key"];
    let codec = |sealing: &[u8], site: &[&str], identify| {
        let config = Config {
            identify,
            django_cookie: Some("sessionid".into()),
            accept: vec![
                Acceptance::always(Envelope::Sealed),
                Acceptance::always(Envelope::Django),
            ],
            ..config()
        };
        Codec::new(config, &keys(sealing, site)).unwrap()
    };
    let [before, after] = [
        codec(&[0], &WEAK[..1], true),
        codec(&[9, 0], &[WEAK[1], WEAK[0]], true),
    ];
    let session = SessionData::from_json(r#"{"_auth_user_id":"42"}"#).unwrap();
    let workspace = &mut Workspace::new();
    let plain = before.origin_cookie(&session, ISSUED, workspace).unwrap();
    let other = before.origin_cookie(&session, CREATED, workspace).unwrap();
    let opened = |codec: &Codec, value: &str| open(codec, value).unwrap();
    let sealed = |codec: &Codec, plain: &OpenSession| {
        opened(codec, &value(&seal(codec, &session, plain.lineage(), 0)))
    };
    let first = opened(&before, &plain);
    let (old, new) = (
        sealed(&before, &first),
        sealed(&after, &opened(&after, &plain)),
    );
    // Ended by any of them, and by whichever version of the keys, all of them have ended.
    for written in [
        before.session_revocation(first.lineage()),
        before.session_revocation(old.lineage()),
        after.session_revocation(new.lineage()),
    ] {
        let finds = |codec: &Codec, opened: &OpenSession| {
            codec.session_revocation(opened.lineage()) == written
        };
        assert!(finds(&before, &first) && finds(&before, &old));
        assert!(finds(&after, &opened(&after, &plain)));
        assert!(!finds(&after, &opened(&after, &other)));
    }
    let users = before.user_revocations("42");
    assert!(after.user_revocations("42").contains(&users[0]));
    // It does not begin anew, and costs no byte where nobody ends sessions.
    assert_eq!(new.lineage().created(), ISSUED);
    let without = opened(&codec(&[0], &WEAK[..1], false), &plain);
    assert_eq!(before.session_revocation(without.lineage()), None);
    assert!(before.keeps_session_id(&first) && before.keeps_session_id(&old));
}

#[test]
fn the_absolute_limit_holds_for_a_plain_cookie_too() {
    let config = Config {
        idle_seconds: 100,
        absolute_seconds: 50,
        django_cookie: Some("sessionid".into()),
        accept: vec![
            Acceptance::always(Envelope::Sealed),
            Acceptance::always(Envelope::Django),
        ],
        ..config()
    };
    let codec = Codec::new(config, &keys(&[0], &["the key of the site"])).unwrap();
    let workspace = &mut Workspace::new();
    let plain = codec
        .origin_cookie(&SessionData::new(), ISSUED, workspace)
        .unwrap();
    let mut at = |seconds: u64| {
        let now = ISSUED.after(core::time::Duration::from_secs(seconds));
        codec.open_value(plain.as_bytes(), now, workspace).err()
    };
    assert_eq!(at(50), None);
    assert_eq!(at(51), Some(Reason::TooOld));
    assert_eq!(at(101), Some(Reason::Expired));
}

#[test]
fn a_key_opens_nothing_from_its_end_on() {
    let ending = |not_after| {
        let old = secret(0).ending(Timestamp::from_seconds(not_after));
        let keys = Keys::sealing(KeyRing::new(secret(9), vec![old]).unwrap());
        let codec = Codec::new(config(), &keys).unwrap();
        open(&codec, WORKED_EXAMPLE).err()
    };
    assert_eq!(ending(1_800_000_001), None);
    let retired = ending(1_800_000_000);
    assert!(matches!(retired, Some(Reason::RetiredKey(id)) if id == secret(0).key_id()));
}

#[test]
fn a_migration_from_django_to_sealed_and_back_has_ends() {
    let both = |write, ended: Acceptance| Config {
        write,
        accept: vec![Acceptance::always(write), ended],
        django_cookie: Some("sessionid".into()),
        ..config()
    };
    let keys = keys(&[0], &["secret"]);
    let session = SessionData::from_json(r#"{"u":42}"#).unwrap();
    let until = |envelope| Acceptance {
        envelope,
        until: Some(ISSUED.seconds() + 100),
        issued_before: Some(ISSUED.seconds() + 1),
    };
    let forth = Codec::new(both(Envelope::Sealed, until(Envelope::Django)), &keys).unwrap();
    let back = Codec::new(both(Envelope::Django, until(Envelope::Sealed)), &keys).unwrap();
    for (writer, reader) in [(&forth, &back), (&back, &forth)] {
        let old = value(&seal(writer, &session, &Lineage::new(ISSUED), 0));
        let read_at = |seconds| {
            let now = Timestamp::from_seconds(seconds);
            let header = format!(
                "{}={old}",
                if writer.envelopes.write == Envelope::Django {
                    "sessionid"
                } else {
                    "__Host-s"
                }
            );
            let header = CookieHeader::new(header.as_bytes()).unwrap();
            matches!(reader.open(&header, now, &mut Workspace::new()),
                Opened::Session(opened) if reader.needs_reissue(&opened))
        };
        assert!(read_at(ISSUED.seconds() + 99));
        assert!(!read_at(ISSUED.seconds() + 100));
    }
}

/// What stays in a Django cookie when keys are dropped, without a ticket, is a whole object.
#[test]
fn a_django_cookie_without_the_dropped_keys_reads() {
    let config = Config {
        write: Envelope::Django,
        accept: vec![Acceptance::always(Envelope::Django)],
        overflow: Overflow::Drop,
        ..config()
    };
    let codec = Codec::new(config, &keys(&[0], &["secret"])).unwrap();
    let session = shop_session(40);
    let commit = seal(&codec, &session, &Lineage::new(ISSUED), 0);
    assert!(!commit.placement.is_all_in_cookie());
    let opened = open(&codec, &value(&commit)).unwrap();
    let kept = (0..session.len())
        .filter(|&index| commit.placement.of(index) == KeyPlacement::Cookie)
        .map(|index| session.raw_key(index));
    assert!(opened.session().keys().eq(kept));
}
