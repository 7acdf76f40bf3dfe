//! Runs the store contract against a bound store: `?store=` as `SESSION_STORE` spells it. Built
//! with the feature `conformance` only.

mod settled;

use serde_json::json;
use session_codec::StoreName;
use session_gateway::{Answer, Location, not_found};
use session_store::{Policy, conformance};
use worker::{Env, web_sys};

use crate::{clock, settings::Settings, store::Backend, tier::StoreChoice};
use settled::{Later, Settled};

pub(crate) async fn answer(
    location: &Location,
    settings: &Settings,
    env: &Env,
) -> worker::Result<Answer> {
    let query = web_sys::UrlSearchParams::new_with_str(&location.query)?;
    let choice = StoreChoice::named(&query.get("store").unwrap_or_default());
    let origin = settings.origin_store.as_ref();
    let later = Later::default();
    let store = match choice {
        None => None,
        Some(choice) => Backend::open(choice, Policy::default(), origin, env, later.clone())?,
    };
    let Some(store) = store else {
        return Ok(not_found());
    };
    let store = Settled::new(store, later);
    // Names must not repeat from run to run; a failed random source shows as a failed check.
    let fresh_name = || {
        let mut bytes = [0; 24];
        let _ = getrandom::fill(&mut bytes);
        StoreName::new(bytes)
    };
    Ok(
        match conformance::run(&store, clock::now(), fresh_name).await {
            Ok(report) => {
                let heads = report.keeps_heads;
                Answer::json(200, &json!({ "passed": report.passed, "heads": heads }))
            }
            Err(failure) => Answer::json(500, &json!({ "failed": failure.to_string() })),
        },
    )
}
