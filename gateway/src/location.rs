/// Where a request went.
#[derive(Debug, Clone)]
pub struct Location {
    /// `https`, without the colon.
    pub scheme: String,
    /// Host and port as the browser wrote them.
    pub host: String,
    /// The path, percent-encoded as it came, dots resolved.
    pub path: String,
    /// The query with its `?`, or nothing.
    pub query: String,
}

impl Location {
    /// The host without its port.
    pub fn host_name(&self) -> &str {
        match self.host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => &self.host,
        }
    }

    /// Whether browsers drop `Secure` cookies here: no TLS, and not the machine itself.
    pub fn is_plain_http(&self) -> bool {
        let host = self.host_name();
        let is_own_machine = host == "localhost"
            || host.ends_with(".localhost")
            || host == "[::1]"
            || host.starts_with("127.");
        self.scheme == "http" && !is_own_machine
    }

    /// The port that was asked, whether the address names it or not.
    pub(crate) fn port(&self) -> &str {
        // An IPv6 address has colons of its own, within brackets.
        match self.host.rsplit_once(':') {
            Some((_, port)) if !port.contains(']') => port,
            _ if self.scheme == "http" => "80",
            _ => "443",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_not_named_is_that_of_the_scheme() {
        for (scheme, host, port) in [
            ("https", "shop.example", "443"),
            ("http", "shop.example", "80"),
            ("https", "shop.example:8443", "8443"),
            ("https", "[2001:db8::1]", "443"),
            ("http", "[::1]:8080", "8080"),
        ] {
            let location = Location {
                scheme: scheme.to_owned(),
                host: host.to_owned(),
                path: "/".to_owned(),
                query: String::new(),
            };
            assert_eq!(location.port(), port, "{host}");
        }
    }

    #[test]
    fn secure_cookies_are_dropped_without_tls_but_on_the_machine_itself() {
        for (scheme, host, expected) in [
            ("http", "shop.example", true),
            ("http", "shop.example:8080", true),
            ("https", "shop.example", false),
            ("http", "localhost:8787", false),
            ("http", "127.0.0.1:8787", false),
            ("http", "[::1]:8787", false),
            ("http", "[2001:db8::1]", true),
        ] {
            let location = Location {
                scheme: scheme.into(),
                host: host.into(),
                path: "/".into(),
                query: String::new(),
            };
            assert_eq!(location.is_plain_http(), expected, "{scheme} {host}");
        }
    }
}
