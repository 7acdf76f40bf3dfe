//! Visitors: what they do, and what they check.

use alloc::{collections::BTreeSet, rc::Rc, sync::Arc};
use core::cell::{Cell, RefCell};

use session_codec::{
    Codec, Issue, Lineage, OpenSession, Repeated, Session, SessionData, StoreName, Timestamp,
    Workspace, cookie::Lifetime,
};
use session_store::{RecordMeta, SessionStore, faults::SimulatedClock};

use super::{
    controls::{self, Control, Tampered},
    device,
    keyed::{self, Keyed, Told},
    ledger::{Handed, KEYS, Ledger, MAX_SUPERSEDED, State, Violation, beside, text_of},
    stacks::{PLACES, Sort, Stack},
    world::{REMEMBERED_SECONDS, World},
};
use crate::{
    gate::{Draft, Followed, Missing, NotSaved, SaveError, deletions, save},
    revocation::{self, Ask, Memory, Standing, Subject, revoke_session, standing},
};

/// Requests of one tab.
const REQUESTS: u64 = 5;
/// Until a revocation shows everywhere when KV alone keeps it, in milliseconds.
const PUBLISHED_DELAY: i64 = 120_000;
/// So much longer where it is remembered that a session was in force.
const REMEMBERED: i64 = REMEMBERED_SECONDS as i64 * 1000;
/// Longest time that a request may wait for stores before the origin is asked, in milliseconds:
/// the revocation and the record, and where they differ the head and its record.
const LONGEST_READ: u64 = 6_000;
/// Seconds between tries to make up for a log out that the store refused.
const INSIST: [u64; 3] = [1, 4, 10];

/// What the tabs of one visitor share.
#[derive(Default)]
pub(super) struct Browser {
    /// The session's number and its cookie.
    pub(super) jar: RefCell<Option<(usize, Handed)>>,
    /// Where the visitor is.
    pub(super) place: Cell<usize>,
}

/// Requests one after another.
pub(super) async fn tab<S: Stack>(world: &Rc<World<S>>, browser: &Rc<Browser>) {
    let clock = &world.clock;
    for _ in 0..REQUESTS {
        let pause = [300, 3_000, 30_000, 70_000][clock.roll(4) as usize];
        clock.sleep(clock.roll(pause)).await;
        if clock.roll(6) == 0 {
            browser.place.set(clock.roll(PLACES as u64) as usize);
        }
        if let Err(violation) = request(world, browser).await {
            world.fail(violation);
        }
        if world.violation.borrow().is_some() {
            return;
        }
    }
}

async fn request<S: Stack>(world: &Rc<World<S>>, browser: &Browser) -> Result<(), Violation> {
    let clock = &world.clock;
    let cookie = match clock.roll(8) {
        0 => any_cookie(world),
        _ => browser.jar.borrow().clone(),
    };
    let Some((life, cookie)) = cookie else {
        let life = world.ledger.borrow_mut().begin(None);
        return update(world, browser, life, None).await;
    };
    let request = Request::new(world, browser.place.get());
    let route = Route::ALL[clock.roll(3) as usize];
    let Some(found) = request.read(route, life, &cookie).await? else {
        return Ok(());
    };
    // Only where every store is told at once sessions are bound.
    if world.schedule.sort.keeps_heads() && clock.roll(6) == 0 {
        let (world, place) = (Rc::clone(world), browser.place.get());
        let lineage = found.lineage().clone();
        let browsers = async move { device::register(&world, place, life, lineage).await };
        clock.spawn(browsers);
    }
    // The origin takes its time.
    clock.sleep(clock.roll(2_000)).await;
    match clock.roll(20) {
        0 => {
            if clock.roll(2) == 0 {
                let (world, place) = (Rc::clone(world), PLACES - 1 - browser.place.get());
                let thief = async move {
                    if let Err(violation) = try_copy(&world, place, life, cookie).await {
                        world.fail(violation);
                    }
                };
                clock.spawn(thief);
            }
            log_out(world, browser, life, &found, &request).await
        }
        1 => {
            world.outcome.borrow_mut().log_ins += 1;
            let from = Some((found, cookie, request));
            let saved = save_as(world, browser, life, from, Change::LogIn).await;
            saved.map(drop)
        }
        2..10 => update(world, browser, life, Some((found, cookie, request))).await,
        10..13 => keyed::change(world, browser, life, (found, cookie, request)).await,
        _ if request.codec.needs_reissue(&found) => {
            world.outcome.borrow_mut().reissued += 1;
            let from = Some((found, cookie, request));
            let saved = save_as(world, browser, life, from, Change::Nothing).await;
            saved.map(drop)
        }
        _ => Ok(()),
    }
}

