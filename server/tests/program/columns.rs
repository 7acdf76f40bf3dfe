//! What a store keeps of sessions for people to look at, and what is done with it.

use edge_session_server::clock::now;
use serde_json::{Value, json};

use crate::running::{Client, Running, frame, name, told};
use crate::servers;

/// A user, as a Worker tells one.
fn user(number: u8) -> String {
    name(u64::from(number), 7).to_text()
}

/// A save of a session, with what is told of it.
async fn save(client: &mut Client, session: u64, turn: u64, about: Value) -> Value {
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
    let record = name(session, turn).to_text();
    let from = (turn > 1).then(|| name(session, turn - 1).to_text());
    let ask = json!({ "ask": "commit", "from": from, "to": { "record": record, "cookie": "c" }, "listed": [],
        "record": { "name": record, "frame": BASE64.encode(frame(turn, 100)) },
        "expires": now().seconds() + 3_600, "about": about, "now": now().seconds() });
    asked(client, session, &ask).await
}

async fn asked(client: &mut Client, session: u64, ask: &Value) -> Value {
    let path = format!("/heads/{}", name(session, 0));
    let (status, told) = client
        .ask("PUT", &path, ask.to_string().as_bytes())
        .await
        .unwrap();
    assert_eq!(status, 200, "{ask}");
    serde_json::from_slice(&told).unwrap()
}

fn with(running: &Running, cache: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = running.command(arguments);
    let output = command.env("EDGE_SESSION_SERVER_CACHE", cache).output();
    told(&output.unwrap())
}

fn statistics(running: &Running) -> Value {
    let (ended, said, why) = running.run(&["stats"]);
    assert_eq!(ended, Some(0), "{why}");
    serde_json::from_str(&said).unwrap()
}

/// What a client of a database prints.
fn says(program: &str, arguments: &[&str]) -> String {
    let output = std::process::Command::new(program).args(arguments).output();
    let (ended, said, why) = told(&output.unwrap_or_else(|error| panic!("{program}: {error}")));
    assert_eq!(ended, Some(0), "{why}");
    said.trim().to_owned()
}

