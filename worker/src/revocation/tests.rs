use alloc::{collections::BTreeMap, rc::Rc};
use core::cell::{Cell, RefCell};

use pollster::block_on;
use session_codec::{
    Config, KeyRing, Keys, OpenSession, Secret, Session, Workspace, cookie::Lifetime,
};
use session_store::{Fault, FaultyStore, Kept, MemoryStore};

use super::{known::Told, *};

const BEGAN: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn codec() -> Codec {
    let keys = Keys {
        sealing: Some(KeyRing::new(Secret::from_octets([7; 32]), vec![]).unwrap()),
        django: None,
    };
    let config = Config {
        identify: true,
        ..Config::default()
    };
    Codec::new(config, &keys).unwrap()
}

fn session(codec: &Codec, began: Timestamp) -> OpenSession {
    let (rng, workspace) = (&mut getrandom::SysRng, &mut Workspace::new());
    let (lineage, lifetime) = (Lineage::new(began), Lifetime::BrowserSession);
    let commit = codec.seal(&Session::new(), &lineage, began, lifetime, rng, workspace);
    let commit = commit.unwrap();
    let (_, value) = commit.set_cookie.as_str().split_once('=').unwrap();
    let value = value.split(';').next().unwrap();
    codec
        .open_value(value.as_bytes(), began, workspace)
        .unwrap()
}

/// What an isolate knows that has just begun.
fn memory() -> Memory<()> {
    Memory::new(Rc::default(), (), 60)
}

/// Asked of the store, by an isolate that knows nothing yet.
async fn ask(
    codec: &Codec,
    store: &impl SessionStore,
    opened: &OpenSession,
    user: Option<&str>,
    now: Timestamp,
) -> Result<Standing, StoreError> {
    let subject = Subject::of(codec, opened, user);
    standing(store, &memory(), &subject, Ask::Afresh, now).await
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(BEGAN.seconds() + seconds)
}

#[test]
fn a_denied_session_stays_denied_for_its_whole_life_and_others_do_not_notice() {
    let (codec, store) = (codec(), MemoryStore::new());
    let (one, other) = (session(&codec, BEGAN), session(&codec, BEGAN));
    let ask = |opened, now| block_on(ask(&codec, &store, opened, Some("42"), now)).unwrap();
    assert_eq!(ask(&one, BEGAN), Standing::Good);
    block_on(revoke_session(
        &codec,
        &store,
        &memory(),
        one.lineage(),
        at(10),
    ))
    .unwrap();
    assert_eq!(ask(&one, at(10)), Standing::Revoked);
    // Whatever was issued to it meanwhile, even just before its absolute end, ends with it.
    let last = BEGAN.after(codec.lifetimes().absolute);
    assert_eq!(ask(&one, last), Standing::Revoked);
    assert_eq!(ask(&other, at(10)), Standing::Good);
}

#[test]
fn a_user_is_logged_out_everywhere_and_may_come_back() {
    let (codec, store) = (codec(), MemoryStore::new());
    let before = session(&codec, BEGAN);
    let after = session(&codec, at(21));
    block_on(revoke_user(&codec, &store, &memory(), "42", at(10))).unwrap();
    block_on(revoke_user(&codec, &store, &memory(), "42", at(20))).unwrap();
    let ask = |opened, user| block_on(ask(&codec, &store, opened, user, at(30))).unwrap();
    assert_eq!(ask(&before, Some("42")), Standing::Revoked);
    assert_eq!(ask(&after, Some("42")), Standing::Good);
    assert_eq!(ask(&before, Some("43")), Standing::Good);
    assert_eq!(ask(&before, None), Standing::Good);
}

#[test]
fn damage_is_neither_good_nor_bad() {
    let codec = codec();
    let opened = session(&codec, BEGAN);
    let names = [
        codec.session_denials(&opened)[0],
        codec.user_denials(&opened, "42")[0],
    ];
    for name in names {
        let store = MemoryStore::new();
        let record = Record::new(b"garbage".to_vec()).unwrap();
        let about = About::revocation_until(at(3600));
        block_on(store.put(&RecordName::new(name), &record, &about, BEGAN)).unwrap();
        assert!(block_on(ask(&codec, &store, &opened, Some("42"), BEGAN)).is_err());
    }
}

