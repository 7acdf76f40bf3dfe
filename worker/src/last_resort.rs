//! No failure leaves by the platform's door: whatever happens to a request, its answer is ours, is
//! kept by no cache, and the log says in one line what happened.

use std::sync::Once;

use serde_json::json;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::js_sys::Promise;

#[wasm_bindgen(module = "/src/last_resort.js")]
extern "C" {
    /// What a promise of an answer comes to, whatever becomes of this module.
    pub(crate) fn answered(answer: Promise) -> Promise;

    #[wasm_bindgen(js_name = giveUp)]
    fn give_up();
}

static HOOK: Once = Once::new();

/// Has a panic logged and every request answered that it ends. The place alone is logged: a message
/// may have in it what the session has.
pub(crate) fn prepare() {
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string);
            worker::console_error!("{}", json!({ "event": "panic", "detail": place }));
            give_up();
        }));
    });
}
