use alloc::string::String;
use core::fmt::Write as _;

use super::budget::Budget;
use super::name::CookieName;
use super::response::{CookieValueError, Lifetime, RemovalCookie, ResponseCookie};
use super::scope::Scope;
use super::set_cookie::SetCookie;

mod config;
mod error;

pub use config::CookieProfileConfig;
pub use error::CookieProfileError;

/// A session cookie's name and attributes, checked once: whatever it makes, browsers accept.
///
/// Every write of the session (first, touch, rotation, removal) goes through one profile, so no
/// write can lose an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CookieProfile {
    name: CookieName,
    scope: Scope,
    /// `; Path=/; Secure; ...`, the same in every line.
    attributes: String,
}

impl CookieProfile {
    /// Checks a configuration.
    ///
    /// # Errors
    /// The first combination that browsers would refuse or cut, with the reason.
    pub fn new(config: CookieProfileConfig) -> Result<Self, CookieProfileError> {
        let name = config.check()?;
        let scope = Scope::new(&config);
        let mut attributes = String::with_capacity(96);
        attributes.push_str("; Path=");
        attributes.push_str(&config.path);
        if let Some(domain) = &config.domain {
            attributes.push_str("; Domain=");
            attributes.push_str(domain);
        }
        if config.secure {
            attributes.push_str("; Secure");
        }
        if config.http_only {
            attributes.push_str("; HttpOnly");
        }
        attributes.push_str("; SameSite=");
        attributes.push_str(config.same_site.as_str());
        if config.partitioned {
            attributes.push_str("; Partitioned");
        }
        if let Some(priority) = config.priority {
            attributes.push_str("; Priority=");
            attributes.push_str(priority.as_str());
        }
        Ok(Self {
            name,
            scope,
            attributes,
        })
    }

    /// The cookie's name.
    #[must_use]
    pub const fn name(&self) -> &CookieName {
        &self.name
    }

    /// The attributes of every line, as they are written: `Path=/; Secure; ...`.
    #[must_use]
    pub fn attributes(&self) -> &str {
        self.attributes.trim_start_matches("; ")
    }

    /// Whether `line`, in the answer to a request for `request_path` (percent-encoded, without the
    /// query), sets or removes this cookie: name, domain and path are the same. In a browser a
    /// line for another scope leaves this one as it is.
    #[must_use]
    pub fn is_set_by(&self, line: &SetCookie<'_>, request_path: &str) -> bool {
        line.name == self.name.as_str().as_bytes()
            && self.scope.is_of(line, request_path.as_bytes())
    }

    /// Bytes of a cookie as browsers count them: name plus value. The only formula for size.
    #[must_use]
    pub fn size_of(&self, value_bytes: usize) -> usize {
        self.name.as_str().len().saturating_add(value_bytes)
    }

    /// Bytes that `budget` leaves for the value: the largest `n` with `size_of(n)` within it,
    /// or 0.
    #[must_use]
    pub fn room(&self, budget: Budget) -> usize {
        budget.bytes().saturating_sub(self.size_of(0))
    }

    /// A `Set-Cookie` line that stores `value`.
    ///
    /// # Errors
    /// If name and value exceed 4096 bytes (browsers would drop the cookie without a word), or
    /// `value` holds anything but the `cookie-octet` of RFC 6265bis 4.1.1.
    pub fn set(&self, value: &str, lifetime: Lifetime) -> Result<ResponseCookie, CookieValueError> {
        CookieValueError::check(value, self.size_of(value.len()))?;
        let mut text = self.line(value);
        if let Some(seconds) = lifetime.max_age() {
            // No Expires: every browser in use reads Max-Age and prefers it, and Expires is read
            // against the browser's clock, which may be wrong, from ours, which we have not got.
            let _ = write!(text, "; Max-Age={seconds}"); // A String never fails.
        }
        text.push_str(&self.attributes);
        Ok(ResponseCookie::new(text))
    }

    /// A `Set-Cookie` line that makes the browser forget the cookie. Name, path, domain and
    /// partition are those of [`set`](Self::set), without which browsers would keep it; and so
    /// are the others, without which they would refuse the line.
    pub fn remove(&self) -> RemovalCookie {
        let mut text = self.line("");
        text.push_str("; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
        text.push_str(&self.attributes);
        RemovalCookie::new(text)
    }

    fn line(&self, value: &str) -> String {
        // The longest attribute between value and the fixed ones is the one of `remove`.
        let capacity = self.size_of(value.len()) + 64 + self.attributes.len();
        let mut text = String::with_capacity(capacity);
        text.push_str(self.name.as_str());
        text.push('=');
        text.push_str(value);
        text
    }
}
