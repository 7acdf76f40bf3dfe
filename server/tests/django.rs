//! Django's own sessions, with real Djangos on the other side: what one writes the other reads, wherever it is kept.
#![allow(clippy::unwrap_used)]

extern crate alloc;

use core::time::Duration;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use edge_session_server::django::{DjangoSessions, DjangoSettings, Replaced, SessionKey};
use serde_json::{Value, json};
use session_codec::policy::Limits;
use session_codec::signing::Signer;
use session_codec::{DjangoSecret, KeyRing, Timestamp, Workspace};

mod servers;

const SECRET: &str = "a key of Django's for tests, with more than fifty characters in it";
const VERSIONS: [&str; 2] = ["4.2", "5.2"];
const TWO_WEEKS: i64 = 14 * 86_400;

#[tokio::test]
async fn the_table_in_sqlite() {
    for version in VERSIONS {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("db.sqlite3");
        let database = json!({ "ENGINE": "django.db.backends.sqlite3", "NAME": file });
        let django = Django::start(
            version,
            json!({ "engine": engine("db"), "database": database }),
        );
        agree(
            django,
            settings(&format!("sqlite:{}", file.display())),
            End::Asked,
        )
        .await;
    }
}

#[tokio::test]
async fn tables_in_postgres_one_of_them_with_names_of_its_own() {
    for version in VERSIONS {
        let server = servers::postgres();
        let database = json!({
            "ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "edge",
            "HOST": "127.0.0.1", "PORT": server.port,
        });
        let address = format!("postgres://edge@127.0.0.1:{}/postgres", server.port);
        let said = json!({ "engine": engine("db"), "database": database });
        agree(Django::start(version, said), settings(&address), End::Asked).await;
        let said = json!({ "engine": engine("db"), "database": database, "table": "shop_session" });
        let own = DjangoSettings {
            table: "public.shop_session".into(),
            key_column: "name".into(),
            data_column: "content".into(),
            expires_column: "until".into(),
            ..settings(&address)
        };
        agree(Django::start(version, said), own, End::Asked).await;
        // Django looks into its cache first.
        let redis = servers::redis(&[]);
        let cache = redis_cache(redis.port);
        let said = json!({ "engine": engine("cached_db"), "database": database, "cache": cache });
        let cached = DjangoSettings {
            cached_in: Some(format!("redis://127.0.0.1:{}/1", redis.port)),
            key_prefix: "shop".into(),
            version: 3,
            ..settings(&address)
        };
        agree(Django::start(version, said), cached, End::Asked).await;
    }
}

#[tokio::test]
async fn the_table_in_mariadb() {
    let server = servers::mariadb();
    for version in VERSIONS {
        let database = json!({
            "ENGINE": "django.db.backends.mysql", "NAME": "shop", "USER": "ada", "PASSWORD": "lovelace",
            "HOST": "127.0.0.1", "PORT": server.port,
        });
        let django = Django::start(
            version,
            json!({ "engine": engine("db"), "database": database }),
        );
        let address = format!("mysql://ada:lovelace@127.0.0.1:{}/shop", server.port);
        agree(django, settings(&address), End::Asked).await;
    }
}

#[tokio::test]
async fn files() {
    for version in VERSIONS.into_iter().chain(["6.1"]) {
        let folder = tempfile::tempdir().unwrap();
        let django = Django::start(
            version,
            json!({ "engine": engine("file"), "files": folder.path() }),
        );
        agree(
            django,
            settings(&format!("file:{}", folder.path().display())),
            End::Asked,
        )
        .await;
    }
}

#[tokio::test]
async fn a_cache_in_redis() {
    for version in VERSIONS {
        let server = servers::redis(&[]);
        let said = json!({ "engine": engine("cache"), "cache": redis_cache(server.port) });
        let cached = DjangoSettings {
            key_prefix: "shop".into(),
            version: 3,
            secret_keys: vec![SECRET.into()],
            ..settings(&format!("redis://127.0.0.1:{}/1", server.port))
        };
        agree(Django::start(version, said), cached, End::Kept).await;
    }
}

#[tokio::test]
async fn a_cache_in_memcached() {
    for version in VERSIONS {
        let server = servers::memcached(&[]);
        let cache = json!({
            "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
            "LOCATION": format!("127.0.0.1:{}", server.port),
        });
        let said = json!({ "engine": engine("cache"), "cache": cache });
        let cached = DjangoSettings {
            secret_keys: vec![SECRET.into()],
            ..settings(&format!("memcached://127.0.0.1:{}", server.port))
        };
        agree(Django::start(version, said), cached, End::Kept).await;
    }
}

/// Who ends a session: whoever is asked at a time, or the cache by its own clock.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Asked,
    Kept,
}

