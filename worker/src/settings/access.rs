//! Who may read and change sessions at `/_session`.

use subtle::ConstantTimeEq;

use super::{field::Fields, value::json};
use crate::key_patterns::KeyPatterns;

/// Shorter tokens could be guessed: 32 characters of base64url are 192 bits.
const MIN_TOKEN: usize = 32;
/// What tells who the user is and until when, in Django: a browser that could write these could
/// be anybody.
const IDENTITY_KEYS: [&str; 4] = [
    "_auth_user_id",
    "_auth_user_backend",
    "_auth_user_hash",
    "_session_expiry",
];

/// Rights at the session API.
pub(crate) struct Access {
    token: Option<String>,
    /// What a browser may see.
    pub(crate) visible: KeyPatterns,
    /// What a browser may change.
    pub(crate) writable: KeyPatterns,
}

impl Access {
    pub(super) fn read(fields: &mut Fields<'_>, user_key: Option<&str>) -> Option<Self> {
        let token = fields.optional("SESSION_API_TOKEN", token);
        let visible = fields.parsed("SESSION_CLIENT_VISIBLE", "[]", patterns);
        let writable = fields.parsed("SESSION_CLIENT_WRITABLE", "[]", |text| {
            let patterns = patterns(text)?;
            let mut identity = IDENTITY_KEYS.into_iter().chain(user_key);
            match identity.find(|key| patterns.cover(key)) {
                Some(key) => Err(format!(
                    "covers {key}, by which a browser could become any user"
                )),
                None => Ok(patterns),
            }
        });
        Some(Self {
            token: token?,
            visible: visible?,
            writable: writable?,
        })
    }

    /// Whether this is the token, compared in constant time; never if none is configured.
    pub(crate) fn is_token(&self, presented: &str) -> bool {
        let token = self.token.as_deref();
        token.is_some_and(|token| token.as_bytes().ct_eq(presented.as_bytes()).into())
    }
}

fn token(text: &str) -> Result<String, String> {
    if text.len() < MIN_TOKEN || !text.bytes().all(|octet| octet.is_ascii_graphic()) {
        return Err(format!("not {MIN_TOKEN} or more visible ASCII characters"));
    }
    Ok(text.to_owned())
}

fn patterns(text: &str) -> Result<KeyPatterns, String> {
    let patterns = json(text, r#"a JSON array of keys, as ["theme", "cart*"]"#)?;
    KeyPatterns::new(patterns)
}
