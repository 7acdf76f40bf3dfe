//! A session that no cookie can hold: what has no room goes into a store, encrypted.
//!
//! ```text
//! cargo run -p session-codec --example spill
//! ```

use core::error::Error;
use std::collections::HashMap;

use session_codec::{
    Codec, Config, Issue, KeyRing, Keys, Priority, Secret, Session, StoreName, StoreOp, Timestamp,
    Workspace, config::Overflow, cookie::Lifetime, policy::KeyRule,
};

/// Any key-value store will do: names are keyed hashes, records ciphertext.
#[derive(Default)]
struct Store(HashMap<StoreName, Vec<u8>>);

impl Store {
    fn apply(&mut self, ops: Vec<StoreOp>) {
        for op in ops {
            match op {
                StoreOp::Put { name, record, .. } => drop(self.0.insert(name, record)),
                StoreOp::Delete { name } => drop(self.0.remove(&name)),
                _ => unreachable!("this release knows no other"),
            }
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (mut rng, mut workspace) = (getrandom::SysRng, Workspace::new());
    let config = Config {
        overflow: Overflow::Spill,
        rules: vec![
            KeyRule::new("user", Priority::Critical),
            KeyRule::new("draft_*", Priority::Optional),
        ],
        ..Config::default()
    };
    let ring = KeyRing::new(Secret::generate(&mut rng)?, vec![])?;
    let codec = Codec::new(config, &Keys::sealing(ring))?;
    let now = Timestamp::from_seconds(1_800_000_000);

    let mut session = Session::new(now);
    for draft in 0..20 {
        let numbers: Vec<u32> = (draft..draft + 100).map(|n| n * n * 7_919).collect();
        session.insert(&format!("draft_{draft}"), &numbers)?;
    }
    session.insert("user", "ada")?;
    let commit = codec.seal(
        &session,
        Issue::new(now, Lifetime::BrowserSession),
        &mut rng,
        &mut workspace,
    )?;
    let report = codec.report(&session, &commit);
    println!("{}", report.header_value());

    // First the store, then the cookie: a browser never holds a ticket for what is not there.
    let mut store = Store::default();
    let cookie = commit.set_cookie;
    store.apply(commit.store_ops);

    let mut opened = codec.open_value(cookie.value().as_bytes(), now, &mut workspace)?;
    println!("{} keys in the cookie", opened.session().len());
    if let Some(name) = codec.record_name(&opened) {
        let record = store.0.get(&name).ok_or("the record is lost")?;
        codec.open_record(&mut opened, record, &mut workspace)?;
    }
    println!("{} keys with the record", opened.session().len());
    assert_eq!(opened.session().data(), session.data());

    // At log out the records go as well.
    store.apply(codec.end(opened.lineage()));
    println!("{} records are left", store.0.len());
    Ok(())
}

#[test]
fn it_runs() -> Result<(), Box<dyn Error>> {
    main()
}
