use core::cell::RefCell;

use pollster::block_on;
use session_codec::{
    Config, KeyRing, Keys, Repeated, Secret, Session, StoreName, Workspace, config::Overflow,
    cookie::ResponseCookie,
};
use session_store::{
    Around, Call, Committed, Fault, FaultyStore, Head, HeadMove, MemoryStore, Method, Proposal,
    Wrapped,
};

use super::{save::MERGE_ROUNDS, *};
use crate::revocation::{Memory, Subject, revoke_session, revoke_user};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn codec() -> Codec {
    codec_of(KeyRing::new(Secret::from_bytes([7; 32]), vec![]).unwrap())
}

fn codec_of(ring: KeyRing<Secret>) -> Codec {
    let keys = Keys::sealing(ring);
    let config = Config {
        overflow: Overflow::Spill,
        identify: true,
        ..Config::default()
    };
    Codec::new(config, &keys).unwrap()
}

/// What an isolate knows that has just begun.
fn memory() -> Memory<()> {
    Memory::new(alloc::sync::Arc::default(), (), 60)
}

/// 20 KB that deflate cannot bring under 4 KB.
fn session() -> SessionData {
    let mut bytes = vec![0; 20_000];
    getrandom::fill(&mut bytes).unwrap();
    let text: String = bytes
        .iter()
        .map(|byte| char::from(b'a' + byte % 26))
        .collect();
    let mut session = SessionData::new();
    session.insert("small", &1).unwrap();
    session.insert("large", &text).unwrap();
    session
}

fn with(session: &SessionData, key: &str, value: i32) -> SessionData {
    let mut session = session.clone();
    session.insert(key, &value).unwrap();
    session
}

fn open(codec: &Codec, cookie: &ResponseCookie, now: Timestamp) -> OpenSession {
    let opened = codec.open_value(cookie.value().as_bytes(), now, &mut Workspace::new());
    opened.unwrap()
}

fn loaded(codec: &Codec, store: &impl SessionStore, cookie: &ResponseCookie) -> OpenSession {
    let mut opened = open(codec, cookie, NOW);
    assert_eq!(block_on(load(codec, store, &mut opened, NOW)), Ok(()));
    opened
}

fn draft<'a>(base: &'a SessionData, session: &'a Session) -> Draft<'a> {
    Draft {
        base,
        base_issued: NOW,
        session,
        patch: None,
        mark: None,
        issued: NOW,
        lifetime: Lifetime::BrowserSession,
        about: RecordMeta::session_until(NOW),
    }
}

fn kept(
    codec: &Codec,
    store: &impl SessionStore,
    draft: Draft<'_>,
    now: Timestamp,
) -> Result<Saved, NotSaved> {
    let nobody = None::<&Followed<'_, ()>>;
    block_on(save(codec, Some(store), nobody, draft, now))
}

fn saved(store: &impl SessionStore, codec: &Codec, session: &SessionData) -> ResponseCookie {
    let nothing = SessionData::new();
    let session = Session::new(NOW).with_data(session.clone());
    let new = draft(&nothing, &session);
    let Ok(saved) = kept(codec, store, new, NOW) else {
        panic!("not saved")
    };
    assert!(saved.deletions.is_empty() && saved.merged.is_none());
    saved.commit.set_cookie
}

/// The cookie, or why there is none, and how many records are to be deleted.
fn changed(
    store: &impl SessionStore,
    codec: &Codec,
    opened: &OpenSession,
    after: &SessionData,
) -> Result<ResponseCookie, (SaveError, usize)> {
    let after = opened.session().with_data(after.clone());
    let changed = draft(opened.session(), &after);
    match kept(codec, store, changed, NOW) {
        Ok(saved) => Ok(saved.commit.set_cookie),
        Err(NotSaved { error, deletions }) => Err((error, deletions.len())),
    }
}

#[test]
fn what_is_saved_is_loaded() {
    let (codec, store, session) = (codec(), MemoryStore::new(), session());
    let cookie = saved(&store, &codec, &session);
    assert_eq!(open(&codec, &cookie, NOW).session().len(), 1);
    assert_eq!(loaded(&codec, &store, &cookie).session(), &session);
}

#[test]
fn absence_is_an_outage_at_first_and_a_loss_later() {
    let (codec, session) = (codec(), session());
    let cookie = saved(&MemoryStore::new(), &codec, &session);
    let load_at = |millis: i64| {
        let now = Timestamp::from_millis(NOW.millis() + millis);
        let mut opened = open(&codec, &cookie, now);
        block_on(load(&codec, &MemoryStore::new(), &mut opened, now))
    };
    assert_eq!(load_at(0), Err(Missing::Unavailable("absent")));
    assert_eq!(load_at(179_999), Err(Missing::Unavailable("absent")));
    assert_eq!(load_at(180_000), Err(Missing::Lost { is_newest: false }));
}

