use alloc::string::String;

use serde::{Deserialize, Serialize};

use super::error::CookieProfileError;
use crate::cookie::attribute::{CookiePriority, SameSite};
use crate::cookie::bytes::is_attribute_byte;
use crate::cookie::name::CookieName;
use crate::cookie::set_cookie::MAX_ATTRIBUTE_BYTES;

/// Name and attributes of a session cookie as configured. What is left out takes the safest
/// value: `__Host-session`, `Path=/`, `Secure`, `HttpOnly`, `SameSite=Lax`, this host only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CookieProfileConfig {
    /// Cookie name, see [`CookieName`].
    pub name: String,
    /// `SameSite`: `strict`, `lax` or `none`.
    pub same_site: SameSite,
    /// `Secure`: only over HTTPS.
    pub secure: bool,
    /// `HttpOnly`: hidden from scripts.
    pub http_only: bool,
    /// `Path`, beginning with `/`; visible ASCII without `;`, at most 1024 bytes.
    pub path: String,
    /// `Domain`: a host name, to share the cookie with all its sub-domains.
    pub domain: Option<String>,
    /// `Partitioned`: one jar for each top-level site (CHIPS).
    pub partitioned: bool,
    /// Chromium's `Priority`: `low`, `medium` or `high`.
    pub priority: Option<CookiePriority>,
}

impl Default for CookieProfileConfig {
    fn default() -> Self {
        Self {
            name: "__Host-session".into(),
            same_site: SameSite::Lax,
            secure: true,
            http_only: true,
            path: "/".into(),
            domain: None,
            partitioned: false,
            priority: None,
        }
    }
}

impl CookieProfileConfig {
    pub(super) fn check(&self) -> Result<CookieName, CookieProfileError> {
        let name = CookieName::new(&self.name)?;
        self.check_path()?;
        if let Some(domain) = &self.domain
            && !is_host_name(domain)
        {
            return Err(CookieProfileError::DomainNotHostName);
        }
        self.check_prefix(&name)?;
        if !self.secure && self.same_site == SameSite::None_ {
            return Err(CookieProfileError::SameSiteNoneNeedsSecure);
        }
        if !self.secure && self.partitioned {
            return Err(CookieProfileError::PartitionedNeedsSecure);
        }
        Ok(name)
    }

    fn check_path(&self) -> Result<(), CookieProfileError> {
        if !self.path.starts_with('/') {
            return Err(CookieProfileError::PathNotAbsolute);
        }
        if self.path.len() > MAX_ATTRIBUTE_BYTES {
            return Err(CookieProfileError::PathTooLong {
                bytes: self.path.len(),
            });
        }
        // A blank or non-ASCII byte is percent-encoded in every URL: such a path matches none.
        match self.path.bytes().find(|byte| !is_attribute_byte(*byte)) {
            Some(byte) => Err(CookieProfileError::PathByte { byte }),
            None => Ok(()),
        }
    }

    fn check_prefix(&self, name: &CookieName) -> Result<(), CookieProfileError> {
        let Some(prefix) = name.prefix() else {
            return Ok(());
        };
        if !self.secure {
            return Err(CookieProfileError::PrefixNeedsSecure { prefix });
        }
        if prefix.needs_http_only() && !self.http_only {
            return Err(CookieProfileError::PrefixNeedsHttpOnly { prefix });
        }
        if prefix.binds_to_host() && self.path != "/" {
            return Err(CookieProfileError::PrefixNeedsRootPath { prefix });
        }
        if prefix.binds_to_host() && self.domain.is_some() {
            return Err(CookieProfileError::PrefixForbidsDomain { prefix });
        }
        Ok(())
    }
}

/// Letters, digits and inner hyphens between single dots (RFC 1123 2.1), no leading dot, no IPv4
/// address (the last label would be a number): browsers match those with no sub-domain anyway.
fn is_host_name(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    let last_is_number = domain
        .rsplit('.')
        .next()
        .is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    domain.len() <= MAX_HOST_BYTES && domain.split('.').all(is_label) && !last_is_number
}

/// RFC 1035 2.3.4, in text form.
const MAX_HOST_BYTES: usize = 253;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names() {
        for domain in [
            "example.com",
            "a.b-c.example",
            "localhost",
            "xn--bcher-kva.example",
            "3.x1",
        ] {
            assert!(is_host_name(domain), "{domain}");
        }
        let long = alloc::format!("{}.example", "a.".repeat(125));
        for domain in [
            "",
            ".",
            ".example.com",
            "example.com.",
            "a..b",
            "-a.example",
            "a-.example",
            "a_b.example",
            "bücher.example",
            "127.0.0.1",
            "[::1]",
            "example.com:8080",
            "https://example.com",
            "a b",
            &"a".repeat(64),
            &long,
        ] {
            assert!(!is_host_name(domain), "{domain}");
        }
    }

    #[test]
    fn configuration_text() {
        let empty: CookieProfileConfig = serde_json::from_str("{}").unwrap();
        assert_eq!(empty, CookieProfileConfig::default());
        let read: CookieProfileConfig = serde_json::from_str(
            r#"{"name":"s","same_site":"none","priority":"high","domain":"a.example"}"#,
        )
        .unwrap();
        assert_eq!(read.same_site, SameSite::None_);
        assert_eq!(read.priority, Some(CookiePriority::High));
        assert!(read.secure && read.http_only);
        assert!(serde_json::from_str::<CookieProfileConfig>(r#"{"httponly":false}"#).is_err());
        assert!(serde_json::from_str::<CookieProfileConfig>(r#"{"same_site":"unset"}"#).is_err());
    }
}
