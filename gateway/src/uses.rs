//! When a key or an envelope was last of use: what tells whether it can go without logging anybody
//! out. Kept in the store, as isolates come and go.

use core::fmt;

use litemap::LiteMap;
use session_codec::{Codec, KeyId, OpenSession, Timestamp};
use session_store::{Record, RecordMeta, SessionStore, StoreError};

use crate::shared::Shared;

/// Milliseconds after which a use is worth being kept again.
const KEPT_MILLIS: i64 = 3_600_000;
/// For how long it is kept: longer than anybody waits to take a key out.
const DAYS: i64 = 400;
/// Subjects that are kept: keys of rings come and go.
const MAX_SUBJECTS: usize = 64;

/// What cookies are opened under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A sealing key.
    Key(KeyId),
    /// An envelope of which no key is known, such as Django's, by its label.
    Envelope(&'static str),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => write!(f, "es1:{id}"),
            Self::Envelope(label) => f.write_str(label),
        }
    }
}

impl Subject {
    /// What opened a session.
    pub(crate) fn of(session: &OpenSession) -> Self {
        match session.key_id() {
            Some(id) => Self::Key(id),
            None => Self::Envelope(session.envelope().label()),
        }
    }
}

static WATCH: Shared<Watch> = Shared::new(Watch::new());

/// What this process has seen, and when it was last taken to be kept.
struct Watch {
    opened: Vec<(Subject, Times)>,
    /// By whatever seals.
    sealed: Option<Times>,
}

#[derive(Clone, Copy)]
struct Times {
    last: Timestamp,
    taken: Option<Timestamp>,
}

impl Times {
    const fn new(now: Timestamp) -> Self {
        Self {
            last: now,
            taken: None,
        }
    }

    fn is_due(&self, now: Timestamp) -> bool {
        self.taken
            .is_none_or(|taken| now.millis_since(taken) >= KEPT_MILLIS && self.last > taken)
    }
}

impl Watch {
    const fn new() -> Self {
        Self {
            opened: Vec::new(),
            sealed: None,
        }
    }

    fn opened(&mut self, subject: Subject, now: Timestamp) {
        match self.opened.iter_mut().find(|(it, _)| *it == subject) {
            Some((_, times)) => times.last = now,
            None => self.opened.push((subject, Times::new(now))),
        }
    }

    fn sealed(&mut self, now: Timestamp) {
        match &mut self.sealed {
            Some(times) => times.last = now,
            none => *none = Some(Times::new(now)),
        }
    }

    fn take_due(&mut self, now: Timestamp) -> Option<Seen> {
        let opened = self.opened.iter().map(|(_, times)| times);
        if !opened.chain(&self.sealed).any(|times| times.is_due(now)) {
            return None;
        }
        let opened = self.opened.iter_mut().map(|(_, times)| times);
        for times in opened.chain(&mut self.sealed) {
            times.taken = Some(now);
        }
        let opened = self.opened.iter().map(|(it, times)| (*it, times.last));
        Some(Seen {
            opened: opened.collect(),
            sealed: self.sealed.map(|times| times.last),
        })
    }
}

/// What was seen of use, for [`keep`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    opened: Vec<(Subject, Timestamp)>,
    sealed: Option<Timestamp>,
}

/// A cookie opened under it.
pub(crate) fn opened(subject: Subject, now: Timestamp) {
    WATCH.with(|watch| watch.opened(subject, now));
}

/// A cookie was sealed.
pub(crate) fn sealed(now: Timestamp) {
    WATCH.with(|watch| watch.sealed(now));
}

/// What is worth being kept now. Whether or not that succeeds, or there is a store at all, the same
/// is given again in an hour at the soonest: every request asks.
pub fn take_due(now: Timestamp) -> Option<Seen> {
    WATCH.with(|watch| watch.take_due(now))
}

/// Keeps what was seen, beside what others have kept. `seals` is what cookies are sealed by.
///
/// # Errors
/// If the store fails.
pub async fn keep(
    codec: &Codec,
    store: &impl SessionStore,
    seen: &Seen,
    seals: &[Subject],
    now: Timestamp,
) -> Result<(), StoreError> {
    let Some(name) = codec.uses_names().next() else {
        return Ok(());
    };
    let mut uses = recall(codec, store, now).await?;
    uses.add(&seen.opened, seals, seen.sealed, now);
    let record = Record::new(uses.to_string().into_bytes());
    let record = record.map_err(|error| StoreError::TooLarge {
        bytes: error.bytes,
        limit: Record::MAX_BYTES,
    })?;
    let end = Timestamp::from_seconds(now.seconds() + DAYS * 86400);
    let about = RecordMeta::revocation_until(end);
    store.put(&name, &record, &about, now).await
}

