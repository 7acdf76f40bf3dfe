use alloc::string::String;

use session_codec::Secret;
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

use crate::failure;

/// Vouches towards an origin store.
#[wasm_bindgen]
pub struct OriginMac(session_codec::OriginMac);

#[wasm_bindgen]
impl OriginMac {
    /// From a key's text.
    #[wasm_bindgen(constructor)]
    pub fn new(key: String) -> Result<Self, String> {
        let secret = Secret::parse(&Zeroizing::new(key)).map_err(failure::of_key)?;
        Ok(Self(session_codec::OriginMac::new(&secret)))
    }

    /// 43 characters.
    #[must_use]
    pub fn text(&self, message: &[u8]) -> String {
        self.0.text(message)
    }
}
