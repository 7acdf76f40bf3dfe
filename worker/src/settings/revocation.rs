//! `SESSION_REVOCATION`: where sessions that ended before their time are looked up.

use session_gateway::site::{Protocol, Revocation};

use super::{Settings, StoreChoice, Tier, field::Fields};

pub(super) fn read(text: &str) -> Option<Revocation> {
    match text {
        "none" => Some(Revocation::None),
        "required" => Some(Revocation::Required),
        "always" => Some(Revocation::Always),
        _ => None,
    }
}

/// Seconds until KV shows everywhere that something ended: its writes take a minute, and absence is
/// cached for another one.
const KV_SECONDS: u64 = 120;

impl Settings {
    /// Seconds after a log out for which a copy of the cookie may still be good for something.
    pub(crate) fn copy_seconds(&self) -> u64 {
        let lifetimes = self.site.codec.lifetimes();
        let shown = match self.store {
            StoreChoice::One(Tier::Kv) => KV_SECONDS,
            _ => 0,
        };
        match (&self.site.protocol, self.site.revocation) {
            // A row that is gone is no session.
            (Protocol::Rows(_), _) => 0,
            (_, Revocation::Always) => shown + u64::from(self.site.revocation_seconds),
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
