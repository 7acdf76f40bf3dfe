use super::{Lineage, lineage::SpilledRecord};
use crate::{
    atoms::{Envelope, KeyId, KeyPosition, Timestamp},
    error::Reason,
    session::Session,
    wire::ticket::Ticket,
};

/// What a request's cookies came to.
#[derive(Debug)]
#[must_use]
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
    pub(crate) lineage: Lineage,
    pub(crate) record_merged: bool,
    pub(crate) from_django_cookie: bool,
}

impl OpenSession {
    /// The keys and values known so far.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The session, and what its next cookie inherits.
    #[must_use]
    pub fn into_parts(self) -> (Session, Lineage) {
        (self.session, self.lineage)
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
        &self.lineage
    }

    /// The ticket of the record that holds the other keys, while they are not merged.
    #[must_use]
    pub const fn ticket(&self) -> Option<&Ticket> {
        match &self.lineage.spilled {
            Some(SpilledRecord { ticket, .. }) if !self.record_merged => Some(ticket),
            _ => None,
        }
    }

    /// Whether it arrived in the plain Django cookie instead of ours.
    #[must_use]
    pub const fn is_from_django_cookie(&self) -> bool {
        self.from_django_cookie
    }
}