#[test]
fn an_attempt_that_fails_leaves_the_revocation_before_in_force() {
    let (codec, store) = (codec(), FaultyStore::new(MemoryStore::new()));
    let before = session(&codec, BEGAN);
    block_on(revoke_user(&codec, &store, &memory(), "42", at(10))).unwrap();
    store.set_fault(Some(Fault::BeforeEffect));
    assert!(block_on(revoke_user(&codec, &store, &memory(), "42", at(20))).is_err());
    store.set_fault(None);
    let standing = block_on(ask(&codec, &store, &before, Some("42"), at(30)));
    assert_eq!(standing, Ok(Standing::Revoked));
}

#[test]
fn an_outage_is_neither_good_nor_bad() {
    let (codec, store) = (codec(), FaultyStore::new(MemoryStore::new()));
    let opened = session(&codec, BEGAN);
    store.set_fault(Some(Fault::BeforeEffect));
    assert!(block_on(ask(&codec, &store, &opened, None, BEGAN)).is_err());
    assert!(
        block_on(revoke_session(
            &codec,
            &store,
            &memory(),
            opened.lineage(),
            BEGAN
        ))
        .is_err()
    );
}

/// A store that counts what it is asked.
struct Counting<'a> {
    inner: &'a MemoryStore,
    asked: Cell<u32>,
}

impl SessionStore for Counting<'_> {
    async fn get(&self, name: &RecordName, now: Timestamp) -> Result<Option<Kept>, StoreError> {
        self.asked.set(self.asked.get() + 1);
        self.inner.get(name, now).await
    }

    async fn put(
        &self,
        name: &RecordName,
        record: &Record,
        about: &About,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.inner.put(name, record, about, now).await
    }

    async fn delete(&self, name: &RecordName) -> Result<(), StoreError> {
        self.inner.delete(name).await
    }
}

/// A data centre that its isolates share.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<BTreeMap<Name, Told>>>);

impl DataCentre for Shared {
    async fn read(&self, name: &Name) -> Option<Told> {
        self.0.borrow().get(name).copied()
    }

    fn write(&self, name: &Name, told: Told, _: i64) {
        self.0.borrow_mut().insert(*name, told);
    }
}

/// A look-up asks for the session and for its user.
const LOOK_UP: u32 = 2;

#[test]
fn a_hundred_requests_of_a_session_within_a_minute_cost_one_look_up() {
    let (codec, inner) = (codec(), MemoryStore::new());
    let store = Counting {
        inner: &inner,
        asked: Cell::new(0),
    };
    let opened = session(&codec, BEGAN);
    let subject = Subject::of(&codec, &opened, Some("42"));
    let data_centre = Shared::default();
    let isolate = || Memory::new(Rc::default(), data_centre.clone(), 60);
    let isolates = [isolate(), isolate(), isolate()];
    let ask = |isolate, ask, millis| {
        let now = Timestamp::from_millis(BEGAN.millis() + millis);
        block_on(standing(&store, isolate, &subject, ask, now)).unwrap()
    };
    for request in 0..100 {
        let isolate = &isolates[request as usize % 3];
        assert_eq!(ask(isolate, Ask::Remembered, request * 600), Standing::Good);
    }
    assert_eq!(store.asked.get(), LOOK_UP);
    // A minute after it was asked, whoever remembers it.
    for isolate in &isolates {
        ask(isolate, Ask::Remembered, 60_000);
    }
    assert_eq!(store.asked.get(), 2 * LOOK_UP);
    ask(&isolates[0], Ask::Afresh, 60_001);
    assert_eq!(store.asked.get(), 3 * LOOK_UP);
    ask(&isolates[0], Ask::Known, 3_600_000);
    assert_eq!(store.asked.get(), 3 * LOOK_UP);
    // And each time, where nothing is to be remembered.
    let forgetful = Memory::new(Rc::default(), data_centre, 0);
    ask(&forgetful, Ask::Remembered, 60_002);
    ask(&forgetful, Ask::Remembered, 60_002);
    assert_eq!(store.asked.get(), 5 * LOOK_UP);
}

