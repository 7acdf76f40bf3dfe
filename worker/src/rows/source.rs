use session_codec::Timestamp;
use session_gateway::rows::{Replaced, SessionKey};
use session_store::{
    Method, StoreError,
    time_limit::{PUT, READ},
};
use worker::Env;

use super::{D1Rows, origin::OriginRows};
use crate::{
    store::{self, OriginAddress, measured, within},
    tier::Tier,
};

/// Where the site keeps its sessions, asked as any store is: in time, twice for a read, counted,
/// and left alone while it is down.
pub(crate) enum Rows {
    D1(D1Rows),
    Origin(OriginRows),
}

impl Rows {
    /// Opens what the settings name, which were checked.
    pub(crate) fn open(origin: Option<OriginAddress>, env: &Env) -> worker::Result<Self> {
        Ok(match origin {
            Some(address) => Self::Origin(OriginRows::new(address)),
            None => Self::D1(D1Rows::new(env.d1(Tier::D1.binding())?)),
        })
    }

    async fn call<T>(
        &self,
        kind: Method,
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

impl session_gateway::rows::Rows for Rows {
    async fn find(&self, key: &SessionKey, now: Timestamp) -> Result<Option<String>, StoreError> {
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
        let call = within(READ, tries);
        self.call(Method::Get, now, call, found).await
    }

    async fn replace(
        &self,
        key: &SessionKey,
        from: &str,
        to: &str,
        now: Timestamp,
    ) -> Result<Replaced, StoreError> {
        let replace = async {
            match self {
                Self::D1(rows) => rows.replace(key, from, to, now).await,
                Self::Origin(rows) => rows.replace(key, from, to).await,
            }
        };
        let outcome = |replaced: &Replaced| match replaced {
            Replaced::Done => "ok",
            Replaced::Changed => "other",
            Replaced::Gone => "ended",
        };
        let call = within(PUT, replace);
        self.call(Method::Put, now, call, outcome).await
    }

    async fn delete(&self, key: &SessionKey, now: Timestamp) -> Result<(), StoreError> {
        let delete = async {
            match self {
                Self::D1(rows) => rows.delete(key).await,
                Self::Origin(rows) => rows.delete(key).await,
            }
        };
        let call = within(PUT, delete);
        self.call(Method::Delete, now, call, |()| "ok").await
    }
}
