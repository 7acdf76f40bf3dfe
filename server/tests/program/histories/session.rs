use alloc::collections::BTreeMap;
use core::sync::atomic::{AtomicU16, Ordering};
use core::time::Duration;
use std::sync::Mutex;
use std::time::Instant;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use fastrand::Rng;
use serde_json::{Value, json};
use session_codec::StoreName;
use tokio::time::{sleep, timeout};

use super::order::{Ask, Call, Told, order};
use crate::running::{Client, frame, name};
use crate::servers::proxy::Proxy;

/// What each client asks: all together few enough to be searched.
const CALLS: usize = 12;
const NOW: u64 = 1_800_000_000;
const EXPIRES: u64 = 4_000_000_000;

/// One of two servers, and the line that its clients come by.
pub(super) struct Server {
    pub(super) line: Proxy,
}

impl Server {
    pub(super) async fn at(port: u16) -> Self {
        Self {
            line: Proxy::to(port).await,
        }
    }

    async fn connect(&self) -> Option<Client> {
        Client::connect(&format!("127.0.0.1:{}", self.line.port)).await
    }
}

/// A session, and all that was asked of it and told.
pub(super) struct Session {
    seed: u64,
    begun: Instant,
    next: AtomicU16,
    calls: Mutex<Vec<Call>>,
    reads: Mutex<Vec<Read>>,
}

/// A look at a record.
struct Read {
    record: u16,
    is_there: bool,
    asked: u64,
    answered: u64,
    by: String,
}

/// How much a history has.
pub(super) struct Size {
    pub(super) calls: usize,
    pub(super) unknown: usize,
}