#[test]
fn an_end_is_known_at_once_where_it_was_made_and_a_while_later_elsewhere() {
    let codec = codec();
    let opened = session(&codec, BEGAN);
    let subject = Subject::of(&codec, &opened, Some("42"));
    for by_user in [false, true] {
        let store = MemoryStore::new();
        let data_centre = Shared::default();
        let isolate = |data_centre: &Shared| Memory::new(Rc::default(), data_centre.clone(), 60);
        let (here, beside) = (isolate(&data_centre), isolate(&data_centre));
        let elsewhere = isolate(&Shared::default());
        let ask = |isolate, seconds| {
            block_on(standing(
                &store,
                isolate,
                &subject,
                Ask::Remembered,
                at(seconds),
            ))
            .unwrap()
        };
        assert_eq!(ask(&here, 10), Standing::Good);
        assert_eq!(ask(&elsewhere, 10), Standing::Good);
        match by_user {
            false => drop(
                block_on(revoke_session(
                    &codec,
                    &store,
                    &here,
                    opened.lineage(),
                    at(11),
                ))
                .unwrap(),
            ),
            true => block_on(revoke_user(&codec, &store, &here, "42", at(11))).unwrap(),
        }
        assert_eq!(ask(&here, 11), Standing::Revoked);
        assert_eq!(ask(&beside, 11), Standing::Revoked);
        // That costs nothing, so it is looked at where nobody asks the store.
        let known = block_on(standing(&store, &here, &subject, Ask::Known, at(12)));
        assert_eq!(known, Ok(Standing::Revoked));
        assert_eq!(ask(&elsewhere, 69), Standing::Good);
        assert_eq!(ask(&elsewhere, 70), Standing::Revoked);
        // Even where a store shows it late, as KV does.
        let late = MemoryStore::new();
        let later = block_on(standing(&late, &here, &subject, Ask::Afresh, at(11 + 180)));
        assert_eq!(later, Ok(Standing::Revoked));
    }
}

#[test]
fn an_end_that_is_known_counts_while_the_other_question_is_not_answered() {
    let (codec, store) = (codec(), MemoryStore::new());
    let opened = session(&codec, BEGAN);
    block_on(revoke_session(
        &codec,
        &store,
        &memory(),
        opened.lineage(),
        at(1),
    ))
    .unwrap();
    let garbage = Record::new(b"garbage".to_vec()).unwrap();
    let about = About::revocation_until(at(3600));
    let name = RecordName::new(codec.user_denials(&opened, "42")[0]);
    block_on(store.put(&name, &garbage, &about, BEGAN)).unwrap();
    let asked = block_on(ask(&codec, &store, &opened, Some("42"), at(2)));
    assert_eq!(asked, Ok(Standing::Revoked));
}

#[test]
fn in_the_second_of_an_end_both_sides_are_told_apart() {
    let codec = codec();
    let millis = |millis: i64| Timestamp::from_millis(BEGAN.millis() + millis);
    let store = MemoryStore::new();
    let revoke = |now| block_on(revoke_user(&codec, &store, &memory(), "42", now)).unwrap();
    let log_in = |now| {
        let until = block_on(ended_until(&codec, &store, &memory(), "42", now)).unwrap();
        // As a session begins: the cookie knows whole seconds.
        session(&codec, after(until, Timestamp::from_seconds(now.seconds())))
    };
    let is_good = |opened: &OpenSession| {
        block_on(ask(&codec, &store, opened, Some("42"), millis(3_000))) == Ok(Standing::Good)
    };
    let before = log_in(millis(100));
    revoke(millis(300));
    assert!(!is_good(&before));
    let after_first = log_in(millis(500));
    assert!(is_good(&after_first));
    // Again and again within the same second.
    revoke(millis(700));
    assert!(!is_good(&after_first) && !is_good(&before));
    let after_second = log_in(millis(800));
    assert!(is_good(&after_second));
    revoke(millis(900));
    revoke(millis(901));
    assert!(!is_good(&after_second));
    let last = log_in(millis(950));
    assert!(is_good(&last));
    // None of them begins further ahead than a reader allows for.
    assert!(last.lineage().created() <= at(10));
    // However often it is asked for, nobody is kept out for longer than a minute.
    for n in 0..1000 {
        revoke(millis(950 + n % 50));
    }
    assert!(log_in(millis(999)).lineage().created() <= at(61));
}
