//! The character classes of RFC 9110 and RFC 6265bis.

/// `tchar` of RFC 9110 5.6.2: what a cookie name is made of.
pub(super) const fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// `cookie-octet` of RFC 6265bis 4.1.1: visible ASCII without `"`, `,`, `;` and `\`.
pub(super) const fn is_cookie_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

/// Visible ASCII without `;`: an attribute value that no reader trims or splits.
pub(super) const fn is_attribute_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b';'
}

/// Without leading and trailing SP and HTAB: what RFC 6265bis 5.6 trims, and nothing more.
///
/// Trimming more (Unicode spaces, controls) is how a planted `U+2000 __Host-x` became `__Host-x`
/// in Django and ASP.NET ("Cookie Chaos").
pub(super) fn trim(bytes: &[u8]) -> &[u8] {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let Some(first) = bytes.iter().position(|byte| !blank(byte)) else {
        return &[];
    };
    let last = bytes.iter().rposition(|byte| !blank(byte));
    last.and_then(|last| bytes.get(first..=last)).unwrap_or(&[])
}

/// `name=value` at the first `=`, both trimmed; `None` as name if there is no `=`.
pub(super) fn split_pair(pair: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let mut halves = pair.splitn(2, |byte| *byte == b'=');
    let first = trim(halves.next().unwrap_or(&[]));
    match halves.next() {
        Some(value) => (Some(first), trim(value)),
        None => (None, first),
    }
}
