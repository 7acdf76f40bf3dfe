//! The codec's side of `scripts/differential.sh`: lines of JSON in, as many lines of JSON out.
//!
//! The first line has the keys of the ring (the first one writes) and the idle limit; it is not answered. Every other
//! line is a cookie and a database row that Django signed, and when the cookie is to be read. The answer says what was
//! read, or `null`, and what was written of it under each key: the row at once, the cookie after the session went
//! through a sealed cookie and, where it did not fit, a record, as it does between a browser and a site.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

mod counting;

use std::io::{BufRead, BufWriter, Write, stdin, stdout};

use serde_json::{Value, json};
use session_codec::{
    Codec, Config, DjangoSecret, Envelope, Issue, KeyRing, Keys, Reason, Secret, Session,
    SessionData, StoreOp, Timestamp, Workspace,
    config::{Acceptance, Overflow},
    cookie::Lifetime,
    policy::Limits,
    signing::{ROW_SALT, Signer},
};

use counting::Counting;

fn main() {
    let mut lines = stdin().lock().lines();
    let head: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let mut sides = Sides::new(&head);
    let mut out = BufWriter::new(stdout().lock());
    for line in lines {
        let asked: Value = serde_json::from_str(&line.unwrap()).unwrap();
        writeln!(out, "{}", sides.answer(&asked)).unwrap();
    }
    out.flush().unwrap();
}

/// One codec and one signer of rows for each key that may be the first of the ring.
struct Sides {
    codecs: Vec<Codec>,
    rows: Vec<Signer>,
    rng: Counting,
    workspace: Workspace,
}

impl Sides {
    fn new(head: &Value) -> Self {
        let keys: Vec<_> = head["keys"].as_array().unwrap().iter().collect();
        let rings = || (0..keys.len()).map(|first| ring(&keys, first));
        let idle_seconds = head["age"].as_u64().unwrap().try_into().unwrap();
        Self {
            codecs: rings().map(|ring| codec(ring, idle_seconds)).collect(),
            rows: rings().map(|ring| Signer::new(ROW_SALT, &ring)).collect(),
            rng: Counting(0),
            workspace: Workspace::new(),
        }
    }

    fn answer(&mut self, asked: &Value) -> Value {
        let cookie = asked["cookie"].as_str().unwrap().as_bytes();
        let row = asked["row"].as_str().unwrap().as_bytes();
        let signed_at = Timestamp::from_seconds(asked["signed_at"].as_i64().unwrap());
        let read_at = Timestamp::from_millis(asked["read_at_millis"].as_i64().unwrap());

        let session = self.read_cookie(cookie, read_at);
        let (cookies_written, spilled) = match &session {
            Some(session) => self.write_cookies(session, signed_at, read_at),
            None => (vec![], false),
        };
        let row_read = self.read_row(row, read_at);
        let rows_written: Vec<_> = match &row_read {
            Some(json) => self.write_rows(json, signed_at),
            None => vec![],
        };
        json!({
            "cookie_read": session.as_ref().map(SessionData::to_json),
            "cookies_written": cookies_written,
            "spilled": spilled,
            "row_read": row_read,
            "rows_written": rows_written,
        })
    }

    /// As it comes from the site, and, if it is short enough, from a browser.
    fn read_cookie(&mut self, cookie: &[u8], now: Timestamp) -> Option<SessionData> {
        let (codec, workspace) = (&self.codecs[0], &mut self.workspace);
        let from_site = codec.open_origin_cookie(cookie, now, workspace);
        match codec.open_value(cookie, now, workspace) {
            Err(Reason::TooLong | Reason::TooLarge) => {}
            from_browser => assert_eq!(
                from_browser.map(|opened| opened.session().to_json()),
                from_site
                    .as_ref()
                    .map(|opened| opened.session().to_json())
                    .map_err(|reason| *reason),
            ),
        }
        from_site
            .ok()
            .map(|opened| opened.into_session().into_data())
    }

    fn write_cookies(
        &mut self,
        session: &SessionData,
        signed_at: Timestamp,
        now: Timestamp,
    ) -> (Vec<String>, bool) {
        let (session, spilled) = self.sealed_and_opened(session, now);
        let workspace = &mut self.workspace;
        let cookies = self
            .codecs
            .iter()
            .map(|codec| codec.origin_cookie(&session, signed_at, workspace).unwrap());
        (cookies.collect(), spilled)
    }

    fn sealed_and_opened(&mut self, session: &SessionData, now: Timestamp) -> (SessionData, bool) {
        let (codec, workspace) = (&self.codecs[0], &mut self.workspace);
        let session = Session::new(now).with_data(session.clone());
        let issue = Issue::new(now, Lifetime::BrowserSession);
        let commit = codec.seal(&session, issue, &mut self.rng, workspace);
        let commit = commit.unwrap();
        let (_, value) = commit.set_cookie.as_str().split_once('=').unwrap();
        let value = value.split(';').next().unwrap();
        let mut opened = codec.open_value(value.as_bytes(), now, workspace).unwrap();
        for op in &commit.store_ops {
            let StoreOp::Put { name, record, .. } = op else {
                panic!("a new session deletes nothing");
            };
            assert_eq!(codec.record_name(&opened), Some(*name));
            codec.open_record(&mut opened, record, workspace).unwrap();
        }
        assert!(opened.ticket().is_none());
        (
            opened.into_session().into_data(),
            !commit.store_ops.is_empty(),
        )
    }

    fn read_row(&mut self, row: &[u8], now: Timestamp) -> Option<String> {
        let loaded = self.rows[0].loads(row, None, now, &Limits::default(), &mut self.workspace);
        loaded.ok().map(|loaded| loaded.value.into_inner())
    }

    fn write_rows(&mut self, json: &str, signed_at: Timestamp) -> Vec<String> {
        let workspace = &mut self.workspace;
        let rows = self.rows.iter();
        rows.map(|signer| signer.dumps(json, signed_at, workspace).unwrap())
            .collect()
    }
}

/// All keys, with this one first.
fn ring(keys: &[&Value], first: usize) -> KeyRing<DjangoSecret> {
    let secret = |key: &&Value| DjangoSecret::new(key.as_str().unwrap()).unwrap();
    let others = keys.iter().enumerate().filter(|(index, _)| *index != first);
    KeyRing::new(
        secret(&keys[first]),
        others.map(|(_, key)| secret(key)).collect(),
    )
    .unwrap()
}

fn codec(django: KeyRing<DjangoSecret>, idle_seconds: u32) -> Codec {
    let config = Config {
        accept: vec![
            Acceptance::always(Envelope::Sealed),
            Acceptance::always(Envelope::Django),
        ],
        overflow: Overflow::Spill,
        idle_seconds,
        ..Config::default()
    };
    let sealing = KeyRing::new(Secret::from_bytes([7; 32]), vec![]).unwrap();
    Codec::new(config, &Keys::sealing(sealing).django(django)).unwrap()
}
