use crate::running::{Running, frame, name, told};
use crate::servers;

#[test]
fn what_is_wrong_is_one_line_with_the_cure() {
    for (settings, code, cure) in [
        ("store = \"oracle:x\"", 2, "sqlite:"),
        ("stor = \"x\"", 2, "unknown field `stor`"),
        (
            "also_write = \"file:/proc/none\"",
            1,
            "also_write file:/proc/none: ",
        ),
        (
            "tls_key = \"none.pem\"\ntls_certificate = \"none.pem\"",
            1,
            "none.pem: no certificate in PEM",
        ),
        (
            "store = \"sqlite:/proc/none/s.sqlite3\"",
            1,
            "the folder must exist and be writable",
        ),
        ("store = \"file:/proc/none\"", 1, "files: "),
        ("store = \"file:/dev/null\"", 1, "file: names a folder"),
        ("store = \"sqlite:server.toml\"", 1, "name another file"),
    ] {
        let running = Running::folder(settings);
        let (ended, _, said) = running.run(&["check"]);
        assert_eq!(ended, Some(code), "{settings}: {said}");
        assert!(said.contains(cure), "{settings}: {said}");
        assert!(code == 2 || said.lines().count() == 1, "{said}");
    }
    let running = Running::folder("");
    let (ended, _, said) = running.run(&["swim"]);
    assert!(ended == Some(2) && said.contains("serve"), "{said}");
    let nobody = Running::folder("tls_key = \"none.pem\"\ntls_certificate = \"none.pem\"");
    let (ended, _, said) = nobody.run(&["serve"]);
    assert!(ended == Some(1) && said.contains("none.pem"), "{said}");
}

#[test]
fn check_says_what_a_store_promises_and_leaves_nothing_there() {
    let running = Running::folder("store = \"sqlite:s.sqlite3\"\ncache = \"file:cache\"");
    let (ended, said, _) = running.run(&["check"]);
    assert_eq!(ended, Some(0));
    assert!(said.contains("store sqlite:s.sqlite3: well"), "{said}");
    assert!(said.contains("cache file:cache: well"), "{said}");
    let (_, said, _) = running.run(&["stats"]);
    assert!(said.contains("\"records\": 0"), "{said}");
    let synced = ["--appendonly", "yes", "--appendfsync", "always"];
    for (settings, is_durable) in [(&synced[..], true), (&[], false)] {
        let redis = servers::redis(settings);
        let running = Running::folder(&format!("store = \"{}\"", redis.address()));
        let (_, said, why) = running.run(&["check"]);
        let durable = said.contains("yes what is confirmed survives a crash of its machine");
        assert_eq!(durable, is_durable, "{said}{why}");
    }
}

/// Sessions with heads, some of which have expired and some of which have ended.
async fn fill(running: &Running, sessions: u64) {
    let mut client = running.client().await;
    for session in 0..sessions {
        let kept = match session % 10 {
            3 => [&[0; 8], &frame(session, 100)[8..]].concat(),
            _ => frame(session, 100 + session as usize),
        };
        let path = format!("/records/{}", name(session, 1));
        assert_eq!(client.ask("PUT", &path, &kept).await.unwrap().0, 204);
        if session % 2 == 0 {
            let record = name(session, 1);
            let save = serde_json::json!({ "ask": "commit", "record": null, "from": null, "listed": [],
                "to": { "record": record.to_text(), "cookie": "c" }, "expires": 4_000_000_000_u64, "now": 1 });
            let path = format!("/heads/{}", name(session, 0));
            let (status, _) = client
                .ask("PUT", &path, save.to_string().as_bytes())
                .await
                .unwrap();
            assert_eq!(status, 200);
        }
        if session % 8 == 0 {
            let end = serde_json::json!({ "ask": "end", "expires": 4_000_000_000_u64, "now": 1 });
            let path = format!("/heads/{}", name(session, 0));
            client
                .ask("PUT", &path, end.to_string().as_bytes())
                .await
                .unwrap();
        }
    }
}

fn stats(running: &Running, store: &str) -> serde_json::Value {
    let mut command = running.command(&["stats"]);
    let (ended, said, why) = told(
        &command
            .env("EDGE_SESSION_SERVER_STORE", store)
            .output()
            .unwrap(),
    );
    assert_eq!(ended, Some(0), "{why}");
    serde_json::from_str(&said).unwrap()
}

