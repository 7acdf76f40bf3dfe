//! The way to a database is encrypted and its certificate verified, or there is no way: never silently without.

use crate::running::{Running, told};
use crate::servers::{self, Certificates};

/// What `check` says of a store for whoever trusts the authority in a file.
fn checked(address: &str, authority: &str) -> (Option<i32>, String) {
    let running = Running::folder(&format!("store = \"{address}\""));
    let mut command = running.command(&["check"]);
    command.env("SSL_CERT_FILE", authority);
    let (ended, said, why) = told(&command.output().unwrap());
    (ended, said + &why)
}

/// An address is good for those who trust its authority alone, and of no use where nothing is encrypted.
fn only_verified(address: &str, certificates: &Certificates, unencrypted: &str) {
    let (ended, said) = checked(address, &certificates.file("ca.pem"));
    assert!(
        ended == Some(0) && said.contains("well"),
        "{address}: {said}"
    );
    let stranger = Certificates::new();
    for (address, authority) in [
        (address, stranger.file("ca.pem")),
        (unencrypted, certificates.file("ca.pem")),
    ] {
        let (ended, said) = checked(address, &authority);
        assert!(ended == Some(1), "{address}: {said}");
        assert!(said.lines().count() == 1, "{said}");
    }
}

#[test]
fn postgres() {
    let certificates = Certificates::new();
    let own = ["own.pem", "own.key"].map(|name| certificates.file(name));
    let server = servers::postgres_with(&[
        "ssl=on",
        &format!("ssl_cert_file={}", own[0]),
        &format!("ssl_key_file={}", own[1]),
    ]);
    let unencrypted = servers::postgres();
    let address =
        |port, host| format!("postgres://edge@{host}:{port}/postgres?sslmode=verify-full");
    only_verified(
        &address(server.port, "localhost"),
        &certificates,
        &address(unencrypted.port, "localhost"),
    );
    // The authority may be named in the address.
    let named = format!(
        "{}&sslrootcert={}",
        address(server.port, "127.0.0.1"),
        certificates.file("ca.pem")
    );
    let (ended, said) = checked(&named, "/dev/null");
    assert_eq!(ended, Some(0), "{said}");
}

#[test]
fn mariadb() {
    let certificates = Certificates::new();
    let server = servers::mariadb_with(&[
        &format!("--ssl-cert={}", certificates.file("own.pem")),
        &format!("--ssl-key={}", certificates.file("own.key")),
        "--require-secure-transport=ON",
    ]);
    let unencrypted = servers::mariadb();
    let address =
        |port| format!("mysql://ada:lovelace@localhost:{port}/shop?ssl-mode=VERIFY_IDENTITY");
    only_verified(
        &address(server.port),
        &certificates,
        &address(unencrypted.port),
    );
}

/// Settings of Redis with TLS at a port of its own, nothing else, also towards others.
fn encrypted_redis(certificates: &Certificates, port: u16) -> Vec<String> {
    let file = |name| certificates.file(name);
    [
        ["--port", "0"],
        ["--tls-port", &port.to_string()],
        ["--tls-cert-file", &file("own.pem")],
        ["--tls-key-file", &file("own.key")],
        ["--tls-ca-cert-file", &file("ca.pem")],
        ["--tls-auth-clients", "no"],
        ["--tls-replication", "yes"],
    ]
    .concat()
    .into_iter()
    .map(str::to_owned)
    .collect()
}

#[test]
fn redis_and_what_its_sentinels_name() {
    let certificates = Certificates::new();
    let port = servers::free_port();
    let settings = encrypted_redis(&certificates, port);
    let _server = servers::redis_at(
        port,
        &settings.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    let unencrypted = servers::redis(&[]);
    only_verified(
        &format!("rediss://localhost:{port}"),
        &certificates,
        &format!("rediss://localhost:{}", unencrypted.port),
    );
    let sentinel = servers::sentinel_with(port, |port| {
        let settings = encrypted_redis(&certificates, port);
        settings
            .join(" ")
            .replace(" --", "\n")
            .trim_start_matches("--")
            .to_owned()
    });
    let plain = servers::sentinel(unencrypted.port);
    only_verified(
        &format!("rediss-sentinel://127.0.0.1:{}/mymaster", sentinel.port),
        &certificates,
        &format!("rediss-sentinel://127.0.0.1:{}/mymaster", plain.port),
    );
}
