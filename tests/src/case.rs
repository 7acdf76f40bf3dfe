use core::ops::Deref;

use serde_json::Value;

/// One case of a vector file.
pub struct Case(Value);

/// What the library under test said to a case.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome<'a> {
    /// A text came back.
    Value(&'a str),
    /// An object came back; this is its JSON, in Python's spelling.
    Json(&'a str),
    /// As [`Outcome::Json`], too big to print.
    Digest {
        /// Bytes of the JSON.
        bytes: u64,
        /// Their SHA-256, in hexadecimal.
        sha256: &'a str,
    },
    /// Nothing came back.
    Refused(Refusal),
}

/// Why nothing came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The signature is wrong.
    BadSignature,
    /// It is right, and too old.
    Expired,
    /// It is right and new enough; the content is wrong.
    Malformed,
    /// Any of these: Fernet does not say which.
    InvalidToken,
}

/// The cases of a file.
///
/// # Panics
/// If the file is not a JSON array.
#[must_use]
pub fn cases(file: &str) -> Vec<Case> {
    let Ok(Value::Array(cases)) = serde_json::from_str(file) else {
        panic!("a vector file is a JSON array");
    };
    cases.into_iter().map(Case).collect()
}

impl Case {
    /// Its name, unique in its file.
    #[must_use]
    pub fn id(&self) -> &str {
        self.text("id")
    }

    /// A field that must hold a text.
    ///
    /// # Panics
    /// If it does not.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        match self.0[field].as_str() {
            Some(text) => text,
            None => panic!("{}: {field} is no text", self.0["id"]),
        }
    }

    /// A field that must hold a yes or no.
    ///
    /// # Panics
    /// If it does not.
    #[must_use]
    pub fn flag(&self, field: &str) -> bool {
        match self.0[field].as_bool() {
            Some(flag) => flag,
            None => panic!("{}: {field} is no flag", self.id()),
        }
    }

    /// A field that must hold texts.
    ///
    /// # Panics
    /// If it does not.
    #[must_use]
    pub fn texts(&self, field: &str) -> Vec<&str> {
        let texts = self.0[field].as_array();
        let texts = texts.and_then(|texts| texts.iter().map(Value::as_str).collect());
        match texts {
            Some(texts) => texts,
            None => panic!("{}: {field} is no list of texts", self.id()),
        }
    }

    /// What Django said.
    ///
    /// # Panics
    /// If the case has no outcome.
    #[must_use]
    pub fn outcome(&self) -> Outcome<'_> {
        let outcome = &self.0["outcome"];
        if let Some(json) = outcome["json"].as_str().or(outcome["tagged_json"].as_str()) {
            return Outcome::Json(json);
        }
        if let Some(value) = outcome["value"].as_str() {
            return Outcome::Value(value);
        }
        if let (Some(bytes), Some(sha256)) = (
            outcome["json_len"].as_u64(),
            outcome["json_sha256"].as_str(),
        ) {
            return Outcome::Digest { bytes, sha256 };
        }
        match outcome["kind"].as_str() {
            Some("bad_signature") => Outcome::Refused(Refusal::BadSignature),
            Some("expired") => Outcome::Refused(Refusal::Expired),
            Some("invalid_token") => Outcome::Refused(Refusal::InvalidToken),
            Some("malformed") => Outcome::Refused(Refusal::Malformed),
            _ => panic!("{}: no outcome", self.id()),
        }
    }
}

/// All fields as they are.
impl Deref for Case {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.0
    }
}