/// What was kept, under whichever key of the ring.
///
/// # Errors
/// If the store fails.
pub async fn recall(
    codec: &Codec,
    store: &impl SessionStore,
    now: Timestamp,
) -> Result<Uses, StoreError> {
    let mut uses = Uses::default();
    for name in codec.uses_names() {
        let kept = store.get_fresh(&name, now).await?;
        if let Some(kept) = kept {
            uses.merge(&String::from_utf8_lossy(kept.record.bytes()));
        }
    }
    Ok(uses)
}

/// When what was last of use, in seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uses {
    /// Since when it is watched.
    began: Option<i64>,
    /// When it last opened and sealed a cookie, by the text of a subject.
    last: LiteMap<String, (Option<i64>, Option<i64>)>,
}

/// Whether something that reads cookies can go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removable {
    /// No cookie of it can be alive since then.
    Since(Timestamp),
    /// Cookies of it may be alive until then, as far as is known.
    From(Timestamp),
    /// It opened a cookie although by what is known none could be alive: somebody else makes them.
    InUse(Timestamp),
    /// Nothing was kept yet.
    Unknown,
}

impl Uses {
    fn add(
        &mut self,
        opened: &[(Subject, Timestamp)],
        seals: &[Subject],
        sealed: Option<Timestamp>,
        now: Timestamp,
    ) {
        let now = now.seconds();
        self.began.get_or_insert(now);
        for (subject, at) in opened {
            let last = self.last.entry(subject.to_string()).or_default();
            last.0 = last.0.max(Some(at.seconds()));
        }
        for subject in seals.iter().filter(|_| sealed.is_some()) {
            let last = self.last.entry(subject.to_string()).or_default();
            last.1 = last.1.max(sealed.map(Timestamp::seconds));
        }
        self.last
            .retain(|_, (opened, sealed)| (*opened).max(*sealed) > Some(now - DAYS * 86400));
        while self.last.len() > MAX_SUBJECTS {
            let oldest = self
                .last
                .iter()
                .min_by_key(|(_, (opened, sealed))| *opened.max(sealed));
            let Some(oldest) = oldest.map(|(subject, _)| subject.clone()) else {
                return;
            };
            self.last.remove(&oldest);
        }
    }

    /// Adds what a text says. Lines that are none are left out.
    fn merge(&mut self, text: &str) {
        for line in text.lines() {
            let mut words = line.split(' ');
            let subject = words.next().unwrap_or_default();
            let mut number = || words.next().and_then(|word| word.parse::<i64>().ok());
            if subject == "began" {
                let began = number();
                self.began = match (self.began, began) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
            } else if !subject.is_empty() && self.last.len() < 2 * MAX_SUBJECTS {
                let (opened, sealed) = (number(), number());
                let last = self.last.entry(subject.to_owned()).or_default();
                *last = (last.0.max(opened), last.1.max(sealed));
            }
        }
    }

    /// Since when it is watched.
    #[must_use]
    pub fn began(&self) -> Option<Timestamp> {
        self.began.map(Timestamp::from_seconds)
    }

    /// When a cookie last opened under it, to the hour.
    #[must_use]
    pub fn opened(&self, subject: Subject) -> Option<Timestamp> {
        let last = self.last.get(&subject.to_string());
        last.and_then(|(opened, _)| *opened)
            .map(Timestamp::from_seconds)
    }

    /// Whether it can go at `now`, if its cookies live for so many seconds from when they are
    /// sealed.
    #[must_use]
    pub fn removable(&self, subject: Subject, lifetime: u32, now: Timestamp) -> Removable {
        let Some(began) = self.began else {
            return Removable::Unknown;
        };
        let (opened, sealed) = self
            .last
            .get(&subject.to_string())
            .copied()
            .unwrap_or_default();
        // What was sealed before anybody watched was sealed at the latest when that began. A use
        // is known to the hour.
        let last = sealed.map_or(began, |sealed| sealed + KEPT_MILLIS / 1000);
        let end = last.max(began).saturating_add(lifetime.into());
        let at = Timestamp::from_seconds;
        match opened {
            Some(opened) if opened > end => Removable::InUse(at(opened)),
            _ if end <= now.seconds() => Removable::Since(at(end)),
            _ => Removable::From(at(end)),
        }
    }
}

