use core::fmt;
use core::time::Duration;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};
use session_codec::{StoreName, Timestamp};
use session_store::{HeadState, Kind, RecordMeta, SessionStore, StoreError};

use super::Failed;
use crate::clock::now;
use crate::settings::Settings;
use crate::stores::{
    Cursor, Entry, Kept, KeptHead, KeptRecord, Page, Store, StoreAddress, follow_head,
};

/// What is moved where.
#[derive(Args)]
pub(super) struct Options {
    /// The store that requests are answered from now.
    #[arg(long, value_name = "ADDRESS")]
    from: StoreAddress,
    /// The store that they are to be answered from then.
    #[arg(long, value_name = "ADDRESS")]
    to: StoreAddress,
    /// Where it is written how far this came, so that it can go on after an interruption.
    #[arg(long, value_name = "FILE", default_value = "edge-session-move.json")]
    progress: PathBuf,
    /// Entries in one step.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
}

/// How far it came.
#[derive(Default, Serialize, Deserialize)]
struct Progress {
    from: String,
    to: String,
    /// Where each of the two rounds goes on; none once it is over.
    copying: Round,
    verifying: Round,
}

#[derive(Default, Serialize, Deserialize)]
struct Round {
    after: Option<String>,
    is_over: bool,
    records: u64,
    heads: u64,
}

/// Copies everything, then compares everything. What is written meanwhile gets there by the setting
/// `also_write` of the server, or by another run.
pub(super) async fn run(settings: &Settings, options: &Options) -> Result<(), Failed> {
    let open = async |address: &StoreAddress| {
        let store = Store::new(address, settings.connections)?;
        let prepared = store.prepare().await;
        prepared.map_err(|error| Failed(format!("{address}: {error}")))?;
        Ok::<_, Failed>(store)
    };
    let (from, to) = (open(&options.from).await?, open(&options.to).await?);
    if from.promises().keeps_heads && !to.promises().keeps_heads {
        println!("{} keeps no heads: those are left behind", options.to);
    }
    let mut progress = Progress::read(options)?;
    for is_copy in [true, false] {
        loop {
            let round = if is_copy {
                &mut progress.copying
            } else {
                &mut progress.verifying
            };
            if round.is_over {
                break;
            }
            let after = round.after.take().map(Cursor);
            let Page { entries, next } = from.page(after.as_ref(), options.batch).await?;
            for entry in &entries {
                match entry {
                    Entry::Record(_) => round.records += 1,
                    Entry::Head(_) => round.heads += 1,
                }
                if is_copy {
                    copy(&from, &to, entry, now()).await?;
                } else {
                    verify(&from, &to, entry, now()).await?;
                }
            }
            round.is_over = next.is_none();
            round.after = next.map(|Cursor(text)| text);
            let told = format!("{} {round}", if is_copy { "copied" } else { "verified" });
            progress.write(&options.progress)?;
            println!("{told}");
        }
    }
    fs::remove_file(&options.progress)?;
    println!(
        "{} has all that {} has: set store to it, and start the server again",
        options.to, options.from
    );
    Ok(())
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} records, {} heads", self.records, self.heads)
    }
}

impl Progress {
    fn read(options: &Options) -> Result<Self, Failed> {
        let (from, to) = (options.from.to_string(), options.to.to_string());
        let path = &options.progress;
        if !path.exists() {
            return Ok(Self {
                from,
                to,
                ..Self::default()
            });
        }
        let unreadable = |why: &dyn fmt::Display| {
            Failed(format!(
                "{}: {why}; remove it to begin anew",
                path.display()
            ))
        };
        let text = fs::read(path).map_err(|error| unreadable(&error))?;
        let progress: Self = serde_json::from_slice(&text).map_err(|error| unreadable(&error))?;
        if (&progress.from, &progress.to) != (&from, &to) {
            return Err(unreadable(&format!(
                "it is of a move from {} to {}",
                progress.from, progress.to
            )));
        }
        println!(
            "going on: copied {}, verified {}",
            progress.copying, progress.verifying
        );
        Ok(progress)
    }

    /// Whole or not at all.
    fn write(&self, path: &Path) -> Result<(), Failed> {
        let beside = path.with_extension("new");
        fs::write(&beside, serde_json::to_vec(self)?)?;
        Ok(fs::rename(beside, path)?)
    }
}

/// Makes `to` hold what `from` holds under the entry's name now.
async fn copy(from: &Store, to: &Store, entry: &Entry, now: Timestamp) -> Result<(), Failed> {
    match entry {
        Entry::Record(record) => copy_record(to, record, now).await,
        Entry::Head(head) if to.promises().keeps_heads => {
            let KeptHead {
                session, expires, ..
            } = head;
            if *expires > now {
                follow_head(from, to, session, *expires, now).await?;
            }
            Ok(())
        }
        Entry::Head(_) => Ok(()),
    }
}

async fn copy_record(to: &Store, kept: &KeptRecord, now: Timestamp) -> Result<(), Failed> {
    let KeptRecord { name, kind, stored } = kept;
    if stored.expires <= now {
        return Ok(());
    }
    let meta = RecordMeta {
        kind: *kind,
        ..RecordMeta::session_until(stored.expires)
    };
    if *kind == Kind::Revocation {
        // A later one may be there already, from the server that writes to both.
        let there = to.get_fresh(name, now).await?;
        if there.is_some_and(|there| there.expires >= stored.expires) {
            return Ok(());
        }
    }
    match to.put(name, &stored.record, &meta, now).await {
        Err(StoreError::Conflict) => Err(Failed(format!(
            "{name}: another record has this name there; move to an empty store"
        ))),
        put => Ok(put?),
    }
}

/// Times that something is compared again because its session changed meanwhile, and the pause before.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// What `from` still has, `to` has, byte for byte.
///
/// A server that writes to both is a moment later in one of them, so what differs is looked at again.
async fn verify(from: &Store, to: &Store, entry: &Entry, now: Timestamp) -> Result<(), Failed> {
    for _ in 0..TRIES {
        let is_alike = match entry {
            Entry::Record(KeptRecord { name, .. }) => {
                let one = from.get_fresh(name, now).await?;
                one.is_none() || one == to.get_fresh(name, now).await?
            }
            Entry::Head(KeptHead { session, .. }) if to.promises().keeps_heads => {
                heads_are_alike(from, to, session, now).await?
            }
            Entry::Head(_) => true,
        };
        if is_alike {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    let name = match entry {
        Entry::Record(KeptRecord { name, .. }) | Entry::Head(KeptHead { session: name, .. }) => {
            name
        }
    };
    Err(Failed(format!(
        "{name} differs; was it written while this ran, and the server does not write to both? Remove the progress file and run this again"
    )))
}

async fn heads_are_alike(
    from: &Store,
    to: &Store,
    session: &StoreName,
    now: Timestamp,
) -> Result<bool, Failed> {
    let (one, other) = (from.head(session, now).await?, to.head(session, now).await?);
    Ok(match (one, other) {
        (HeadState::At(one), HeadState::At(other)) => one.head == other.head,
        (HeadState::Ended, other) => other == HeadState::Ended,
        (HeadState::Absent | HeadState::NotKept, _) => true,
        (HeadState::At(_), _) => false,
    })
}
