use alloc::rc::Rc;

use session_codec::Timestamp;
use session_store::{RecordName, StoreError};
use worker::{Context, Env};

use super::refusal::Refusal;
use crate::{
    settings::{Settings, Tier},
    store::{AfterAnswer, Backend, D1Records},
};

/// Records of one user that are warmed, the newest first: as many browsers as anybody has.
const MOST: u32 = 20;

/// Gives KV the records that D1 has of a user. How many KV took.
pub(super) async fn user(
    settings: &Settings,
    env: &Env,
    context: &Rc<Context>,
    user: &str,
    now: Timestamp,
) -> worker::Result<Result<usize, Refusal>> {
    let background = Rc::new(AfterAnswer(Rc::clone(context)));
    let origin = settings.origin_store.as_ref();
    let store = Backend::open(
        settings.store,
        settings.store_policy,
        origin,
        env,
        background,
    )?;
    let layered = store.as_ref().and_then(Backend::layered);
    let has_owners = settings.store.tiers().any(|tier| tier == Tier::D1);
    let Some(layered) = layered.filter(|_| has_owners) else {
        return Ok(Err(Refusal::NoCache));
    };
    let database = D1Records::new(env.d1(Tier::D1.binding())?);
    let warm = async {
        let mut warmed = 0;
        for owner in settings.codec.owner_names(user) {
            let owner = RecordName::new(owner);
            for (name, kept) in database.owned_by(&owner, MOST, now).await? {
                warmed += usize::from(layered.warm(&name, &kept, now).await?);
            }
        }
        Ok(warmed)
    };
    Ok(warm.await.map_err(|error: StoreError| {
        crate::log::warn("warm-failed", &serde_json::json!(error.label()));
        Refusal::Unavailable
    }))
}
