//! The character classes of RFC 9110 and RFC 6265bis.

/// `tchar` of RFC 9110 5.6.2: what a cookie name is made of.
pub(super) const fn is_token(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(
            octet,
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
pub(super) const fn is_cookie_octet(octet: u8) -> bool {
    matches!(octet, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

/// Visible ASCII without `;`: an attribute value that no reader trims or splits.
pub(super) const fn is_attribute_octet(octet: u8) -> bool {
    octet.is_ascii_graphic() && octet != b';'
}

/// Without leading and trailing SP and HTAB: what RFC 6265bis 5.6 trims, and nothing more.
///
/// Trimming more (Unicode spaces, controls) is how a planted `U+2000 __Host-x` became `__Host-x`
/// in Django and ASP.NET ("Cookie Chaos").
pub(super) fn trim(octets: &[u8]) -> &[u8] {
    let blank = |octet: &u8| matches!(octet, b' ' | b'\t');
    let Some(first) = octets.iter().position(|octet| !blank(octet)) else {
        return &[];
    };
    let last = octets.iter().rposition(|octet| !blank(octet));
    last.and_then(|last| octets.get(first..=last))
        .unwrap_or(&[])
}

/// `name=value` at the first `=`, both trimmed; `None` as name if there is no `=`.
pub(super) fn split_pair(pair: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let mut halves = pair.splitn(2, |octet| *octet == b'=');
    let first = trim(halves.next().unwrap_or(&[]));
    match halves.next() {
        Some(value) => (Some(first), trim(value)),
        None => (None, first),
    }
}
