use serde_json::json;
use worker::web_sys;

use crate::{answer, settings::Settings};

/// What an operator may want to know of a Worker whose settings are right. Key ids stand in every
/// cookie; nothing here is secret.
pub(crate) fn healthy(settings: &Settings) -> worker::Result<web_sys::Response> {
    let keys: Vec<String> = settings.key_ids.iter().map(ToString::to_string).collect();
    answer::json(
        200,
        &json!({
            "status": "ok",
            "version": env!("CARGO_PKG_VERSION"),
            "store": settings.store.label(),
            "keys": keys,
        }),
    )
}
