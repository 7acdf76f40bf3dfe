use core::fmt;
use core::str::FromStr;

/// A key of a session as Django draws it: 32 of `a-z 0-9`. `Debug` does not tell it: whoever has it has the session.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionKey(Box<str>);

impl SessionKey {
    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SessionKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let is_ours = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
        if text.len() == 32 && text.bytes().all(is_ours) {
            return Ok(Self(text.into()));
        }
        Err(NotAKey)
    }
}

/// No key of Django's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAKey;

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(…)")
    }
}
