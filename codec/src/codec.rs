//! The pipeline: one function a direction, steps in wire order.

mod body;
mod commit;
mod csrf;
#[cfg(feature = "fernet")]
mod fernet;
mod fit;
#[cfg(feature = "flask")]
mod flask;
mod foreign;
mod head;
mod lineage;
mod opened;
mod record;
mod revocation;
mod sealed;
mod signed;
#[cfg(test)]
mod tests;

use alloc::{string::String, vec::Vec};

use rand_core::TryCryptoRng;

use crate::{
    atoms::{Envelope, Timestamp},
    compress::Dictionary,
    config::{Acceptance, Config, ConfigError, Keys, Overflow},
    cookie::{
        Budget, CookieHeader, CookieName, CookieProfile, Lifetime, RemovalCookie, RequestCookie,
    },
    crypto::Nonce,
    error::{Reason, SealError},
    policy::{Lifetimes, Limits, Plan, Report, Rules, is_nearly_full},
    ring::{CookieRing, CsrfRing, DenyRing, RecordRing, SigningRing},
    session::Session,
    signing::{self, Signer},
    workspace::Workspace,
};

use foreign::Foreign;

pub use commit::{Commit, StoreOp};
pub use head::HeadChange;
pub use lineage::{Lineage, NotALineage};
pub use opened::{OpenSession, Opened};

/// The purpose bound into every session cookie: a token made for another use never opens here.
const PURPOSE: &str = "session";
/// The salt of the key that makes ids of signatures: no key of Django's own has it.
const SIGNED_ID_SALT: &[u8] = b"edge-session.session-id";

/// Opens and seals session cookies as configured. Immutable: share one.
pub struct Codec {
    profile: CookieProfile,
    django_cookie: Option<CookieName>,
    budget: Budget,
    write: Envelope,
    accept: Vec<Acceptance>,
    lifetimes: Lifetimes,
    /// How long superseded records stay good.
    stale: core::time::Duration,
    limits: Limits,
    compress_from: usize,
    identify: bool,
    rules: Rules,
    overflow: Overflow,
    /// The one that is written.
    dictionary: Dictionary,
    /// Those that are read beside the built-in one.
    dictionaries: Vec<Dictionary>,
    cookies: Option<CookieRing>,
    records: Option<RecordRing>,
    denials: Option<DenyRing>,
    csrf: Option<CsrfRing>,
    signer: Option<Signer>,
    /// Makes ids of the signatures of plain cookies.
    signed_ids: Option<SigningRing>,
    #[cfg(any(feature = "flask", feature = "fernet"))]
    foreign: Foreign,
}

impl Codec {
    /// Turns a configuration into a ready codec.
    ///
    /// # Errors
    /// [`ConfigError`] with the setting and the reason; nothing is guessed.
    pub fn new(config: Config, keys: &Keys) -> Result<Self, ConfigError> {
        Self::build(config, keys, Foreign::new(keys))
    }

