//! Every way in which the session API says no. The codes are for programs and never change.

use serde_json::json;
use session_codec::SealError;
use session_store::StoreError;

use crate::{
    answer::{self, Answer, RETRY_AFTER},
    body::BodyError,
    gate::SaveError,
    gateway::Outbound,
    session_text::TextError,
};

/// Why a request is not done. Nothing was changed then, but where it says so.
#[derive(Debug)]
#[expect(
    private_interfaces,
    reason = "why a text is refused is for the answer alone"
)]
pub enum Refusal {
    /// There is none.
    NoSession,
    /// It ended while this was done.
    Ended,
    /// There are two.
    Conflict,
    /// Whether the cookie is the last one of its session.
    Lost {
        /// Nothing newer can be in a browser.
        is_newest: bool,
    },
    /// The bearer token is not the right one.
    BadToken,
    /// It comes from a page of another site.
    CrossSite,
    /// A browser may not change this key.
    NotWritable(String),
    /// It is for whoever has the token.
    NeedsToken,
    /// Nobody is logged in.
    NoUser,
    /// Nobody keeps a list of what has ended.
    RevocationOff,
    /// There is no D1.
    NoDatabase,
    /// There is no cache in front of a store.
    NoCache,
    /// Nobody sums the numbers of isolates.
    NoSums,
    /// Another query than is known.
    Query,
    /// Another method than is known.
    Method,
    /// The body is of another type.
    ContentType,
    /// The body is longer than is read.
    BodyTooLarge,
    /// The body broke off.
    BodyBroken,
    /// The body is no text that a session can take.
    Text(TextError),
    /// The session would be larger than what can be kept.
    SessionTooLarge,
    /// Others were first, again and again.
    Contested,
    /// The store does not answer.
    Unavailable,
    /// The key of the request is no key.
    IdempotencyKey,
    /// The key is that of another request.
    KeyReused,
    /// The session remembers no keys.
    NoKeys,
    /// The store was asked to keep a change, and did not say whether it has.
    Uncertain,
    /// The session could not be sealed.
    Internal,
}

/// Something was not done.
pub(crate) struct Failure {
    pub(crate) refusal: Refusal,
    /// What it leaves behind all the same.
    pub(crate) left: Outbound,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            left: Outbound::default(),
        }
    }
}

impl Refusal {
    /// The answer that says so.
    #[must_use]
    pub fn answer(&self, cookies: &[String]) -> Answer {
        answer::api(self.status(), Some(self.body()), self.field(), cookies)
    }

    pub(crate) const fn of_save(error: &SaveError) -> Self {
        match error {
            SaveError::Seal(
                SealError::DoesNotFit { .. } | SealError::TooLarge { .. } | SealError::TooManyKeys,
            )
            | SaveError::Store(StoreError::TooLarge { .. }) => Self::SessionTooLarge,
            SaveError::Store(StoreError::Refused { .. }) => Self::Unavailable,
            SaveError::Store(_) => Self::Uncertain,
            SaveError::Contested => Self::Contested,
            SaveError::Ended => Self::Ended,
            SaveError::KeyReused => Self::KeyReused,
            SaveError::Seal(SealError::TooDeep) => Self::Text(TextError::TooDeep),
            SaveError::Seal(_) => Self::Internal,
        }
    }

    const fn status(&self) -> u16 {
        match self {
            Self::NoSession | Self::Ended | Self::Conflict | Self::Lost { .. } | Self::BadToken => {
                401
            }
            Self::CrossSite | Self::NotWritable(_) | Self::NeedsToken => 403,
            Self::NoUser | Self::Contested => 409,
            Self::KeyReused => 422,
            Self::RevocationOff
            | Self::NoDatabase
            | Self::NoCache
            | Self::NoSums
            | Self::NoKeys => 501,
            Self::Method => 405,
            Self::ContentType => 415,
            Self::BodyTooLarge | Self::SessionTooLarge => 413,
            Self::BodyBroken | Self::Text(_) | Self::Query | Self::IdempotencyKey => 400,
            Self::Unavailable | Self::Uncertain => 503,
            Self::Internal => 500,
        }
    }

    fn body(&self) -> String {
        let mut body = json!({ "error": self.code(), "message": self.message() });
        if let Self::NotWritable(key) = self {
            body["key"] = json!(key);
        }
        body.to_string()
    }

