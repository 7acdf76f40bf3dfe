//! Numbers of all isolates: each hands on what it counted to the object that sums them, after an
//! answer. Nobody waits for it, and without it nothing is missing but numbers.

use alloc::{rc::Rc, sync::Arc};
use core::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::json;
use session_codec::Timestamp;
use session_gateway::{
    Platform,
    counters::{
        Series,
        handover::{self, Batch, Due},
    },
    log,
    uses::{self, Seen},
};
use session_store::StoreError;
use worker::{Delay, Env};

use crate::{
    analytics, clock,
    platform::Runtime,
    shard::{Minute, PLACE, ShardRequest, Sums},
    store::{AfterAnswer, Backend, ask_object, failed, unexpected, within},
    tier::{StoreChoice, Tier},
};

/// For the object to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// A request came: hands on what was counted, and keeps what was last of use, if it is time.
pub(crate) fn request(runtime: &Runtime, now: Timestamp) {
    if let Some(seen) = uses::take_due(now) {
        runtime.after_answer(keep_uses(runtime.clone(), seen, now));
    }
    let wait = match handover::request(now) {
        Due::Nothing => return,
        Due::Later => Duration::from_millis(handover::MOST_MILLIS.into()),
        Due::Now => Duration::ZERO,
    };
    let handing = runtime.clone();
    runtime.after_answer(async move {
        if !wait.is_zero() {
            Delay::from(wait).await;
        }
        if handing.settings().sums_up {
            hand_on(handing.env()).await;
        } else {
            analytics::write(handing.env(), handover::since_last);
            handover::skip();
        }
        log::catch_up(clock::now());
    });
}

async fn keep_uses(runtime: Runtime, seen: Seen, now: Timestamp) {
    let settings = runtime.settings();
    let seals = settings.seals();
    if let Some(Ok(store)) = store_of_uses(&runtime).transpose() {
        let kept = uses::keep(&settings.site.codec, &*store, &seen, &seals, now).await;
        if let Err(error) = kept {
            log::warn("uses-not-kept", &json!({ "reason": error.label() }));
        }
    }
}

/// Where it is kept what was last of use: in an object, which sees every write at once, or else in
/// the store; `None` without both.
pub(crate) fn store_of_uses(runtime: &Runtime) -> Result<Option<Arc<Backend>>, StoreError> {
    if !runtime.settings().sums_up {
        return runtime.store();
    }
    let background = AfterAnswer(Rc::clone(runtime.context()));
    let choice = StoreChoice::One(Tier::Object);
    let policy = runtime.settings().store_policy;
    let opened = Backend::open(choice, policy, None, runtime.env(), background);
    Ok(opened.map_err(failed)?.map(Arc::new))
}

/// Hands on what was counted, and what was not confirmed before.
async fn hand_on(env: &Env) {
    // What was not confirmed, and what was counted since.
    for _ in 0..2 {
        let taken = |series: &Series| analytics::write(env, || series.clone());
        let Some(batch) = handover::begin(clock::now(), isolate, taken) else {
            return;
        };
        let handed = within(PATIENCE, count(env, &batch)).await;
        handover::end(&batch, handed.is_ok());
        if let Err(error) = handed {
            // The counts stay, for the next time.
            let detail = json!({ "reason": error.label() });
            log::warn("metrics-not-handed-on", &detail);
            return;
        }
    }
}

/// The sums, with what this isolate had not handed on.
pub(crate) async fn sums(env: &Env) -> Result<Sums, StoreError> {
    shown(env, &ShardRequest::Sums).await
}

/// What was counted in each minute of the last hour.
pub(crate) async fn hour(env: &Env) -> Result<Vec<Minute>, StoreError> {
    shown(env, &ShardRequest::Hour).await
}

async fn shown<T: DeserializeOwned>(env: &Env, what: &ShardRequest) -> Result<T, StoreError> {
    hand_on(env).await;
    let ask = async {
        let mut answer = ask_object(env, PLACE, what, None).await?;
        match answer.status_code() {
            200 => answer.json().await.map_err(failed),
            status => Err(unexpected(status)),
        }
    };
    within(PATIENCE, ask).await
}

async fn count(env: &Env, batch: &Batch) -> Result<(), StoreError> {
    let ask = ShardRequest::Count {
        isolate: batch.isolate.clone(),
        sequence: batch.sequence,
    };
    let answer = ask_object(env, PLACE, &ask, Some(batch.text.as_bytes())).await?;
    match answer.status_code() {
        204 => Ok(()),
        status => Err(unexpected(status)),
    }
}

/// A name that no other isolate has.
pub(crate) fn isolate() -> String {
    let mut name = [0; 8];
    // Without randomness nobody gets a session; numbers that go astray are the least of it.
    let _ = getrandom::fill(&mut name);
    format!("{:016x}", u64::from_be_bytes(name))
}
