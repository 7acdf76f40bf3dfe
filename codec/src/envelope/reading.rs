use super::{Envelope, ticket_member};
use crate::{
    atoms::Timestamp, body::Bodies, config::Acceptance, error::Reason, rules::Lifetimes,
    session::OpenSession,
};

/// What reading takes, whichever the envelope.
pub(crate) struct Reading<'a> {
    pub(crate) accept: &'a [Acceptance],
    pub(crate) lifetimes: &'a Lifetimes,
    pub(crate) bodies: &'a Bodies,
    /// The envelope that is written, if sessions in it may spill: only there is the reserved key
    /// with a ticket ours.
    pub(crate) spills: Option<Envelope>,
    pub(crate) now: Timestamp,
}

impl Reading<'_> {
    /// Whether an envelope of this kind, issued then, is read now.
    pub(super) fn check_accepted(
        &self,
        envelope: Envelope,
        issued: Timestamp,
    ) -> Result<(), Reason> {
        let accepted = self
            .accept
            .iter()
            .any(|acceptance| acceptance.covers(envelope, issued, self.now));
        accepted.then_some(()).ok_or(Reason::NotAccepted)
    }

    /// Takes what is ours and not the application's out of a session that others can read.
    pub(super) fn take_own(&self, opened: &mut OpenSession) -> Result<(), Reason> {
        if self.spills == Some(opened.envelope) {
            ticket_member::take(opened)?;
        }
        opened.take_reserved()
    }

    /// How old a cookie that knows only its own time may be: when its session began it does not
    /// say, but not later.
    #[cfg(any(feature = "flask", feature = "fernet"))]
    pub(super) fn max_age(&self) -> core::time::Duration {
        self.lifetimes.idle.min(self.lifetimes.absolute)
    }
}
