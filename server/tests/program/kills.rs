//! `kill -9` and moving house under load: nothing that was confirmed is gone, nothing that is there is torn.

use alloc::collections::BTreeMap;
use core::time::Duration;

use serde_json::{Value, json};

use crate::running::{Client, Running, frame, name};
use crate::servers;

/// Sessions that are written at once.
const SESSIONS: u64 = 8;

/// How often; `KILLS` says otherwise.
fn kills() -> u64 {
    std::env::var("KILLS").map_or(6, |text| text.parse().unwrap())
}

/// What a session's client was told last, and what it asked for since.
#[derive(Clone, Copy, Default)]
struct Known {
    confirmed: u64,
    asked: u64,
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    survive("store = \"sqlite:FOLDER/s.sqlite3\"").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files() {
    survive("store = \"file:FOLDER/s\"").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_to_another_store_while_sessions_go_on() {
    are_moved("sqlite:FOLDER/s.sqlite3", "file:FOLDER/new").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_from_server_to_server_while_sessions_go_on() {
    let (postgres, mariadb, redis) = (servers::postgres(), servers::mariadb(), servers::redis(&[]));
    are_moved("sqlite:FOLDER/s.sqlite3", &postgres.address()).await;
    are_moved(&servers::postgres().address(), &mariadb.address()).await;
    are_moved(&servers::mariadb().address(), &redis.address()).await;
    are_moved(&servers::redis(&[]).address(), "sqlite:FOLDER/new.sqlite3").await;
}

/// Moves house in the middle of what eight sessions write; what was confirmed by then is in the new one.
async fn are_moved(from: &str, to: &str) {
    let mut running = Running::open(&format!("store = \"{from}\""));
    let begin = |running: &Running| {
        let address = running.address.clone();
        move |(session, known): (u64, Known)| {
            let address = address.clone();
            tokio::spawn(async move {
                let client = Client::connect(&address).await.unwrap();
                write(client, session, known).await
            })
        }
    };
    let mut known: Vec<_> = (0..SESSIONS)
        .map(|session| (session, Known::default()))
        .collect();
    let both = format!("store = \"{from}\"\nalso_write = \"{to}\"");
    let moved = format!("store = \"{to}\"");
    for (is_moving, settings) in [(false, both), (true, moved)] {
        let writers: Vec<_> = known.drain(..).map(begin(&running)).collect();
        tokio::time::sleep(Duration::from_millis(200)).await;
        if is_moving {
            let [from, to] = [from, to].map(|address| address.replace("FOLDER/", ""));
            let mut command = running.command(&["move", "--from", &from, "--to", &to]);
            let output = tokio::task::spawn_blocking(move || command.output().unwrap())
                .await
                .unwrap();
            let (ended, _, why) = crate::running::told(&output);
            assert_eq!(ended, Some(0), "{why}");
        }
        running.signal("-TERM");
        for (session, writer) in (0..).zip(writers) {
            known.push((session, writer.await.unwrap()));
        }
        assert_eq!(running.wait(), Some(0));
        running.set(&settings);
        running.start_again();
        running.line("store_open");
        let mut client = running.client().await;
        for (session, known) in &mut known {
            *known = look(&mut client, *session, *known).await;
        }
    }
    assert!(known.iter().all(|(_, known)| known.confirmed > 1));
}

async fn survive(settings: &str) {
    let mut running = Running::open(settings);
    let mut known = BTreeMap::new();
    let mut random = fastrand::Rng::new();
    for _ in 0..kills() {
        let mut writers = Vec::new();
        for session in 0..SESSIONS {
            let from = known.get(&session).copied().unwrap_or_default();
            let client = running.client().await;
            writers.push(tokio::spawn(write(client, session, from)));
        }
        tokio::time::sleep(Duration::from_micros(random.u64(5_000..155_000))).await;
        running.signal("-KILL");
        running.wait();
        for (session, writer) in (0..).zip(writers) {
            known.insert(session, writer.await.unwrap());
        }
        running.start_again();
        running.line("store_open");
        let mut client = running.client().await;
        for (session, known) in &mut known {
            *known = look(&mut client, *session, *known).await;
        }
    }
    let confirmed: u64 = known.values().map(|known| known.confirmed).sum();
    println!("{} kills, {confirmed} commits confirmed", kills());
    assert!(confirmed > kills(), "hardly anything was written");
}

/// Saves one state after the other, until the server is gone.
async fn write(mut client: Client, session: u64, from: Known) -> Known {
    let mut known = from;
    loop {
        known.asked = known.confirmed + 1;
        let Some((status, body)) = save(&mut client, session, known).await else {
            return known;
        };
        let outcome: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (status, &outcome["outcome"]),
            (200, &json!("saved")),
            "{outcome}"
        );
        known.confirmed = known.asked;
    }
}

async fn save(client: &mut Client, session: u64, known: Known) -> Option<(u16, bytes::Bytes)> {
    use base64::Engine;

    let to = name(session, known.asked);
    let text = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(state(session, known.asked));
    let body = json!({
        "ask": "commit",
        "record": { "name": to.to_text(), "frame": text },
        "from": name(session, known.confirmed).to_text(),
        "to": { "record": to.to_text(), "cookie": known.asked.to_string() },
        "expires": 4_000_000_000_u64,
        "listed": [],
        "now": 1_800_000_000,
    });
    let path = format!("/heads/{}", name(session, 0));
    client.ask("PUT", &path, body.to_string().as_bytes()).await
}

/// A record of some length of its own, the same whenever it is made but for its expiry.
fn state(session: u64, turn: u64) -> Vec<u8> {
    let bytes = 200 + (session * 7919 + turn * 104_729) % 20_000;
    let mut state = frame(session << 32 | turn, bytes as usize);
    state[..8].copy_from_slice(&4_000_000_000_u64.to_be_bytes());
    state
}

/// The head is what was confirmed last, or what was under way; every record that was confirmed is there, whole.
async fn look(client: &mut Client, session: u64, known: Known) -> Known {
    let show = json!({ "ask": "show", "now": 1_800_000_000 });
    let path = format!("/heads/{}", name(session, 0));
    let (_, body) = client
        .ask("PUT", &path, show.to_string().as_bytes())
        .await
        .unwrap();
    let shown: Value = serde_json::from_slice(&body).unwrap();
    let turn: u64 = match shown["cookie"].as_str() {
        Some(cookie) => cookie.parse().unwrap(),
        None => 0,
    };
    assert!(
        [known.confirmed, known.asked].contains(&turn),
        "session {session}: {turn} instead of {}",
        known.confirmed
    );
    for turn in turn.saturating_sub(50)..=turn {
        if turn > 0 {
            let path = format!("/records/{}", name(session, turn));
            let (status, kept) = client.ask("GET", &path, b"").await.unwrap();
            assert_eq!(
                (status, kept.to_vec()),
                (200, state(session, turn)),
                "session {session}, {turn}"
            );
        }
    }
    Known {
        confirmed: turn,
        asked: turn,
    }
}
