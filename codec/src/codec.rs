//! The pipeline on one screen: what opens, seals and ends sessions, made of parts that do not know
//! each other.

mod commit;
mod head;
mod issue;
#[cfg(test)]
pub(crate) mod tests;

use alloc::{string::String, vec::Vec};
use core::{fmt, time::Duration};

use rand_core::TryCryptoRng;

use crate::{
    atoms::{Envelope, SessionId, Timestamp},
    body::Bodies,
    config::{Config, ConfigError, Keys},
    cookie::{CookieHeader, CookieName, CookieProfile, RemovalCookie, RequestCookie},
    draft::Draft,
    envelope::{Envelopes, Reading, Tools, django::signing::Signer},
    error::{Reason, SealError},
    names::{OwnerName, StoreName, Users, labels},
    placement::{Placing, Planned, Report},
    random::drawn,
    record::{Records, StoreOp},
    rules::{Lifetimes, Limits},
    session::{Lineage, OpenSession, Opened, Session, SessionData},
    workspace::Workspace,
};

pub use commit::Commit;
pub use head::HeadChange;
pub use issue::Issue;

/// Opens and seals session cookies as configured. Immutable: share one.
pub struct Codec {
    profile: CookieProfile,
    django_cookie: Option<CookieName>,
    lifetimes: Lifetimes,
    /// Whether sessions are to have an id of their own.
    identify: bool,
    envelopes: Envelopes,
    bodies: Bodies,
    placing: Placing,
    records: Records,
    users: Users,
}

impl Codec {
    /// Turns a configuration into a ready codec.
    ///
    /// # Errors
    /// [`ConfigError`] with the setting and the reason; nothing is guessed.
    pub fn new(config: Config, keys: &Keys) -> Result<Self, ConfigError> {
        config.check_rules()?;
        let bodies = Bodies::new(&config)?;
        let placing = Placing::new(&config);
        let profile = CookieProfile::new(config.cookie.clone())?;
        let django_cookie = config.django_cookie.as_deref().map(CookieName::new);
        let django_cookie = django_cookie
            .transpose()
            .map_err(ConfigError::DjangoCookie)?;
        let seconds = |seconds: u32| Duration::from_secs(seconds.into());
        let sealing = keys.sealing.as_ref();
        let envelopes = Envelopes::new(&config, profile.name().as_str(), keys)?;
        let records = Records::new(sealing, seconds(config.stale_seconds))?;
        if sealing.is_none() && placing.can_spill() {
            return Err(ConfigError::NoSealingKey);
        }
        envelopes.check()?;
        if envelopes.least_characters() > profile.room(placing.budget()) {
            return Err(ConfigError::BudgetTooSmall);
        }
        Ok(Self {
            profile,
            django_cookie,
            lifetimes: Lifetimes {
                idle: seconds(config.idle_seconds),
                absolute: seconds(config.absolute_seconds),
            },
            identify: config.identify,
            envelopes,
            bodies,
            placing,
            records,
            users: Users::new(sealing),
        })
    }

    /// Finds and opens the session of a request.
    ///
    /// Never an error: whatever a client sends is one of the outcomes of [`Opened`].
    pub fn open(
        &self,
        header: &CookieHeader<'_>,
        now: Timestamp,
        workspace: &mut Workspace,
    ) -> Opened {
        let own = self.open_copies(header, self.profile.name(), now, workspace);
        match (own, &self.django_cookie) {
            // The plain cookie counts only where there is none of ours: a cookie of ours that
            // failed must not fall through to a weaker reader.
            (Opened::Absent, Some(name)) => self.open_copies(header, name, now, workspace),
            (opened, _) => opened,
        }
    }

    /// Opens one cookie value.
    ///
    /// # Errors
    /// The reason for the operator's counters; the client learns only that there is no session.
    pub fn open_value(
        &self,
        value: &[u8],
        now: Timestamp,
        workspace: &mut Workspace,
    ) -> Result<OpenSession, Reason> {
        if value.len() > RequestCookie::MAX_VALUE_BYTES {
            return Err(Reason::TooLong);
        }
        self.envelopes.read(value, &self.reading(now), workspace)
    }

