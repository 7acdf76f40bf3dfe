//! The yardstick: the same steps with the same crates and settings, by hand and without policy.
//! No ring, no times, no limits, no cookie line; state and buffers are kept between calls here too.

use alloc::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce, aead::AeadInOut};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};
use hmac::{Hmac, Mac};
use rand_core::TryRng;
use serde_json::value::RawValue;
use session_codec::Dictionary;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::fixture::{Counting, NOW, django_secret};

/// A session looked at as lazily as the codec does.
pub(crate) type Members<'a> = BTreeMap<&'a str, &'a RawValue>;

/// `key id | nonce`, and the times before the body: as long as in the format.
const HEAD: usize = 5;
const NONCE: usize = 24;
const TAG: usize = 16;
const TIMES: usize = 10;

pub(crate) struct Bare {
    compress: Compress,
    decompress: Decompress,
    zlib: bool,
    dictionary: &'static [u8],
    aead: XChaCha20Poly1305,
    aad: [u8; 33],
    hmacs: Vec<Hmac<Sha256>>,
    rng: Counting,
    json: Vec<u8>,
    body: Vec<u8>,
    raw: Vec<u8>,
}

impl Bare {
    /// Raw deflate with the dictionary, XChaCha20-Poly1305.
    pub(crate) fn sealed() -> Self {
        Self::new(false, 0)
    }

    /// zlib, HMAC-SHA256 under `fallbacks` + 1 keys.
    pub(crate) fn django(fallbacks: usize) -> Self {
        Self::new(true, fallbacks)
    }

    fn new(zlib: bool, fallbacks: usize) -> Self {
        let hmac = |index| {
            let key = Sha256::new()
                .chain_update(session_codec::signing::COOKIE_SALT)
                .chain_update("signer")
                .chain_update(django_secret(index))
                .finalize();
            Hmac::new_from_slice(&key).expect("HMAC takes any key")
        };
        Self {
            compress: Compress::new(Compression::new(6), zlib),
            decompress: Decompress::new(zlib),
            zlib,
            dictionary: Dictionary::built_in().bytes(),
            aead: XChaCha20Poly1305::new(&[7; 32].into()),
            aad: [9; 33],
            hmacs: (0..=fallbacks).map(hmac).collect(),
            rng: Counting(1),
            json: Vec::new(),
            body: Vec::new(),
            raw: Vec::new(),
        }
    }

    /// Write, deflate, encrypt, encode.
    pub(crate) fn seal(&mut self, session: &Members<'_>) -> String {
        self.write(session);
        self.raw.clear();
        self.raw.resize(HEAD + NONCE + TIMES, 1);
        let mut nonce = [0; NONCE];
        let Ok(()) = self.rng.try_fill_bytes(&mut nonce);
        self.raw[HEAD..HEAD + NONCE].copy_from_slice(&nonce);
        let deflated = self.deflate();
        self.raw.extend_from_slice(&self.body[..deflated]);
        let tag = self
            .aead
            .encrypt_inout_detached(
                &XNonce::from(nonce),
                &self.aad,
                (&mut self.raw[HEAD + NONCE..]).into(),
            )
            .expect("a short message");
        self.raw.extend_from_slice(&tag);
        URL_SAFE_NO_PAD.encode(&self.raw)
    }

    /// Decode, decrypt: the check that a forged cookie fails.
    pub(crate) fn decrypts(&mut self, text: &str) -> bool {
        self.raw.clear();
        if URL_SAFE_NO_PAD.decode_vec(text, &mut self.raw).is_err() {
            return false;
        }
        let (head, rest) = self.raw.split_at_mut(HEAD + NONCE);
        let (ciphertext, tag) = rest.split_at_mut(rest.len() - TAG);
        let nonce: [u8; NONCE] = head[HEAD..].try_into().expect("split there");
        let tag: [u8; TAG] = (&*tag).try_into().expect("split there");
        self.aead
            .decrypt_inout_detached(
                &XNonce::from(nonce),
                &self.aad,
                ciphertext.into(),
                &tag.into(),
            )
            .is_ok()
    }