#[test]
fn a_failed_store_is_an_outage_however_old_the_ticket() {
    let (codec, session) = (codec(), session());
    let store = FaultyStore::of(MemoryStore::new());
    let cookie = saved(&store, &codec, &session);
    store.set_fault(Some(Fault::BeforeEffect));
    let later = Timestamp::from_seconds(NOW.seconds() + 3600);
    let mut opened = open(&codec, &cookie, later);
    let outcome = block_on(load(&codec, &store, &mut opened, later));
    assert_eq!(outcome, Err(Missing::Unavailable("unavailable")));
    store.set_fault(None);
    let outcome = block_on(load(&codec, &store, &mut opened, later));
    assert_eq!(outcome, Ok(()));
}

#[test]
fn a_write_that_fails_even_after_persisting_hands_out_no_cookie_and_keeps_the_old_record() {
    let (codec, session) = (codec(), session());
    let store = FaultyStore::of(MemoryStore::new());
    let cookie = saved(&store, &codec, &session);
    let opened = loaded(&codec, &store, &cookie);
    for fault in [Fault::BeforeEffect, Fault::AfterEffect] {
        store.set_fault(Some(fault));
        assert!(changed(&store, &codec, &opened, &session).is_err());
        store.set_fault(None);
        assert_eq!(loaded(&codec, &store, &cookie).session(), &session);
    }
}

#[test]
fn two_changes_of_different_keys_at_once_both_survive() {
    let (codec, store, session) = (codec(), MemoryStore::new(), session());
    let cookie = saved(&store, &codec, &session);
    let one = loaded(&codec, &store, &cookie);
    let other = loaded(&codec, &store, &cookie);
    let first = changed(&store, &codec, &one, &with(&session, "a", 1)).unwrap();
    let second = changed(&store, &codec, &other, &with(&session, "b", 2)).unwrap();
    let first = loaded(&codec, &store, &first);
    let second = loaded(&codec, &store, &second);
    assert_eq!(first.session(), &with(&session, "a", 1));
    assert_eq!(second.session(), &with(&with(&session, "a", 1), "b", 2));
    // And a third that still has the first cookie.
    let third = changed(&store, &codec, &one, &with(&session, "small", 9)).unwrap();
    let third = loaded(&codec, &store, &third);
    assert_eq!(third.session().value::<i32>("small").unwrap(), Some(9));
    assert_eq!(third.session().value::<i32>("a").unwrap(), Some(1));
    assert_eq!(third.session().value::<i32>("b").unwrap(), Some(2));
}

