use alloc::{borrow::ToOwned as _, string::String};
use core::fmt::{self, Write as _};

use session_codec::KeyId;

/// What tells the values of a counter apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Label {
    /// A word of ours.
    Word(&'static str),
    /// A sealing key.
    Key(KeyId),
    /// A key of the site's, by its place.
    Django(u8),
    /// What is known only when it happens.
    Text(String),
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Word(word) => f.write_str(word),
            Self::Key(id) => id.fmt(f),
            Self::Django(index) => write!(f, "django-{index}"),
            // As a label's value is written: nothing in it ends the line or the value.
            Self::Text(text) => text.chars().try_for_each(|letter| match letter {
                '"' | '\\' | '\n' | '#' => f.write_char('_'),
                letter => f.write_char(letter),
            }),
        }
    }
}

impl From<&'static str> for Label {
    fn from(word: &'static str) -> Self {
        Self::Word(word)
    }
}

impl From<String> for Label {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl Label {
    /// Of a counter that has as many values as it may have.
    pub(super) fn other() -> Self {
        Self::Word("other")
    }

    /// A store's name, or another word that an adapter gives.
    pub(super) fn of(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
