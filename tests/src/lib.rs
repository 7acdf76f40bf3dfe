//! Truth data of other implementations, embedded so that it can be read in WebAssembly as well,
//! and the account of what was done with it. `vectors/README.md` says where it comes from.

extern crate alloc;

mod case;
mod tally;

pub use case::{Case, Outcome, Refusal, cases};
pub use tally::Tally;

/// What `SessionStore` of Django's `signed_cookies` backend writes.
pub const SIGNED_COOKIES: &str = include_str!("../vectors/django/signed_cookies.json");
/// `django.core.signing`.
pub const SIGNING: &str = include_str!("../vectors/django/signing.json");
/// `SECRET_KEY_FALLBACKS`.
pub const KEY_FALLBACKS: &str = include_str!("../vectors/django/key_fallbacks.json");
/// The `session_data` column of Django's db backend.
pub const DB_SESSIONS: &str = include_str!("../vectors/django/db_sessions.json");
/// `set_signed_cookie`, and the cookie of Django's messages.
pub const HTTP_SIGNED_COOKIES: &str = include_str!("../vectors/django/http_signed_cookies.json");
/// Whole requests through Django's session middleware.
pub const SET_COOKIE: &str = include_str!("../vectors/django/set_cookie.json");
/// Flask's session cookies.
pub const FLASK: &str = include_str!("../vectors/migration/flask.json");
/// Fernet tokens, and Django's session cookies inside them.
pub const FERNET: &str = include_str!("../vectors/migration/fernet.json");
/// Test vectors of RFC 4231, 5869, 8439 and of the `XChaCha` draft.
pub const RFC: &str = include_str!("../vectors/rfc/rfc_vectors.json");
/// Project Wycheproof.
pub const WYCHEPROOF_HMAC: &str = include_str!("../vectors/wycheproof/hmac_sha256_test.json");
/// Project Wycheproof.
pub const WYCHEPROOF_HKDF: &str = include_str!("../vectors/wycheproof/hkdf_sha256_test.json");
/// Project Wycheproof.
pub const WYCHEPROOF_XCHACHA: &str =
    include_str!("../vectors/wycheproof/xchacha20_poly1305_test.json");
/// One ciphertext that opens under two keys.
pub const SALAMANDER: &str = include_str!("../vectors/commitment/salamander.json");
/// Sealed cookies as version 0.1.0 of this project wrote them.
pub const RELEASE_0_1_0: &str = include_str!("../vectors/releases/0.1.0.json");