#[test]
fn two_patches_of_one_key_at_once_both_survive() {
    let (codec, store) = (codec(), MemoryStore::new());
    let json = |text: &str| SessionData::from_json(text).unwrap();
    let mut session = session();
    let cart = json(r#"{"cart":{"ham":{"count":1},"jam":1}}"#);
    session = session.patched(&cart).unwrap();
    let cookie = saved(&store, &codec, &session);
    let found = loaded(&codec, &store, &cookie);
    let patch = |text: &str| {
        let patch = json(text);
        let after = found.session().patched(&patch).unwrap();
        let after = found.session().with_data(after);
        let draft = Draft {
            patch: Some(&patch),
            ..draft(found.session(), &after)
        };
        let Ok(saved) = kept(&codec, &store, draft, NOW) else {
            panic!("not saved")
        };
        saved
    };
    patch(r#"{"cart":{"tea":1,"jam":null,"ham":{"count":2}}}"#);
    let second = patch(r#"{"cart":{"cake":1,"ham":{"wrapped":true}},"small":null}"#);
    let merged = second.merged.unwrap();
    let ham = r#"{"count":2,"wrapped":true}"#;
    let expected = format!(r#"{{"ham":{ham},"tea":1,"cake":1}}"#);
    assert_eq!(merged.raw("cart").map(str::to_owned), Some(expected));
    assert_eq!(merged.raw("small"), None);
    assert_eq!(
        loaded(&codec, &store, &second.commit.set_cookie).session(),
        &merged
    );
}

/// One attempt of a request that is known by its mark: a patch of what `opened` has.
fn attempted(
    store: &impl SessionStore,
    codec: &Codec,
    opened: &OpenSession,
    patch: &str,
    mark: RequestMark,
) -> Result<Saved, SaveError> {
    let patch = SessionData::from_json(patch).unwrap();
    let after = opened.session().patched(&patch).unwrap();
    let mut after = opened.session().with_data(after);
    after.remember(mark, NOW);
    let draft = Draft {
        patch: Some(&patch),
        mark: Some(mark),
        ..draft(opened.session(), &after)
    };
    kept(codec, store, draft, NOW).map_err(|not_saved| not_saved.error)
}

#[test]
fn a_request_whose_answer_was_lost_is_applied_once_however_often_it_comes() {
    let (codec, store, session) = (codec(), MemoryStore::new(), session());
    let opened = loaded(&codec, &store, &saved(&store, &codec, &session));
    let (first, other) = (
        RequestMark::new("1", &[b"a"]),
        RequestMark::new("2", &[b"b"]),
    );
    let lossy = Wrapped::new(&store, LosesCommits);
    let lost = attempted(&lossy, &codec, &opened, r#"{"a":1,"b":1}"#, first);
    assert!(matches!(lost, Err(SaveError::Store(_))));
    // Somebody else goes on from it, or takes a part of it back.
    let patch = r#"{"a":2,"b":null}"#;
    let next = attempted(&store, &codec, &opened, patch, other).unwrap();
    let is_once = |saved: Saved| {
        let now = loaded(&codec, &store, &saved.commit.set_cookie);
        assert_eq!(now.session(), &with(&session, "a", 2));
        assert_eq!(saved.merged.as_ref(), Some(now.session().data()));
        for mark in [first, other] {
            assert_eq!(now.lineage().repeated(&mark, NOW), Repeated::Yes);
        }
        now
    };
    is_once(next);
    for _ in 0..3 {
        let again = attempted(&store, &codec, &opened, r#"{"a":1,"b":1}"#, first);
        is_once(again.unwrap());
    }
    // The same key with something else is another request, of which nothing is done.
    let reused = RequestMark::new("1", &[b"c"]);
    let reused = attempted(&store, &codec, &opened, r#"{"c":1}"#, reused);
    assert_eq!(reused.err(), Some(SaveError::KeyReused));
    let again = attempted(&store, &codec, &opened, r#"{"a":1,"b":1}"#, first);
    assert!(!is_once(again.unwrap()).session().contains("c"));
}

#[test]
fn what_was_requested_is_remembered_wherever_the_session_goes() {
    let ([old, new], store, large) = (versions(), MemoryStore::new(), session());
    let mut small = large.clone();
    small.remove("large");
    let mark = RequestMark::new("1", &[b"a"]);
    let opened = loaded(&old, &store, &saved(&store, &old, &small));
    let saved = attempted(&store, &old, &opened, r#"{"a":1}"#, mark)
        .ok()
        .unwrap();
    let mut cookie = saved.commit.set_cookie;
    // Into a record, under a new key, with a further record, and back into the cookie.
    for (codec, after) in [
        (&old, with(&large, "a", 1)),
        (&new, with(&large, "a", 2)),
        (&new, with(&small, "a", 2)),
        (&new, with(&small, "a", 3)),
    ] {
        let opened = loaded(codec, &store, &cookie);
        assert_eq!(opened.lineage().repeated(&mark, NOW), Repeated::Yes);
        cookie = changed(&store, codec, &opened, &after).unwrap();
    }
    let opened = loaded(&new, &store, &cookie);
    assert_eq!(opened.session(), &with(&small, "a", 3));
    assert_eq!(opened.lineage().repeated(&mark, NOW), Repeated::Yes);
    let tomorrow = Timestamp::from_seconds(NOW.seconds() + i64::from(RequestMark::SECONDS));
    assert_eq!(opened.lineage().repeated(&mark, tomorrow), Repeated::No);
}

#[test]
fn a_session_that_fits_its_cookie_again_leaves_no_record_where_its_head_is_found() {
    fn left(store: &impl SessionStore) -> usize {
        let codec = codec();
        let cookies = line(&codec, store, 3, 1);
        let opened = loaded(&codec, store, cookies.last().unwrap());
        let mut small = opened.session().data().clone();
        small.remove("large");
        let after = opened.session().with_data(small.clone());
        let saved = kept(&codec, store, draft(opened.session(), &after), NOW);
        block_on(delete_all(store, saved.ok().unwrap().deletions));
        let names = cookies
            .iter()
            .map(|cookie| codec.record_name(&open(&codec, cookie, NOW)));
        let left = names.filter(|name| block_on(store.get(&name.unwrap(), NOW)).unwrap().is_some());
        let left = left.count();
        // Whoever comes with one of these cookies finds the session either way.
        for cookie in cookies.iter().filter(|_| left == 0) {
            assert_eq!(loaded(&codec, store, cookie).session(), &small);
        }
        left
    }
    assert_eq!(left(&MemoryStore::new()), 0);
    assert_eq!(left(&Headless(MemoryStore::new())), 4);
}

#[test]
fn a_session_that_is_ended_with_whichever_cookie_leaves_no_record() {
    for index in [5, 1] {
        let (codec, store) = (codec(), MemoryStore::new());
        let cookies = line(&codec, &store, 5, 1);
        let names: Vec<_> = cookies
            .iter()
            .map(|cookie| codec.record_name(&open(&codec, cookie, NOW)).unwrap())
            .collect();
        let opened = loaded(&codec, &store, &cookies[index]);
        let lineage = opened.lineage();
        let memory = memory();
        let head = block_on(revoke_session(&codec, &store, &memory, lineage, NOW));
        let head = head.unwrap().expect("it had one");
        let records = block_on(records_of_ended(&codec, &store, lineage, head, NOW));
        block_on(delete_all(&store, records));
        let is_there = |name: &&StoreName| block_on(store.get(name, NOW)).unwrap().is_some();
        assert_eq!(names.iter().filter(is_there).count(), 0, "with {index}");
    }
}

#[test]
fn a_session_that_ended_is_not_brought_back() {
    let (codec, store, session) = (codec(), MemoryStore::new(), session());
    let cookie = saved(&store, &codec, &session);
    let slow = loaded(&codec, &store, &cookie);
    let memory = memory();
    let ended = revoke_session(&codec, &store, &memory, slow.lineage(), NOW);
    assert!(block_on(ended).is_ok());
    let outcome = changed(&store, &codec, &slow, &with(&session, "a", 1));
    // Nothing was written for it; the one there was is to be deleted.
    assert_eq!(outcome.err(), Some((SaveError::Ended, 1)));
}

/// As a request saves that found `opened`.
fn followed(
    store: &impl SessionStore,
    codec: &Codec,
    opened: &OpenSession,
    after: &SessionData,
    must_be_known: bool,
) -> Result<ResponseCookie, NotSaved> {
    let (subject, memory) = (Subject::of(codec, opened, Some("42")), memory());
    let followed = Followed {
        subject: &subject,
        memory: &memory,
        must_be_known,
    };
    let after = opened.session().with_data(after.clone());
    let draft = draft(opened.session(), &after);
    let saved = save(codec, Some(store), Some(&followed), draft, NOW);
    block_on(saved).map(|saved| saved.commit.set_cookie)
}

#[test]
fn what_ended_while_the_site_took_its_time_is_not_handed_out_again() {
    let codec = codec();
    let small = with(&SessionData::new(), "small", 1);
    for (session, is_large) in [(small, false), (session(), true)] {
        for by_user in [false, true] {
            let (store, memory) = (MemoryStore::new(), memory());
            let cookie = saved(&store, &codec, &session);
            let slow = loaded(&codec, &store, &cookie);
            let lineage = slow.lineage();
            let ended = match by_user {
                false => block_on(revoke_session(&codec, &store, &memory, lineage, NOW)),
                true => block_on(revoke_user(&codec, &store, &memory, "42", NOW)).map(|()| None),
            };
            let head = ended.unwrap().map(|head| head.record);
            let mut gone = Vec::from_iter(head);
            let outcome = followed(&store, &codec, &slow, &with(&session, "a", 1), false);
            let Err(NotSaved {
                error: SaveError::Ended,
                deletions,
            }) = outcome
            else {
                panic!("handed out");
            };
            // The record that was written for it goes, if one was, and with it the one there was.
            gone.extend(deletions);
            let slow = codec.head_name(lineage).unwrap();
            let head = block_on(store.head(&slow, NOW)).unwrap();
            assert!(head == HeadState::Ended || !is_large && by_user);
            let name = codec.record_name(&open(&codec, &cookie, NOW));
            assert_eq!(name.is_some(), is_large);
            assert!(name.is_none_or(|name| gone.contains(&name)));
            // By its tombstone nothing is written; by the list it is what was kept that goes.
            let least = [0, 0, 1, 2][usize::from(is_large) * 2 + usize::from(by_user)];
            assert!(gone.len() >= least, "{gone:?}");
        }
    }
}

#[test]
fn while_nobody_knows_a_save_goes_on_unless_it_must_be_known() {
    let codec = codec();
    let session = with(&SessionData::new(), "small", 1);
    let store = FaultyStore::of(MemoryStore::new());
    let opened = loaded(&codec, &store, &saved(&store, &codec, &session));
    let after = with(&session, "a", 1);
    store.set_fault(Some(Fault::BeforeEffect));
    let outcome = followed(&store, &codec, &opened, &after, true);
    let error = outcome.map_err(|not_saved| not_saved.error);
    assert!(matches!(error, Err(SaveError::Store(_))));
    let cookie = followed(&store, &codec, &opened, &after, false).unwrap();
    // What was handed out then has the same name on the list, so an end from before counts.
    store.set_fault(None);
    let issued = open(&codec, &cookie, NOW);
    assert_eq!(
        codec.session_revocation(issued.lineage()),
        codec.session_revocation(opened.lineage())
    );
    assert!(codec.keeps_session_id(&opened));
}

#[test]
fn a_change_whose_confirmation_was_lost_is_kept_by_the_next() {
    let (codec, session) = (codec(), session());
    let store = FaultyStore::of(MemoryStore::new());
    let cookie = saved(&store, &codec, &session);
    let opened = loaded(&codec, &store, &cookie);
    let lossy = Wrapped::new(&store, LosesCommits);
    assert!(changed(&lossy, &codec, &opened, &with(&session, "a", 1)).is_err());
    let next = changed(&store, &codec, &opened, &with(&session, "b", 2)).unwrap();
    let next = loaded(&codec, &store, &next);
    assert_eq!(next.session(), &with(&with(&session, "a", 1), "b", 2));
}

#[test]
fn who_always_comes_second_gives_up_in_bounded_time() {
    let (codec, store, session) = (codec(), MemoryStore::new(), session());
    let cookie = saved(&store, &codec, &session);
    let opened = loaded(&codec, &store, &cookie);
    let rival = Rival {
        store: &store,
        codec: &codec,
        cookie: RefCell::new(cookie),
        commits: RefCell::new(0),
    };
    let rivalled = Wrapped::new(&store, rival);
    let outcome = changed(&rivalled, &codec, &opened, &with(&session, "a", 1));
    let rival = rivalled.front();
    // And nothing was written that would have to be deleted.
    assert_eq!(outcome.err(), Some((SaveError::Contested, 0)));
    assert_eq!(*rival.commits.borrow(), 1 + MERGE_ROUNDS);
    // The rival's changes are all there.
    let last = loaded(&codec, &store, &rival.cookie.borrow());
    assert_eq!(
        last.session().value::<i32>("rival").unwrap(),
        Some(1 + MERGE_ROUNDS as i32)
    );
}

/// A session that was changed so often, a number of seconds apart: the cookie of each state.
fn line(codec: &Codec, store: &impl SessionStore, changes: i32, apart: i64) -> Vec<ResponseCookie> {
    let session = session();
    let mut cookies = vec![saved(store, codec, &session)];
    for n in 1..=changes {
        let now = Timestamp::from_seconds(NOW.seconds() + i64::from(n) * apart);
        let mut opened = open(codec, cookies.last().unwrap(), now);
        block_on(load(codec, store, &mut opened, now)).unwrap();
        let after = opened.session().with_data(with(&session, "n", n));
        let changed = Draft {
            issued: now,
            ..draft(opened.session(), &after)
        };
        let saved = kept(codec, store, changed, now).ok().unwrap();
        block_on(delete_all(store, saved.deletions));
        cookies.push(saved.commit.set_cookie);
    }
    cookies
}

/// Which state a cookie comes to.
fn state(
    codec: &Codec,
    store: &impl SessionStore,
    cookie: &ResponseCookie,
    now: Timestamp,
) -> Result<Option<i32>, Missing> {
    let mut opened = open(codec, cookie, now);
    block_on(load(codec, store, &mut opened, now))?;
    Ok(opened.session().value::<i32>("n").unwrap())
}

#[test]
fn a_cookie_a_few_changes_old_is_good_as_long_as_the_session_does_not_go_on() {
    let (codec, store) = (codec(), Headless(MemoryStore::new()));
    let cookies = line(&codec, &store, 16, 1);
    // The browser was killed, and is started again a week later.
    let later = Timestamp::from_seconds(NOW.seconds() + 7 * 24 * 3600);
    for (n, cookie) in (0..).zip(&cookies) {
        let expected = (n > 0).then_some(n);
        assert_eq!(state(&codec, &store, cookie, later), Ok(expected));
    }
}

#[test]
fn records_beyond_the_number_or_the_time_are_gone() {
    for (apart, good) in [(1, 17), (60, 11), (700, 2)] {
        let (codec, store) = (codec(), Headless(MemoryStore::new()));
        let cookies = line(&codec, &store, 30, apart);
        let later = Timestamp::from_seconds(NOW.seconds() + 30 * 700 + 180);
        let states = cookies
            .iter()
            .map(|cookie| state(&codec, &store, cookie, later));
        let gone = states
            .take_while(|state| *state == Err(Missing::Lost { is_newest: false }))
            .count();
        assert_eq!(cookies.len() - gone, good, "{apart} s apart");
    }
}

#[test]
fn a_lost_session_may_have_been_followed_unless_its_head_says_that_it_was_not() {
    let later = Timestamp::from_seconds(NOW.seconds() + 3600);
    let lost = |store: &dyn Fn(&Codec) -> Result<Option<i32>, Missing>| store(&codec());
    let last_of = |codec: &Codec, store: &MemoryStore, cookie: &ResponseCookie| {
        let name = codec.record_name(&open(codec, cookie, NOW)).unwrap();
        block_on(store.delete(&name)).unwrap();
    };
    let with_head = lost(&|codec| {
        let store = MemoryStore::new();
        let cookies = line(codec, &store, 3, 1);
        last_of(codec, &store, &cookies[3]);
        state(codec, &store, &cookies[3], later)
    });
    assert_eq!(with_head, Err(Missing::Lost { is_newest: true }));
    let without = lost(&|codec| {
        let store = Headless(MemoryStore::new());
        let cookies = line(codec, &store, 3, 1);
        last_of(codec, &store.0, &cookies[3]);
        state(codec, &store, &cookies[3], later)
    });
    assert_eq!(without, Err(Missing::Lost { is_newest: false }));
}

#[test]
fn a_cookie_whose_record_was_followed_by_others_finds_the_newest() {
    let (codec, store) = (codec(), MemoryStore::new());
    let cookies = line(&codec, &store, 30, 1);
    let followed = loaded(&codec, &store, &cookies[0]);
    assert_eq!(followed.session().value::<i32>("n").unwrap(), Some(30));
}

#[test]
fn a_head_whose_record_is_lost_does_not_stop_the_session() {
    let (codec, store, session) = (codec(), MemoryStore::new(), session());
    let cookie = saved(&store, &codec, &session);
    let opened = loaded(&codec, &store, &cookie);
    let lost = changed(&store, &codec, &opened, &with(&session, "lost", 1)).unwrap();
    let name = codec.record_name(&open(&codec, &lost, NOW)).unwrap();
    block_on(store.delete(&name)).unwrap();
    let next = changed(&store, &codec, &opened, &with(&session, "next", 1)).unwrap();
    let next = loaded(&codec, &store, &next);
    assert_eq!(next.session(), &with(&session, "next", 1));
}

#[test]
fn a_head_of_another_session_is_not_followed() {
    let (codec, store, session) = (codec(), MemoryStore::new(), session());
    let cookie = saved(&store, &codec, &session);
    let foreign = saved(&store, &codec, &with(&session, "foreign", 1));
    let mut opened = open(&codec, &cookie, NOW);
    let head = codec.head_name(opened.lineage()).unwrap();
    let own = codec.record_name(&opened).unwrap();
    let planted = Head {
        record: codec.record_name(&open(&codec, &foreign, NOW)).unwrap(),
        cookie: foreign.value().into(),
    };
    let expires = Timestamp::from_seconds(NOW.seconds() + 3600);
    put_head(&store, head, &own, planted, expires);
    block_on(store.delete(&own)).unwrap();
    let outcome = block_on(load(&codec, &store, &mut opened, NOW));
    assert_eq!(outcome, Err(Missing::Unavailable("absent")));
}

/// Three states of a session, one after another; nothing is deleted.
fn three_states(codec: &Codec, store: &MemoryStore) -> [ResponseCookie; 3] {
    let session = session();
    let one = saved(store, codec, &session);
    let opened = loaded(codec, store, &one);
    let two = changed(store, codec, &opened, &with(&session, "a", 1)).unwrap();
    let opened = loaded(codec, store, &two);
    let three = changed(store, codec, &opened, &with(opened.session(), "a", 2)).unwrap();
    [one, two, three]
}

/// What whoever can write to the store can do: the head names an earlier record again.
fn put_back(codec: &Codec, store: &MemoryStore, newest: &ResponseCookie, old: &ResponseCookie) {
    let name = |cookie| codec.record_name(&open(codec, cookie, NOW)).unwrap();
    let session = codec.head_name(open(codec, newest, NOW).lineage()).unwrap();
    let head = Head {
        record: name(old),
        cookie: old.value().into(),
    };
    let (from, expires) = (name(newest), Timestamp::from_seconds(NOW.seconds() + 3600));
    put_head(store, session, &from, head, expires);
}

fn put_head(
    store: &MemoryStore,
    session: StoreName,
    from: &StoreName,
    to: Head,
    expires: Timestamp,
) {
    let change = HeadMove {
        session,
        from: Some(*from),
        to: Some(to),
        expires,
    };
    let proposal = Proposal {
        head: Some(change),
        ..Proposal::default()
    };
    let committed = block_on(store.commit(&proposal, NOW));
    assert!(matches!(committed, Ok(Committed::Saved(_))));
}

#[test]
fn a_head_that_was_put_back_is_not_followed() {
    let (codec, store) = (codec(), MemoryStore::new());
    let [_, old, newest] = three_states(&codec, &store);
    put_back(&codec, &store, &newest, &old);
    let mut opened = open(&codec, &newest, NOW);
    let name = codec.record_name(&opened).unwrap();
    block_on(store.delete(&name)).unwrap();
    let outcome = block_on(load(&codec, &store, &mut opened, NOW));
    assert_eq!(outcome, Err(Missing::Unavailable("absent")));
}

#[test]
fn a_head_that_was_put_back_takes_nothing_from_an_update() {
    let (codec, store) = (codec(), MemoryStore::new());
    let [_, old, newest] = three_states(&codec, &store);
    let opened = loaded(&codec, &store, &newest);
    put_back(&codec, &store, &newest, &old);
    let after = with(opened.session(), "b", 3);
    let cookie = changed(&store, &codec, &opened, &after).unwrap();
    assert_eq!(loaded(&codec, &store, &cookie).session(), &after);
}

/// The same keys in another order: one version of the Worker before a rotation, one after it.
fn versions() -> [Codec; 2] {
    [[7, 8], [8, 7]].map(|[primary, fallback]: [u8; 2]| {
        let secret = |byte| Secret::from_bytes([byte; 32]);
        let ring = KeyRing::new(secret(primary), vec![secret(fallback)]);
        codec_of(ring.unwrap())
    })
}

#[test]
fn versions_with_their_keys_in_another_order_share_heads() {
    let ([old, new], store, session) = (versions(), MemoryStore::new(), session());
    let cookie = saved(&store, &old, &session);
    let (one, other) = (loaded(&old, &store, &cookie), loaded(&new, &store, &cookie));
    let first = changed(&store, &old, &one, &with(&session, "a", 1));
    assert!(first.is_ok());
    let both = changed(&store, &new, &other, &with(&session, "b", 2)).unwrap();
    let both = loaded(&old, &store, &both);
    assert_eq!(both.session(), &with(&with(&session, "a", 1), "b", 2));
    // What ended by one of them is not brought back by the other.
    let slow = loaded(&new, &store, &cookie);
    let memory = memory();
    let ended = revoke_session(&old, &store, &memory, one.lineage(), NOW);
    assert!(block_on(ended).is_ok());
    let outcome = changed(&store, &new, &slow, &with(&session, "c", 3));
    assert_eq!(outcome.err(), Some((SaveError::Ended, 1)));
}

#[test]
fn a_record_that_was_sealed_anew_is_as_young_as_its_sealing() {
    let ([old, new], session) = (versions(), session());
    let later = |seconds: i64| Timestamp::from_seconds(NOW.seconds() + seconds);
    let store = MemoryStore::new();
    let cookie = saved(&store, &old, &session);
    let mut opened = open(&new, &cookie, later(3600));
    block_on(load(&new, &store, &mut opened, later(3600))).unwrap();
    // Nothing changed but the key, so it is issued as it was.
    let anew = draft(opened.session(), opened.session());
    let anew = kept(&new, &store, anew, later(3600));
    let cookie = anew.ok().unwrap().commit.set_cookie;
    let load_at = |seconds: i64| {
        let mut opened = open(&new, &cookie, later(seconds));
        assert_eq!(opened.issued(), NOW);
        block_on(load(&new, &MemoryStore::new(), &mut opened, later(seconds)))
    };
    assert_eq!(load_at(3601), Err(Missing::Unavailable("absent")));
    assert_eq!(load_at(3600 + 179), Err(Missing::Unavailable("absent")));
    let lost = Missing::Lost { is_newest: false };
    assert_eq!(load_at(3600 + 180), Err(lost));
}

#[test]
fn a_session_that_fits_its_cookie_again_keeps_its_head() {
    let (codec, store, large) = (codec(), MemoryStore::new(), session());
    let mut small = large.clone();
    small.remove("large");
    let cookie = saved(&store, &codec, &large);
    let opened = loaded(&codec, &store, &cookie);
    let cookie = changed(&store, &codec, &opened, &small).unwrap();
    let opened = loaded(&codec, &store, &cookie);
    assert!(opened.ticket().is_none());
    assert_eq!(opened.lineage().revision(), 2);
    let cookie = changed(&store, &codec, &opened, &with(&large, "a", 1)).unwrap();
    let opened = loaded(&codec, &store, &cookie);
    assert_eq!(
        (opened.session().len(), opened.lineage().revision()),
        (3, 3)
    );
}

#[test]
fn one_tab_shrinks_a_session_and_another_adds_to_it_and_nothing_goes_back() {
    let (codec, store, large) = (codec(), MemoryStore::new(), session());
    let cookie = saved(&store, &codec, &large);
    let (one, other) = (
        loaded(&codec, &store, &cookie),
        loaded(&codec, &store, &cookie),
    );
    let mut small = large.clone();
    small.remove("large");
    let added = changed(&store, &codec, &one, &with(&large, "cart", 1));
    assert!(added.is_ok());
    // It merges what the other one added, and its answer is the one that the browser has.
    let mut cookie = changed(&store, &codec, &other, &small).unwrap();
    for n in 2..6 {
        let opened = loaded(&codec, &store, &cookie);
        assert_eq!(opened.session(), &with(&small, "cart", n - 1));
        cookie = changed(&store, &codec, &opened, &with(&small, "cart", n)).unwrap();
    }
    // And it grows again: what was confirmed is there, and what was taken out does not come back.
    let opened = loaded(&codec, &store, &cookie);
    let mut grown = opened.session().clone().into_data();
    grown
        .insert("pad", &large.value::<String>("large").unwrap().unwrap())
        .unwrap();
    let cookie = changed(&store, &codec, &opened, &grown).unwrap();
    assert_eq!(loaded(&codec, &store, &cookie).session(), &grown);
}

#[test]
fn a_copy_of_before_a_session_shrank_finds_it_in_its_cookie() {
    let (codec, store, large) = (codec(), MemoryStore::new(), session());
    let first = saved(&store, &codec, &large);
    let opened = loaded(&codec, &store, &first);
    let mut small = with(&large, "a", 1);
    small.remove("large");
    let cookie = changed(&store, &codec, &opened, &small).unwrap();
    let name = codec.record_name(&open(&codec, &first, NOW)).unwrap();
    block_on(store.delete(&name)).unwrap();
    assert!(open(&codec, &cookie, NOW).ticket().is_none());
    assert_eq!(loaded(&codec, &store, &first).session(), &small);
}

#[test]
fn a_cookie_from_before_the_first_spill_is_not_put_back_by_the_head_of_a_tab_that_spilled() {
    let (codec, store, large) = (codec(), MemoryStore::new(), session());
    let small = with(&SessionData::new(), "cart", 1);
    let first = saved(&store, &codec, &small);
    let (one, other) = (
        loaded(&codec, &store, &first),
        loaded(&codec, &store, &first),
    );
    let mut pad = small.clone();
    pad.insert("pad", &large.value::<String>("large").unwrap().unwrap())
        .unwrap();
    assert!(changed(&store, &codec, &one, &pad).is_ok());
    // The other tab's answer came last, and the browser goes on from there.
    let later = Timestamp::from_seconds(NOW.seconds() + 1);
    let cart = with(&small, "cart", 2);
    let after = other.session().with_data(cart.clone());
    let change = Draft {
        base_issued: other.issued(),
        issued: later,
        ..draft(&small, &after)
    };
    let cookie = kept(&codec, &store, change, later).ok().unwrap();
    let opened = open(&codec, &cookie.commit.set_cookie, later);
    let mut grown = with(&cart, "more", 1);
    grown
        .insert("large", &large.value::<String>("large").unwrap().unwrap())
        .unwrap();
    let end = Timestamp::from_seconds(NOW.seconds() + 2);
    let after = opened.session().with_data(grown.clone());
    let change = Draft {
        base_issued: opened.issued(),
        issued: end,
        ..draft(opened.session(), &after)
    };
    let saved = kept(&codec, &store, change, end).ok().unwrap();
    assert!(saved.merged.is_none_or(|merged| merged == grown));
}

#[test]
fn a_cache_that_holds_something_else_is_passed_by() {
    let (codec, store, session) = (codec(), MemoryStore::new(), session());
    let cookie = saved(&store, &codec, &session);
    let foreign = Record::new(b"something else".to_vec()).unwrap();
    let cache = StaleCache {
        store: &store,
        stale: foreign,
    };
    assert_eq!(loaded(&codec, &cache, &cookie).session(), &session);
}

/// Writes down what a store is asked.
#[derive(Default)]
struct Trips(RefCell<Vec<Method>>);

impl Around for Trips {
    async fn around<C: Call, S: SessionStore>(
        &self,
        call: &C,
        store: &S,
    ) -> Result<C::Answer, StoreError> {
        self.0.borrow_mut().push(call.method());
        call.make(store).await
    }
}

#[test]
fn a_save_is_one_trip_and_a_lost_race_two() {
    let (codec, large) = (codec(), session());
    let store = Wrapped::new(MemoryStore::new(), Trips::default());
    let trips = || store.front().0.take();
    let small = with(&SessionData::new(), "small", 1);
    // In its cookie, where it is asked whether it has ended; spilled for the first time; again;
    // and back in its cookie.
    let mut cookie = saved(&store, &codec, &small);
    assert_eq!(trips(), []);
    for after in [
        with(&small, "a", 1),
        large.clone(),
        with(&large, "a", 1),
        small,
    ] {
        let opened = loaded(&codec, &store, &cookie);
        let loads = trips();
        assert_eq!(
            loads,
            vec![Method::Get; usize::from(opened.lineage().revision() > 0)]
        );
        cookie = followed(&store, &codec, &opened, &after, true).unwrap();
        assert_eq!(trips(), [Method::Commit]);
    }
    // Two at once.
    let cookie = saved(&store, &codec, &large);
    let opened = loaded(&codec, &store, &cookie);
    let _ = followed(&store, &codec, &opened, &with(&large, "a", 1), true).unwrap();
    trips();
    let _ = followed(&store, &codec, &opened, &with(&large, "b", 1), true).unwrap();
    assert_eq!(trips(), [Method::Commit; 2]);
    // A cookie whose record is gone finds the newest one, which comes with the head.
    let name = codec.record_name(&open(&codec, &cookie, NOW)).unwrap();
    block_on(store.inner().delete(&name)).unwrap();
    assert_eq!(
        loaded(&codec, &store, &cookie).session().len(),
        large.len() + 2
    );
    // The last two at once.
    assert_eq!(trips(), [Method::Get, Method::GetFresh, Method::Head]);
}

/// Keeps no heads, as KV and R2.
struct Headless(MemoryStore);

/// Commits are done and their answers lost.
struct LosesCommits;

impl Around for LosesCommits {
    async fn around<C: Call, S: SessionStore>(
        &self,
        call: &C,
        store: &S,
    ) -> Result<C::Answer, StoreError> {
        let answer = call.make(store).await?;
        match call.method() {
            Method::Commit => Err(StoreError::TimedOut),
            _ => Ok(answer),
        }
    }
}

/// Answers every read with the same record, unless asked for a fresh one.
struct StaleCache<'a> {
    store: &'a MemoryStore,
    stale: Record,
}

/// Somebody else is first, before every commit.
struct Rival<'a> {
    store: &'a MemoryStore,
    codec: &'a Codec,
    cookie: RefCell<ResponseCookie>,
    commits: RefCell<usize>,
}

impl Rival<'_> {
    fn is_first(&self) {
        let opened = loaded(self.codec, self.store, &self.cookie.borrow());
        *self.commits.borrow_mut() += 1;
        let commits = i32::try_from(*self.commits.borrow()).unwrap();
        let after = with(opened.session(), "rival", commits);
        let cookie = changed(self.store, self.codec, &opened, &after).unwrap();
        *self.cookie.borrow_mut() = cookie;
    }
}

impl Around for Rival<'_> {
    async fn around<C: Call, S: SessionStore>(
        &self,
        call: &C,
        store: &S,
    ) -> Result<C::Answer, StoreError> {
        if call.method() == Method::Commit {
            self.is_first();
        }
        call.make(store).await
    }
}

macro_rules! writes_as_inner {
    ($self:ident => $inner:expr) => {
        async fn put(
            &$self,
            name: &StoreName,
            record: &Record,
            meta: &RecordMeta,
            now: Timestamp,
        ) -> Result<(), StoreError> {
            $inner.put(name, record, meta, now).await
        }

        async fn delete(&$self, name: &StoreName) -> Result<(), StoreError> {
            $inner.delete(name).await
        }

        async fn get_fresh(
            &$self,
            name: &StoreName,
            now: Timestamp,
        ) -> Result<Option<StoredRecord>, StoreError> {
            $inner.get_fresh(name, now).await
        }
    };
}

impl SessionStore for Headless {
    writes_as_inner!(self => self.0);

    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.0.get(name, now).await
    }
}

impl SessionStore for StaleCache<'_> {
    writes_as_inner!(self => self.store);

    async fn get(&self, _: &StoreName, _: Timestamp) -> Result<Option<StoredRecord>, StoreError> {
        Ok(Some(StoredRecord {
            record: self.stale.clone(),
            expires: Timestamp::from_seconds(i64::MAX / 1000),
        }))
    }
}
