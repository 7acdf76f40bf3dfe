use alloc::rc::Rc;

use session_codec::Timestamp;
use session_gateway::{Refusal, log};
use session_store::StoreError;

use crate::{
    platform::Runtime,
    store::{AfterAnswer, Backend, D1Records},
    tier::Tier,
};

/// Records of one user that are warmed, the newest first: as many browsers as anybody has.
const MOST: u32 = 20;

/// Gives KV the records that D1 has of a user. How many KV took.
pub(super) async fn user(
    runtime: &Runtime,
    user: &str,
    now: Timestamp,
) -> worker::Result<Result<usize, Refusal>> {
    let (settings, env) = (runtime.settings(), runtime.env());
    let store = Backend::open(
        settings.store,
        settings.store_policy,
        settings.origin_store.as_ref(),
        env,
        AfterAnswer(Rc::clone(runtime.context())),
    )?;
    let layered = store.as_ref().and_then(Backend::layered);
    let has_owners = settings.store.tiers().any(|tier| tier == Tier::D1);
    let Some(layered) = layered.filter(|_| has_owners) else {
        return Ok(Err(Refusal::NoCache));
    };
    let database = D1Records::new(env.d1(Tier::D1.binding())?);
    let warm = async {
        let mut warmed = 0;
        for owner in settings.site.codec.owner_names(user) {
            for (name, kept) in database.owned_by(&owner, MOST, now).await? {
                warmed += usize::from(layered.warm(&name, &kept, now).await?);
            }
        }
        Ok(warmed)
    };
    Ok(warm.await.map_err(|error: StoreError| {
        log::warn("warm-failed", &serde_json::json!(error.label()));
        Refusal::Unavailable
    }))
}
