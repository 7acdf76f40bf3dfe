//! JSON as Python's `json` module reads and writes it, without building a tree.
//!
//! Reading accepts what `json.loads` accepts of a text: beyond RFC 8259 that is `NaN`, `Infinity`,
//! `-Infinity`, lone surrogate escapes, U+007F and integers of up to [`INTEGER_DIGITS`] digits.
//! Writing is `json.dumps` with the separators `,` and `:`.
//!
//! Everything works on the text in one pass, with a bit for each level of nesting: no recursion,
//! and memory only for what is handed back.

use alloc::string::String;
use alloc::vec::Vec;

mod bytes;
mod canonical;
mod error;
mod grammar;
mod members;
mod merge;
mod number;
mod string;

pub use error::{JsonError, JsonErrorKind};
pub(crate) use members::{Member, Span};
pub(crate) use merge::MergePatch;
pub(crate) use string::{unescape, write_string};

/// The deepest nesting that is ever read: CPython 3.11's own recursion limit, so that every session
/// a Django on it can write can be opened. (3.12 and later go deeper; such a session is refused.)
pub(crate) const DEPTH_LIMIT: u16 = 1000;

/// The longest integer, in digits: CPython's `sys.get_int_max_str_digits()`.
pub(crate) const INTEGER_DIGITS: usize = 4300;

/// Checks the whole text and appends the members of its top-level object, in order, duplicate keys
/// included. Objects and arrays may lie `depth` levels deep, the top-level one counted; a `depth`
/// over [`DEPTH_LIMIT`] means that limit.
///
/// # Errors
/// Where the text is not JSON, too deep or not an object; `members` is then as it was.
pub(crate) fn object_members(
    text: &str,
    depth: u16,
    members: &mut Vec<Member>,
) -> Result<(), JsonError> {
    members::collect(text, depth, members)
}

/// Checks the whole text, whatever its top-level value is. For `depth` see [`object_members`].
///
/// # Errors
/// Where the text is not JSON or too deep.
pub(crate) fn validate(text: &str, depth: u16) -> Result<(), JsonError> {
    grammar::walk(text, depth, &mut grammar::Ignore)
}

/// Appends what `json.dumps(json.loads(text), separators=(",", ":"))` writes: no white space, ASCII
/// only, Python's float layout. Of keys that occur more than once in an object, at any level, the
/// last value stands at the first one's place. For `depth` see [`object_members`].
///
/// # Errors
/// Where the text is not JSON or too deep; `out` is then as it was.
pub(crate) fn write_canonical(text: &str, depth: u16, out: &mut String) -> Result<(), JsonError> {
    canonical::write(text, depth, out)
}

/// As [`write_canonical`], with the members of every object in the order of their keys' code points:
/// what `json.dumps(json.loads(text), separators=(",", ":"), sort_keys=True)` writes.
///
/// # Errors
/// As [`write_canonical`].
#[cfg(feature = "flask")]
pub(crate) fn write_sorted(text: &str, depth: u16, out: &mut String) -> Result<(), JsonError> {
    canonical::write_sorted(text, depth, out)
}

/// Appends a member to an object without white space.
pub(crate) fn add_member(json: &mut String, member: Option<&str>) {
    let Some(member) = member else {
        return;
    };
    json.pop();
    if json.len() > 1 {
        json.push(',');
    }
    json.push_str(member);
    json.push('}');
}

#[cfg(test)]
mod tests;
