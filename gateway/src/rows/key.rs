/// The key of a session: what Django draws, `get_random_string(32, VALID_KEY_CHARS)`.
///
/// Nothing else is ever looked up: no path, no pattern, no prefix of another store's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionKey(String);

impl SessionKey {
    const LEN: usize = 32;

    /// Reads a cookie's value; `None` if it is no key.
    #[must_use]
    pub fn read(value: &[u8]) -> Option<Self> {
        let is_key = value.len() == Self::LEN
            && value
                .iter()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let text = core::str::from_utf8(value).ok().filter(|_| is_key)?;
        Some(Self(text.to_owned()))
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_django_draws_is_a_key() {
        assert!(SessionKey::read(b"2b1189a188b44ad18c35e113ac6ceead").is_some());
        for bad in [
            &b""[..],
            b"2b1189a188b44ad18c35e113ac6ceea",
            b"2b1189a188b44ad18c35e113ac6ceeadd",
            b"2B1189A188B44AD18C35E113AC6CEEAD",
            b"../../../../../../../../etc/pass",
            b"2b1189a188b44ad18c35e113ac6ceea\0",
            b"2b1189a188b44ad18c35e113ac6cee\xc3\xa9",
            b"' OR '1'='1' OR '1'='1' OR '1'='",
        ] {
            assert_eq!(SessionKey::read(bad), None, "{}", bad.escape_ascii());
        }
    }
}
