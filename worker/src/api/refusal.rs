//! Every way in which the session API says no. The codes are for programs and never change.

use serde_json::json;
use session_codec::SealError;
use session_store::StoreError;

use crate::{answer::RETRY_AFTER, body::BodyError, gate::SaveError, session_text::TextError};

/// Why a request is not done. Nothing was changed then.
#[derive(Debug)]
pub(super) enum Refusal {
    NoSession,
    /// It ended while this was done.
    Ended,
    Conflict,
    /// Whether the cookie is the last one of its session.
    Lost {
        is_newest: bool,
    },
    BadToken,
    CrossSite,
    NotWritable(String),
    NeedsToken,
    NoUser,
    RevocationOff,
    NoDatabase,
    NoCache,
    Query,
    Method,
    ContentType,
    BodyTooLarge,
    BodyBroken,
    Text(TextError),
    SessionTooLarge,
    Contested,
    Unavailable,
    Internal,
}

impl Refusal {
    pub(super) const fn of_save(error: &SaveError) -> Self {
        match error {
            SaveError::Seal(
                SealError::DoesNotFit { .. } | SealError::TooLarge { .. } | SealError::TooManyKeys,
            )
            | SaveError::Store(StoreError::TooLarge { .. }) => Self::SessionTooLarge,
            SaveError::Store(_) => Self::Unavailable,
            SaveError::Contested => Self::Contested,
            SaveError::Ended => Self::Ended,
            SaveError::Seal(SealError::TooDeep) => Self::Text(TextError::TooDeep),
            SaveError::Seal(_) => Self::Internal,
        }
    }

    pub(super) const fn status(&self) -> u16 {
        match self {
            Self::NoSession | Self::Ended | Self::Conflict | Self::Lost { .. } | Self::BadToken => {
                401
            }
            Self::CrossSite | Self::NotWritable(_) | Self::NeedsToken => 403,
            Self::NoUser | Self::Contested => 409,
            Self::RevocationOff | Self::NoDatabase | Self::NoCache => 501,
            Self::Method => 405,
            Self::ContentType => 415,
            Self::BodyTooLarge | Self::SessionTooLarge => 413,
            Self::BodyBroken | Self::Text(_) | Self::Query => 400,
            Self::Unavailable => 503,
            Self::Internal => 500,
        }
    }

    pub(super) fn body(&self) -> String {
        let mut body = json!({ "error": self.code(), "message": self.message() });
        if let Self::NotWritable(key) = self {
            body["key"] = json!(key);
        }
        body.to_string()
    }

    pub(super) const fn header(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Method => Some(("allow", "GET, HEAD, PATCH, PUT, DELETE")),
            Self::BadToken => Some(("www-authenticate", "Bearer error=\"invalid_token\"")),
            Self::Unavailable => Some(("retry-after", RETRY_AFTER)),
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
            Self::RevocationOff => "revocation_off",
            Self::NoDatabase => "no_database",
            Self::NoCache => "no_cache",
            Self::Query => "bad_query",
            Self::Method => "method_not_allowed",
            Self::ContentType => "content_type",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyBroken => "body_broken",
            Self::Text(error) => error.label(),
            Self::SessionTooLarge => "session_too_large",
            Self::Unavailable => "store_unavailable",
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
            Self::RevocationOff => "Sessions cannot be revoked: SESSION_REVOCATION is none.",
            Self::NoDatabase => "There is no D1: SESSION_STORE does not name it.",
            Self::NoCache => "There is nothing to warm: SESSION_STORE is not kv+d1.",
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