/// Saves, changes, ends and warms in a store that keeps all columns.
async fn keeps_columns(store: &str, rows: impl Fn(&str) -> String) {
    let settings =
        |columns: &str| format!("store = \"{store}\"\nclean_seconds = 0\ncolumns = {columns}");
    let mut running = Running::open(&settings(
        "[\"user\", \"ip\", \"user_agent\", \"created\", \"last_seen\"]",
    ));
    let mut client = running.client().await;
    let ada = json!({ "user": user(1), "ip": "192.0.2.1", "user_agent": "Ada \u{0}\u{1F600}".to_owned() + &"x".repeat(999) });
    for session in 1..=3 {
        let saved = save(&mut client, session, 1, ada.clone()).await;
        assert_eq!(saved["outcome"], "saved");
    }
    save(&mut client, 4, 1, json!({ "user": user(2) })).await;
    save(&mut client, 5, 1, json!({})).await;
    assert_eq!(rows("count(*)"), "5");
    let of_ada = format!("user_id = '{}' AND ip = '192.0.2.1' AND ", user(1));
    let counted = |what: &str| rows(&format!("sum(CASE WHEN {what} THEN 1 ELSE 0 END)"));
    let cut = "user_agent LIKE 'Ada _xx%' AND length(user_agent) <= 1024";
    assert_eq!(
        counted(&format!("{of_ada}{cut}")),
        "3",
        "{}",
        rows("max(user_agent)")
    );
    assert_eq!(counted("user_id IS NULL"), "1");
    assert_eq!(counted("created = last_seen"), "5");
    assert_eq!(statistics(&running)["began_within"]["hour"], 5);

    // A later change from elsewhere; one that fits the cookie again; one that lost.
    let bob = json!({ "user": user(2), "ip": "2001:db8::1" });
    save(&mut client, 1, 2, bob).await;
    assert_eq!(counted("ip = '2001:db8::1' AND user_agent IS NULL"), "1");
    let fits = json!({ "ask": "commit", "record": null, "from": name(2, 1).to_text(), "listed": [],
        "to": { "record": name(2, 2).to_text(), "cookie": "c" }, "expires": now().seconds() + 9_000, "now": now().seconds() + 9 });
    assert_eq!(asked(&mut client, 2, &fits).await["outcome"], "saved");
    assert_eq!(counted(&format!("{of_ada}last_seen > created + 8")), "1");
    let lost = save(&mut client, 3, 9, json!({ "ip": "198.51.100.1" })).await;
    assert_eq!(lost["outcome"], "other");
    assert_eq!(counted("ip = '198.51.100.1'"), "0");

    // The newest record of each session, by user or the last ones first; what has none of its own any more is left out.
    let (ended, said, why) = with(&running, "file:ada", &["warm", "--user", &user(1)]);
    assert_eq!(
        (ended, said.trim()),
        (Some(0), "1 records are in the cache"),
        "{why}"
    );
    let recent = ["warm", "--recent", "--batch", "2"];
    let (_, said, why) = with(&running, "file:recent", &recent);
    assert_eq!(said.trim(), "4 records are in the cache", "{why}");
    let (_, said, _) = with(
        &running,
        "file:two",
        &["warm", "--recent", "--at-most", "2"],
    );
    assert_eq!(said.trim(), "2 records are in the cache");

    // Nothing is left of what ended, is forgotten or has expired.
    let end = json!({ "ask": "end", "expires": now().seconds() + 3_600, "now": now().seconds() });
    asked(&mut client, 1, &end).await;
    let forget = json!({ "ask": "commit", "record": null, "from": name(4, 1).to_text(), "to": null, "listed": [],
        "expires": now().seconds() + 3_600, "now": now().seconds() });
    assert_eq!(asked(&mut client, 4, &forget).await["outcome"], "saved");
    assert_eq!(rows("count(*)"), "3");
    let late = json!({ "ask": "commit", "record": null, "from": name(5, 1).to_text(), "listed": [],
        "to": { "record": name(5, 2).to_text(), "cookie": "c" }, "expires": now().seconds() - 9_000, "now": now().seconds() });
    assert_eq!(asked(&mut client, 5, &late).await["outcome"], "saved");
    let (_, said, _) = running.run(&["clean"]);
    // Its head and what stands beside it.
    assert_eq!(said.trim(), "2 removed");
    assert_eq!(rows("count(*)"), "2");

    // What the settings do not name any more goes with the session's next change.
    running.signal("-TERM");
    running.wait();
    running.set(&settings("[\"user\"]"));
    running.start_again();
    running.line("store_open");
    let mut client = running.client().await;
    let ada = json!({ "user": user(1), "ip": "192.0.2.1", "user_agent": "Ada" });
    assert_eq!(save(&mut client, 3, 2, ada).await["outcome"], "saved");
    let bare = "ip IS NULL AND user_agent IS NULL AND created IS NULL AND last_seen IS NULL";
    assert_eq!(counted(&format!("user_id = '{}' AND {bare}", user(1))), "1");
    let (ended, _, said) = with(&running, "file:none", &["warm", "--recent"]);
    assert!(
        ended == Some(1) && said.contains("does not name \"last_seen\""),
        "{said}"
    );
    assert!(statistics(&running)["began_within"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_columns() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sqlite3");
    let rows = |what: &str| {
        let file = rusqlite::Connection::open(&path).unwrap();
        let value = file.query_row(
            &format!("SELECT {what} FROM edge_session_about"),
            [],
            |row| row.get::<_, rusqlite::types::Value>(0),
        );
        match value.unwrap() {
            rusqlite::types::Value::Integer(number) => number.to_string(),
            other => format!("{other:?}"),
        }
    };
    keeps_columns(&format!("sqlite:{}", path.display()), rows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_columns() {
    let server = servers::postgres();
    let port = server.port.to_string();
    let rows = |what: &str| {
        says(
            "psql",
            &[
                "-h127.0.0.1",
                "-p",
                &port,
                "-Uedge",
                "-Atc",
                &format!("SELECT {what} FROM edge_session_about"),
                "postgres",
            ],
        )
    };
    keeps_columns(&format!("postgres://edge@127.0.0.1:{port}/postgres"), rows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb_keeps_columns() {
    let server = servers::mariadb();
    let port = server.port.to_string();
    let rows = |what: &str| {
        let statement = format!("SELECT {what} FROM edge_session_about");
        says(
            "mariadb",
            &[
                "--no-defaults",
                "--protocol=tcp",
                "-h127.0.0.1",
                "-uroot",
                "-P",
                &port,
                "-Ne",
                &statement,
                "shop",
            ],
        )
    };
    keeps_columns(&format!("mysql://ada:lovelace@127.0.0.1:{port}/shop"), rows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_columns_nothing_that_is_told_is_kept() {
    let running = Running::open("store = \"sqlite:FOLDER/s.sqlite3\"");
    let mut client = running.client().await;
    let about = json!({ "user": user(1), "ip": "192.0.2.1", "user_agent": "Ada/1.0" });
    assert_eq!(save(&mut client, 1, 1, about).await["outcome"], "saved");
    for file in ["s.sqlite3", "s.sqlite3-wal"] {
        let bytes = std::fs::read(running.path(file)).unwrap();
        for told in [user(1), "192.0.2.1".to_owned(), "Ada/1.0".to_owned()] {
            let is_there = bytes
                .windows(told.len())
                .any(|part| part == told.as_bytes());
            assert!(!is_there, "{told} in {file}");
        }
    }
    let wrong = json!({ "user": "ada" });
    let ask = json!({ "ask": "commit", "from": null, "to": null, "listed": [], "about": wrong, "expires": 1, "now": 1,
        "record": { "name": name(2, 1).to_text(), "frame": "AAAAAAAAAAA" } });
    let path = format!("/heads/{}", name(2, 0));
    let answer = client.ask("PUT", &path, ask.to_string().as_bytes()).await;
    assert_eq!(answer.unwrap().0, 400);
}

/// How many records the cache has in the end.
fn cached(running: &Running) -> Value {
    running.signal("-TERM");
    // With what was written behind the answers.
    running.line("stopped");
    let mut command = running.command(&["stats"]);
    let output = command.env("EDGE_SESSION_SERVER_STORE", "file:c").output();
    let (_, said, why) = told(&output.unwrap());
    let statistics: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{why}"));
    statistics["records"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_for_users_gets_what_is_told_to_be_theirs() {
    let running = Running::open(
        "store = \"sqlite:FOLDER/s.sqlite3\"\ncache = \"file:FOLDER/c\"\ncache_users_only = true",
    );
    let mut client = running.client().await;
    for session in 1..=4 {
        let about = match session {
            1 => json!({ "user": user(1) }),
            _ => json!({ "ip": "192.0.2.1" }),
        };
        save(&mut client, session, 1, about).await;
    }
    assert_eq!(cached(&running), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_for_what_is_read_again_gets_it_when_it_is() {
    let running = Running::open(
        "store = \"sqlite:FOLDER/s.sqlite3\"\ncache = \"file:FOLDER/c\"\ncache_hot_only = true",
    );
    let mut client = running.client().await;
    for session in 1..=4 {
        save(&mut client, session, 1, json!({})).await;
        let path = format!("/records/{}", name(session, 1));
        for _ in 0..session.min(2) {
            assert_eq!(client.ask("GET", &path, b"").await.unwrap().0, 200);
        }
    }
    // All but the first one.
    assert_eq!(cached(&running), 3);
}