impl Session {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            begun: Instant::now(),
            next: AtomicU16::new(0),
            calls: Mutex::default(),
            reads: Mutex::default(),
        }
    }

    /// What one client does, by either server.
    pub(super) async fn use_it(
        &self,
        client: usize,
        servers: &[alloc::sync::Arc<Server>; 2],
        mut random: Rng,
        pause: Duration,
    ) {
        let mut known = vec![None];
        let mut connections = [None, None];
        // Every other session is ended.
        let ends =
            (self.seed.is_multiple_of(2) && client == 0).then(|| random.usize(CALLS / 2..CALLS));
        for turn in 0..CALLS {
            sleep(pause.mul_f64(random.f64())).await;
            let which = random.usize(..2);
            let connection = &mut connections[which];
            if connection.is_none() {
                *connection = servers[which].connect().await;
            }
            let Some(open) = connection else {
                continue;
            };
            let by = format!("client {client} at {}", ["A", "B"][which]);
            let newest = known[known.len() - 1];
            let ask = match random.u8(..20) {
                _ if ends == Some(turn) => Ask::End,
                0..=2 => Ask::Show,
                3..=5 if newest.is_some() => {
                    let record = newest.unwrap_or_default();
                    if !self.read(open, record, by).await {
                        *connection = None;
                    }
                    continue;
                }
                // An old tab.
                6..=7 => self.commit(*random.choice(&known).unwrap()),
                _ => self.commit(newest),
            };
            let told = self.ask(open, ask, by).await;
            match (ask, told) {
                (_, Some(Told::Other(record))) => known.push(Some(record)),
                (Ask::Commit { to, .. }, Some(Told::Saved)) => known.push(Some(to)),
                (_, Some(_)) => {}
                (_, None) => {
                    *connection = None;
                    sleep(Duration::from_millis(random.u64(..40))).await;
                }
            }
        }
    }

    fn commit(&self, from: Option<u16>) -> Ask {
        let to = self.next.fetch_add(1, Ordering::Relaxed);
        Ask::Commit { from, to }
    }

    /// Looks at what is there until somebody says, not for long; then at all records that were confirmed.
    pub(super) async fn settles(&self, server: &Server) -> bool {
        for _ in 0..40 {
            let by = || "at last".to_owned();
            if let Some(mut client) = server.connect().await
                && self.ask(&mut client, Ask::Show, by()).await.is_some()
            {
                let mut are_read = true;
                for record in self.confirmed() {
                    are_read &= self.read(&mut client, record, by()).await;
                }
                return are_read;
            }
            sleep(Duration::from_millis(50)).await;
        }
        false
    }

    fn confirmed(&self) -> Vec<u16> {
        let calls = self.calls.lock().unwrap();
        let confirmed = calls.iter().filter_map(|call| match (call.ask, call.told) {
            (Ask::Commit { to, .. }, Some(Told::Saved)) => Some(to),
            _ => None,
        });
        confirmed.collect()
    }

    /// Asks, and writes down what was told.
    async fn ask(&self, client: &mut Client, ask: Ask, by: String) -> Option<Told> {
        let name_of = |record: u16| self.name_of(record).to_text();
        let body = match ask {
            Ask::Show => json!({ "ask": "show", "now": NOW }),
            Ask::End => json!({ "ask": "end", "expires": EXPIRES, "now": NOW }),
            Ask::Commit { from, to } => json!({
                "ask": "commit",
                "record": { "name": name_of(to), "frame": BASE64.encode(self.state(to)) },
                "from": from.map(name_of),
                "to": { "record": name_of(to), "cookie": to.to_string() },
                "expires": EXPIRES,
                "listed": [],
                "now": NOW,
            }),
        };
        let path = format!("/heads/{}", name(self.seed, 0));
        let body = body.to_string();
        let asked = self.time();
        let asking = client.ask("PUT", &path, body.as_bytes());
        let answer = timeout(PATIENCE, asking).await.ok().flatten();
        let answered = self.time();
        let told = match answer {
            Some((200, body)) => Some(self.told(ask, &serde_json::from_slice(&body).unwrap())),
            Some((503, _)) | None => None,
            Some((status, body)) => panic!("seed {}: {status} {body:?}", self.seed),
        };
        // A look that nobody answered tells nothing.
        if told.is_some() || ask != Ask::Show {
            self.calls.lock().unwrap().push(Call {
                by,
                ask,
                told,
                asked,
                answered: told.map_or(u64::MAX, |_| answered),
            });
        }
        told
    }

    fn told(&self, ask: Ask, answer: &Value) -> Told {
        match answer["outcome"].as_str().unwrap() {
            "saved" => {
                assert_eq!(answer["compared"], true);
                Told::Saved
            }
            "ended" => Told::Ended,
            "absent" => Told::Absent,
            "other" => {
                let record: u16 = answer["cookie"].as_str().unwrap().parse().unwrap();
                let name = self.name_of(record).to_text();
                assert_eq!(answer["record"], name, "a head of two halves");
                if let Some(text) = answer["frame"].as_str() {
                    let whole = BASE64.decode(text).unwrap() == self.state(record);
                    assert!(whole, "seed {}: record {record} is torn", self.seed);
                } else if ask != Ask::End {
                    // Its session is being ended: that has to be so, and judged with all else.
                    let now = self.time();
                    self.reads.lock().unwrap().push(Read {
                        record,
                        is_there: false,
                        asked: now,
                        answered: now,
                        by: "with its head".into(),
                    });
                }
                Told::Other(record)
            }
            outcome => panic!("seed {}: {outcome}", self.seed),
        }
    }

    /// Looks at a record that the client knows of; whether there was an answer.
    async fn read(&self, client: &mut Client, record: u16, by: String) -> bool {
        let path = format!("/records/{}?fresh", self.name_of(record));
        let asked = self.time();
        let answer = timeout(PATIENCE, client.ask("GET", &path, b"")).await;
        let is_there = match answer.ok().flatten() {
            Some((200, kept)) => {
                let whole = kept == self.state(record);
                assert!(whole, "seed {}: record {record} is torn", self.seed);
                true
            }
            Some((404, _)) => false,
            Some((503, _)) | None => return false,
            Some((status, body)) => panic!("seed {}: {status} {body:?}", self.seed),
        };
        self.reads.lock().unwrap().push(Read {
            record,
            is_there,
            asked,
            answered: self.time(),
            by,
        });
        true
    }

    /// All that was told must have been possible.
    pub(super) fn judge(&self, may_ask_again: bool) -> Size {
        let mut calls = self.calls.lock().unwrap().clone();
        calls.sort_by_key(|call| call.asked);
        if let Err(longest) = order(&calls, may_ask_again) {
            let mut told = format!("seed {}: no order explains what was told\n", self.seed);
            for (place, call) in calls.iter().enumerate() {
                let mark = if longest.contains(&place) { ' ' } else { '*' };
                told += &format!("{mark} {call}\n");
            }
            panic!("{told}* is what the longest order that begins well leaves over");
        }
        self.judge_reads(&calls);
        Size {
            unknown: calls.iter().filter(|call| call.told.is_none()).count(),
            calls: calls.len(),
        }
    }

    /// A record that was confirmed is there until its session ends, and is not once that is confirmed.
    fn judge_reads(&self, calls: &[Call]) {
        let first_end = calls.iter().filter(|call| call.ask == Ask::End);
        let first_end = first_end.map(|call| call.asked).min().unwrap_or(u64::MAX);
        // Since when each is known to be there, and since when to be gone.
        let (mut kept, mut gone) = (BTreeMap::new(), BTreeMap::new());
        for call in calls {
            let (map, record) = match (call.ask, call.told) {
                (Ask::Commit { to, .. }, Some(Told::Saved)) => (&mut kept, to),
                (Ask::End, Some(Told::Other(record))) => (&mut gone, record),
                (_, Some(Told::Other(record))) => (&mut kept, record),
                _ => continue,
            };
            let since = map.entry(record).or_insert(u64::MAX);
            *since = call.answered.min(*since);
        }
        for Read {
            record,
            is_there,
            asked,
            answered,
            by,
        } in &*self.reads.lock().unwrap()
        {
            let since =
                |map: &BTreeMap<u16, u64>| map.get(record).is_some_and(|since| since < asked);
            assert!(
                *is_there || !since(&kept) || first_end <= *answered,
                "seed {}: record {record} is lost, {by} at {asked}",
                self.seed
            );
            assert!(
                !is_there || !since(&gone),
                "seed {}: record {record} is there after the end of its session, {by} at {asked}",
                self.seed
            );
        }
    }

    fn name_of(&self, record: u16) -> StoreName {
        name(self.seed, u64::from(record) + 1)
    }

    /// A record of some length of its own, often longer than what a line carries in one piece.
    fn state(&self, record: u16) -> Vec<u8> {
        let bytes = 50 + (self.seed * 7_919 + u64::from(record) * 104_729) % 40_000;
        let mut state = frame(self.seed << 16 | u64::from(record), bytes as usize);
        state[..8].copy_from_slice(&EXPIRES.to_be_bytes());
        state
    }

    fn time(&self) -> u64 {
        self.begun.elapsed().as_micros() as u64
    }
}

/// More than a server may take.
const PATIENCE: Duration = Duration::from_secs(3);
