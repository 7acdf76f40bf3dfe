use subtle::ConstantTimeEq;

use crate::key_patterns::KeyPatterns;

/// Who may read and change sessions at `/_session`.
pub struct Access {
    /// Of a server that may do everything.
    pub token: Option<String>,
    /// What a browser may see.
    pub visible: KeyPatterns,
    /// What a browser may change.
    pub writable: KeyPatterns,
}

impl Access {
    /// Whether this is the token, compared in constant time; never if none is configured.
    #[must_use]
    pub fn is_token(&self, presented: &str) -> bool {
        let token = self.token.as_deref();
        token.is_some_and(|token| token.as_bytes().ct_eq(presented.as_bytes()).into())
    }
}
