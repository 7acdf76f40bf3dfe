use core::cell::RefCell;

use pollster::block_on;
use session_codec::{
    Config, KeyRing, Keys, Secret, Workspace, config::Overflow, cookie::ResponseCookie,
};
use session_store::{Fault, FaultyStore, MemoryStore};

use super::*;
use crate::revocation::{Memory, Subject, revoke_session, revoke_user};

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn codec() -> Codec {
    codec_of(KeyRing::new(Secret::from_octets([7; 32]), vec![]).unwrap())
}

fn codec_of(ring: KeyRing<Secret>) -> Codec {
    let keys = Keys {
        sealing: Some(ring),
        django: None,
    };
    let config = Config {
        overflow: Overflow::Spill,
        identify: true,
        ..Config::default()
    };
    Codec::new(config, &keys).unwrap()
}

/// What an isolate knows that has just begun.
fn memory() -> Memory<()> {
    Memory::new(alloc::rc::Rc::default(), (), 60)
}

/// 20 KB that deflate cannot bring under 4 KB.
fn session() -> Session {
    let mut octets = vec![0; 20_000];
    getrandom::fill(&mut octets).unwrap();
    let text: String = octets
        .iter()
        .map(|octet| char::from(b'a' + octet % 26))
        .collect();
    let mut session = Session::new();
    session.insert("small", &1).unwrap();
    session.insert("large", &text).unwrap();
    session
}