impl fmt::Display for Uses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(began) = self.began {
            writeln!(f, "began {began}")?;
        }
        let number =
            |time: &Option<i64>| time.map_or_else(|| "-".to_owned(), |time| time.to_string());
        self.last
            .iter()
            .try_for_each(|(subject, (opened, sealed))| {
                writeln!(f, "{subject} {} {}", number(opened), number(sealed))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86400;
    const FORTNIGHT: u32 = 14 * 86400;
    const DJANGO: Subject = Subject::Envelope("django");
    const SEALED: Subject = Subject::Envelope("sealed");

    fn at(days: i64) -> Timestamp {
        Timestamp::from_seconds(1_800_000_000 + days * DAY)
    }

    #[test]
    fn what_was_seen_is_due_once_an_hour_whatever_becomes_of_it() {
        let mut watch = Watch::new();
        let after = |minutes: i64| Timestamp::from_seconds(at(0).seconds() + minutes * 60);
        assert_eq!(watch.take_due(after(0)), None);
        watch.opened(DJANGO, after(0));
        let seen = |opened: &[(Subject, i64)], sealed: Option<i64>| Seen {
            opened: opened.iter().map(|(it, at)| (*it, after(*at))).collect(),
            sealed: sealed.map(after),
        };
        assert_eq!(watch.take_due(after(0)), Some(seen(&[(DJANGO, 0)], None)));
        watch.opened(DJANGO, after(59));
        assert_eq!(watch.take_due(after(59)), None);
        // What was not seen before is no reason to wait, and what is taken with it is not due by itself.
        watch.sealed(after(59));
        let all = seen(&[(DJANGO, 59)], Some(59));
        assert_eq!(watch.take_due(after(59)), Some(all));
        assert_eq!(watch.take_due(after(61)), None);
        // Nothing was seen since.
        assert_eq!(watch.take_due(after(200)), None);
        watch.opened(DJANGO, after(200));
        let all = seen(&[(DJANGO, 200)], Some(59));
        assert_eq!(watch.take_due(after(200)), Some(all));
    }

    #[test]
    fn what_was_kept_is_read_and_merged() {
        let mut uses = Uses::default();
        uses.add(&[(DJANGO, at(1))], &[SEALED], Some(at(2)), at(2));
        let mut read = Uses::default();
        read.merge(&uses.to_string());
        assert_eq!(read, uses);
        // An isolate that lags behind takes nothing back.
        let mut older = Uses::default();
        older.add(&[(DJANGO, at(0)), (SEALED, at(3))], &[], None, at(0));
        read.merge(&older.to_string());
        assert_eq!(read.began(), Some(at(0)));
        assert_eq!(read.opened(DJANGO), Some(at(1)));
        assert_eq!(read.opened(SEALED), Some(at(3)));
        read.merge("nonsense\n\nbegan x\ndjango x y\n");
        assert_eq!(read.opened(DJANGO), Some(at(1)));
    }

    #[test]
    fn what_seals_no_more_can_go_when_its_last_cookie_has_ended() {
        let mut uses = Uses::default();
        assert_eq!(uses.removable(DJANGO, FORTNIGHT, at(0)), Removable::Unknown);
        uses.add(&[(DJANGO, at(3))], &[SEALED], Some(at(2)), at(0));
        let hour = |days| Timestamp::from_seconds(at(days).seconds() + 3600);
        // Sealed before it was watched, and seen since.
        let removable = |uses: &Uses, subject, days| uses.removable(subject, FORTNIGHT, at(days));
        assert_eq!(removable(&uses, DJANGO, 13), Removable::From(at(14)));
        assert_eq!(removable(&uses, DJANGO, 14), Removable::Since(at(14)));
        assert_eq!(removable(&uses, SEALED, 15), Removable::From(hour(16)));
        assert_eq!(removable(&uses, SEALED, 17), Removable::Since(hour(16)));
        // Somebody signs cookies whom nobody here knows of.
        uses.add(&[(DJANGO, at(20))], &[], None, at(20));
        assert_eq!(removable(&uses, DJANGO, 21), Removable::InUse(at(20)));
    }

    #[test]
    fn subjects_are_bounded_and_forgotten() {
        let mut uses = Uses::default();
        uses.merge(&format!("began 0\nold {} -\n", at(-500).seconds()));
        (0..100).for_each(|n| uses.merge(&format!("es1:{n:08x} {} -\n", at(-n).seconds())));
        uses.add(&[(DJANGO, at(0))], &[], None, at(0));
        assert_eq!(uses.last.len(), MAX_SUBJECTS);
        assert!(!uses.last.contains_key("old") && uses.last.contains_key("django"));
    }
}