    /// Adds the keys of a record to the session whose ticket names it.
    ///
    /// # Errors
    /// [`Reason::WrongRecord`] if it is another one (stale, swapped, rolled back), otherwise what
    /// is wrong with it. The session is then as it was.
    pub fn open_record(
        &self,
        opened: &mut OpenSession,
        record: &[u8],
        workspace: &mut Workspace,
    ) -> Result<(), Reason> {
        self.records.open(opened, record, &self.bodies, workspace)
    }

    /// Seals a session: into the cookie if it fits, otherwise the keys of highest priority stay
    /// and the rest goes where [`Overflow`](crate::config::Overflow) says.
    ///
    /// # Errors
    /// [`SealError`]; nothing was written then and the earlier cookie stays good.
    pub fn seal<R: TryCryptoRng>(
        &self,
        session: &Session,
        issue: Issue,
        rng: &mut R,
        workspace: &mut Workspace,
    ) -> Result<Commit, SealError> {
        let Session { data, lineage } = session;
        // No cookie is older than its session.
        let issued = issue.issued.max(lineage.created);
        let plan = self.placing.plan(data, &lineage.ends, issued)?;
        let done = lineage.done.member(issue.now);
        let planned = Planned {
            session: data,
            plan: &plan,
            done: done.as_deref(),
        };
        planned.write_part(|index| plan.outside(index).is_none(), &mut workspace.json);
        self.check_size(planned, workspace)?;
        let draft = Draft {
            planned,
            lineage,
            issued,
            now: issue.now,
            session_id: self.session_id(lineage, rng)?,
        };
        let tools = Tools {
            placing: &self.placing,
            bodies: &self.bodies,
            records: &self.records,
        };
        let room = self.profile.room(self.placing.budget());
        let written = self.envelopes.write(&draft, room, &tools, rng, workspace)?;
        let set_cookie = self.profile.set(&written.value, issue.lifetime);
        let head = HeadChange::between(&draft, &written, &self.records);
        let record = written.record;
        let expires = self.lifetimes.end(issued, lineage.created);
        Ok(Commit {
            cookie_bytes: self.profile.size_of(written.value.len()),
            set_cookie: set_cookie.map_err(|_| self.placing.does_not_fit())?,
            head,
            store_ops: self.records.store_ops(&draft, record, expires),
            placement: written.placement,
            session_id: draft.session_id,
        })
    }

    /// The line that ends the session in the browser.
    pub fn remove(&self) -> RemovalCookie {
        self.profile.remove()
    }

    /// What a store deletes when the session ends: its record, and those before it.
    #[must_use]
    pub fn end(&self, lineage: &Lineage) -> Vec<StoreOp> {
        self.records.end(lineage)
    }

    /// A session in the origin's own cookie, which may be far over what a browser would keep:
    /// checked as a record is, not as a browser's cookie is.
    ///
    /// # Errors
    /// The reason, for the operator.
    pub fn open_origin_cookie(
        &self,
        value: &[u8],
        now: Timestamp,
        workspace: &mut Workspace,
    ) -> Result<OpenSession, Reason> {
        let django = self.envelopes.django.as_ref().ok_or(Reason::NotAccepted)?;
        let limit = self.bodies.limits().record_bytes;
        django.read_signed(value, limit, &self.reading(now), workspace)
    }

    /// The same session as the cookie that a Django origin reads, signed at `issued`.
    ///
    /// # Errors
    /// [`SealError::NoKey`] without a Django secret.
    pub fn origin_cookie(
        &self,
        session: &SessionData,
        issued: Timestamp,
        workspace: &mut Workspace,
    ) -> Result<String, SealError> {
        let django = self.envelopes.django.as_ref().ok_or(SealError::NoKey)?;
        django.write_whole(session, issued, workspace)
    }

