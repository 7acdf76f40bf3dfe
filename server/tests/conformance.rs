//! The contract of stores, against the real ones.
#![allow(clippy::unwrap_used)]

extern crate alloc;

use alloc::sync::Arc;
use core::time::Duration;
use std::collections::HashMap;
use std::time::{SystemTime, UNIX_EPOCH};

mod servers;

use edge_session_server::stores::{Kept, Store, StoreAddress};
use session_codec::{StoreName, Timestamp};
use session_store::conformance::{Report, run};
use session_store::{
    Committed, Head, HeadMove, NewRecord, Proposal, Record, RecordMeta, SessionStore,
};

/// Runs the suite against the store of an address. Names are of the moment: a store may have been here before.
async fn conforms(address: &str) -> Report {
    let address: StoreAddress = address.parse().unwrap();
    let store = Store::new(&address, 4).unwrap();
    store.prepare().await.unwrap();
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let now = Timestamp::from_seconds(since.as_secs().cast_signed());
    let mut used = since.as_nanos() as u64;
    let mut fresh_name = || {
        used += 1;
        // Alike in no part: the suite puts names together of halves.
        StoreName::new([used.to_be_bytes(); 3].concat().try_into().unwrap())
    };
    let report = run(&store, now, &mut fresh_name).await.unwrap();
    assert_eq!(report.keeps_heads, store.promises().keeps_heads);
    let other = Store::new(&address, 4).unwrap();
    other.prepare().await.unwrap();
    moves_in_one_line([store, other], fresh_name(), now).await;
    report
}

/// Two servers on one store, each with several callers, who all move one head. Every move that was done begins where another
/// one ended, so none is lost; and after the end none is done.
async fn moves_in_one_line(stores: [Store; 2], session: StoreName, now: Timestamp) {
    let expires = now.after(Duration::from_secs(3_600));
    let name = move |caller: u8, step: u8| {
        let mut name = *session.bytes();
        name[12..].fill(caller);
        name[23] = step;
        StoreName::new(name)
    };
    let stores = stores.map(Arc::new);
    let callers = (0..8_u8).map(|caller| {
        let store = Arc::clone(&stores[usize::from(caller % 2)]);
        tokio::spawn(async move {
            let mut done = Vec::new();
            let mut from = None;
            for step in 0..STEPS {
                let to = Head {
                    record: name(caller, step),
                    cookie: "cookie".into(),
                };
                let record = NewRecord {
                    name: to.record,
                    record: Record::new(vec![caller, step]).unwrap(),
                    meta: RecordMeta::session_until(expires),
                };
                let change = |from| HeadMove {
                    session,
                    from,
                    to: Some(to.clone()),
                    expires,
                };
                loop {
                    let proposal = Proposal {
                        record: Some(record.clone()),
                        head: Some(change(from)),
                        unless_ended: Vec::new(),
                    };
                    match store.commit(&proposal, now).await {
                        Ok(Committed::Saved(_)) => break,
                        Ok(Committed::Other(there)) => from = Some(there.head.record),
                        Ok(Committed::Ended) => return done,
                        // Too many at once for this store: nothing is known, and it may be asked again.
                        Err(error) => assert_eq!(error.label(), "unavailable", "{error}"),
                    }
                }
                done.push((from, to.record));
                from = Some(to.record);
            }
            done
        })
    });
    let callers: Vec<_> = callers.collect();
    let mut moves = HashMap::new();
    for caller in callers {
        for (from, to) in caller.await.unwrap() {
            assert!(
                moves.insert(from, to).is_none(),
                "two moves from one record"
            );
        }
    }
    assert_eq!(moves.len(), 8 * usize::from(STEPS));
    let mut last = None;
    while let Some(next) = moves.remove(&last) {
        last = Some(next);
    }
    assert!(
        moves.is_empty(),
        "{} moves begin at what never was the newest",
        moves.len()
    );
    let end = stores[0].end(&session, expires, now).await.unwrap();
    assert!(end.map(|head| head.record) == last);
    let to = Head {
        record: name(9, 0),
        cookie: "cookie".into(),
    };
    let head = HeadMove {
        session,
        from: last,
        to: Some(to),
        expires,
    };
    let late = Proposal {
        head: Some(head),
        ..Proposal::default()
    };
    assert!(stores[1].commit(&late, now).await == Ok(Committed::Ended));
}

/// Moves of each caller.
const STEPS: u8 = 12;

#[tokio::test]
async fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sessions.sqlite3");
    let report = conforms(&format!("sqlite:{}", file.display())).await;
    assert!(report.keeps_heads && !report.replaces);
}

#[tokio::test]
async fn files() {
    let folder = tempfile::tempdir().unwrap();
    let report = conforms(&format!(
        "file:{}",
        folder.path().join("sessions").display()
    ))
    .await;
    assert!(report.keeps_heads && !report.replaces);
}

#[tokio::test]
async fn postgres() {
    let server = servers::postgres();
    let address = format!("postgres://edge@127.0.0.1:{}/postgres", server.port);
    let report = conforms(&address).await;
    assert!(report.keeps_heads && !report.replaces);
}

#[tokio::test]
async fn mariadb() {
    let server = servers::mariadb();
    let address = format!("mariadb://ada:lovelace@127.0.0.1:{}/shop", server.port);
    let report = conforms(&address).await;
    assert!(report.keeps_heads && !report.replaces);
}

#[tokio::test]
async fn redis() {
    let server = servers::redis(&["--maxmemory-policy", "noeviction"]);
    let report = conforms(&format!("redis://127.0.0.1:{}/0?prefix=shop", server.port)).await;
    assert!(report.keeps_heads && !report.replaces);
}

#[tokio::test]
async fn redis_behind_a_sentinel() {
    let server = servers::redis(&[]);
    let sentinel = servers::sentinel(server.port);
    let address = format!("redis-sentinel://127.0.0.1:{}/mymaster", sentinel.port);
    let report = conforms(&address).await;
    assert!(report.keeps_heads && !report.replaces);
}

#[tokio::test]
async fn a_cluster_of_redis() {
    let nodes = servers::redis_cluster();
    let places: Vec<_> = nodes
        .iter()
        .map(|node| format!("127.0.0.1:{}", node.port))
        .collect();
    let report = conforms(&format!("redis-cluster://{}", places.join(","))).await;
    assert!(report.keeps_heads && !report.replaces);
}

#[tokio::test]
async fn several_memcached() {
    let nodes = [0; 3].map(|_| servers::memcached(&["-I", "2m"]));
    let places = nodes
        .each_ref()
        .map(|node| format!("127.0.0.1:{}", node.port));
    let report = conforms(&format!("memcached://{}?prefix=shop", places.join(","))).await;
    assert!(report.keeps_heads && !report.replaces);
}