/// Somebody has a copy of a cookie whose session is being ended, and changes it where nobody asks.
async fn try_copy<S: Stack>(
    world: &Rc<World<S>>,
    place: usize,
    life: usize,
    cookie: Handed,
) -> Result<(), Violation> {
    world.clock.sleep(world.clock.roll(5_000)).await;
    let request = Request::new(world, place);
    match request.read(Route::Saving, life, &cookie).await? {
        Some(found) => {
            let from = Some((found, cookie, request));
            update(world, &Browser::default(), life, from).await
        }
        None => Ok(()),
    }
}

/// A copy of some cookie, of whichever age.
fn any_cookie<S>(world: &World<S>) -> Option<(usize, Handed)> {
    let ledger = world.ledger.borrow();
    let lives = &ledger.lives;
    let life = world.clock.roll(lives.len() as u64) as usize;
    let cookies = &lives.get(life)?.cookies;
    let index = world.clock.roll(cookies.len() as u64) as usize;
    Some((life, cookies.get(index)?.clone()))
}

/// One request's view of the world.
pub(super) struct Request<'a, S: Stack> {
    world: &'a Rc<World<S>>,
    pub(super) codec: &'a Codec,
    store: Rc<S::Store>,
    pub(super) memory: Memory<()>,
    pub(super) now: Timestamp,
}

/// The kinds of routes, by what they ask about a session.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Route {
    /// It is asked afresh.
    Required,
    /// It is remembered of a session in its cookie, and asked of one that waits for the store.
    Optional,
    /// The same, but of a session in its cookie the store is not asked.
    Saving,
}

impl Route {
    const ALL: [Self; 3] = [Self::Required, Self::Optional, Self::Saving];

    fn ask(self, opened: &OpenSession) -> Ask {
        match self {
            _ if opened.ticket().is_some() => Ask::Afresh,
            Self::Required => Ask::Afresh,
            Self::Optional => Ask::Remembered,
            Self::Saving => Ask::Known,
        }
    }
}

impl<'a, S: Stack> Request<'a, S> {
    pub(super) fn new(world: &'a Rc<World<S>>, place: usize) -> Self {
        Self {
            codec: world.codec(),
            store: Rc::new(world.store(place)),
            memory: world.memory(place),
            now: world.clock.now(),
            world,
        }
    }