    /// Whether a session should be sealed again although nothing changed: it came under an older
    /// key, not in the cookie and envelope that are written, or without the id it should have.
    #[must_use]
    pub fn needs_reissue(&self, opened: &OpenSession) -> bool {
        let lacks_id = self.identify && opened.session.lineage.session_id.is_none();
        !opened.key.is_primary()
            || opened.envelope != self.envelopes.write
            || opened.from_django_cookie
            || (lacks_id && self.envelopes.write == Envelope::Sealed)
    }

    /// Whether the next cookie of this session has the session id of this one, and so ends with it:
    /// it has if this one has an id, and the envelope that is written has room for one.
    #[must_use]
    pub fn keeps_session_id(&self, opened: &OpenSession) -> bool {
        self.envelopes.write == Envelope::Sealed && opened.session.lineage.session_id.is_some()
    }

    /// Where every key of `session` went in `commit`, made on demand.
    #[must_use]
    pub fn report(&self, session: &SessionData, commit: &Commit) -> Report {
        self.placing
            .report(session, &commit.placement, commit.cookie_bytes)
    }

    /// Whether there is something to tell of `commit` without being asked: a key is not in the
    /// cookie, or the cookie has reached 80 % of its budget. Costs nothing.
    #[must_use]
    pub const fn is_remarkable(&self, commit: &Commit) -> bool {
        self.placing
            .is_remarkable(&commit.placement, commit.cookie_bytes)
    }

    /// Name and attributes of the cookie that is written.
    #[must_use]
    pub const fn profile(&self) -> &CookieProfile {
        &self.profile
    }

    /// The cookie in which plain Django sessions may still arrive.
    #[must_use]
    pub const fn django_cookie(&self) -> Option<&CookieName> {
        self.django_cookie.as_ref()
    }

    /// How long sessions live.
    #[must_use]
    pub const fn lifetimes(&self) -> &Lifetimes {
        &self.lifetimes
    }

    /// Signs and verifies as the Django site does, if a Django secret is configured.
    #[must_use]
    pub const fn signer(&self) -> Option<&Signer> {
        match &self.envelopes.django {
            Some(django) => Some(&django.signer),
            None => None,
        }
    }