fn with(session: &Session, key: &str, value: i32) -> Session {
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

fn draft<'a>(base: &'a Session, after: &'a Session, lineage: &Lineage) -> Draft<'a> {
    Draft {
        base,
        base_issued: NOW,
        after,
        lineage: lineage.clone(),
        issued: NOW,
        lifetime: Lifetime::BrowserSession,
        about: About::session_until(NOW),
    }
}

fn saved(store: &impl SessionStore, codec: &Codec, session: &Session) -> ResponseCookie {
    let nothing = Session::new();
    let new = draft(&nothing, session, &Lineage::new(NOW));
    let saved = block_on(save(codec, Some(store), new, NOW));
    let Ok(saved) = saved else {
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
    after: &Session,
) -> Result<ResponseCookie, (SaveError, usize)> {
    let changed = draft(opened.session(), after, opened.lineage());
    match block_on(save(codec, Some(store), changed, NOW)) {
        Ok(saved) => Ok(saved.commit.set_cookie),
        Err((error, discarded)) => Err((error, discarded.len())),
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
    let store = FaultyStore::new(MemoryStore::new());
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
    let store = FaultyStore::new(MemoryStore::new());
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
fn a_session_that_ended_is_not_brought_back() {
    let (codec, store, session) = (codec(), MemoryStore::new(), session());
    let cookie = saved(&store, &codec, &session);
    let slow = loaded(&codec, &store, &cookie);
    let memory = memory();
    let ended = revoke_session(&codec, &store, &memory, slow.lineage(), NOW);
    assert!(block_on(ended).is_ok());
    let outcome = changed(&store, &codec, &slow, &with(&session, "a", 1));
    // The record that was written for it is to be deleted.
    assert_eq!(outcome.err(), Some((SaveError::Ended, 1)));
}

/// As a request saves that found `opened`.
fn followed(
    store: &impl SessionStore,
    codec: &Codec,
    opened: &OpenSession,
    after: &Session,
    must_be_known: bool,
) -> Result<ResponseCookie, (SaveError, Vec<RecordName>)> {
    let (subject, memory) = (Subject::of(codec, opened, Some("42")), memory());
    let followed = Followed {
        subject: &subject,
        memory: &memory,
        must_be_known,
    };
    let draft = draft(opened.session(), after, opened.lineage());
    let saved = save_unless_ended(codec, Some(store), Some(&followed), draft, NOW);
    block_on(saved).map(|saved| saved.commit.set_cookie)
}

#[test]
fn what_ended_while_the_site_took_its_time_is_not_handed_out_again() {
    let codec = codec();
    let small = with(&Session::new(), "small", 1);
    for (session, is_large) in [(small, false), (session(), true)] {
        for by_user in [false, true] {
            let (store, memory) = (MemoryStore::new(), memory());
            let cookie = saved(&store, &codec, &session);
            let slow = loaded(&codec, &store, &cookie);
            let lineage = slow.lineage();
            let ended = match by_user {
                false => block_on(revoke_session(&codec, &store, &memory, lineage, NOW)),
                true => block_on(revoke_user(&codec, &store, &memory, "42", NOW)).map(|()| vec![]),
            };
            let mut gone = ended.unwrap();
            let outcome = followed(&store, &codec, &slow, &with(&session, "a", 1), false);
            let Err((SaveError::Ended, records)) = outcome else {
                panic!("handed out");
            };
            // The record that was written for it goes, and with it the one there was.
            gone.extend(records);
            let name = codec.record_name(&open(&codec, &cookie, NOW));
            assert_eq!(name.is_some(), is_large);
            assert!(name.is_none_or(|name| gone.contains(&RecordName::new(name))));
            assert!(gone.len() >= if is_large { 2 } else { 0 }, "{gone:?}");
        }
    }
}

#[test]
fn while_nobody_knows_a_save_goes_on_unless_it_must_be_known() {
    let codec = codec();
    let session = with(&Session::new(), "small", 1);
    let store = FaultyStore::new(MemoryStore::new());
    let opened = loaded(&codec, &store, &saved(&store, &codec, &session));
    let after = with(&session, "a", 1);
    store.set_fault(Some(Fault::BeforeEffect));
    let outcome = followed(&store, &codec, &opened, &after, true);
    assert!(matches!(outcome, Err((SaveError::Store(_), _))));
    let cookie = followed(&store, &codec, &opened, &after, false).unwrap();
    // What was handed out then has the same name on the list, so an end from before counts.
    store.set_fault(None);
    let issued = open(&codec, &cookie, NOW);
    assert_eq!(
        codec.session_denials(&issued),
        codec.session_denials(&opened)
    );
    assert!(codec.keeps_denial(&opened));
}

#[test]
fn a_change_whose_confirmation_was_lost_is_kept_by_the_next() {
    let (codec, session) = (codec(), session());
    let store = FaultyStore::new(MemoryStore::new());
    let cookie = saved(&store, &codec, &session);
    let opened = loaded(&codec, &store, &cookie);
    let lossy = LosesSwaps(&store);
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
        swaps: RefCell::new(0),
    };
    let outcome = changed(&rival, &codec, &opened, &with(&session, "a", 1));
    assert_eq!(
        outcome.err(),
        Some((SaveError::Contested, 1 + MERGE_ROUNDS))
    );
    assert_eq!(*rival.swaps.borrow(), 1 + MERGE_ROUNDS);
    // The rival's changes are all there.
    let last = loaded(&codec, &store, &rival.cookie.borrow());
    assert_eq!(last.session().value::<i32>("rival").unwrap(), Some(4));
}

/// A session that was changed so often, a number of seconds apart: the cookie of each state.
fn line(codec: &Codec, store: &impl SessionStore, changes: i32, apart: i64) -> Vec<ResponseCookie> {
    let session = session();
    let mut cookies = vec![saved(store, codec, &session)];
    for n in 1..=changes {
        let now = Timestamp::from_seconds(NOW.seconds() + i64::from(n) * apart);
        let mut opened = open(codec, cookies.last().unwrap(), now);
        block_on(load(codec, store, &mut opened, now)).unwrap();
        let after = with(&session, "n", n);
        let changed = Draft {
            issued: now,
            ..draft(opened.session(), &after, opened.lineage())
        };
        let saved = block_on(save(codec, Some(store), changed, now))
            .ok()
            .unwrap();
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
        block_on(store.delete(&RecordName::new(name))).unwrap();
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
    block_on(store.delete(&RecordName::new(name))).unwrap();
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
    let head = RecordName::new(codec.head_name(opened.lineage()).unwrap());
    let own = RecordName::new(codec.record_name(&opened).unwrap());
    let planted = Head {
        record: RecordName::new(codec.record_name(&open(&codec, &foreign, NOW)).unwrap()),
        cookie: foreign.value().into(),
    };
    let expires = Timestamp::from_seconds(NOW.seconds() + 3600);
    block_on(store.swap_head(&head, Some(&own), Some(&planted), expires, NOW)).unwrap();
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
    let name = |cookie| RecordName::new(codec.record_name(&open(codec, cookie, NOW)).unwrap());
    let session = codec.head_name(open(codec, newest, NOW).lineage()).unwrap();
    let head = Head {
        record: name(old),
        cookie: old.value().into(),
    };
    let (from, expires) = (name(newest), Timestamp::from_seconds(NOW.seconds() + 3600));
    let session = RecordName::new(session);
    let swap = store.swap_head(&session, Some(&from), Some(&head), expires, NOW);
    assert!(matches!(block_on(swap), Ok(Swapped::Done)));
}

#[test]
fn a_head_that_was_put_back_is_not_followed() {
    let (codec, store) = (codec(), MemoryStore::new());
    let [_, old, newest] = three_states(&codec, &store);
    put_back(&codec, &store, &newest, &old);
    let mut opened = open(&codec, &newest, NOW);
    let name = RecordName::new(codec.record_name(&opened).unwrap());
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
        let secret = |octet| Secret::from_octets([octet; 32]);
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
    let anew = draft(opened.session(), opened.session(), opened.lineage());
    let anew = block_on(save(&new, Some(&store), anew, later(3600)));
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
fn a_session_that_fits_its_cookie_again_forgets_its_head() {
    let (codec, store, large) = (codec(), MemoryStore::new(), session());
    let mut small = large.clone();
    small.remove("large");
    let cookie = saved(&store, &codec, &large);
    let opened = loaded(&codec, &store, &cookie);
    let cookie = changed(&store, &codec, &opened, &small).unwrap();
    let opened = loaded(&codec, &store, &cookie);
    assert!(opened.ticket().is_none());
    let cookie = changed(&store, &codec, &opened, &with(&large, "a", 1)).unwrap();
    assert_eq!(loaded(&codec, &store, &cookie).session().len(), 3);
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

/// Keeps no heads, as KV and R2.
struct Headless(MemoryStore);

/// Swaps are done and their answers lost.
struct LosesSwaps<'a, S>(&'a S);

/// Answers every read with the same record, unless asked for a fresh one.
struct StaleCache<'a> {
    store: &'a MemoryStore,
    stale: Record,
}

/// Somebody else is first, before every swap.
struct Rival<'a> {
    store: &'a MemoryStore,
    codec: &'a Codec,
    cookie: RefCell<ResponseCookie>,
    swaps: RefCell<usize>,
}

impl Rival<'_> {
    fn is_first(&self) {
        let opened = loaded(self.codec, self.store, &self.cookie.borrow());
        *self.swaps.borrow_mut() += 1;
        let swaps = i32::try_from(*self.swaps.borrow()).unwrap();
        let after = with(opened.session(), "rival", swaps);
        let cookie = changed(self.store, self.codec, &opened, &after).unwrap();
        *self.cookie.borrow_mut() = cookie;
    }
}

macro_rules! otherwise_as_inner {
    ($self:ident => $inner:expr) => {
        async fn put(
            &$self,
            name: &RecordName,
            record: &Record,
            about: &About,
            now: Timestamp,
        ) -> Result<(), StoreError> {
            $inner.put(name, record, about, now).await
        }

        async fn delete(&$self, name: &RecordName) -> Result<(), StoreError> {
            $inner.delete(name).await
        }

        async fn get_fresh(
            &$self,
            name: &RecordName,
            now: Timestamp,
        ) -> Result<Option<Kept>, StoreError> {
            $inner.get_fresh(name, now).await
        }
    };
}

impl<S: SessionStore> SessionStore for LosesSwaps<'_, S> {
    otherwise_as_inner!(self => self.0);

    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        self.0.get(name, now).await
    }

    async fn swap_head(
        &self,
        session: &RecordName,
        from: Option<&RecordName>,
        to: Option<&Head>,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Swapped, StoreError> {
        self.0.swap_head(session, from, to, expires, now).await?;
        Err(StoreError::TimedOut)
    }
}

impl SessionStore for Headless {
    otherwise_as_inner!(self => self.0);

    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        self.0.get(name, now).await
    }
}

impl SessionStore for StaleCache<'_> {
    otherwise_as_inner!(self => self.store);

    async fn get(&self, _: &RecordName, _: Timestamp) -> Result<Option<Kept>, StoreError> {
        Ok(Some(Kept {
            record: self.stale.clone(),
            expires: Timestamp::from_seconds(i64::MAX / 1000),
        }))
    }
}

impl SessionStore for Rival<'_> {
    otherwise_as_inner!(self => self.store);

    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        self.store.get(name, now).await
    }

    async fn swap_head(
        &self,
        session: &RecordName,
        from: Option<&RecordName>,
        to: Option<&Head>,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Swapped, StoreError> {
        self.is_first();
        self.store.swap_head(session, from, to, expires, now).await
    }
}
