use core::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

use edge_session_server::clock::now;
use edge_session_server::http::of_request;
use edge_session_server::settings::Key;

use crate::running::{Client, KEY, Running, frame, name, soon};

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_down_at_start_is_waited_for() {
    let running = Running::start("store = \"sqlite:FOLDER/later/s.sqlite3\"");
    running.line("store_not_open");
    let mut client = running.client().await;
    assert_eq!(
        client.plain("/health").await.unwrap(),
        (503, "unwell\n".into())
    );
    let path = format!("/records/{}", name(1, 1));
    assert_eq!(client.ask("PUT", &path, &frame(1, 9)).await.unwrap().0, 503);
    std::fs::create_dir(running.path("later")).unwrap();
    running.line("store_open");
    soon("healthy", || async {
        running.client().await.plain("/health").await.unwrap().0 == 200
    })
    .await;
    assert_eq!(client.ask("PUT", &path, &frame(1, 9)).await.unwrap().0, 204);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_counted_is_told_to_people_of_the_house_alone() {
    let running = Running::open("store = \"file:FOLDER/s\"");
    let mut client = running.client().await;
    let path = format!("/records/{}", name(1, 1));
    for (method, status) in [("GET", 404), ("PUT", 204), ("GET", 200), ("PATCH", 405)] {
        assert_eq!(
            client.ask(method, &path, &frame(1, 9)).await.unwrap().0,
            status
        );
    }
    assert_eq!(
        running.client().await.plain("/metrics").await.unwrap().0,
        403
    );
    let mut people = Client::connect(&running.operator).await.unwrap();
    let (status, text) = people.plain("/metrics").await.unwrap();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert_eq!(status, 200);
    for line in [
        "edge_session_server_store_calls_total{store=\"store\",call=\"get\",outcome=\"hit\"} 1",
        "edge_session_server_store_calls_total{store=\"store\",call=\"get\",outcome=\"miss\"} 1",
        "edge_session_server_store_seconds_count{store=\"store\",call=\"put\"} 1",
        "edge_session_server_requests_total{kind=\"stranger\",answer=\"stranger\"} 1",
        "# EOF",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    let alarms = include_str!("../../../ops/prometheus/server.yml")
        .split("edge_session_server_")
        .skip(1);
    for rest in alarms {
        let name: String = rest
            .chars()
            .take_while(|c| c.is_ascii_lowercase() || *c == '_')
            .collect();
        assert!(
            text.contains(&format!("edge_session_server_{name}")),
            "an alarm asks for {name}"
        );
    }
    let (status, report) = people.plain("/health").await.unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert_eq!((status, &report["store"]), (200, &"well".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_under_way_is_answered_before_the_server_stops() {
    let mut running = Running::open("store = \"sqlite:FOLDER/s.sqlite3\"");
    let (key, body) = (Key::try_from(KEY.to_owned()).unwrap(), frame(1, 100));
    let (path, time) = (
        format!("/records/{}", name(1, 1)),
        now().seconds().to_string(),
    );
    let mac = of_request(&key, "PUT", &path, &time, &body);
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: a\r\nx-store-time: {time}\r\nx-store-mac: {mac}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = TcpStream::connect(&running.address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body[..50]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    running.signal("-TERM");
    running.line("stopping");
    soon("closed to others", || async {
        TcpStream::connect(&running.address).await.is_err()
    })
    .await;
    stream.write_all(&body[50..]).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    running.line("stopped");
    assert_eq!(running.wait(), Some(0));
    running.start_again();
    running.line("store_open");
    let (status, kept) = running.client().await.ask("GET", &path, b"").await.unwrap();
    assert_eq!((status, kept.to_vec()), (200, body));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_in_the_file_system_survives_a_server_that_was_killed() {
    let settings = "listen = \"unix:FOLDER/s.sock\"\noperator = \"\"\nlog = \"json\"";
    let mut running = Running::folder("");
    let text = settings.replace("FOLDER", &running.path("").display().to_string());
    std::fs::write(
        running.path("server.toml"),
        format!("{text}\nkeys = [\"{KEY}\"]"),
    )
    .unwrap();
    for _ in 0..2 {
        running.start_again();
        let mut stream = UnixStream::connect(running.path("s.sock")).await.unwrap();
        stream
            .write_all(b"GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
        running.signal("-KILL");
        running.wait();
    }
    running.start_again();
    let (ended, _, said) = running.run(&["serve"]);
    assert!(
        ended == Some(1) && said.contains("something else listens there"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_answers_and_is_no_reason_to_believe_what_was_replaced() {
    for writes in ["through", "behind", "aside"] {
        let settings = "store = \"sqlite:FOLDER/s.sqlite3\"\ncache = \"file:FOLDER/cache\"";
        let running = Running::open(&format!("{settings}\ncache_writes = \"{writes}\""));
        let mut client = running.client().await;
        let (path, kept) = (format!("/records/{}", name(1, 1)), frame(1, 500));
        assert_eq!(client.ask("PUT", &path, &kept).await.unwrap().0, 204);
        let got = |answer: Option<(u16, bytes::Bytes)>| answer.map(|(_, body)| body.to_vec());
        assert_eq!(got(client.ask("GET", &path, b"").await), Some(kept.clone()));
        let cached = || async {
            let mut command = running.command(&["stats"]);
            let output = command
                .env("EDGE_SESSION_SERVER_STORE", "file:cache")
                .output()
                .unwrap();
            String::from_utf8_lossy(&output.stdout).contains("\"records\": 1")
        };
        soon("in the cache", cached).await;
        for seed in 2..4 {
            let (ended, put) = (frame(seed, 30), format!("/revocations/{}", name(2, 2)));
            assert_eq!(client.ask("PUT", &put, &ended).await.unwrap().0, 204);
            let fresh = format!("/records/{}?fresh", name(2, 2));
            assert_eq!(got(client.ask("GET", &fresh, b"").await), Some(ended));
        }
        assert_eq!(client.ask("DELETE", &path, b"").await.unwrap().0, 204);
        assert_eq!(client.ask("GET", &path, b"").await.unwrap().0, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_certificate_it_speaks_tls_and_nothing_else() {
    use alloc::sync::Arc;
    use tokio_rustls::TlsConnector;
    use tokio_rustls::rustls::pki_types::CertificateDer;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    let mut running = Running::folder("tls_certificate = \"own.pem\"\ntls_key = \"own.key\"");
    let made = std::process::Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ])
        .args([
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-keyout",
            "own.key",
            "-out",
            "own.pem",
        ])
        .current_dir(running.path(""))
        .output();
    let made = made.expect("openssl makes the certificate: apt-get install openssl");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    running.start_again();
    let address = running.address.replace("https://", "");
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(running.path("own.pem")).unwrap())
        .unwrap();
    let config = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(&address).await.unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let mut stream = connector
        .connect("localhost".try_into().unwrap(), stream)
        .await
        .unwrap();
    stream
        .write_all(b"GET /health HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    let mut plain = Client::connect(&address).await.unwrap();
    assert_eq!(plain.plain("/health").await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_that_is_down_costs_nothing_but_speed() {
    let running = Running::open("store = \"sqlite:FOLDER/s.sqlite3\"\ncache = \"file:/proc/none\"");
    let mut client = running.client().await;
    for turn in 0..20 {
        let (path, kept) = (format!("/records/{}", name(turn, 1)), frame(turn, 300));
        assert_eq!(client.ask("PUT", &path, &kept).await.unwrap().0, 204);
        assert_eq!(
            client.ask("GET", &path, b"").await.unwrap(),
            (200, kept.into())
        );
    }
    assert_eq!(client.plain("/health").await.unwrap().0, 200);
    let mut people = Client::connect(&running.operator).await.unwrap();
    let (_, text) = people.plain("/metrics").await.unwrap();
    let text = String::from_utf8_lossy(&text).into_owned();
    let asked = "edge_session_server_store_calls_total{store=\"cache\",call=\"get\",outcome=\"unavailable\"} ";
    let (_, rest) = text.split_once(asked).unwrap();
    let failed: u32 = rest.lines().next().unwrap().parse().unwrap();
    // Five outages, each of a write or of a read that is tried twice, and one a second after that.
    assert!(
        (1..15).contains(&failed),
        "{failed}: it is left alone after some"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_goes_is_an_outage_and_no_absence() {
    let running = Running::open("store = \"file:FOLDER/s\"");
    let mut client = running.client().await;
    let (path, kept) = (format!("/records/{}", name(1, 1)), frame(1, 300));
    assert_eq!(client.ask("PUT", &path, &kept).await.unwrap().0, 204);
    std::fs::rename(running.path("s"), running.path("elsewhere")).unwrap();
    assert_eq!(client.ask("GET", &path, b"").await.unwrap().0, 503);
    let other = format!("/records/{}", name(2, 1));
    for method in ["PUT", "DELETE"] {
        assert_eq!(
            client.ask(method, &other, &kept).await.unwrap().0,
            503,
            "{method}"
        );
    }
    assert!(!running.path("s").exists());
    let show = format!("/heads/{}", name(1, 0));
    let body = b"{\"ask\":\"show\",\"now\":1}";
    assert_eq!(client.ask("PUT", &show, body).await.unwrap().0, 503);
    std::fs::rename(running.path("elsewhere"), running.path("s")).unwrap();
    assert_eq!(
        client.ask("GET", &path, b"").await.unwrap(),
        (200, kept.into())
    );
}

/// Keeps a socket open as systemd does, and starts the server with it twice: again when the first one ended.
const SUPERVISOR: &str = "
import os, socket, subprocess, sys
listening = socket.create_server(('127.0.0.1', 0), backlog=512)
os.dup2(listening.fileno(), 3)
print(listening.getsockname()[1], flush=True)
command = 'LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" \"$@\"'
for turn in range(2):
    child = subprocess.Popen(['sh', '-c', command, *sys.argv[1:]], pass_fds=[3], stderr=subprocess.DEVNULL)
    print(child.pid, flush=True)
    child.wait()
";

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_refused_while_it_is_started_again() {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    let running = Running::folder("store = \"sqlite:FOLDER/s.sqlite3\"");
    let mut supervisor = Command::new("python3");
    supervisor.args([
        "-c",
        SUPERVISOR,
        env!("CARGO_BIN_EXE_edge-session-server"),
        "--settings",
        "server.toml",
        "serve",
    ]);
    supervisor
        .env_remove("SESSION_ORIGIN_STORE_KEY")
        .current_dir(running.path(""))
        .env("EDGE_SESSION_SERVER_LISTEN", "systemd");
    let mut supervisor = supervisor.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(supervisor.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let address = format!("127.0.0.1:{}", lines.next().unwrap());
    let first = lines.next().unwrap();
    let put = async |turn: u64| {
        // Whoever comes while nobody is there waits.
        let path = format!("/records/{}", name(turn, 1));
        let mut client = Client::connect(&address).await.expect("refused");
        client
            .ask("PUT", &path, &frame(turn, 100))
            .await
            .map(|(status, _)| status)
    };
    soon("open", async || put(0).await == Some(204)).await;
    let mut statuses = Vec::new();
    for turn in 1..200 {
        if turn == 50 {
            Command::new("kill")
                .args(["-TERM", &first])
                .status()
                .unwrap();
        }
        statuses.push(put(turn).await);
    }
    let second = lines.next().unwrap();
    Command::new("kill")
        .args(["-TERM", &second])
        .status()
        .unwrap();
    supervisor.wait().unwrap();
    assert!(
        statuses.iter().all(|status| *status == Some(204)),
        "{statuses:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_takes_no_more_loses_nothing_that_was_confirmed() {
    for store in ["sqlite:FOLDER/s.sqlite3", "file:FOLDER/s"] {
        let mut running = Running::folder(&format!("store = \"{store}\""));
        // No file may be longer than 200 KB; whoever tries is told so, as by a full disk.
        running.start_by(&[
            "sh",
            "-c",
            "trap '' XFSZ; ulimit -f 400; exec \"$0\" \"$@\"",
        ]);
        running.line("store_open");
        let mut client = running.client().await;
        let (mut kept, mut refused) = (Vec::new(), 0);
        for turn in 0..30 {
            let (path, body) = (
                format!("/records/{}", name(turn, 1)),
                frame(turn, 1_000 + turn as usize * 20_000),
            );
            match client.ask("PUT", &path, &body).await.unwrap().0 {
                204 => kept.push((path, body)),
                status => {
                    assert_eq!(status, 503);
                    refused += 1;
                }
            }
        }
        assert!(
            !kept.is_empty() && refused > 0,
            "{store}: {} kept, {refused} refused",
            kept.len()
        );
        running.signal("-TERM");
        assert_eq!(running.wait(), Some(0));
        running.start_again();
        running.line("store_open");
        let mut client = running.client().await;
        for (path, body) in kept {
            assert_eq!(
                client.ask("GET", &path, b"").await.unwrap(),
                (200, body.into()),
                "{store}"
            );
        }
    }
}