async fn agree(mut django: Django, settings: DjangoSettings, end: End) {
    let sessions = settings.open().unwrap();
    let first = json!({ "user": "ada", "ü": "€😀", "numbers": [0, -1, 1.5, 1_u64 << 40], "deep": {"a": [{}, null, true]} });
    let key = django.ask(&json!({ "do": "write", "session": first }));
    // It may have taken its time to start.
    let now = now();
    let key: SessionKey = key.as_str().unwrap().parse().unwrap();

    let row = sessions.find(&key, now).await.unwrap().unwrap();
    assert_eq!(verified(&row.data), first);
    assert!(
        (row.expires - now.seconds() - TWO_WEEKS).abs() < 10,
        "{}",
        row.expires - now.seconds()
    );

    let second = json!({ "user": "ada", "cart": {"tea": 2}, "text": "x".repeat(30_000) });
    let signed = django.ask(&json!({ "do": "sign", "session": second }));
    let to = signed.as_str().unwrap();
    assert_eq!(
        sessions.replace(&key, &row.data, to, now).await,
        Ok(Replaced::Done)
    );
    assert_eq!(
        django.ask(&json!({ "do": "read", "key": key.as_str() })),
        second
    );
    // Whoever got no answer asks again; whoever is late is told so.
    assert_eq!(
        sessions.replace(&key, &row.data, to, now).await,
        Ok(Replaced::Done)
    );
    let third = django.ask(&json!({ "do": "sign", "session": {"a": 1} }));
    let late = sessions
        .replace(&key, &row.data, third.as_str().unwrap(), now)
        .await;
    assert_eq!(late, Ok(Replaced::Changed));
    let kept = sessions.find(&key, now).await.unwrap().unwrap();
    assert_eq!(verified(&kept.data), second);
    assert!(
        (kept.expires - row.expires).abs() < 10,
        "a change does not prolong"
    );

    let written = json!({ "user": "ada", "cart": {}, "text": "" });
    django.ask(&json!({ "do": "write", "key": key.as_str(), "session": written }));
    let row = sessions.find(&key, now).await.unwrap().unwrap();
    assert_eq!(verified(&row.data), written);

    if end == End::Asked {
        let later = now.after(Duration::from_secs(15 * 86_400));
        assert_eq!(sessions.find(&key, later).await, Ok(None));
        assert_eq!(
            sessions.replace(&key, &row.data, to, later).await,
            Ok(Replaced::Gone)
        );
    }
    sessions.delete(&key).await.unwrap();
    sessions.delete(&key).await.unwrap();
    assert_eq!(sessions.find(&key, now).await, Ok(None));
    assert_eq!(
        sessions.replace(&key, &row.data, to, now).await,
        Ok(Replaced::Gone)
    );
    assert_eq!(
        django.ask(&json!({ "do": "read", "key": key.as_str() })),
        Value::Null
    );
    never_written(&sessions, now).await;
}

async fn never_written(sessions: &DjangoSessions, now: Timestamp) {
    let key: SessionKey = "0000000000000000000000000000none".parse().unwrap();
    assert_eq!(sessions.find(&key, now).await, Ok(None));
    sessions.delete(&key).await.unwrap();
}

/// What a text says whose signature is Django's, as the Worker verifies it.
fn verified(text: &str) -> Value {
    let ring = KeyRing::new(DjangoSecret::new(SECRET).unwrap(), vec![]).unwrap();
    let signer = Signer::new("django.contrib.sessions.SessionStore", &ring);
    let read = signer.loads(
        text.as_bytes(),
        None,
        now(),
        &Limits::default(),
        &mut Workspace::default(),
    );
    serde_json::from_str(&read.unwrap().value.into_inner()).unwrap()
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_seconds(since.as_secs().cast_signed())
}

fn engine(backend: &str) -> String {
    format!("django.contrib.sessions.backends.{backend}")
}

fn redis_cache(port: u16) -> Value {
    json!({
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": format!("redis://127.0.0.1:{port}/1"), "KEY_PREFIX": "shop", "VERSION": 3,
    })
}

fn settings(sessions: &str) -> DjangoSettings {
    DjangoSettings {
        sessions: sessions.into(),
        connections: 2,
        ..DjangoSettings::default()
    }
}

/// A process with a Django in it.
struct Django {
    child: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Django {
    fn start(version: &str, mut said: Value) -> Self {
        said["secret"] = SECRET.into();
        let side = if version == "6.1" {
            // It wants a newer Python than many machines have.
            "node tests/differential/pyodide.mjs \"$(python_packages tests/differential/django-6.1.txt)\""
                .to_owned()
        } else {
            format!("\"$(venv tests/backends/django-{version}.txt)/bin/python\" -B")
        };
        let script =
            format!("source scripts/toolchain.sh && exec {side} tests/backends/side.py \"$0\"");
        let mut child = Command::new("bash")
            .args(["-c", &script, &said.to_string()])
            .env("FOLDER", said["files"].as_str().unwrap_or_default())
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (asks, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self {
            child,
            asks,
            answers: BufReader::new(answers),
        }
    }

    fn ask(&mut self, ask: &Value) -> Value {
        writeln!(self.asks, "{ask}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| {
            panic!("Django is not here (scripts/setup.sh test), or ended at {ask}")
        })
    }
}

impl Drop for Django {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
