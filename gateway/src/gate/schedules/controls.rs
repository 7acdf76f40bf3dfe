//! Gates and stores that are wrong on purpose: each must be caught.

use core::time::Duration;

use session_codec::{
    Codec, Issue, OpenSession, Session, SessionData, StoreName, Timestamp, Workspace,
    device::Binding,
};
use session_store::{
    Committed, Head, HeadState, Kind, Proposal, Record, RecordMeta, SessionStore, StoreError,
    StoredRecord,
};

use super::ledger::{KEYS, Ledger, beside};
use crate::gate::Missing;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    /// Everything is right.
    None,
    /// The gate opens whichever record the store gives, with whichever ticket fits.
    Believing,
    /// So it does, and keeps what was in the cookie.
    Patchwork,
    /// The gate goes on without what it cannot read.
    Forgiving,
    /// The store confirms records that it does not keep, now and then.
    Forgets,
    /// The store confirms ends that it does not keep.
    Resurrects,
    /// Saves hand out cookies without asking whether the session has ended meanwhile.
    Trusting,
    /// The gate makes a change that it has made already, when it is sent again.
    Repeats,
    /// The list forgets an end when the cookies of then are over, not the session.
    Shortens,
    /// The store confirms bindings that it does not keep.
    Unbinds,
    /// Who binds a session takes their time over it, and does not see that it has ended meanwhile.
    Overlooks,
    /// The store moves heads from anything.
    SwapsBlindly,
    /// The store never answers.
    Hangs,
}

/// The idle limit of the schedules' sessions.
pub(super) const IDLE: Duration = Duration::from_secs(14 * 24 * 3600);

/// A store that a control is built into.
pub(super) struct Tampered<'a, S> {
    pub(super) store: &'a S,
    pub(super) control: Control,
    /// Whether this call is one that is forgotten.
    pub(super) forgets: bool,
}

impl<S: SessionStore> SessionStore for Tampered<'_, S> {
    async fn get(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        if self.control == Control::Hangs {
            core::future::pending::<()>().await;
        }
        self.store.get(name, now).await
    }

    async fn get_fresh(
        &self,
        name: &StoreName,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, StoreError> {
        self.store.get_fresh(name, now).await
    }

    async fn put(
        &self,
        name: &StoreName,
        record: &Record,
        about: &RecordMeta,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let about = match (self.control, about.kind) {
            (Control::Shortens, Kind::Revocation) => &RecordMeta::revocation_until(now.after(IDLE)),
            _ => about,
        };
        match (self.control, about.kind) {
            (Control::Forgets, Kind::Session) if self.forgets => Ok(()),
            (Control::Resurrects, Kind::Revocation) => Ok(()),
            (Control::Unbinds, Kind::Revocation) if Binding::read(record.bytes()).is_some() => {
                Ok(())
            }
            _ => self.store.put(name, record, about, now).await,
        }
    }

    async fn delete(&self, name: &StoreName) -> Result<(), StoreError> {
        self.store.delete(name).await
    }

    async fn commit(&self, proposal: &Proposal, now: Timestamp) -> Result<Committed, StoreError> {
        let mut proposal = proposal.clone();
        if self.control == Control::Forgets && self.forgets {
            proposal.record = None;
        }
        let committed = self.store.commit(&proposal, now).await?;
        match (committed, &mut proposal.head) {
            (Committed::Other(newest), Some(change))
                if self.control == Control::SwapsBlindly && change.to.is_some() =>
            {
                change.from = Some(newest.head.record);
                self.store.commit(&proposal, now).await
            }
            (committed, _) => Ok(committed),
        }
    }

    async fn head(&self, session: &StoreName, now: Timestamp) -> Result<HeadState, StoreError> {
        self.store.head(session, now).await
    }

    async fn end(
        &self,
        session: &StoreName,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Head>, StoreError> {
        match self.control {
            Control::Resurrects => Ok(None),
            _ => self.store.end(session, expires, now).await,
        }
    }
}

/// Loads a session as the control's gate would.
pub(super) async fn load(
    control: Control,
    codec: &Codec,
    store: &impl SessionStore,
    opened: &mut OpenSession,
    now: Timestamp,
    ledger: &core::cell::RefCell<Ledger>,
) -> Result<(), Missing> {
    match control {
        Control::Believing | Control::Patchwork => {
            let name = codec.record_name(opened);
            let kept = match &name {
                Some(name) => store.get(name, now).await.ok().flatten(),
                None => None,
            };
            let other = kept.and_then(|kept| believed(codec, &kept.record, now, &ledger.borrow()));
            match other {
                Some(other) if control == Control::Believing => *opened = other,
                Some(other) => *opened = patched(codec, opened, &other, now),
                None => return crate::gate::load(codec, store, opened, now).await,
            }
            Ok(())
        }
        Control::Forgiving => {
            let _ = crate::gate::load(codec, store, opened, now).await;
            Ok(())
        }
        _ => crate::gate::load(codec, store, opened, now).await,
    }
}

/// The session of whichever ticket fits a record.
fn believed(
    codec: &Codec,
    record: &Record,
    now: Timestamp,
    ledger: &Ledger,
) -> Option<OpenSession> {
    let workspace = &mut Workspace::new();
    let cookies = ledger.lives.iter().flat_map(|life| &life.cookies);
    cookies.into_iter().find_map(|cookie| {
        let mut opened = codec
            .open_value(cookie.value.as_bytes(), now, workspace)
            .ok()?;
        let is_its = codec.open_record(&mut opened, record.bytes(), workspace);
        is_its.ok().map(|()| opened)
    })
}

/// What stayed in one cookie, with what another one spilled, sealed as one.
fn patched(codec: &Codec, own: &OpenSession, other: &OpenSession, now: Timestamp) -> OpenSession {
    let mut session = SessionData::new();
    for key in KEYS {
        let number = own.session().raw(key).or_else(|| other.session().raw(key));
        if let Some(number) = number {
            session.insert_raw(key, number).unwrap();
        }
        let key = beside(key);
        let text = other
            .session()
            .raw(&key)
            .or_else(|| own.session().raw(&key));
        if let Some(text) = text {
            session.insert_raw(&key, text).unwrap();
        }
    }
    let json = session.to_json();
    assert!(!json.is_empty());
    let lifetime = session_codec::cookie::Lifetime::BrowserSession;
    let (rng, workspace) = (&mut getrandom::SysRng, &mut Workspace::new());
    let session = Session::new(own.session().created()).with_data(session);
    let issue = Issue::new(own.issued(), lifetime);
    let mut commit = codec.seal(&session, issue, rng, workspace).unwrap();
    let value = commit.set_cookie.value().to_owned();
    let mut opened = codec.open_value(value.as_bytes(), now, workspace).unwrap();
    if let Some(session_codec::StoreOp::Put { record, .. }) = commit.store_ops.pop() {
        codec.open_record(&mut opened, &record, workspace).unwrap();
    }
    opened
}
