//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): what a client calls a request, so that it
//! can send it again when it does not know what became of it.

use crate::{refusal::Refusal, request::RequestHead};

/// The longest key, in characters: a UUID has 36.
const MAX_CHARACTERS: usize = 128;

/// The key of a request, as it is spelled between its quotation marks.
///
/// # Errors
/// [`Refusal::IdempotencyKey`] for anything but one structured field's string (RFC 9651 3.3.3) of 1 to 128
/// characters, without parameters.
pub(super) fn of<'r>(request: &RequestHead<'r>) -> Result<Option<&'r str>, Refusal> {
    let Some(field) = request.field("idempotency-key") else {
        return Ok(None);
    };
    read(field).map(Some).ok_or(Refusal::IdempotencyKey)
}

fn read(field: &str) -> Option<&str> {
    let text = field
        .trim_matches([' ', '\t'])
        .strip_prefix('"')?
        .strip_suffix('"')?;
    if !(1..=MAX_CHARACTERS).contains(&text.len()) {
        return None;
    }
    let mut characters = text.bytes();
    while let Some(character) = characters.next() {
        match character {
            b'\\' if matches!(characters.next(), Some(b'"' | b'\\')) => {}
            b'"' | b'\\' => return None,
            b' '..=b'~' => {}
            _ => return None,
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_string_and_nothing_else() {
        let longest = format!("\"{}\"", "k".repeat(MAX_CHARACTERS));
        for (field, key) in [
            (
                "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"",
                Some("8e03978e-40d5-43dd-bc93-6894a57f9324"),
            ),
            (" \"a b\"\t", Some("a b")),
            (r#""a\"b\\""#, Some(r#"a\"b\\"#)),
            (&longest, longest.get(1..=MAX_CHARACTERS)),
            (&longest.replace("\"k", "\"kk"), None),
            ("8e03978e-40d5-43dd-bc93-6894a57f9324", None),
            ("", None),
            ("\"", None),
            ("\"\"", None),
            ("\"a\", \"b\"", None),
            ("\"a\";b=1", None),
            (r#""a\""#, None),
            (r#""a\b""#, None),
            ("\"é\"", None),
            ("\"a\tb\"", None),
            ("'a'", None),
            (":YQ==:", None),
        ] {
            assert_eq!(read(field), key, "{field}");
        }
    }
}
