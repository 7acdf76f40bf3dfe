//! `SESSION_REVOCATION`: where sessions that ended before their time are looked up.

use super::{StoreChoice, field::Fields};

/// Where it is looked up whether a session was revoked. Ordered by how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Revocation {
    /// Nowhere: a session ends by its times alone.
    None,
    /// Where a route requires a session, and before a cookie is issued anew.
    Required,
    /// For every session, at the price of a look-up each.
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
            (_, None) => Revocation::Required,
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