    /// The configured bounds.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        self.bodies.limits()
    }

    /// The store's name of the record that a ticket names; `None` without a ticket that still
    /// waits for its record.
    #[must_use]
    pub fn record_name(&self, opened: &OpenSession) -> Option<StoreName> {
        opened.ticket()?;
        self.records.name(opened.session.lineage.spilled.as_ref()?)
    }

    /// The name of a session's head; `None` for a session without an id. The same under all keys.
    #[must_use]
    pub fn head_name(&self, lineage: &Lineage) -> Option<StoreName> {
        lineage.session_id.as_ref().map(labels::head)
    }

    /// The name under which a session is revoked, and would be found if it were, whichever key
    /// sealed its cookie; `None` for a session without an id, which cannot be.
    #[must_use]
    pub fn session_revocation(&self, lineage: &Lineage) -> Option<StoreName> {
        let id = lineage.session_id.as_ref();
        id.map(labels::session_revocation)
    }

    /// The name under which it is told of a session that its site keeps under `key` to which device
    /// it is bound.
    #[must_use]
    pub fn row_binding(&self, key: &str) -> StoreName {
        labels::row_binding(key)
    }

    /// The names under which all sessions of `user` are revoked, one for each key of the ring: it is
    /// written under all of them, and looked up under all.
    #[must_use]
    pub fn user_revocations(&self, user: &str) -> Vec<StoreName> {
        self.users.revocations(user)
    }

    /// What a store may keep beside a record to find all records of a user: a keyed hash, under
    /// the primary key.
    #[must_use]
    pub fn owner_name(&self, user: &str) -> Option<OwnerName> {
        self.owner_names(user).next()
    }

    /// The same under every key of the ring, the primary first: what was kept under an older one
    /// has its name still.
    pub fn owner_names(&self, user: &str) -> impl Iterator<Item = OwnerName> {
        self.users.owners(user)
    }

    /// The names under which it is told when keys and envelopes were last of use: one under every
    /// key of the ring, the primary first, under which it is written.
    pub fn uses_names(&self) -> impl Iterator<Item = StoreName> {
        self.users.uses()
    }

    fn open_copies(
        &self,
        header: &CookieHeader<'_>,
        name: &CookieName,
        now: Timestamp,
        workspace: &mut Workspace,
    ) -> Opened {
        let is_django_cookie = name != self.profile.name();
        let mut seen: [&[u8]; RequestCookie::MAX_COPIES] = [&[]; RequestCookie::MAX_COPIES];
        let mut copies = 0;
        let mut opened: Option<OpenSession> = None;
        let mut reason = None;
        for value in header.values(name) {
            if seen[..copies].contains(&value) {
                continue;
            }
            let Some(free) = seen.get_mut(copies) else {
                return Opened::Rejected(Reason::TooManyCopies);
            };
            *free = value;
            copies += 1;
            let outcome = if self.belongs(value, is_django_cookie) {
                self.open_value(value, now, workspace)
            } else {
                Err(Reason::NotAccepted)
            };
            match outcome {
                Ok(_) if opened.is_some() => return Opened::Conflict,
                Ok(mut session) => {
                    session.from_django_cookie = is_django_cookie;
                    opened = Some(session);
                }
                Err(error) => reason = Some(error),
            }
        }
        match (opened, reason) {
            (Some(session), _) => Opened::Session(session),
            (None, Some(reason)) => Opened::Rejected(reason),
            (None, None) => Opened::Absent,
        }
    }

    /// Whether this kind of envelope may stand in this cookie: a site's own cookie holds what its
    /// framework makes or nothing; where it has one, ours holds a signed one only if that is what
    /// we write.
    fn belongs(&self, value: &[u8], in_django_cookie: bool) -> bool {
        let envelope = Envelope::claimed_by(value);
        if in_django_cookie {
            envelope != Envelope::Sealed
        } else {
            envelope == Envelope::Sealed
                || envelope == self.envelopes.write
                || self.django_cookie.is_none()
        }
    }

    fn reading(&self, now: Timestamp) -> Reading<'_> {
        let spills = self.placing.can_spill();
        Reading {
            accept: &self.envelopes.accept,
            lifetimes: &self.lifetimes,
            bodies: &self.bodies,
            spills: spills.then_some(self.envelopes.write),
            now,
        }
    }

    /// The session's own id, where the envelope has a place for it: the one it has, or a fresh one
    /// if sessions are to have one.
    fn session_id(
        &self,
        lineage: &Lineage,
        rng: &mut impl TryCryptoRng,
    ) -> Result<Option<SessionId>, SealError> {
        if self.envelopes.write != Envelope::Sealed {
            return Ok(None);
        }
        if lineage.session_id.is_some() || !self.identify {
            return Ok(lineage.session_id);
        }
        drawn(rng).map(SessionId).map(Some)
    }

    fn check_size(&self, planned: Planned<'_>, workspace: &Workspace) -> Result<(), SealError> {
        let Planned { session, plan, .. } = planned;
        let bytes = if plan.has_outside() {
            let members = 0..session.len();
            members.map(|index| session.member_len(index)).sum()
        } else {
            workspace.json.len()
        };
        let limit = self.bodies.limits().record_bytes;
        if bytes > limit {
            return Err(SealError::TooLarge { bytes, limit });
        }
        if session.len() > usize::from(u16::MAX) {
            return Err(SealError::TooManyKeys);
        }
        Ok(())
    }
}

impl fmt::Debug for Codec {
    /// What it reads and writes; no key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codec")
            .field("cookie", &self.profile.name().as_str())
            .field("write", &self.envelopes.write)
            .field("accept", &self.envelopes.accept)
            .field("budget", &self.placing.budget())
            .field("lifetimes", &self.lifetimes)
            .finish_non_exhaustive()
    }
}
