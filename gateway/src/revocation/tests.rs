use alloc::{collections::BTreeMap, rc::Rc, sync::Arc};
use core::cell::{Cell, RefCell};

use pollster::block_on;
use session_codec::{
    Config, Issue, KeyRing, Keys, OpenSession, Secret, Session, StoreName, Workspace,
    cookie::Lifetime,
};
use session_store::{Around, Call, Fault, FaultyStore, MemoryStore, Method, Wrapped};

use super::{known::Told, *};

const BEGAN: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn codec() -> Codec {
    codec_of(&[7])
}

/// Of these keys, the first of which writes.
fn codec_of(keys: &[u8]) -> Codec {
    let mut secrets = keys.iter().map(|byte| Secret::from_bytes([*byte; 32]));
    let ring = KeyRing::new(secrets.next().unwrap(), secrets.collect());
    let keys = Keys::sealing(ring.unwrap());
    let config = Config {
        identify: true,
        ..Config::default()
    };
    Codec::new(config, &keys).unwrap()
}

fn session(codec: &Codec, began: Timestamp) -> OpenSession {
    let (rng, workspace) = (&mut getrandom::SysRng, &mut Workspace::new());
    let issue = Issue::new(began, Lifetime::BrowserSession);
    let commit = codec.seal(&Session::new(began), issue, rng, workspace);
    let commit = commit.unwrap();
    let (_, value) = commit.set_cookie.as_str().split_once('=').unwrap();
    let value = value.split(';').next().unwrap();
    codec
        .open_value(value.as_bytes(), began, workspace)
        .unwrap()
}

/// What an isolate knows that has just begun.
fn memory() -> Memory<()> {
    Memory::new(Arc::default(), (), 60)
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
    assert_eq!(ask(&one, BEGAN), Standing::Active);
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
    assert_eq!(ask(&other, at(10)), Standing::Active);
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
    assert_eq!(ask(&after, Some("42")), Standing::Active);
    assert_eq!(ask(&before, Some("43")), Standing::Active);
    assert_eq!(ask(&before, None), Standing::Active);
}

/// While a key is added, moved or taken away there are two versions of the settings.
#[test]
fn the_end_of_a_user_is_found_by_whoever_has_a_key_in_common_with_whom_was_told() {
    let rings: [&[u8]; 4] = [&[7], &[7, 8], &[8, 7], &[8]];
    for told in rings {
        for asked in rings {
            let (told_codec, asked_codec) = (codec_of(told), codec_of(asked));
            let store = MemoryStore::new();
            let opened = session(&asked_codec, BEGAN);
            block_on(revoke_user(&told_codec, &store, &memory(), "42", at(1))).unwrap();
            let found = block_on(ask(&asked_codec, &store, &opened, Some("42"), at(2)));
            let expected = match told.iter().any(|key| asked.contains(key)) {
                true => Standing::Revoked,
                false => Standing::Active,
            };
            assert_eq!(found.as_ref(), Ok(&expected), "{told:?}, {asked:?}");
            // And nothing is handed out of it by what was under way.
            let subject = Subject::of(&asked_codec, &opened, Some("42"));
            let names = subject.names();
            let listed = names
                .iter()
                .map(|name| block_on(store.get(name, at(2))).unwrap());
            let listed: Vec<_> = listed.collect();
            assert_eq!(judge(&memory(), &subject, &listed, at(2)), found);
        }
    }
}

#[test]
fn damage_is_neither_good_nor_bad() {
    let codec = codec();
    let opened = session(&codec, BEGAN);
    let names = [
        codec.session_revocation(opened.lineage()).unwrap(),
        codec.user_revocations("42")[0],
    ];
    for name in names {
        let store = MemoryStore::new();
        let record = Record::new(b"garbage".to_vec()).unwrap();
        let about = RecordMeta::revocation_until(at(3600));
        block_on(store.put(&name, &record, &about, BEGAN)).unwrap();
        assert!(block_on(ask(&codec, &store, &opened, Some("42"), BEGAN)).is_err());
    }
}