    /// Decode, decrypt, inflate, parse.
    pub(crate) fn open(&mut self, text: &str) -> Members<'_> {
        assert!(self.decrypts(text));
        let end = self.raw.len() - TAG;
        self.body.clear();
        self.body
            .extend_from_slice(&self.raw[HEAD + NONCE + TIMES..end]);
        self.inflate();
        serde_json::from_slice(&self.json).expect("what was sealed")
    }

    /// Write, deflate, encode, sign.
    pub(crate) fn sign(&mut self, session: &Members<'_>) -> String {
        self.write(session);
        self.sign_written()
    }

    /// Parse, write, deflate, encode, sign.
    pub(crate) fn dumps(&mut self, json: &str) -> String {
        let members: Members<'_> = serde_json::from_str(json).expect("payloads are JSON");
        self.sign(&members)
    }

    fn sign_written(&mut self) -> String {
        let deflated = self.deflate();
        let mut text = String::new();
        if deflated < self.json.len() - 1 {
            text.push('.');
            URL_SAFE_NO_PAD.encode_string(&self.body[..deflated], &mut text);
        } else {
            URL_SAFE_NO_PAD.encode_string(&self.json, &mut text);
        }
        text.push(':');
        base62(NOW.seconds(), &mut text);
        let mac = mac(&self.hmacs[0], text.as_bytes());
        text.push(':');
        URL_SAFE_NO_PAD.encode_string(mac, &mut text);
        text
    }

    /// The check that a forged cookie fails: an HMAC a key, compared as text.
    pub(crate) fn verifies(&self, text: &str) -> bool {
        let Some((message, signature)) = text.rsplit_once(':') else {
            return false;
        };
        self.hmacs.iter().any(|key| {
            let mut expected = [0; 43];
            URL_SAFE_NO_PAD
                .encode_slice(mac(key, message.as_bytes()), &mut expected)
                .expect("32 bytes are 43 characters");
            expected.ct_eq(signature.as_bytes()).into()
        })
    }

    /// Verify, decode, inflate, parse.
    pub(crate) fn unsign(&mut self, text: &str) -> Members<'_> {
        assert!(self.verifies(text));
        let (payload, _) = text.split_once(':').expect("just verified");
        match payload.strip_prefix('.') {
            Some(payload) => {
                self.body.clear();
                URL_SAFE_NO_PAD
                    .decode_vec(payload, &mut self.body)
                    .expect("just verified");
                self.inflate();
            }
            None => {
                self.json.clear();
                URL_SAFE_NO_PAD
                    .decode_vec(payload, &mut self.json)
                    .expect("just verified");
            }
        }
        serde_json::from_slice(&self.json).expect("what was signed")
    }

    fn write(&mut self, session: &Members<'_>) {
        self.json.clear();
        serde_json::to_writer(&mut self.json, session).expect("a map of JSON texts");
    }

    /// `json` into `body`; the bytes written.
    fn deflate(&mut self) -> usize {
        self.compress.reset();
        if !self.zlib {
            self.compress
                .set_dictionary(self.dictionary)
                .expect("a raw stream");
        }
        self.body.resize(self.json.len() + 64, 0);
        let status = self
            .compress
            .compress(&self.json, &mut self.body, FlushCompress::Finish)
            .expect("room enough");
        assert!(status == Status::StreamEnd);
        self.compress.total_out() as usize
    }

    /// `body` into `json`.
    fn inflate(&mut self) {
        self.decompress.reset(self.zlib);
        if !self.zlib {
            self.decompress
                .set_dictionary(self.dictionary)
                .expect("a raw stream");
        }
        self.json.clear();
        self.json.reserve(self.body.len() * 4 + 256);
        let status = self
            .decompress
            .decompress_vec(&self.body, &mut self.json, FlushDecompress::Finish)
            .expect("what was deflated");
        assert!(status == Status::StreamEnd);
    }
}

fn mac(key: &Hmac<Sha256>, message: &[u8]) -> [u8; 32] {
    key.clone()
        .chain_update(message)
        .finalize()
        .into_bytes()
        .into()
}

fn base62(mut number: i64, text: &mut String) {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut digits = [0; 11];
    let mut first = digits.len();
    while number > 0 {
        first -= 1;
        digits[first] = DIGITS[(number % 62) as usize];
        number /= 62;
    }
    text.extend(digits[first..].iter().map(|&digit| char::from(digit)));
}