    pub(super) fn tampered(&self) -> Tampered<'_, S::Store> {
        Tampered {
            store: &*self.store,
            control: self.world.control,
            forgets: self.world.clock.roll(10) == 0,
        }
    }

    fn open(&self, cookie: &Handed) -> Result<OpenSession, Violation> {
        let (value, workspace) = (cookie.value.as_bytes(), &mut Workspace::new());
        let opened = self.codec.open_value(value, self.now, workspace);
        opened.map_err(|reason| Violation(format!("a good cookie is refused: {reason}")))
    }

    /// Opens a cookie and loads its session, and checks what comes of it; `None` if there is
    /// nothing to go on with.
    pub(super) async fn read(
        &self,
        route: Route,
        life: usize,
        cookie: &Handed,
    ) -> Result<Option<OpenSession>, Violation> {
        let Self {
            world, codec, now, ..
        } = self;
        let store = self.tampered();
        let mut opened = self.open(cookie)?;
        let ask = route.ask(&opened);
        let subject = Subject::of(codec, &opened, None);
        let stands = standing(&store, &self.memory, &subject, ask, *now);
        let ledger = &world.ledger;
        let load = controls::load(world.control, codec, &store, &mut opened, *now, ledger);
        let (stands, loaded) = futures_util::join!(stands, load);
        match stands {
            Err(_) => {
                world.outcome.borrow_mut().unavailable += 1;
                return Ok(None);
            }
            Ok(Standing::Revoked) => {
                world.outcome.borrow_mut().revoked += 1;
                let was_asked = world.ledger.borrow().lives[life].end_asked;
                let told = "a session that nobody ended is revoked: lost";
                return match was_asked || world.schedule.is_hostile {
                    true => Ok(None),
                    false => Err(Violation(told.to_owned())),
                };
            }
            Ok(stands @ (Standing::Active | Standing::Bound(_))) => {
                let bound = world.ledger.borrow().lives[life].bound;
                if bound.may_remain(&stands) && self.has_ended(life, 0) {
                    return Ok(None);
                }
                if !bound.is_under_way() {
                    self.check_end(life, ask)?;
                }
                if !world.schedule.is_hostile {
                    bound.check(life, &stands, ask, now.millis())?;
                }
            }
        }
        self.check_time(LONGEST_READ)?;
        let mut ledger = world.ledger.borrow_mut();
        let mut outcome = world.outcome.borrow_mut();
        match loaded {
            Ok(()) => {}
            Err(Missing::Unavailable(_)) => {
                outcome.unavailable += 1;
                return Ok(None);
            }
            Err(Missing::Lost { .. }) => {
                outcome.lost += 1;
                let told = format!("a session is lost: {}", describe(&opened, *now));
                return match self.may_be_lost(&ledger, life, &cookie.value) {
                    true => Ok(None),
                    false => Err(Violation(told)),
                };
            }
        }
        outcome.read += 1;
        let state = ledger.read(life, opened.session())?;
        if state != cookie.state {
            outcome.followed += 1;
            if !world.schedule.sort.keeps_heads() {
                let told = format!("{state:?} is not what its cookie says: {:?}", cookie.state);
                return Err(Violation(told));
            }
            // Of a session without a head the last answer counts; who hides the newest record makes
            // an update begin with an older one.
            if !ledger.lives[life].was_headless && !world.schedule.is_hostile {
                ledger.check_order(&cookie.state, &state)?;
            }
        }
        if self.is_decided(&ledger, life) {
            ledger.show(&state)?;
        }
        Ok(Some(opened))
    }

    /// A session that was ended, and this was confirmed before this request came, is not good.
    fn check_end(&self, life: usize, ask: Ask) -> Result<(), Violation> {
        let remembered = match ask {
            Ask::Known => return Ok(()),
            Ask::Remembered => REMEMBERED,
            Ask::Afresh => 0,
        };
        match self.has_ended(life, remembered) {
            // Who lies can keep it back.
            true if self.world.schedule.is_hostile => Ok(()),
            true => Err(Violation(
                "a session that was ended is good again".to_owned(),
            )),
            false => Ok(()),
        }
    }

    /// Whether everybody must have known for so long, when this request came, that a life has
    /// ended.
    fn has_ended(&self, life: usize, remembered: i64) -> bool {
        let delay = match self.world.schedule.sort {
            Sort::Kv => PUBLISHED_DELAY,
            _ => 0,
        };
        let ended = self.world.ledger.borrow().lives[life].end_confirmed;
        ended.is_some_and(|ended| ended + delay + remembered < self.now.millis())
    }

    fn check_time(&self, limit: u64) -> Result<(), Violation> {
        let took = self.world.clock.now().millis_since(self.now).unsigned_abs();
        let slowest = &mut self.world.outcome.borrow_mut().slowest_millis;
        *slowest = took.max(*slowest);
        match took > limit {
            true => Err(Violation(format!("a request waited {took} ms: it hangs"))),
            false => Ok(()),
        }
    }

    /// Whether a record may be gone for good: its session was ended, later ones took its place too
    /// long ago or too often, or who keeps it lies.
    fn may_be_lost(&self, ledger: &Ledger, life: usize, value: &str) -> bool {
        let schedule = self.world.schedule;
        let is_crowded = ledger.saves > MAX_SUPERSEDED;
        let life = &ledger.lives[life];
        let now = self.world.clock.now().millis();
        let is_gone = |cookie: &Handed| cookie.value == value && cookie.is_stale(now);
        let is_gone = is_crowded || life.cookies.iter().any(is_gone);
        // Where heads are kept, even an old cookie finds the newest state, unless it is from before
        // there was one.
        let is_gone = is_gone && (!schedule.sort.keeps_heads() || life.was_headless);
        schedule.is_hostile || life.end_asked || is_gone
    }

    /// Whether all of a life's cookies are of one line, which the store decides.
    fn is_decided(&self, ledger: &Ledger, life: usize) -> bool {
        let schedule = self.world.schedule;
        schedule.sort.keeps_heads() && !schedule.is_hostile && !ledger.lives[life].was_headless
    }

    fn delete_later(&self, names: Vec<StoreName>) {
        let store = Rc::clone(&self.store);
        self.world.clock.spawn(async move {
            for name in names {
                let _ = store.delete(&name).await;
            }
        });
    }
}