/// What a store that is counted and cleaned has, of forty sessions.
async fn is_counted_and_cleaned(store: &str, removed: u64) {
    let running = Running::open(&format!("store = \"{store}\"\nclean_seconds = 0"));
    fill(&running, 40).await;
    let store = store.replace("FOLDER/", "");
    let before = stats(&running, &store);
    // Of those that ended nothing but the tombstone is left.
    assert_eq!(
        (&before["records"], &before["expired"]),
        (&35.into(), &4.into()),
        "{before}"
    );
    assert_eq!(
        (&before["heads"], &before["largest"][0]),
        (&20.into(), &139.into())
    );
    assert_eq!(before["expire_within"]["hour"], 31);
    let (ended, said, why) = running.run(&["clean", "--batch", "3", "--pause", "0"]);
    assert_eq!(
        (ended, said.trim()),
        (Some(0), &*format!("{removed} removed")),
        "{why}"
    );
    let after = stats(&running, &store);
    assert_eq!(
        (&after["records"], &after["expired"]),
        (&(35 - removed).into(), &(4 - removed).into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_is_counted_and_removed() {
    is_counted_and_cleaned("sqlite:FOLDER/s.sqlite3", 4).await;
    is_counted_and_cleaned("file:FOLDER/s", 4).await;
    let (postgres, mariadb, redis) = (servers::postgres(), servers::mariadb(), servers::redis(&[]));
    is_counted_and_cleaned(&postgres.address(), 4).await;
    is_counted_and_cleaned(&mariadb.address(), 4).await;
    // Which removes by itself what has expired, a minute later.
    is_counted_and_cleaned(&redis.address(), 0).await;
}

/// Moves from a store to another one, and is killed in the middle.
async fn is_moved(from: &str, to: &str) {
    let running = Running::open(&format!("store = \"{from}\"\nclean_seconds = 0"));
    fill(&running, 60).await;
    let from = &from.replace("FOLDER/", "");
    let begin = ["move", "--from", from, "--to", to];
    let mut moving = running.command(&[&begin[..], &["--batch", "1"]].concat());
    let mut child = moving.stdout(std::process::Stdio::null()).spawn().unwrap();
    let begun = std::time::Instant::now();
    let progress = running.path("edge-session-move.json");
    while !progress.exists() && begun.elapsed().as_secs() < 20 {
        std::thread::sleep(core::time::Duration::from_millis(1));
    }
    std::thread::sleep(core::time::Duration::from_millis(30));
    child.kill().unwrap();
    child.wait().unwrap();
    let was_interrupted = progress.exists();
    let other = running.run(&["move", "--from", from, "--to", "file:else"]);
    if was_interrupted {
        assert!(other.2.contains("remove it to begin anew"), "{}", other.2);
    }
    let (ended, said, why) = running.run(&begin);
    assert_eq!(ended, Some(0), "{why}");
    assert_eq!(said.contains("going on"), was_interrupted, "{said}");
    assert!(said.contains("has all that"), "{said}");
    let (old, new) = (stats(&running, from), stats(&running, to));
    let live = |told: &serde_json::Value| {
        told["records"].as_u64().unwrap() - told["expired"].as_u64().unwrap()
    };
    assert_eq!((live(&old), &old["heads"]), (live(&new), &new["heads"]));
    assert_eq!(old["largest"], new["largest"]);
    assert!(!progress.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_goes_on_where_it_was_interrupted_and_ends_with_the_same() {
    is_moved("sqlite:FOLDER/s.sqlite3", "file:new").await;
    let (postgres, mariadb, redis) = (servers::postgres(), servers::mariadb(), servers::redis(&[]));
    is_moved("file:FOLDER/s", &postgres.address()).await;
    is_moved(&mariadb.address(), &redis.address()).await;
    let (later, last) = (servers::redis(&[]), servers::mariadb());
    is_moved(&later.address(), &last.address()).await;
    is_moved(&servers::postgres().address(), "sqlite:new.sqlite3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_is_warmed_with_what_lives() {
    let redis = servers::redis(&[]);
    let postgres = servers::postgres();
    for (store, cache) in [
        ("sqlite:FOLDER/s.sqlite3", "file:warm"),
        (&*postgres.address(), &*redis.address()),
    ] {
        let running = Running::open(&format!("store = \"{store}\"\nclean_seconds = 0"));
        fill(&running, 40).await;
        let (ended, _, said) = running.run(&["warm"]);
        assert!(
            ended == Some(1) && said.contains("cache is not set"),
            "{said}"
        );
        let mut command = running.command(&["warm", "--batch", "7"]);
        let output = command
            .env("EDGE_SESSION_SERVER_CACHE", cache)
            .output()
            .unwrap();
        let (ended, said, why) = told(&output);
        assert_eq!(
            (ended, said.trim()),
            (Some(0), "31 records are in the cache"),
            "{why}"
        );
        assert_eq!(stats(&running, cache)["records"], 31);
    }
}