#[test]
fn an_attempt_that_fails_leaves_the_revocation_before_in_force() {
    let (codec, store) = (codec(), FaultyStore::of(MemoryStore::new()));
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
    let (codec, store) = (codec(), FaultyStore::of(MemoryStore::new()));
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

/// Counts what is looked up.
#[derive(Default)]
struct Counting(Cell<u32>);

impl Around for Counting {
    async fn around<C: Call, S: SessionStore>(
        &self,
        call: &C,
        store: &S,
    ) -> Result<C::Answer, StoreError> {
        if matches!(call.method(), Method::Get | Method::GetFresh) {
            self.0.set(self.0.get() + 1);
        }
        call.make(store).await
    }
}

/// A data centre that its isolates share.
#[derive(Clone, Default)]
struct Shared(Rc<RefCell<BTreeMap<StoreName, Told>>>);

impl DataCentre for Shared {
    async fn read(&self, name: &StoreName) -> Option<Told> {
        self.0.borrow().get(name).copied()
    }

    fn write(&self, name: &StoreName, told: Told, _: i64) {
        self.0.borrow_mut().insert(*name, told);
    }
}

/// A look-up asks for the session and for its user.
const LOOK_UP: u32 = 2;

#[test]
fn a_hundred_requests_of_a_session_within_a_minute_cost_one_look_up() {
    let codec = codec();
    let store = Wrapped::new(MemoryStore::new(), Counting::default());
    let opened = session(&codec, BEGAN);
    let subject = Subject::of(&codec, &opened, Some("42"));
    let data_centre = Shared::default();
    let isolate = || Memory::new(Arc::default(), data_centre.clone(), 60);
    let isolates = [isolate(), isolate(), isolate()];
    let ask = |isolate, ask, millis| {
        let now = Timestamp::from_millis(BEGAN.millis() + millis);
        block_on(standing(&store, isolate, &subject, ask, now)).unwrap()
    };
    for request in 0..100 {
        let isolate = &isolates[request as usize % 3];
        assert_eq!(
            ask(isolate, Ask::Remembered, request * 600),
            Standing::Active
        );
    }
    assert_eq!(store.front().0.get(), LOOK_UP);
    // A minute after it was asked, whoever remembers it.
    for isolate in &isolates {
        ask(isolate, Ask::Remembered, 60_000);
    }
    assert_eq!(store.front().0.get(), 2 * LOOK_UP);
    ask(&isolates[0], Ask::Afresh, 60_001);
    assert_eq!(store.front().0.get(), 3 * LOOK_UP);
    ask(&isolates[0], Ask::Known, 3_600_000);
    assert_eq!(store.front().0.get(), 3 * LOOK_UP);
    // And each time, where nothing is to be remembered.
    let forgetful = Memory::new(Arc::default(), data_centre, 0);
    ask(&forgetful, Ask::Remembered, 60_002);
    ask(&forgetful, Ask::Remembered, 60_002);
    assert_eq!(store.front().0.get(), 5 * LOOK_UP);
}

#[test]
fn an_end_is_known_at_once_where_it_was_made_and_a_while_later_elsewhere() {
    let codec = codec();
    let opened = session(&codec, BEGAN);
    let subject = Subject::of(&codec, &opened, Some("42"));
    for by_user in [false, true] {
        let store = MemoryStore::new();
        let data_centre = Shared::default();
        let isolate = |data_centre: &Shared| Memory::new(Arc::default(), data_centre.clone(), 60);
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
        assert_eq!(ask(&here, 10), Standing::Active);
        assert_eq!(ask(&elsewhere, 10), Standing::Active);
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
        assert_eq!(ask(&elsewhere, 69), Standing::Active);
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
    let about = RecordMeta::revocation_until(at(3600));
    let name = codec.user_revocations("42")[0];
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
        block_on(ask(&codec, &store, opened, Some("42"), millis(3_000))) == Ok(Standing::Active)
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

#[test]
fn while_the_store_does_not_say_a_log_in_begins_after_the_end_that_is_known_here() {
    let (codec, store) = (codec_of(&[7, 8]), FaultyStore::of(MemoryStore::new()));
    let (here, elsewhere) = (memory(), memory());
    let millis = |millis: i64| Timestamp::from_millis(BEGAN.millis() + millis);
    block_on(revoke_user(&codec, &store, &here, "42", millis(300))).unwrap();
    store.set_fault(Some(Fault::BeforeEffect));
    let until = |memory, now| block_on(ended_until(&codec, &store, memory, "42", now));
    assert_eq!(until(&here, millis(900)), Ok(Some(millis(300))));
    // In the next second no session that begins has ended by it.
    assert!(until(&here, millis(1_000)).is_err());
    assert!(until(&elsewhere, millis(900)).is_err());
}

/// Each call to the store takes some steps before it is done, and one to come back.
struct Steps {
    before_put: usize,
    before_end: usize,
}

/// Not at once, but when it is asked again.
async fn steps(count: usize) {
    for _ in 0..count {
        let mut was_asked = false;
        core::future::poll_fn(|context| {
            if core::mem::replace(&mut was_asked, true) {
                core::task::Poll::Ready(())
            } else {
                context.waker().wake_by_ref();
                core::task::Poll::Pending
            }
        })
        .await;
    }
}

impl Around for &Steps {
    async fn around<C: Call, S: SessionStore>(
        &self,
        call: &C,
        store: &S,
    ) -> Result<C::Answer, StoreError> {
        steps(match call.method() {
            Method::Put => self.before_put,
            Method::End => self.before_end,
            _ => 1,
        })
        .await;
        let answer = call.make(store).await;
        steps(1).await;
        answer
    }
}

/// Runs both to their ends: a 1 in `order` is a step of the second one's.
fn interleaved(one: impl Future<Output = ()>, other: impl Future<Output = ()>, mut order: u32) {
    let (mut one, mut other) = (Box::pin(one), Box::pin(other));
    let context = &mut core::task::Context::from_waker(core::task::Waker::noop());
    let (mut is_one_done, mut is_other_done) = (false, false);
    while !(is_one_done && is_other_done) {
        let is_others_turn = order & 1 == 1;
        order = order.rotate_right(1);
        if (is_others_turn || is_one_done) && !is_other_done {
            is_other_done = other.as_mut().poll(context).is_ready();
        } else if !is_one_done {
            is_one_done = one.as_mut().poll(context).is_ready();
        }
    }
}

/// Every order of the steps of a log out and of a registration, or of its confirmation, that are
/// under way at the same time, in isolates that know nothing of each other.
#[test]
fn whoever_is_logged_out_while_they_are_bound_stays_logged_out() {
    let codec = codec();
    let opened = session(&codec, BEGAN);
    let mut came_second = 0;
    for (before_put, before_end) in [(1, 1), (3, 1), (1, 3), (1, 5), (5, 1)] {
        for order in 0..1 << 12 {
            let pace = Steps {
                before_put,
                before_end,
            };
            let store = Wrapped::new(MemoryStore::new(), &pace);
            let bound = Bindable::of(&codec, opened.lineage()).unwrap();
            let binding = Binding {
                thumbprint: [7; 16],
                since: BEGAN,
                is_confirmed: true,
            };
            let log_out = async {
                let (memory, lineage) = (memory(), opened.lineage());
                let ended = revoke_session(&codec, &store, &memory, lineage, at(1)).await;
                ended.unwrap();
                let insisted = insist(&codec, &store, &memory, lineage, at(1)).await;
                insisted.unwrap();
            };
            let registration = async {
                let is_bound = bind(&store, &memory(), &bound, binding, at(1)).await;
                came_second += usize::from(!is_bound.unwrap());
            };
            interleaved(log_out, registration, u32::wrapping_mul(order, 0x100_1001));
            let stands = ask(&codec, &store, &opened, None, at(2));
            let stands = block_on(stands).unwrap();
            assert_eq!(
                stands,
                Standing::Revoked,
                "{before_put} {before_end} {order:b}"
            );
        }
    }
    assert!(came_second > 1000, "{came_second}");
}
