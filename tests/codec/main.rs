//! `session-codec` against what Django made of the same input, and the cryptography under it
//! against the vectors of the RFCs and of Project Wycheproof.
//!
//! The same tests run natively and, in Chromium and in Node, as WebAssembly:
//! ```text
//! cargo test -p session-tests
//! wasm-pack test --headless --chrome tests
//! wasm-pack test --node tests --features node
//! ```
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

extern crate alloc;

// Without this a browser would be asked to run no test at all, and that would count as passed.
#[cfg(all(target_arch = "wasm32", target_os = "unknown", not(feature = "node")))]
wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);

mod cookies;
mod copies;
mod cryptography;
mod database;
mod django;
mod fallbacks;
mod fernet;
mod flask;
mod floats;
mod http_cookies;
mod migration;
mod pitfalls;
mod releases;
mod requirements;
mod sessions;
mod signing;
mod tampering;

/// `#[test]` is the platform's own.
mod platform {
    #[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
    pub(crate) use core::prelude::v1::test;
    #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
    pub(crate) use wasm_bindgen_test::wasm_bindgen_test as test;
}
