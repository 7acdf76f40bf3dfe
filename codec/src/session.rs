//! Sessions: what is sealed and opened. Data, and what a session's next cookie inherits from its
//! last one.

mod data;
pub(crate) mod done;
mod lineage;
mod opened;
mod reserved;
pub(crate) mod ticket;
pub(crate) mod trail;

use core::ops::Deref;

use serde::Serialize;

use crate::{atoms::Timestamp, text::json::JsonError};

pub use data::{Merged, SessionData, ValueError};
pub(crate) use data::{is_same_value, raw_form};
pub use done::{Repeated, RequestMark};
pub(crate) use lineage::SpilledRecord;
pub use lineage::{Lineage, NotALineage};
pub use opened::{OpenSession, Opened};
pub(crate) use reserved::{DONE_KEY, ENDS_KEY, KeyEnd, RESERVED, TICKET_KEY};

/// A session: its [data](SessionData), which it derefs to, and its [`Lineage`].
///
/// Changes go through it, so that what the session's next cookie inherits goes with them: a key's
/// end counts from when its value was last set.
///
/// ```
/// use session_codec::{Session, Timestamp};
///
/// let mut session = Session::new(Timestamp::from_seconds(1_800_000_000));
/// session.insert("user", "ada")?;
/// assert_eq!(session.value("user")?, Some("ada".to_owned()));
/// # Ok::<(), session_codec::ValueError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    pub(crate) data: SessionData,
    pub(crate) lineage: Lineage,
}

impl Session {
    /// A session that begins at `now`, without keys.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self::resumed(SessionData::new(), Lineage::new(now))
    }

    /// A session that was taken apart: for callers that keep sessions in a form of their own
    /// between opening and sealing.
    #[must_use]
    pub const fn resumed(data: SessionData, lineage: Lineage) -> Self {
        Self { data, lineage }
    }

    /// The keys and values.
    #[must_use]
    pub const fn data(&self) -> &SessionData {
        &self.data
    }

    /// The keys and values, without a copy.
    #[must_use]
    pub fn into_data(self) -> SessionData {
        self.data
    }

    /// What the session's next cookie inherits.
    #[must_use]
    pub const fn lineage(&self) -> &Lineage {
        &self.lineage
    }

    /// When the session began; whole seconds.
    #[must_use]
    pub const fn created(&self) -> Timestamp {
        self.lineage.created()
    }

    /// Sets a value at its key's place, or at the end if the key is new.
    ///
    /// # Errors
    /// [`ValueError`] if the value has no JSON form.
    pub fn insert<T: Serialize + ?Sized>(
        &mut self,
        key: &str,
        value: &T,
    ) -> Result<(), ValueError> {
        self.change(|data| data.insert(key, value))
    }

    /// Sets a value given as JSON text.
    ///
    /// # Errors
    /// [`JsonError`] if the text is not one JSON value.
    pub fn insert_raw(&mut self, key: &str, json: &str) -> Result<(), JsonError> {
        self.change(|data| data.insert_raw(key, json))
    }

    /// Removes a key; whether it was there.
    pub fn remove(&mut self, key: &str) -> bool {
        self.change(|data| data.remove(key))
    }

    /// Everything as it is in `data`, such as what an origin made of the session.
    pub fn replace(&mut self, data: SessionData) {
        *self = self.with_data(data);
    }

    /// The same session with other data, without a copy of what it has.
    #[must_use]
    pub fn with_data(&self, data: SessionData) -> Self {
        Self {
            lineage: self.lineage.carrying(&self.data, &data),
            data,
        }
    }

    /// Any change of the data. Where keys have ends of their own it costs a copy to know which of
    /// them are set anew; otherwise nothing.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut SessionData) -> T) -> T {
        if !self.lineage.has_ends() {
            return change(&mut self.data);
        }
        let before = self.data.clone();
        let outcome = change(&mut self.data);
        self.lineage = self.lineage.carrying(&before, &self.data);
        outcome
    }

    /// Remembers a request whose change is in it.
    pub fn remember(&mut self, mark: RequestMark, now: Timestamp) {
        self.lineage.done = self.lineage.done.with(mark, now);
    }

    /// Remembers what another state of it remembers, with which it becomes one.
    pub fn remember_all_of(&mut self, other: &Lineage) {
        self.lineage.done = self.lineage.done.joined(&other.done);
    }

    /// Begins anew at `now`, as at log in: the absolute limit counts from here, and the session gets
    /// an id of its own, so that the old one can be revoked. Its records go on being its own.
    pub fn restart(&mut self, now: Timestamp) {
        self.lineage = self.lineage.restarted(now);
    }
}

impl PartialEq<SessionData> for Session {
    /// Same keys and values, whatever is inherited.
    fn eq(&self, data: &SessionData) -> bool {
        self.data == *data
    }
}

impl Deref for Session {
    type Target = SessionData;

    fn deref(&self) -> &SessionData {
        &self.data
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_end() -> Session {
        let data = SessionData::from_json(r#"{"a":1,"b":2}"#).unwrap();
        let mut session = Session::resumed(data, Lineage::new(Timestamp::from_seconds(7)));
        session.lineage.ends = alloc::vec![("a".into(), 100), ("b".into(), 200)];
        session
    }

    /// However a value is changed, its key's end goes and the others stay.
    #[test]
    fn a_change_takes_the_ends_of_what_it_changed_and_of_nothing_else() {
        let changes: [fn(&mut Session); 6] = [
            |session| session.insert("a", &3).unwrap(),
            |session| session.insert_raw("a", "[]").unwrap(),
            |session| assert!(session.remove("a")),
            |session| session.replace(SessionData::from_json(r#"{"b":2.0e0,"b":2}"#).unwrap()),
            |session| session.change(|data| data.insert("a", "x")).unwrap(),
            |session| {
                let gone = SessionData::from_json(r#"{"a":0}"#).unwrap();
                session.change(|data| data.remove_all(&gone));
            },
        ];
        for change in changes {
            let mut session = with_end();
            change(&mut session);
            assert_eq!(session.lineage.ends, [("b".into(), 200)]);
        }
        let mut same = with_end();
        same.insert("a", &1).unwrap();
        assert!(!same.remove("c"));
        same.restart(Timestamp::from_seconds(9));
        assert_eq!(same.lineage.ends, with_end().lineage.ends);
        assert_eq!(same.created(), Timestamp::from_seconds(9));
    }
}