fn describe(opened: &OpenSession, now: Timestamp) -> String {
    format!(
        "{} ms after it was issued, revision {:?}",
        now.millis_since(opened.issued()),
        opened.ticket().map(|ticket| ticket.revision())
    )
}

/// What a save does to the session.
pub(super) enum Change<'a> {
    Nothing,
    Some,
    LogIn,
    /// One that is known by its key, and sent again until its answer comes.
    Keyed(&'a Keyed),
}

pub(super) type Found<'a, S> = (OpenSession, Handed, Request<'a, S>);
type From<'a, S> = Option<Found<'a, S>>;

async fn update<S: Stack>(
    world: &Rc<World<S>>,
    browser: &Browser,
    life: usize,
    from: From<'_, S>,
) -> Result<(), Violation> {
    let saved = save_as(world, browser, life, from, Change::Some).await;
    saved.map(drop)
}

pub(super) async fn save_as<S: Stack>(
    world: &Rc<World<S>>,
    browser: &Browser,
    life: usize,
    from: From<'_, S>,
    change: Change<'_>,
) -> Result<Told, Violation> {
    let clock = &world.clock;
    let nothing = SessionData::new();
    let (found, cookie, request) = match from {
        Some((found, cookie, request)) => (Some(found), Some(cookie), request),
        None => (None, None, Request::new(world, browser.place.get())),
    };
    let base = found.as_ref().map_or(&nothing, |found| found.session());
    let base_state = world.ledger.borrow().read(life, base)?;
    if let Some(cookie) = &cookie {
        for handed in &mut world.ledger.borrow_mut().lives[life].cookies {
            if handed.value == cookie.value {
                handed.is_base = true;
                // Of two requests that set out from it the earlier one may come here later.
                let now = request.now.millis();
                handed.superseded = Some(handed.superseded.map_or(now, |at| at.min(now)));
            }
        }
    }
    // The new life of a log in has what the old one had.
    let of = match change {
        Change::LogIn => world.ledger.borrow_mut().begin(Some(life)),
        _ => life,
    };
    let keyed = match change {
        Change::Keyed(keyed) => Some(keyed),
        _ => None,
    };
    let repeated = keyed.zip(found.as_ref()).map(|(keyed, found)| {
        let repeated = found.lineage().repeated(&keyed.mark, request.now);
        (keyed, repeated)
    });
    let (number, after) = match (&change, repeated) {
        (Change::Nothing, _) => (None, base.clone()),
        (_, Some((keyed, Repeated::Yes))) if world.control != Control::Repeats => {
            world.outcome.borrow_mut().repeated += 1;
            if !world.schedule.is_hostile {
                world.ledger.borrow().check_made(keyed, &base_state)?;
            }
            (None, base.clone())
        }
        (_, Some((_, Repeated::OtherContent))) => return Err(keyed::taken_for_another()),
        _ => {
            let keys = keyed.map_or_else(
                || changed_keys(world, found.is_none()),
                |keyed| keyed.keys.clone(),
            );
            let ledger = &mut world.ledger.borrow_mut();
            let number = ledger.write(of, keys.clone(), base_state.clone());
            if let Some(keyed) = keyed {
                ledger.attempt(keyed, number)?;
            }
            let bytes = match world.schedule.is_always_large || clock.roll(3) > 0 {
                true => 200,
                false => 0,
            };
            (Some(number), with(base, &keys, number, bytes))
        }
    };
    // A script sends what it changes, which is applied to whatever others have made of the session.
    let patch = number.and(keyed).map(|keyed| keyed.patch(&after));
    let wanted = world.ledger.borrow().read(of, &after)?;
    let new = Session::new(request.now);
    let was = found.as_ref().map_or(&new, OpenSession::session);
    let mut session = was.with_data(after.clone());
    if found.is_some() && matches!(change, Change::LogIn) {
        session.restart(request.now);
    }
    if let Some(keyed) = keyed {
        session.remember(keyed.mark, request.now);
    }
    let issued = match (&found, &change) {
        (Some(found), Change::Nothing) => found.issued(),
        _ => request.now,
    };
    let began_after_end = world.ledger.borrow().lives[of].end_confirmed.is_some();
    // Where the answer must be known, nothing is handed out of what has ended.
    let must_be_known = clock.roll(2) == 0;
    let has_ended = match world.schedule.sort.keeps_heads() {
        true => began_after_end,
        false => request.has_ended(of, 0),
    };
    let is_known = must_be_known && found.is_some() && has_ended;
    let subject = found.as_ref();
    let subject = subject.map(|found| Subject::of(request.codec, found, None));
    let followed = subject.as_ref().map(|subject| Followed {
        subject,
        memory: &request.memory,
        must_be_known,
    });
    let draft = Draft {
        base,
        base_issued: found.as_ref().map_or(issued, OpenSession::issued),
        session: &session,
        patch: patch.as_ref(),
        mark: keyed
            .filter(|_| world.control != Control::Repeats)
            .map(|keyed| keyed.mark),
        issued,
        lifetime: Lifetime::BrowserSession,
        about: RecordMeta::session_until(request.now),
    };
    let store = request.tampered();
    // A log in goes on with nothing but what the site was told.
    let followed = followed.filter(|_| of == life && world.control != Control::Trusting);
    let (codec, now) = (request.codec, request.now);
    let saved = save(codec, Some(&store), followed.as_ref(), draft, now).await;
    let saved = match saved {
        Ok(saved) => saved,
        Err(NotSaved { error, deletions }) => {
            request.delete_later(deletions);
            let mut outcome = world.outcome.borrow_mut();
            match error {
                SaveError::Ended => {
                    outcome.ended += 1;
                    // Who lies about an end takes the records with it, as by deleting them.
                    let is_lie = world.schedule.is_hostile;
                    world.ledger.borrow_mut().lives[life].end_asked |= is_lie;
                }
                SaveError::KeyReused => return Err(keyed::taken_for_another()),
                SaveError::Store(_) => {
                    outcome.not_saved += 1;
                    return Ok(Told::Nothing);
                }
                SaveError::Seal(_) | SaveError::Contested => outcome.not_saved += 1,
            }
            return Ok(Told::Refused);
        }
    };
    let schedule = world.schedule;
    let is_honest = !schedule.is_hostile;
    if is_known && is_honest {
        return Err(Violation(
            "a session that was ended is handed out again".to_owned(),
        ));
    }
    let was_headless = world.ledger.borrow().lives[of].was_headless;
    if began_after_end && schedule.sort.keeps_heads() && !was_headless && is_honest {
        return Err(Violation(
            "a session that was ended is saved again".to_owned(),
        ));
    }
    let arrives = Arrives::of(&change, clock);
    {
        let mut ledger = world.ledger.borrow_mut();
        let mut outcome = world.outcome.borrow_mut();
        outcome.saved += 1;
        ledger.saves += 1;
        ledger.last_save = ledger.last_save.max(request.now.millis());
        outcome.merged += u64::from(saved.merged.is_some());
        let state = ledger.read(of, saved.merged.as_ref().unwrap_or(&after))?;
        ledger.lives[of].was_headless |= saved.commit.head.is_none();
        if !ledger.lives[of].was_headless && is_honest {
            ledger.check_order(&wanted, &state)?;
        }
        if arrives == Arrives::Nothing {
            request.delete_later(saved.deletions);
            return Ok(Told::Nothing);
        }
        if request.is_decided(&ledger, of) {
            ledger.show(&state)?;
        }
        if let Some(number) = number {
            ledger.confirm(number);
        }
        let handed = Handed {
            value: saved.commit.set_cookie.value().to_owned(),
            state,
            is_base: false,
            superseded: schedule.sort.keeps_heads().then(|| request.now.millis()),
        };
        ledger.lives[of].cookies.push(handed.clone());
        // Who sends a copy of a cookie gets the answer; the visitor does not.
        let is_own = browser
            .jar
            .borrow()
            .as_ref()
            .is_none_or(|(own, _)| *own == life);
        if is_own {
            *browser.jar.borrow_mut() = Some((of, handed));
        }
    }
    request.delete_later(saved.deletions);
    if let (Some(found), Change::LogIn) = (found, change) {
        end(world, life, found.lineage(), &request).await;
    }
    Ok(match arrives {
        Arrives::Whole => Told::Saved,
        Arrives::Cookie | Arrives::Nothing => Told::Nothing,
    })
}

