//! Runs the store contract against the bound store. Built with the feature `conformance` only.

use serde_json::json;
use session_store::{RecordName, conformance};
use worker::{Env, web_sys};

use crate::{
    answer, clock,
    settings::{KV_BINDING, Settings},
    store::{KvRecords, TimeLimit},
};

pub(crate) async fn answer(_: &Settings, env: &Env) -> worker::Result<web_sys::Response> {
    let store = TimeLimit(KvRecords::new(env.kv(KV_BINDING)?));
    // Names must not repeat from run to run; a failed random source shows as a failed check.
    let fresh_name = || {
        let mut octets = [0; 24];
        let _ = getrandom::fill(&mut octets);
        RecordName::new(octets)
    };
    match conformance::run(&store, clock::now(), fresh_name).await {
        Ok(report) => answer::json(200, &json!({ "passed": report.passed })),
        Err(failure) => answer::json(500, &json!({ "failed": failure.to_string() })),
    }
}
