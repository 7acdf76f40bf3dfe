//! Who may read and change sessions at `/_session`.

use session_gateway::{Access, KeyPatterns};

use super::{field::Fields, setting, value::json};

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
pub(super) fn read(fields: &mut Fields<'_>, user_key: Option<&str>) -> Option<Access> {
    let token = fields.optional(setting::SESSION_API_TOKEN, token);
    let visible = fields.listed(setting::SESSION_CLIENT_VISIBLE, patterns);
    let writable = fields.listed(setting::SESSION_CLIENT_WRITABLE, |text| {
        let patterns = patterns(text)?;
        let mut identity = IDENTITY_KEYS.into_iter().chain(user_key);
        match identity.find(|key| patterns.cover(key)) {
            Some(key) => Err(format!(
                "covers {key}, by which a browser could become any user"
            )),
            None => Ok(patterns),
        }
    });
    Some(Access {
        token: token?,
        visible: visible?,
        writable: writable?,
    })
}

fn token(text: &str) -> Result<String, String> {
    if text.len() < MIN_TOKEN || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("not {MIN_TOKEN} or more visible ASCII characters"));
    }
    Ok(text.to_owned())
}

fn patterns(text: &str) -> Result<KeyPatterns, String> {
    let patterns = json(text, r#"a JSON array of keys, as ["theme", "cart*"]"#)?;
    KeyPatterns::new(patterns)
}
