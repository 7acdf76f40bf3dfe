use alloc::{borrow::ToOwned, string::String, vec::Vec};

use super::{Lineage, Session, SessionData, lineage::SpilledRecord};
use crate::{
    atoms::{Envelope, KeyId, KeyPosition, Timestamp},
    error::Reason,
    session::{DONE_KEY, ENDS_KEY, KeyEnd, done::Done, ticket::Ticket},
    text::index::TextIndex,
};

/// What a request's cookies came to.
#[derive(Debug)]
#[must_use]
#[allow(clippy::large_enum_variant)] // one a request, on the stack; a box would cost an allocation
pub enum Opened {
    /// No session cookie was sent.
    Absent,
    /// One session cookie verified.
    Session(OpenSession),
    /// None of the session cookies sent was accepted; the last one's reason.
    Rejected(Reason),
    /// Two different session cookies verified: nobody can say whose request this is.
    Conflict,
}

/// A verified session, with what its cookie says about it.
///
/// If [`Self::ticket`] is there, some keys lie in a record; [`Codec::open_record`] adds them.
///
/// [`Codec::open_record`]: crate::Codec::open_record
#[derive(Debug)]
pub struct OpenSession {
    pub(crate) session: Session,
    pub(crate) envelope: Envelope,
    pub(crate) key: KeyPosition,
    pub(crate) key_id: Option<KeyId>,
    pub(crate) issued: Timestamp,
    pub(crate) record_merged: bool,
    pub(crate) from_django_cookie: bool,
    pub(crate) opened_at: Timestamp,
    /// Keys whose own end had come, as JSON spells them, and where each stood.
    pub(crate) expired: Vec<(usize, String)>,
}

impl OpenSession {
    /// One whose cookie knows its own time and nothing of the session's earlier ones.
    pub(crate) const fn signed(
        envelope: Envelope,
        data: SessionData,
        issued: Timestamp,
        key: KeyPosition,
        opened_at: Timestamp,
    ) -> Self {
        Self {
            session: Session::resumed(data, Lineage::new(issued)),
            envelope,
            key,
            key_id: None,
            issued,
            record_merged: false,
            from_django_cookie: false,
            opened_at,
            expired: Vec::new(),
        }
    }

    /// The session, with the keys and values known so far.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The session, without a copy: to be changed and sealed.
    #[must_use]
    pub fn into_session(self) -> Session {
        self.session
    }

    /// The envelope it came in.
    #[must_use]
    pub const fn envelope(&self) -> Envelope {
        self.envelope
    }

    /// Which key of the ring verified.
    #[must_use]
    pub const fn key(&self) -> KeyPosition {
        self.key
    }

    /// The id of the key that opened a sealed envelope.
    #[must_use]
    pub const fn key_id(&self) -> Option<KeyId> {
        self.key_id
    }

    /// When the cookie was issued; whole seconds.
    #[must_use]
    pub const fn issued(&self) -> Timestamp {
        self.issued
    }

    /// What the session's next cookie inherits.
    #[must_use]
    pub const fn lineage(&self) -> &Lineage {
        &self.session.lineage
    }

    /// The ticket of the record that holds the other keys, while they are not merged.
    #[must_use]
    pub const fn ticket(&self) -> Option<&Ticket> {
        match &self.session.lineage.spilled {
            Some(SpilledRecord { ticket, .. }) if ticket.has_record() && !self.record_merged => {
                Some(ticket)
            }
            _ => None,
        }
    }

    /// Keys that the session held and that are not in it, because their own end had come; as JSON
    /// spells them between quotes.
    pub fn expired_keys(&self) -> impl Iterator<Item = &str> {
        self.expired.iter().map(|(_, key)| key.as_str())
    }

    /// Puts a record's keys where they stood.
    pub(crate) fn merge(&mut self, spilled: &SessionData, positions: &[u16]) -> Result<(), Reason> {
        // Read before anything moves: what is refused leaves the session as it was.
        read_ends(spilled)?;
        Done::of_member(spilled)?;
        let data = &mut self.session.data;
        // Positions count the keys that have ended in the meantime, too.
        data.put_back_all(&self.expired);
        data.merge(spilled, positions);
        let expired = self.expired.iter().map(|(_, key)| key.as_str());
        data.take_all(&TextIndex::new(expired));
        self.take_reserved()
    }

    /// Takes the reserved keys with the ends of keys and the requests done out of the session, and the
    /// keys whose end has come.
    pub(crate) fn take_reserved(&mut self) -> Result<(), Reason> {
        let Session { data, lineage } = &mut self.session;
        let ends = read_ends(data)?;
        let done = Done::of_member(data)?;
        data.take(ENDS_KEY);
        if data.take(DONE_KEY).is_some() {
            lineage.done = lineage.done.joined(&done);
        }
        let opened_at = self.opened_at;
        let has_come = |end: u32| Timestamp::from_seconds(end.into()) <= opened_at;
        let ended = ends.iter().filter(|(_, end)| has_come(*end));
        let ended = TextIndex::new(ended.map(|(key, _)| key.as_str()));
        let others = ends.iter().filter(|(_, end)| !has_come(*end));
        lineage.ends.extend(others.cloned());
        if !ended.is_empty() {
            self.expired.extend(data.take_all(&ended));
        }
        Ok(())
    }

    /// Whether it arrived in the plain Django cookie instead of ours.
    #[must_use]
    pub const fn is_from_django_cookie(&self) -> bool {
        self.from_django_cookie
    }
}

/// What the reserved key of a session says of the ends of others, in its order.
fn read_ends(session: &SessionData) -> Result<Vec<KeyEnd>, Reason> {
    let Some(ends) = session.raw_by_raw_key(ENDS_KEY) else {
        return Ok(Vec::new());
    };
    let ends = SessionData::from_json(ends).map_err(|_| Reason::CorruptBody)?;
    let read = |(key, end): (&str, &str)| match end.parse() {
        Ok(end) => Ok((key.to_owned(), end)),
        Err(_) => Err(Reason::CorruptBody),
    };
    ends.raw_members().map(read).collect()
}
