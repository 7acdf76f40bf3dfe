//! Seals sessions as configured, for a reader in another language to be tried on.
//!
//! Lines of JSON in: first `{"config": …, "secret": "es1_…", "issued": seconds}`, then one session a line. A line out
//! for each: `{"cookie": …, "record": …, "name": …}`, the record and its name in base64url or `null`.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

mod counting;

use std::io::stdin;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use session_codec::{
    Codec, Issue, KeyRing, Keys, Secret, Session, SessionData, StoreOp, Timestamp, Workspace,
    cookie::Lifetime,
};

use counting::Counting;

fn main() {
    let mut lines = stdin().lines();
    let mut head: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let secret = Secret::parse(head["secret"].as_str().unwrap()).unwrap();
    let keys = Keys::sealing(KeyRing::new(secret, vec![]).unwrap());
    let config = serde_json::from_value(head["config"].take()).unwrap();
    let codec = Codec::new(config, &keys).unwrap();
    let issued = Timestamp::from_seconds(head["issued"].as_i64().unwrap());
    let (mut rng, mut workspace) = (Counting(0), Workspace::new());
    for line in lines {
        let data = SessionData::from_json(line.unwrap()).unwrap();
        let issue = Issue::new(issued, Lifetime::BrowserSession);
        let mut seal = |session: &Session, workspace: &mut Workspace| {
            let commit = codec.seal(session, issue, &mut rng, workspace);
            commit.unwrap()
        };
        let mut commit = seal(&Session::new(issued).with_data(data), &mut workspace);
        // A record that took the place of another one says so: those are what is to be read.
        if let Some(StoreOp::Put { record, .. }) = commit.store_ops.first() {
            let value = commit.set_cookie.value().as_bytes();
            let mut opened = codec.open_value(value, issued, &mut workspace).unwrap();
            codec
                .open_record(&mut opened, record, &mut workspace)
                .unwrap();
            commit = seal(opened.session(), &mut workspace);
        }
        let (_, value) = commit.set_cookie.as_str().split_once('=').unwrap();
        let put = commit.store_ops.iter().find_map(|op| match op {
            StoreOp::Put { name, record, .. } => {
                Some((name.to_text(), URL_SAFE_NO_PAD.encode(record)))
            }
            _ => None,
        });
        let (name, record) = put.unzip();
        println!(
            "{}",
            json!({ "cookie": value.split(';').next(), "record": record, "name": name })
        );
    }
}
