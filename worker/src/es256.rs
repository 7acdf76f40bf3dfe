use session_gateway::device::PublicKey;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{js_sys::Promise, wasm_bindgen_futures::JsFuture};

#[wasm_bindgen(module = "edge-session:es256")]
extern "C" {
    #[wasm_bindgen(js_name = isSigned)]
    fn is_signed_by(point: &[u8], signed: &[u8], signature: &[u8]) -> Promise;
}

/// Whether a signature is this key's, as the platform says; `None` if it says nothing.
pub(crate) async fn is_signed(
    key: &PublicKey,
    signed: &[u8],
    signature: &[u8; 64],
) -> Option<bool> {
    // 4: both coordinates follow (SEC 1, 2.3.3).
    let point = [&[4], key.x(), key.y()].concat();
    let verified = JsFuture::from(is_signed_by(&point, signed, signature)).await;
    verified.ok()?.as_bool()
}
