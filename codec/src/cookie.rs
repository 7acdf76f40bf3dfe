//! Cookies as HTTP carries them: what a browser sent, what an origin set, what we answer.
//!
//! Reading is lenient as browsers are and never decodes; writing is strict and goes through a
//! [`CookieProfile`], the only maker of a [`ResponseCookie`] or a [`RemovalCookie`]. Section
//! numbers are those of draft-ietf-httpbis-rfc6265bis.
//!
//! ```
//! use session_codec::cookie::{CookieHeader, CookieProfile, CookieProfileConfig, Lifetime};
//!
//! let profile = CookieProfile::new(CookieProfileConfig::default())?;
//! assert_eq!(
//!     profile.set("abc", Lifetime::BrowserSession)?.as_str(),
//!     "__Host-session=abc; Path=/; Secure; HttpOnly; SameSite=Lax",
//! );
//!
//! let header = CookieHeader::new(b"theme=dark; __Host-session=abc")?;
//! assert_eq!(header.values(profile.name()).next(), Some(&b"abc"[..]));
//! let mut forwarded = Vec::new();
//! header.write_without(&[profile.name()], &mut forwarded);
//! assert_eq!(forwarded, b"theme=dark");
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```

mod attribute;
mod budget;
mod bytes;
mod header;
mod joined;
mod look_alike;
mod name;
mod prefix;
mod profile;
mod response;
mod scope;
mod set_cookie;

pub use attribute::{CookiePriority, SameSite};
pub use budget::{Budget, BudgetError};
pub use header::{CookieHeader, HeaderTooLong, Relation, RequestCookie};
pub use name::{CookieName, CookieNameError};
pub use prefix::CookiePrefix;
pub use profile::{CookieProfile, CookieProfileConfig, CookieProfileError};
pub use response::{CookieValueError, Lifetime, RemovalCookie, ResponseCookie};
pub use set_cookie::{SetCookie, SetCookieError};

#[cfg(test)]
mod tests;