    fn build(config: Config, keys: &Keys, foreign: Foreign) -> Result<Self, ConfigError> {
        config.check_rules()?;
        let rules = Rules::new(&config.rules);
        let (dictionary, dictionaries) = config.dictionaries()?;
        let profile = CookieProfile::new(config.cookie)?;
        let django_cookie = config
            .django_cookie
            .map(|name| CookieName::new(&name))
            .transpose()
            .map_err(ConfigError::DjangoCookie)?;
        let cookies = keys
            .sealing
            .as_ref()
            .map(|ring| CookieRing::new(ring, PURPOSE, profile.name().as_str(), &config.audience))
            .transpose()?;
        let records = keys.sealing.as_ref().map(RecordRing::new).transpose()?;
        let signer = keys
            .django
            .as_ref()
            .map(|ring| Signer::new(signing::COOKIE_SALT, ring));
        let uses = |envelope| {
            config.write == envelope || config.accept.iter().any(|a| a.envelope == envelope)
        };
        let spills = config.overflow == Overflow::Spill || rules.has_spill;
        if cookies.is_none() && (uses(Envelope::Sealed) || spills) {
            return Err(ConfigError::NoSealingKey);
        }
        if signer.is_none() && uses(Envelope::Django) {
            return Err(ConfigError::NoDjangoKey);
        }
        foreign.check(config.write, &config.accept)?;
        if !config.accept.contains(&Acceptance::always(config.write)) {
            return Err(ConfigError::WritesWhatItRefuses);
        }
        let codec = Self {
            django_cookie,
            budget: config.budget,
            write: config.write,
            accept: config.accept,
            lifetimes: Lifetimes {
                idle: core::time::Duration::from_secs(config.idle_seconds.into()),
                absolute: core::time::Duration::from_secs(config.absolute_seconds.into()),
            },
            stale: core::time::Duration::from_secs(config.stale_seconds.into()),
            limits: config.limits,
            compress_from: config.compress_from,
            identify: config.identify,
            rules,
            overflow: config.overflow,
            dictionary,
            dictionaries,
            profile,
            cookies,
            records,
            denials: keys.sealing.as_ref().map(DenyRing::new),
            csrf: keys.sealing.as_ref().map(CsrfRing::new),
            signed_ids: keys
                .django
                .as_ref()
                .map(|ring| SigningRing::new(SIGNED_ID_SALT, ring)),
            signer,
            #[cfg(any(feature = "flask", feature = "fernet"))]
            foreign,
        };
        if codec.least_characters() > codec.profile.room(codec.budget) {
            return Err(ConfigError::BudgetTooSmall);
        }
        Ok(codec)
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
        if value.len() > RequestCookie::MAX_VALUE_OCTETS {
            return Err(Reason::TooLong);
        }
        let envelope = Envelope::claimed_by(value);
        if !self
            .accept
            .iter()
            .any(|acceptance| acceptance.envelope == envelope)
        {
            return Err(Reason::NotAccepted);
        }
        match envelope {
            Envelope::Sealed => self.open_sealed(value, now, workspace),
            Envelope::Django => self.open_django(value, now, workspace),
            #[cfg(feature = "flask")]
            Envelope::Flask => self.open_flask(value, now, workspace),
            #[cfg(feature = "fernet")]
            Envelope::Fernet => self.open_fernet(value, now, workspace),
        }
    }

    /// Seals a session: into the cookie if it fits, otherwise the keys of highest priority stay
    /// and the rest goes where [`Overflow`] says.
    ///
    /// `lineage` is what the session's earlier cookie knew ([`Lineage::new`] for a new session),
    /// `issued` becomes the cookie's time: now, or the time of the origin's own cookie.
    ///
    /// # Errors
    /// [`SealError`]; nothing was written then and the earlier cookie stays good.
    pub fn seal<R: TryCryptoRng>(
        &self,
        session: &Session,
        lineage: &Lineage,
        issued: Timestamp,
        lifetime: Lifetime,
        rng: &mut R,
        workspace: &mut Workspace,
    ) -> Result<Commit, SealError> {
        let room = self.profile.room(self.budget);
        let ends = &lineage.ends;
        let plan = Plan::new(session, &self.rules, self.overflow, ends, issued)
            .ok_or_else(|| self.does_not_fit())?;
        workspace.write_part(session, &plan, |index| plan.outside(index).is_none());
        self.check_size(session, &plan, workspace)?;
        let planned = (session, &plan);
        let mut sid = None;
        let (value, placement, record) = match self.write {
            Envelope::Sealed => {
                sid = self.sid(lineage, rng)?;
                self.seal_sealed(planned, lineage, issued, (room, sid), rng, workspace)?
            }
            Envelope::Django => self.seal_django(planned, lineage, issued, room, rng, workspace)?,
            #[cfg(feature = "flask")]
            Envelope::Flask => self.seal_flask(planned, lineage, issued, room, rng, workspace)?,
            #[cfg(feature = "fernet")]
            Envelope::Fernet => return Err(SealError::NoKey), // refused when configured
        };
        let cookie_octets = self.profile.size_of(value.len());
        let set_cookie = self
            .profile
            .set(&value, lifetime)
            .map_err(|_| SealError::DoesNotFit {
                budget: self.budget.octets(),
            })?;
        let head = sid.and_then(|sid| self.head_change(&sid, lineage, record.as_ref()));
        Ok(Commit {
            head,
            set_cookie,
            store_ops: self.store_ops(lineage, record, issued),
            placement,
            cookie_octets,
        })
    }

    /// The line that ends the session in the browser.
    pub fn remove(&self) -> RemovalCookie {
        self.profile.remove()
    }

