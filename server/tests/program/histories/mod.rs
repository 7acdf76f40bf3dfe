//! Two servers on one store, several clients who change the sessions there through either, and everything that fails between
//! them. What each client asked and was told is a history; all of it must be possible, in one order, for a store that compares and
//! moves a head in one step. `HISTORIES` says how many of each store, `HISTORY_SEED` where they begin.

use alloc::sync::Arc;
use core::time::Duration;

use fastrand::Rng;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::running::Running;
use crate::servers;
use crate::servers::proxy::{Line, Proxy};

mod order;
mod session;

use session::{Server, Session};

/// Clients of a session at once.
const CLIENTS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("s.sqlite3");
    let store = format!("store = \"sqlite:{}\"", file.display());
    hold(Pair::on_one_disk(&store).await, &ON_ONE_DISK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("store = \"file:{}\"", folder.path().join("s").display());
    hold(Pair::on_one_disk(&store).await, &ON_ONE_DISK).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres() {
    let server = servers::postgres();
    hold(Pair::over_lines(&server, "").await, &ELSEWHERE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_behind_caches_of_each_servers_own() {
    let server = servers::postgres();
    let cache = "cache = \"file:FOLDER/cache\"\ncache_writes = \"behind\"";
    hold(Pair::over_lines(&server, cache).await, &ELSEWHERE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mariadb() {
    let server = servers::mariadb();
    hold(Pair::over_lines(&server, "").await, &ELSEWHERE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis() {
    let server = servers::redis(&[]);
    hold(Pair::over_lines(&server, "").await, &ELSEWHERE).await;
}

/// The first PostgreSQL is gone for good, and its standby takes over: with synchronous replication all that was confirmed is
/// there, and heads go on where they were. What leads to the databases, a proxy or a name, leads to the new one from then on.
#[tokio::test(flavor = "multi_thread")]
async fn postgres_when_its_standby_takes_over() {
    let mut first = servers::postgres_with(&["synchronous_standby_names=*"]);
    let standby = servers::standby_of_postgres(first.port);
    let mut pair = Pair::over_lines(&first, "").await;
    let mut random = Rng::with_seed(1);
    let sessions: Vec<_> = (0..8).map(|seed| Arc::new(Session::new(seed))).collect();
    let clients: Vec<_> = sessions
        .iter()
        .flat_map(|session| pair.clients_of(session, &mut random, Duration::from_millis(120)))
        .collect();
    sleep(Duration::from_millis(400)).await;
    pair.lines.iter().for_each(|line| line.set(Line::Cut));
    tokio::task::block_in_place(|| {
        first.kill();
        servers::promote_postgres(&standby);
    });
    for line in &pair.lines {
        line.lead_to(standby.port);
        line.set(Line::Well);
    }
    for client in clients {
        client.await.unwrap();
    }
    let mut unknown = 0;
    for session in sessions {
        pair.settle(&session).await;
        unknown += session.judge(pair.may_ask_again).unknown;
    }
    assert!(unknown > 0, "nobody noticed that another one took over");
}

/// What is kept on a disk may fail here.
const ON_ONE_DISK: [Fault; 2] = [Fault::Stops, Fault::Clients];
/// And what is kept elsewhere here.
const ELSEWHERE: [Fault; 4] = [Fault::Store, Fault::Store, Fault::Clients, Fault::Stops];

/// Where something fails.
#[derive(Clone, Copy)]
enum Fault {
    /// Between a server and the store.
    Store,
    /// Between a server and its clients.
    Clients,
    /// A server does nothing for a while, or is killed.
    Stops,
}

/// Two servers on one store.
struct Pair {
    servers: [Arc<Server>; 2],
    running: [Running; 2],
    /// Between each of them and the store.
    lines: Vec<Proxy>,
    /// Whether a call may be made twice for who asks once: over a connection that breaks.
    may_ask_again: bool,
}

impl Pair {
    async fn on_one_disk(settings: &str) -> Self {
        Self::new([settings.to_owned(), settings.to_owned()], Vec::new()).await
    }

    async fn over_lines(server: &servers::Running, more: &str) -> Self {
        let lines = vec![Proxy::to(server.port).await, Proxy::to(server.port).await];
        let settings = |line: &Proxy| {
            let address = server.address_at(line.port);
            format!("store = \"{address}\"\n{more}")
        };
        Self::new([settings(&lines[0]), settings(&lines[1])], lines).await
    }

    async fn new(settings: [String; 2], lines: Vec<Proxy>) -> Self {
        let running = settings.map(|settings| Running::open(&settings));
        let server = async |running: &Running| Arc::new(Server::at(port(running)).await);
        let servers = [server(&running[0]).await, server(&running[1]).await];
        Self {
            servers,
            running,
            may_ask_again: !lines.is_empty(),
            lines,
        }
    }

    /// Begins what the clients of a session do, with pauses up to so long.
    fn clients_of(
        &self,
        session: &Arc<Session>,
        random: &mut Rng,
        pause: Duration,
    ) -> Vec<JoinHandle<()>> {
        let client = |client| {
            let (session, servers) = (Arc::clone(session), self.servers.clone());
            let random = random.fork();
            tokio::spawn(async move { session.use_it(client, &servers, random, pause).await })
        };
        (0..CLIENTS).map(client).collect()
    }

    /// What is there in the end is seen through both, whatever they have been through.
    async fn settle(&mut self, session: &Session) {
        for which in 0..2 {
            if !session.settles(&self.servers[which]).await {
                self.start_again(which);
                assert!(session.settles(&self.servers[which]).await, "no answer");
            }
        }
    }

    /// Something fails for a moment, and is well again.
    async fn suffer(&mut self, fault: Fault, random: &mut Rng) {
        let which = random.usize(..2);
        let line = match random.u8(..4) {
            0 => Line::Cut,
            1 => Line::Hangs,
            2 => Line::Half(random.usize(1..600)),
            _ => Line::Slow(random.u64(2..15)),
        };
        // Five failures, one after the other, and a server leaves its store alone for ten seconds: then there is little to see.
        let while_ = Duration::from_millis(random.u64(5..70));
        match fault {
            Fault::Store | Fault::Clients => {
                let line_of = |pair: &Self, line| match fault {
                    Fault::Store => pair.lines[which].set(line),
                    _ => pair.servers[which].line.set(line),
                };
                line_of(self, line);
                sleep(while_).await;
                line_of(self, Line::Well);
            }
            Fault::Stops if random.bool() => {
                self.running[which].signal("-STOP");
                sleep(while_).await;
                self.running[which].signal("-CONT");
            }
            Fault::Stops => self.start_again(which),
        }
    }

    fn start_again(&mut self, which: usize) {
        let running = &mut self.running[which];
        running.signal("-KILL");
        running.wait();
        tokio::task::block_in_place(|| {
            running.start_again();
            running.line("store_open");
        });
        self.servers[which].line.lead_to(port(running));
    }
}

fn port(running: &Running) -> u16 {
    running.address.rsplit_once(':').unwrap().1.parse().unwrap()
}

/// As many histories as are asked for, a third of them with nothing that fails.
async fn hold(mut pair: Pair, faults: &[Fault]) {
    let number = |name: &str, or| std::env::var(name).map_or(or, |text| text.parse().unwrap());
    let (count, first) = (number("HISTORIES", 20), number("HISTORY_SEED", 1));
    let (mut calls, mut unknown) = (0, 0);
    for seed in first..first + count {
        let mut random = Rng::with_seed(seed);
        let is_calm = seed % 3 == 0;
        let session = Arc::new(Session::new(seed));
        let clients = pair.clients_of(&session, &mut random, Duration::from_millis(8));
        while !is_calm && clients.iter().any(|client| !client.is_finished()) {
            sleep(Duration::from_millis(random.u64(5..40))).await;
            let fault = random.choice(faults).unwrap();
            pair.suffer(*fault, &mut random).await;
        }
        for client in clients {
            client.await.unwrap();
        }
        pair.settle(&session).await;
        let told = session.judge(pair.may_ask_again && !is_calm);
        calls += told.calls;
        unknown += told.unknown;
        if is_calm {
            assert!(
                told.unknown == 0,
                "seed {seed}: a failure where nothing fails"
            );
        }
    }
    println!("{count} histories, {calls} calls, of {unknown} of them nobody knows");
    assert!(count < 20 || unknown > 0, "nothing failed");
}
