//! `SESSION_REVOCATION`: where sessions that ended before their time are looked up.

use super::{Protocol, Settings, StoreChoice, Tier, field::Fields};

/// Where it is looked up whether a session was revoked. Ordered by how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Revocation {
    /// Nowhere: a session ends by its times alone.
    None,
    /// Where a route requires a session, before a cookie is issued anew, and where the store is
    /// asked anyway.
    Required,
    /// For every session of a user. That it is in force is remembered for a while.
    Always,
}

impl Revocation {
    pub(super) fn read(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self::None),
            "required" => Ok(Self::Required),
            "always" => Ok(Self::Always),
            _ => Err("none of \"none\", \"required\" and \"always\"".to_owned()),
        }
    }

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Required => "required",
            Self::Always => "always",
        }
    }
}

/// Seconds until KV shows everywhere that something ended: its writes take a minute, and absence is
/// cached for another one.
const KV_SECONDS: u64 = 120;

impl Settings {
    /// Seconds after a log out for which a copy of the cookie may still be good for something.
    pub(crate) fn copy_seconds(&self) -> u64 {
        let lifetimes = self.codec.lifetimes();
        let shown = match self.store {
            StoreChoice::One(Tier::Kv) => KV_SECONDS,
            _ => 0,
        };
        match (&self.protocol, self.revocation) {
            // A row that is gone is no session.
            (Protocol::Rows(_), _) => 0,
            (_, Revocation::Always) => shown + u64::from(self.revocation_seconds),
            // Nobody asks about it where a session is optional, and nobody renews it.
            (_, Revocation::Required) => shown + lifetimes.idle.min(lifetimes.absolute).as_secs(),
            // Every change renews it.
            (_, Revocation::None) => lifetimes.absolute.as_secs(),
        }
    }
}

/// What was chosen, or what goes without saying for a store.
pub(super) fn chosen(
    fields: &mut Fields<'_>,
    store: Option<StoreChoice>,
    revocation: Option<Option<Revocation>>,
    rows_only: bool,
) -> Option<Revocation> {
    store
        .zip(revocation)
        .map(|(store, chosen)| match (store, chosen) {
            // A row that is deleted ends its session.
            _ if rows_only => Revocation::None,
            (StoreChoice::None, None) => Revocation::None,
            (_, None) => Revocation::Always,
            (StoreChoice::None, Some(chosen)) if chosen > Revocation::None => {
                fields.problem(
                    "SESSION_REVOCATION",
                    "needs a store, and SESSION_STORE is \"none\"",
                );
                chosen
            }
            (_, Some(chosen)) => chosen,
        })
}
