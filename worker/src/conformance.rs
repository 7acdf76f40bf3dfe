//! Runs the store contract against a bound store: `?store=` as `SESSION_STORE` spells it. Built
//! with the feature `conformance` only.

mod settled;

use alloc::rc::Rc;

use serde_json::json;
use session_store::{Policy, RecordName, conformance};
use worker::{Env, web_sys};

use crate::{
    answer, clock,
    location::Location,
    settings::{Settings, StoreChoice},
    store::Backend,
};
use settled::{Later, Settled};

pub(crate) async fn answer(
    location: &Location,
    settings: &Settings,
    env: &Env,
) -> worker::Result<web_sys::Response> {
    let query = web_sys::UrlSearchParams::new_with_str(&location.query)?;
    let choice = StoreChoice::read(&query.get("store").unwrap_or_default())?;
    let origin = settings.origin_store.as_ref();
    let later = Rc::new(Later::default());
    let store = Backend::open(choice, Policy::default(), origin, env, Rc::clone(&later))?;
    let Some(store) = store else {
        return answer::not_found();
    };
    let store = Settled::new(store, later);
    // Names must not repeat from run to run; a failed random source shows as a failed check.
    let fresh_name = || {
        let mut octets = [0; 24];
        let _ = getrandom::fill(&mut octets);
        RecordName::new(octets)
    };
    match conformance::run(&store, clock::now(), fresh_name).await {
        Ok(report) => {
            let heads = report.keeps_heads;
            answer::json(200, &json!({ "passed": report.passed, "heads": heads }))
        }
        Err(failure) => answer::json(500, &json!({ "failed": failure.to_string() })),
    }
}
