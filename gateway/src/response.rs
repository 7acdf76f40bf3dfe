//! The origin's answer as far as anything is decided by it: its body never comes here.

/// The header fields of an answer that are asked for, in lower case, beside `set-cookie`. Of all
/// others the names alone matter.
pub const RESPONSE_FIELDS: [&str; 8] = [
    "cache-control",
    "content-location",
    "expires",
    "link",
    "location",
    "refresh",
    "session-patch",
    "vary",
];

/// Without one of these fields the answer to a request that had nothing of a session with it is as
/// it is ([`Exchange::is_plain`](crate::Exchange::is_plain)), unless its `Vary` names the class: nobody
/// has to be asked.
pub const TELLING_FIELDS: [&str; 6] = [
    "content-location",
    "link",
    "location",
    "refresh",
    "session-patch",
    "set-cookie",
];

/// The head of an answer.
pub struct ResponseHead<'r> {
    /// 101, or 200 to 599.
    pub status: u16,
    /// The names of all header fields in lower case, with commas between them.
    pub names: &'r str,
    /// The values of [`RESPONSE_FIELDS`], in their order.
    pub fields: [Option<&'r str>; RESPONSE_FIELDS.len()],
    /// The `Set-Cookie` fields, one each.
    pub set_cookies: Vec<&'r str>,
}

impl<'r> ResponseHead<'r> {
    /// The value of one of [`RESPONSE_FIELDS`].
    pub(crate) fn field(&self, name: &str) -> Option<&'r str> {
        let index = RESPONSE_FIELDS.iter().position(|known| *known == name);
        debug_assert!(index.is_some(), "{name} is not asked for");
        index.and_then(|index| self.fields[index])
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'r str> {
        self.names.split(',').filter(|name| !name.is_empty())
    }
}

/// Why there is no answer of the origin's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unanswered {
    /// It could not be asked, or did not answer: the platform's words for it.
    Unreachable(String),
    /// It answered with a status that is none.
    NoStatus(u16),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_tells_something_or_is_about_caches() {
        for field in RESPONSE_FIELDS {
            let is_about_caches = matches!(field, "cache-control" | "expires" | "vary");
            assert_ne!(is_about_caches, TELLING_FIELDS.contains(&field), "{field}");
        }
    }
}
