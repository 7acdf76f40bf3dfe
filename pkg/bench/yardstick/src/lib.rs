//! The yardstick of `pkg/bench`: the same steps with the same crates and settings as a sealed cookie takes, by hand
//! and without policy. No ring, no times, no limits, no cookie line, no look at the JSON; state and buffers are kept
//! between calls here too.
#![allow(clippy::expect_used, clippy::missing_panics_doc)] // it is given only what it made itself

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce, aead::AeadInOut as _};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use session_codec::Dictionary;
use wasm_bindgen::prelude::wasm_bindgen;

/// Version and key id, and the times before the body: as long as in the format.
const HEAD: usize = 5;
const NONCE: usize = 24;
const TIMES: usize = 10;
const TAG: usize = 16;
/// As long as the codec's associated data for a cookie of a usual name.
const ASSOCIATED: [u8; 33] = [9; 33];

/// JSON text to a cookie's value and back.
#[wasm_bindgen]
pub struct Yardstick {
    compress: Compress,
    decompress: Decompress,
    aead: XChaCha20Poly1305,
    nonces: Vec<[u8; NONCE]>,
    raw: Vec<u8>,
    body: Vec<u8>,
}

#[wasm_bindgen]
#[allow(missing_debug_implementations)]
impl Yardstick {
    /// Under a key that everybody knows.
    #[wasm_bindgen(constructor)]
    #[must_use]
    #[allow(clippy::new_without_default)] // JavaScript calls it
    pub fn new() -> Self {
        Self {
            compress: Compress::new(Compression::new(6), false),
            decompress: Decompress::new(false),
            aead: XChaCha20Poly1305::new(&[7; 32].into()),
            nonces: Vec::new(),
            raw: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Deflates, encrypts, encodes.
    pub fn seal(&mut self, json: &str) -> String {
        if self.nonces.is_empty() {
            // As many at once as the package draws.
            let mut drawn = [0; 42 * NONCE];
            getrandom::fill(&mut drawn).expect("Node has random numbers");
            self.nonces.extend_from_slice(drawn.as_chunks().0);
        }
        let nonce = self.nonces.pop().expect("just drawn");
        self.raw.clear();
        self.raw.resize(HEAD + NONCE + TIMES, 1);
        self.raw[HEAD..HEAD + NONCE].copy_from_slice(&nonce);
        self.compress.reset();
        self.compress
            .set_dictionary(Dictionary::built_in().bytes())
            .expect("before the first byte");
        self.raw.reserve(json.len() + 64);
        let status =
            self.compress
                .compress_vec(json.as_bytes(), &mut self.raw, FlushCompress::Finish);
        assert!(matches!(status, Ok(Status::StreamEnd)));
        let plain = &mut self.raw[HEAD + NONCE..];
        let tag = self
            .aead
            .encrypt_inout_detached(&XNonce::from(nonce), &ASSOCIATED, plain.into())
            .expect("a short message");
        self.raw.extend_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(&self.raw)
    }

    /// Decodes, decrypts, inflates.
    pub fn open(&mut self, value: &str) -> String {
        self.raw.clear();
        URL_SAFE_NO_PAD
            .decode_vec(value, &mut self.raw)
            .expect("what was sealed");
        let (head, rest) = self.raw.split_at_mut(HEAD + NONCE);
        let (ciphertext, tag) = rest.split_at_mut(rest.len() - TAG);
        let nonce: [u8; NONCE] = head[HEAD..].try_into().expect("split there");
        let tag: [u8; TAG] = (&*tag).try_into().expect("split there");
        self.aead
            .decrypt_inout_detached(
                &XNonce::from(nonce),
                &ASSOCIATED,
                ciphertext.into(),
                &tag.into(),
            )
            .expect("what was sealed");
        let deflated = &self.raw[HEAD + NONCE + TIMES..self.raw.len() - TAG];
        self.decompress.reset(false);
        self.decompress
            .set_dictionary(Dictionary::built_in().bytes())
            .expect("before the first byte");
        self.body.clear();
        self.body.reserve(deflated.len() * 4 + 256);
        loop {
            let read = self.decompress.total_in() as usize;
            let status = self.decompress.decompress_vec(
                &deflated[read..],
                &mut self.body,
                FlushDecompress::Finish,
            );
            match status.expect("what was sealed") {
                Status::StreamEnd => break,
                _ => self.body.reserve(self.body.capacity()),
            }
        }
        String::from_utf8(self.body.clone()).expect("JSON")
    }
}