    const fn field(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Method => Some(("allow", "GET, HEAD, PATCH, PUT, DELETE")),
            Self::BadToken => Some(("www-authenticate", "Bearer error=\"invalid_token\"")),
            Self::Unavailable | Self::Uncertain => Some(("retry-after", RETRY_AFTER)),
            _ => None,
        }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::NoSession | Self::Ended => "no_session",
            Self::Conflict => "conflict",
            Self::Lost { .. } => "session_lost",
            Self::BadToken => "bad_token",
            Self::CrossSite => "cross_site",
            Self::NotWritable(_) => "key_not_writable",
            Self::NeedsToken => "token_required",
            Self::NoUser => "no_user",
            Self::Contested => "contested",
            Self::IdempotencyKey => "bad_idempotency_key",
            Self::KeyReused => "idempotency_key_reused",
            Self::NoKeys => "no_idempotency",
            Self::RevocationOff => "revocation_off",
            Self::NoDatabase => "no_database",
            Self::NoCache => "no_cache",
            Self::NoSums => "no_sums",
            Self::Query => "bad_query",
            Self::Method => "method_not_allowed",
            Self::ContentType => "content_type",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyBroken => "body_broken",
            Self::Text(error) => error.label(),
            Self::SessionTooLarge => "session_too_large",
            Self::Unavailable => "store_unavailable",
            Self::Uncertain => "store_uncertain",
            Self::Internal => "internal",
        }
    }

    const fn message(&self) -> &'static str {
        match self {
            Self::NoSession | Self::Ended => "There is no session.",
            Self::Conflict => "Two sessions at once. Please log in again.",
            Self::Lost { .. } => "The session's data is lost. Please log in again.",
            Self::BadToken => "The bearer token is not the right one.",
            Self::CrossSite => "Without the token, changes come from pages of this site only.",
            Self::NotWritable(_) => "A browser may not change this key.",
            Self::NeedsToken => "This is for whoever has the token.",
            Self::NoUser => "Nobody is logged in with this session.",
            Self::Contested => "Others changed the session at the same time. Please try again.",
            Self::IdempotencyKey => {
                "Idempotency-Key is one text of 1 to 128 ASCII characters in double quotes, as in Idempotency-Key: \"8e03978e-40d5-43dd-bc93-6894a57f9324\"."
            }
            Self::KeyReused => {
                "Another request had this Idempotency-Key. Each change needs a key of its own; only the same request is sent again with the same."
            }
            Self::NoKeys => {
                "Sessions that the site keeps (SESSION_PROTOCOL is rows) remember no Idempotency-Key. Please send the request without."
            }
            Self::RevocationOff => "Sessions cannot be revoked: SESSION_REVOCATION is none.",
            Self::NoDatabase => {
                "SESSION_STORE names nothing that can be counted: Durable Objects cannot be listed, a server of yours counts itself."
            }
            Self::NoCache => "There is nothing to warm: SESSION_STORE is not kv+d1.",
            Self::NoSums => {
                "Nobody keeps the numbers of minutes: SESSION_METRICS is isolate, for want of a Durable Object."
            }
            Self::Query => "The query is ?everywhere or ?user=..., and only with DELETE.",
            Self::Method => "A session can be read, patched, replaced and deleted.",
            Self::ContentType => {
                "The content type must be application/json or application/merge-patch+json."
            }
            Self::BodyTooLarge => "The body is longer than 64 KiB.",
            Self::BodyBroken => "The body broke off.",
            Self::Text(TextError::NotJson) => "The body is not JSON.",
            Self::Text(TextError::NotAnObject) => "The body is not a JSON object.",
            Self::Text(TextError::NotEverywhere) => {
                "A number beyond 1.8e308, half a surrogate pair or U+0000 is in it, which not every program can keep."
            }
            Self::Text(TextError::TooDeep) => "The body is nested deeper than 64 levels.",
            Self::SessionTooLarge => "The session would be larger than what can be kept.",
            Self::Unavailable => "The session store does not answer. Please try again.",
            Self::Uncertain => {
                "The session store did not say whether it has the change. Please repeat the request if it had an Idempotency-Key, with the same; otherwise read the session first."
            }
            Self::Internal => "The session could not be sealed.",
        }
    }
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge => Self::BodyTooLarge,
            BodyError::Broken => Self::BodyBroken,
        }
    }
}

impl From<TextError> for Refusal {
    fn from(error: TextError) -> Self {
        Self::Text(error)
    }
}
