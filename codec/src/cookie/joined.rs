//! `Set-Cookie` fields that somebody on the way joined with commas, as other fields may be.
//!
//! HTTP forbids it for this one (RFC 9110 5.3): commas stand in values and dates. Some servers and
//! gateways do it all the same, and what a browser makes of it is one cookie with odd attributes.

use super::bytes::{is_token, trim};
use super::name::CookieName;
use super::set_cookie::SetCookie;

impl<'a> SetCookie<'a> {
    /// The lines of one field: nearly always it is one.
    ///
    /// It is cut where, among the attributes, a comma is followed by `name=`: no date has that.
    /// In a value it is never cut there, which a visitor may have chosen.
    pub fn lines(field: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
        let mut rest = Some(field);
        core::iter::from_fn(move || {
            let field = rest?;
            let value = field.iter().position(|byte| *byte == b';');
            let cut = value.and_then(|value| {
                let commas = field.iter().enumerate().skip(value);
                let mut commas = commas.filter(|(_, byte)| **byte == b',').map(|(at, _)| at);
                commas.find(|at| field.get(at + 1..).is_some_and(begins_with_a_name))
            });
            rest = cut.and_then(|at| field.get(at + 1..));
            field.get(..cut.unwrap_or(field.len())).map(trim)
        })
    }

    /// Whether a cookie called `name` seems to stand behind a comma in the value of a line.
    #[must_use]
    pub fn hides(line: &[u8], name: &CookieName) -> bool {
        let pair = line.split(|byte| *byte == b';').next().unwrap_or(&[]);
        let mut behind = pair.split(|byte| *byte == b',').skip(1);
        behind.any(|part| name_of(part) == Some(name.as_str().as_bytes()))
    }
}

fn begins_with_a_name(text: &[u8]) -> bool {
    name_of(text).is_some_and(|name| !name.is_empty() && name.iter().copied().all(is_token))
}

/// What stands before the first `=`; `None` if there is none.
fn name_of(text: &[u8]) -> Option<&[u8]> {
    let end = text
        .iter()
        .position(|byte| matches!(byte, b'=' | b';' | b','))?;
    (text.get(end) == Some(&b'=')).then(|| trim(text.get(..end).unwrap_or(&[])))
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn lines(field: &str) -> Vec<&str> {
        SetCookie::lines(field.as_bytes())
            .map(|line| core::str::from_utf8(line).unwrap())
            .collect()
    }

    #[test]
    fn joined_lines_come_apart() {
        assert_eq!(
            lines("a=1; Path=/; Max-Age=100, b=x:y; Path=/,c=3;Secure ,\td =4, 5; HttpOnly"),
            [
                "a=1; Path=/; Max-Age=100",
                "b=x:y; Path=/",
                "c=3;Secure",
                "d =4, 5; HttpOnly"
            ]
        );
        assert_eq!(
            lines(
                "a=; expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/, b=2; Expires=Thu,01-Jan-1970 00:00:00 GMT"
            ),
            [
                "a=; expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/",
                "b=2; Expires=Thu,01-Jan-1970 00:00:00 GMT"
            ]
        );
        assert_eq!(
            lines("a=1; expires=Thu, 01 Jan 1970 00:00:00 GMT, b=2"),
            ["a=1; expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=2"]
        );
    }

    #[test]
    fn one_line_stays_one() {
        for line in [
            "",
            "a",
            "a=1",
            "a=1, b=2",
            "a=1, b=2; Path=/",
            "a=\"x, y=z\"; Path=/",
            "a=1; Path=/, ; Secure",
            "a=1; Path=/,",
            "a=1; Path=/, =2",
            "a=1; Path=/, b c=2",
            "a=1; Path=/, b; c=2",
            "a=1; expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/",
        ] {
            assert_eq!(lines(line), [line]);
        }
    }

    #[test]
    fn a_name_behind_a_comma_of_a_value_is_seen() {
        let name = CookieName::new("sessionid").unwrap();
        let hides = |line: &str| SetCookie::hides(line.as_bytes(), &name);
        for line in [
            "a=1, sessionid=x",
            "a=1,sessionid=x; Path=/",
            "a=1, b=2 ,\tsessionid = x",
            "a, sessionid=x",
        ] {
            assert!(hides(line), "{line}");
        }
        for line in [
            "sessionid=x",
            "a=1, sessionid",
            "a=1, sessionid2=x",
            "a=1, xsessionid=x",
            "a=sessionid=x",
            "a=1; x=y, sessionid=x",
            "a=1, sessionid; x=y",
        ] {
            assert!(!hides(line), "{line}");
        }
    }
}