    /// Whether a session should be sealed again although nothing changed: it came under an older
    /// key, not in the cookie and envelope that are written, or without the id it should have.
    #[must_use]
    pub fn needs_reissue(&self, opened: &OpenSession) -> bool {
        let lacks_id = self.identify && opened.lineage.sid.is_none();
        !opened.key.is_primary()
            || opened.envelope != self.write
            || opened.from_django_cookie
            || (lacks_id && self.write == Envelope::Sealed)
    }

    /// Where every key of `session` went in `commit`, made on demand.
    #[must_use]
    pub fn report(&self, session: &Session, commit: &Commit) -> Report {
        Report::new(
            session,
            &commit.placement,
            &self.rules,
            commit.cookie_octets,
            self.budget.octets(),
        )
    }

    /// Whether there is something to tell of `commit` without being asked: a key is not in the
    /// cookie, or the cookie has reached 80 % of its budget. Costs nothing.
    #[must_use]
    pub const fn is_remarkable(&self, commit: &Commit) -> bool {
        !commit.placement.is_all_in_cookie()
            || is_nearly_full(commit.cookie_octets, self.budget.octets())
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
        self.signer.as_ref()
    }

    /// The configured bounds.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What a ticket-only cookie takes: the least that spilling needs.
    fn least_characters(&self) -> usize {
        match self.write {
            Envelope::Sealed => sealed::TICKET_ONLY_CHARACTERS,
            Envelope::Django => signed::TICKET_ONLY_CHARACTERS,
            #[cfg(feature = "flask")]
            Envelope::Flask => flask::TICKET_ONLY_CHARACTERS,
            #[cfg(feature = "fernet")]
            Envelope::Fernet => usize::MAX, // refused when configured
        }
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
            let outcome = match self.belongs(value, is_django_cookie) {
                true => self.open_value(value, now, workspace),
                false => Err(Reason::NotAccepted),
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
            envelope == Envelope::Sealed || envelope == self.write || self.django_cookie.is_none()
        }
    }

    /// The session's own id: the one it has, or a fresh one if sessions are to have one.
    fn sid<R: TryCryptoRng>(
        &self,
        lineage: &Lineage,
        rng: &mut R,
    ) -> Result<Option<[u8; 16]>, SealError> {
        if lineage.sid.is_some() || !self.identify {
            return Ok(lineage.sid);
        }
        let mut sid = [0; 16];
        rng.try_fill_bytes(&mut sid)
            .map_err(|_| SealError::Entropy)?;
        Ok(Some(sid))
    }

    /// Whether keys may go into a record.
    const fn can_spill(&self) -> bool {
        matches!(self.overflow, Overflow::Spill) || self.rules.has_spill
    }

    fn check_size(
        &self,
        session: &Session,
        plan: &Plan,
        workspace: &Workspace,
    ) -> Result<(), SealError> {
        let octets = match plan.has_outside() {
            false => workspace.json.len(),
            true => (0..session.len())
                .map(|index| session.member_len(index))
                .sum(),
        };
        if octets > self.limits.record_octets {
            let limit = self.limits.record_octets;
            return Err(SealError::TooLarge { octets, limit });
        }
        if session.len() > usize::from(u16::MAX) {
            return Err(SealError::TooManyKeys);
        }
        Ok(())
    }

    fn check_accepted(
        &self,
        envelope: Envelope,
        issued: Timestamp,
        now: Timestamp,
    ) -> Result<(), Reason> {
        let accepted = self.accept.iter().any(|a| a.covers(envelope, issued, now));
        accepted.then_some(()).ok_or(Reason::NotAccepted)
    }

    fn parse(&self, json: Vec<u8>) -> Result<Session, Reason> {
        self.parse_text(String::from_utf8(json).map_err(|_| Reason::CorruptBody)?)
    }

    fn parse_text(&self, text: String) -> Result<Session, Reason> {
        Session::from_json_within(text, self.limits.json_depth).map_err(|_| Reason::CorruptBody)
    }
}

/// 24 fresh random octets: enough for a nonce to be drawn at random for ever.
fn nonce<R: TryCryptoRng>(rng: &mut R) -> Result<Nonce, SealError> {
    let mut nonce = Nonce::default();
    rng.try_fill_bytes(&mut nonce)
        .map_err(|_| SealError::Entropy)?;
    Ok(nonce)
}
