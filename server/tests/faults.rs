//! What becomes of records and heads when the line to the store fails: nothing that was confirmed is lost, no outage is
//! told as absence, everything ends in time, and afterwards the store is well without anybody's help.
#![allow(clippy::unwrap_used)]

extern crate alloc;

use core::time::Duration;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use edge_session_server::stores::{Kept, Store, StoreAddress};
use servers::proxy::{Line, Proxy};
use session_codec::{StoreName, Timestamp};
use session_store::{
    Committed, Head, HeadMove, HeadState, NewRecord, Proposal, Record, RecordMeta, SessionStore,
};

mod servers;

/// What a call may take at most: connecting twice.
const IN_TIME: Duration = Duration::from_secs(4);
/// How long a store may need to be well again.
const RECOVERY: Duration = Duration::from_secs(6);

#[tokio::test]
async fn postgres() {
    let server = servers::postgres();
    survives(&server).await;
}

#[tokio::test]
async fn mariadb() {
    let server = servers::mariadb();
    survives(&server).await;
}

#[tokio::test]
async fn redis() {
    let server = servers::redis(&[]);
    survives(&server).await;
}

/// The first server is gone for good, and sentinels name another one.
#[tokio::test]
async fn another_redis_takes_over() {
    let mut first = servers::redis(&["--repl-diskless-sync-delay", "0"]);
    let second = servers::redis(&["--replicaof", "127.0.0.1", &first.port.to_string()]);
    let sentinel = servers::sentinel(first.port);
    servers::wait("the sentinel knows both", || {
        servers::redis_says(sentinel.port, &["sentinel", "replicas", "mymaster"])
            .contains(&second.port.to_string())
    });
    let address = format!("redis-sentinel://127.0.0.1:{}/mymaster", sentinel.port);
    let store = Store::new(&address.parse().unwrap(), 4).unwrap();
    let mut session = Session::begin(store).await;
    session.save(Line::Well).await;
    // The head and two records: what is not copied yet goes with the first one.
    servers::wait("the copy", || {
        servers::redis_says(second.port, &["dbsize"]).trim() == "3"
    });
    first.kill();
    session.save(Line::Cut).await;
    session
        .recovers_within(Duration::from_secs(20), Line::Cut)
        .await;
    session.save(Line::Well).await;
    assert!(session.perhaps.is_none());
}

#[tokio::test]
async fn memcached() {
    let server = servers::memcached(&["-I", "2m"]);
    survives(&server).await;
}

async fn survives(server: &servers::Running) {
    let proxy = Proxy::to(server.port).await;
    let address: StoreAddress = server.address_at(proxy.port).parse().unwrap();
    let mut session = Session::begin(Store::new(&address, 4).unwrap()).await;
    let lines = [
        Line::Cut,
        Line::Hangs,
        Line::Half(1),
        Line::Slow(20),
        Line::Half(40),
        Line::Hangs,
        Line::Half(9),
        Line::Cut,
    ];
    for line in lines {
        proxy.set(line);
        session.save(line).await;
        session.read(line).await;
        proxy.set(Line::Well);
        session.recovers(line).await;
    }
}

/// One session, and what is known of it.
struct Session {
    store: Store,
    name: StoreName,
    now: Timestamp,
    /// The newest that was confirmed.
    confirmed: Head,
    /// One that may have been kept.
    perhaps: Option<Head>,
    /// All that were confirmed, with the byte they are made of.
    records: Vec<(StoreName, u8)>,
}

impl Session {
    async fn begin(store: Store) -> Self {
        store.prepare().await.unwrap();
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        let now = Timestamp::from_seconds(since.as_secs().cast_signed());
        let name = StoreName::new([7; 24]);
        let confirmed = head(0);
        let mut session = Self {
            store,
            name,
            now,
            confirmed: head(0),
            perhaps: None,
            records: Vec::new(),
        };
        let first = session
            .store
            .commit(&session.proposal(None, &confirmed, 0), now)
            .await;
        assert!(matches!(first, Ok(Committed::Saved(_))));
        session.records.push((confirmed.record, 0));
        session
    }

    fn proposal(&self, from: Option<StoreName>, to: &Head, byte: u8) -> Proposal {
        let expires = self.now.after(Duration::from_secs(3_600));
        Proposal {
            record: Some(NewRecord {
                name: to.record,
                // Longer than what a line carries in one piece.
                record: Record::new(vec![byte; 40_000]).unwrap(),
                meta: RecordMeta::session_until(expires),
            }),
            head: Some(HeadMove {
                session: self.name,
                from,
                to: Some(to.clone()),
                expires,
            }),
            unless_ended: Vec::new(),
        }
    }

    async fn save(&mut self, line: Line) {
        let byte =
            u8::try_from(self.records.len()).unwrap() + 100 * u8::from(self.perhaps.is_some());
        let to = head(byte);
        let proposal = self.proposal(Some(self.confirmed.record), &to, byte);
        let begun = Instant::now();
        let saved = self.store.commit(&proposal, self.now).await;
        assert!(
            begun.elapsed() < IN_TIME,
            "{line:?}: a save took {:?}",
            begun.elapsed()
        );
        match saved {
            Ok(Committed::Saved(_)) => self.confirm(to, byte),
            Ok(_) => panic!("{line:?}: somebody else is said to have been here"),
            Err(_) => self.perhaps = Some(to),
        }
    }

    async fn read(&self, line: Line) {
        let (name, byte) = self.records[self.records.len() - 1];
        let begun = Instant::now();
        let read = self.store.get(&name, self.now).await;
        assert!(
            begun.elapsed() < IN_TIME,
            "{line:?}: a look took {:?}",
            begun.elapsed()
        );
        match read {
            Ok(Some(kept)) => assert!(kept.record.bytes() == vec![byte; 40_000], "{line:?}"),
            Ok(None) => panic!("{line:?}: an outage is told as absence"),
            Err(_) => {}
        }
    }

    async fn recovers(&mut self, line: Line) {
        self.recovers_within(RECOVERY, line).await;
    }

    async fn recovers_within(&mut self, time: Duration, line: Line) {
        let begun = Instant::now();
        let there = loop {
            match self.store.head(&self.name, self.now).await {
                Ok(there) => break there,
                Err(error) => assert!(begun.elapsed() < time, "{line:?}: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        };
        let HeadState::At(there) = there else {
            panic!("{line:?}: the head is lost");
        };
        match self.perhaps.take() {
            Some(perhaps) if there.head == perhaps => {
                let byte = perhaps.record.bytes()[23];
                self.confirm(perhaps, byte);
            }
            _ => assert!(
                there.head == self.confirmed,
                "{line:?}: the head is neither old nor new"
            ),
        }
        for (name, byte) in &self.records {
            let kept = self.store.get(name, self.now).await.unwrap();
            let kept = kept.unwrap_or_else(|| panic!("{line:?}: a confirmed record is lost"));
            assert!(kept.record.bytes() == vec![*byte; 40_000], "{line:?}");
        }
    }

    fn confirm(&mut self, head: Head, byte: u8) {
        self.records.push((head.record, byte));
        self.confirmed = head;
    }
}

/// The head of a save; a name's last byte is its record's.
fn head(byte: u8) -> Head {
    let mut name = [7; 24];
    name[12..].fill(9);
    name[23] = byte;
    Head {
        record: StoreName::new(name),
        cookie: format!("cookie-{byte}").into(),
    }
}