/// What of an answer arrives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrives {
    Whole,
    /// The browser has the cookie, and the script that asked does not know it.
    Cookie,
    Nothing,
}

impl Arrives {
    fn of(change: &Change<'_>, clock: &SimulatedClock) -> Self {
        match change {
            Change::Keyed(_) => match clock.roll(4) {
                0 => Self::Nothing,
                1 => Self::Cookie,
                _ => Self::Whole,
            },
            _ => Self::Whole,
        }
    }
}

pub(super) fn changed_keys<S>(world: &World<S>, is_new: bool) -> BTreeSet<&'static str> {
    let clock = &world.clock;
    if is_new {
        return KEYS.into();
    }
    let count = 1 + clock.roll(2);
    let key = |_| KEYS[clock.roll(KEYS.len() as u64) as usize];
    (0..count).map(key).collect()
}

fn with(
    base: &SessionData,
    keys: &BTreeSet<&'static str>,
    number: u32,
    bytes: usize,
) -> SessionData {
    let mut session = base.clone();
    for key in keys {
        session.insert(key, &number).unwrap();
        session
            .insert(&beside(key), &text_of(number, bytes))
            .unwrap();
    }
    session
}

async fn log_out<S: Stack>(
    world: &Rc<World<S>>,
    browser: &Browser,
    life: usize,
    found: &OpenSession,
    request: &Request<'_, S>,
) -> Result<(), Violation> {
    world.outcome.borrow_mut().log_outs += 1;
    browser.jar.borrow_mut().take_if(|(own, _)| *own == life);
    end(world, life, found.lineage(), request).await;
    let ops = request.codec.end(found.lineage());
    request.delete_later(deletions(ops));
    Ok(())
}

