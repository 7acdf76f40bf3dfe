/// A name prefix by which browsers enforce attributes (RFC 6265bis 4.1.3, layered-cookies).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CookiePrefix {
    /// `__Secure-`: needs `Secure`.
    Secure,
    /// `__Host-`: needs `Secure`, `Path=/` and no `Domain`, so no other host can plant it.
    Host,
    /// `__Http-`: needs `Secure` and `HttpOnly`, so no script can plant it.
    Http,
    /// `__Host-Http-`: the rules of `__Host-` and of `__Http-`.
    HostHttp,
}

impl CookiePrefix {
    /// The prefix `name` begins with. ASCII case does not matter, as it does not to browsers:
    /// servers exist that compare names without case.
    #[must_use]
    pub fn of(name: &[u8]) -> Option<Self> {
        // `__Host-Http-` before `__Host-`, which it also begins with.
        [Self::HostHttp, Self::Host, Self::Http, Self::Secure]
            .into_iter()
            .find(|prefix| {
                name.get(..prefix.as_str().len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_str().as_bytes()))
            })
    }

    /// The prefix in its proper case, with its final hyphen.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secure => "__Secure-",
            Self::Host => "__Host-",
            Self::Http => "__Http-",
            Self::HostHttp => "__Host-Http-",
        }
    }

    /// Whether the cookie must have `Path=/` and no `Domain`.
    #[must_use]
    pub const fn binds_to_host(self) -> bool {
        matches!(self, Self::Host | Self::HostHttp)
    }

    /// Whether the cookie must be `HttpOnly`.
    #[must_use]
    pub const fn needs_http_only(self) -> bool {
        matches!(self, Self::Http | Self::HostHttp)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognised_in_any_case_and_longest_first() {
        for (name, prefix) in [
            ("__Host-a", Some(CookiePrefix::Host)),
            ("__hOST-a", Some(CookiePrefix::Host)),
            ("__Host-Http-a", Some(CookiePrefix::HostHttp)),
            ("__HOST-HTTP-a", Some(CookiePrefix::HostHttp)),
            ("__Host-Httpa", Some(CookiePrefix::Host)),
            ("__Http-a", Some(CookiePrefix::Http)),
            ("__secure-", Some(CookiePrefix::Secure)),
            ("__Host", None),
            ("_Host-a", None),
            ("a__Host-a", None),
            ("", None),
        ] {
            assert_eq!(CookiePrefix::of(name.as_bytes()), prefix, "{name}");
        }
    }
}
