use alloc::{format, string::String};
use core::fmt::Display;

use session_codec::{ConfigError, SealError};

use crate::END;

/// What is thrown: a stable code, [`END`], and a text for people.
pub(crate) fn failure(code: &str, message: impl Display) -> String {
    format!("{code}{END}{message}")
}

pub(crate) fn of_config(error: ConfigError) -> String {
    failure("invalid_config", error)
}

pub(crate) fn of_seal(error: SealError) -> String {
    failure(error.label(), error)
}

pub(crate) fn of_key(error: impl Display) -> String {
    failure("invalid_key", error)
}

/// The JavaScript side made a text that it never makes.
pub(crate) fn of_json(error: impl Display) -> String {
    failure("invalid_json", error)
}