/// Ends a life; tries again for a while, as a Worker does after its answer.
async fn end<S: Stack>(
    world: &Rc<World<S>>,
    life: usize,
    lineage: &Lineage,
    request: &Request<'_, S>,
) {
    world.ledger.borrow_mut().lives[life].end_asked = true;
    let store = request.tampered();
    for pause in core::iter::once(0).chain(INSIST) {
        world.clock.sleep(pause * 1000).await;
        let (codec, memory) = (request.codec, &request.memory);
        let ended = revoke_session(codec, &store, memory, lineage, request.now).await;
        let insisted = match ended {
            Ok(_) => revocation::insist(codec, &store, memory, lineage, request.now).await,
            Err(error) => Err(error),
        };
        if insisted.is_ok() {
            let now = world.clock.now().millis();
            world.ledger.borrow_mut().lives[life]
                .end_confirmed
                .get_or_insert(now);
            return;
        }
    }
}

/// The stores are well: everything that was confirmed is there, and what has ended is not.
pub(super) async fn look_back<S: Stack>(world: &Rc<World<S>>) -> Result<(), Violation> {
    let lives = world.ledger.borrow().lives.len();
    for life in 0..lives {
        let (saves, last_save) = {
            let ledger = world.ledger.borrow();
            (ledger.saves, ledger.last_save)
        };
        let (cookies, end_asked, is_ended, was_headless) = {
            let life = &world.ledger.borrow().lives[life];
            (
                life.cookies.clone(),
                life.end_asked,
                life.end_confirmed.is_some(),
                life.was_headless,
            )
        };
        for cookie in &cookies {
            let place = world.clock.roll(PLACES as u64) as usize;
            let request = Request::new(world, place);
            let found = request.read(Route::Required, life, cookie).await?;
            // Records go when their session changes, not by a clock.
            let is_kept = saves <= MAX_SUPERSEDED && !cookie.is_stale(last_save);
            let is_forked = world.schedule.sort.keeps_heads() && was_headless;
            let is_leaf = !cookie.is_base && !is_forked;
            if (is_kept || is_leaf) && !end_asked && found.is_none() {
                let told = "the stores are well, and what was confirmed last is lost";
                return Err(Violation(told.to_owned()));
            }
            if is_ended && found.is_some() && !world.schedule.is_hostile {
                return Err(Violation("what was ended can be read".to_owned()));
            }
        }
        if is_ended && !world.schedule.is_hostile {
            check_late(world, life, &cookies).await?;
        }
        if world.control == Control::None || world.control == Control::SwapsBlindly {
            check_complete(world, life, &cookies, end_asked).await?;
        }
    }
    Ok(())
}

