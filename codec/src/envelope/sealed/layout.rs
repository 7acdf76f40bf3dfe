//! The outer layout of a sealed envelope, version 1.
//!
//! ```text
//! text = base64url(raw), no padding, canonical
//! raw  = ver 1 | key id 4 | nonce 24 | ciphertext | tag 16        see `crypto/framing.rs`
//! aad  = ver | key id | len8 purpose | purpose | len8 name | name | len8 audience | audience
//! ```

use alloc::{boxed::Box, vec::Vec};

use crate::{atoms::KeyId, crypto::framing::VERSION};

/// `ver | key id | len8 purpose | purpose | len8 name | name | len8 audience | audience`
///
/// `None` if a field is longer than its length byte can say.
pub(crate) fn aad(key_id: KeyId, fields: [&str; 3]) -> Option<Box<[u8]>> {
    let mut aad = Vec::new();
    aad.push(VERSION);
    aad.extend_from_slice(&key_id.0);
    for field in fields {
        aad.push(u8::try_from(field.len()).ok()?);
        aad.extend_from_slice(field.as_bytes());
    }
    Some(aad.into_boxed_slice())
}
