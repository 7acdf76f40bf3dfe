//! What is done when the module ends. Whatever happens to a request, its answer is ours: the shell
//! gives it (`worker/shell/death.js`), and the log says in one line what happened.

use std::sync::Once;

use serde_json::json;
use session_gateway::Scope;
use wasm_bindgen::prelude::wasm_bindgen;

// The shell's own, which scripts/build-worker.mjs knows by this name.
#[wasm_bindgen(module = "edge-session:death")]
extern "C" {
    fn die();
}

static HOOK: Once = Once::new();

/// Has a panic logged and every request answered that it ends. The place alone is logged: a message
/// may have in it what the session has.
pub(crate) fn prepare() {
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string);
            let mut line = json!({ "event": "panic", "detail": place });
            let scope = Scope::current();
            if !scope.id().is_empty() {
                line["request"] = json!(scope.id());
            }
            worker::console_error!("{line}");
            die();
        }));
    });
}