/// Just before the absolute end of a session that ended: a cookie that somebody issued to it
/// meanwhile, who did not know yet, is good nowhere that it is asked.
async fn check_late<S: Stack>(
    world: &Rc<World<S>>,
    life: usize,
    cookies: &[Handed],
) -> Result<(), Violation> {
    let Some(cookie) = cookies.last() else {
        return Ok(());
    };
    let mut request = Request::new(world, 0);
    let opened = request.open(cookie)?;
    let end = opened
        .lineage()
        .created()
        .after(request.codec.lifetimes().absolute);
    let workspace = &mut Workspace::new();
    let nothing = opened.session().with_data(SessionData::new());
    let issue = Issue::new(end, Lifetime::BrowserSession);
    let rng = &mut getrandom::SysRng;
    let commit = request.codec.seal(&nothing, issue, rng, workspace);
    let value = commit.map_err(|error| Violation(error.label().to_owned()))?;
    request.now = end;
    // Another isolate, which knows nothing yet.
    request.memory = Memory::new(Arc::default(), (), REMEMBERED_SECONDS);
    let late = Handed {
        value: value.set_cookie.value().to_owned(),
        ..cookie.clone()
    };
    let late = request.open(&late)?;
    let subject = Subject::of(request.codec, &late, None);
    let store = request.tampered();
    match standing(&store, &request.memory, &subject, Ask::Afresh, end).await {
        Ok(Standing::Revoked) => Ok(()),
        Ok(stands) if world.ledger.borrow().lives[life].bound.may_remain(&stands) => Ok(()),
        _ => Err(Violation(format!(
            "{life}: a session that was ended is good again at its end"
        ))),
    }
}

/// One more update, and with it everything that was confirmed before.
async fn check_complete<S: Stack>(
    world: &Rc<World<S>>,
    life: usize,
    cookies: &[Handed],
    end_asked: bool,
) -> Result<(), Violation> {
    let schedule = world.schedule;
    let was_headless = world.ledger.borrow().lives[life].was_headless;
    let is_decided = schedule.sort.keeps_heads() && !was_headless;
    // Lies may cost an update.
    if !is_decided || schedule.is_hostile || end_asked {
        return Ok(());
    }
    let Some(cookie) = cookies.last() else {
        return Ok(());
    };
    let request = Request::new(world, 0);
    let Some(found) = request.read(Route::Required, life, cookie).await? else {
        return Err(Violation("the last cookie is lost".to_owned()));
    };
    let base = found.session();
    let keys = BTreeSet::from([KEYS[0]]);
    let state = read(world, life, base)?;
    let number = world.ledger.borrow_mut().write(life, keys.clone(), state);
    let after = with(base, &keys, number, 200);
    let draft = Draft {
        base,
        base_issued: found.issued(),
        session: &found.session().with_data(after.clone()),
        patch: None,
        mark: None,
        issued: request.now,
        lifetime: Lifetime::BrowserSession,
        about: RecordMeta::session_until(request.now),
    };
    let store = request.tampered();
    let (codec, now) = (request.codec, request.now);
    let followed = None::<&Followed<'_, ()>>;
    let Ok(saved) = save(codec, Some(&store), followed, draft, now).await else {
        return Err(Violation(
            "the stores are well, and a save is lost".to_owned(),
        ));
    };
    let state = read(world, life, saved.merged.as_ref().unwrap_or(&after))?;
    world.ledger.borrow().check_complete(life, &state)
}

fn read<S>(world: &World<S>, life: usize, session: &SessionData) -> Result<State, Violation> {
    world.ledger.borrow().read(life, session)
}
