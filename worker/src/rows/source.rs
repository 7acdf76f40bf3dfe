use session_codec::Timestamp;
use session_store::StoreError;
use worker::Env;

use super::{D1Rows, key::SessionKey, origin::OriginRows};
use crate::{
    counters::StoreCall,
    settings::{Settings, Tier},
    store::{self, measured, within},
};

/// Where the site keeps its sessions, asked as any store is: in time, twice for a read, counted,
/// and left alone while it is down.
pub(crate) enum Rows {
    D1(D1Rows),
    Origin(OriginRows),
}

/// What became of an attempt to change a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Replaced {
    Done,
    /// It is not what it was: somebody else changed it.
    Changed,
    /// It is not there any more.
    Gone,
}

impl Rows {
    /// Opens what the settings name, which were checked.
    pub(crate) fn open(settings: &Settings, env: &Env) -> worker::Result<Self> {
        Ok(match &settings.origin_store {
            Some(address) => Self::Origin(OriginRows::new(address.clone())),
            None => Self::D1(D1Rows::new(env.d1(Tier::D1.binding())?)),
        })
    }

    /// The text of a session that has not expired.
    pub(crate) async fn find(
        &self,
        key: &SessionKey,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        let find = async || match self {
            Self::D1(rows) => rows.find(key, now).await,
            Self::Origin(rows) => rows.find(key, now).await,
        };
        let tries = async {
            match find().await {
                Err(_) => find().await,
                found => found,
            }
        };
        let found = |found: &Option<String>| if found.is_some() { "hit" } else { "miss" };
        let call = within(store::READ, tries);
        self.call(StoreCall::Read, now, call, found).await
    }

    /// Writes `to` if the session is still `from`.
    pub(crate) async fn replace(
        &self,
        key: &SessionKey,
        (from, to): (&str, &str),
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let replace = async {
            match self {
                Self::D1(rows) => rows.replace(key, (from, to), now).await,
                Self::Origin(rows) => rows.replace(key, (from, to)).await,
            }
        };
        let outcome = |replaced: &Replaced| match replaced {
            Replaced::Done => "ok",
            Replaced::Changed => "other",
            Replaced::Gone => "ended",
        };
        let call = within(store::PUT, replace);
        self.call(StoreCall::Write, now, call, outcome).await
    }

    /// Deletes a session, if it is there.
    pub(crate) async fn delete(&self, key: &SessionKey, now: Timestamp) -> Result<(), StoreError> {
        let delete = async {
            match self {
                Self::D1(rows) => rows.delete(key).await,
                Self::Origin(rows) => rows.delete(key).await,
            }
        };
        let call = within(store::PUT, delete);
        self.call(StoreCall::Delete, now, call, |()| "ok").await
    }

    async fn call<T>(
        &self,
        kind: StoreCall,
        now: Timestamp,
        call: impl Future<Output = Result<T, StoreError>>,
        label: impl Fn(&T) -> &'static str,
    ) -> Result<T, StoreError> {
        let tier = match self {
            Self::D1(_) => Tier::D1,
            Self::Origin(_) => Tier::Origin,
        };
        let guarded = store::circuit(tier);
        // In a box, as in `Measured`.
        let call = Box::pin(guarded.call(now, call));
        measured(tier.label(), kind, call, label).await
    }
}
