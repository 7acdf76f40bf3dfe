use alloc::sync::Arc;
use core::time::Duration;
use std::time::Instant;

use clap::{Args, ValueEnum};
use hyper::Uri;
use session_codec::StoreName;
use session_store::{Framed, Record};
use tokio::task::JoinSet;

use super::Failed;
use crate::clock::now;
use crate::settings::Settings;

mod asked;
mod client;

use asked::Asked;
use client::Client;

/// What is measured.
#[derive(Args)]
pub(super) struct Options {
    /// A server that speaks the protocol, path included, over plain HTTP: this one, or another one.
    #[arg(long, default_value = "http://127.0.0.1:8790")]
    at: Uri,
    /// What is asked.
    #[arg(long, value_enum, default_value_t = Kind::Read)]
    kind: Kind,
    /// Sessions that there are before it begins.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..))]
    sessions: u32,
    /// Bytes of each.
    #[arg(long, default_value_t = 20_000)]
    bytes: usize,
    /// Connections at once.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=1024))]
    connections: u32,
    /// How long it is measured.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// With `--kind page`: the cookie that is sent.
    #[arg(long, default_value = "")]
    cookie: String,
    /// The sessions are there already, from the run before.
    #[arg(long)]
    is_filled: bool,
}

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    /// Records are read.
    Read,
    /// Sessions are saved: a record and a head's move in one request.
    Commit,
    /// The page itself, without a proof: for comparison with a site that reads its own session.
    Page,
}

/// Asks for a while on all connections, and tells how many answers came in which time.
pub(super) async fn run(settings: &Settings, options: &Options) -> Result<(), Failed> {
    let Some(address) = options
        .at
        .authority()
        .map(|authority| authority.as_str().to_owned())
    else {
        return Err(Failed(
            "--at is an address such as http://127.0.0.1:8790".to_owned(),
        ));
    };
    let record = Record::new(vec![b'x'; options.bytes])?;
    let expires = now().after(Duration::from_secs(24 * 3600));
    let frame = Framed::write(&record, expires);
    let ask = Arc::new(Asked {
        key: match options.kind {
            Kind::Page => None,
            _ => settings.some_keys()?.first().cloned(),
        },
        // Other lengths have other names: records never change.
        series: u32::try_from(options.bytes).unwrap_or(u32::MAX),
        path: options.at.path().trim_end_matches('/').to_owned(),
        address,
        cookie: options.cookie.clone(),
        expires,
        frame,
    });
    if options.kind == Kind::Read && !options.is_filled {
        fill(&ask, options).await?;
    }
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let mut tasks = JoinSet::new();
    for connection in 0..options.connections {
        let (ask, kind, sessions) = (Arc::clone(&ask), options.kind, options.sessions);
        tasks.spawn(async move { measure(&ask, kind, sessions, connection, end).await });
    }
    let mut times = Vec::new();
    while let Some(measured) = tasks.join_next().await {
        times.append(&mut measured??);
    }
    times.sort_unstable();
    let at = |share: f64| {
        // A share of the answers, so within them.
        let place = (times.len().saturating_sub(1)) as f64 * share;
        times.get(place as usize).copied().unwrap_or_default()
    };
    let each = times.len() as u64 / options.seconds;
    let [p50, p95, p99] = [at(0.5), at(0.95), at(0.99)].map(|time| time.as_secs_f64() * 1000.0);
    println!("{each}/s, p50 {p50:.2} ms, p95 {p95:.2} ms, p99 {p99:.2} ms");
    Ok(())
}

async fn fill(ask: &Arc<Asked>, options: &Options) -> Result<(), Failed> {
    let mut tasks = JoinSet::new();
    for connection in 0..options.connections {
        let (ask, sessions, step) = (Arc::clone(ask), options.sessions, options.connections);
        tasks.spawn(async move {
            let mut client = Client::connect(&ask.address).await?;
            for session in (connection..sessions).step_by(step as usize) {
                client.ask(ask.put(&name(session, ask.series))?).await?;
            }
            Ok::<_, Failed>(())
        });
    }
    while let Some(filled) = tasks.join_next().await {
        filled??;
    }
    Ok(())
}

async fn measure(
    ask: &Asked,
    kind: Kind,
    sessions: u32,
    connection: u32,
    end: Instant,
) -> Result<Vec<Duration>, Failed> {
    let mut client = Client::connect(&ask.address).await?;
    let mut times = Vec::new();
    // Numbers all over, the same in every run.
    let mut place = connection.wrapping_mul(0x9e37_79b9);
    let fresh = (now().millis() as u32)
        .wrapping_mul(64)
        .wrapping_add(connection);
    for turn in 0.. {
        let begun = Instant::now();
        if begun >= end {
            break;
        }
        place = place.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let request = match kind {
            Kind::Read => ask.read(&name((place >> 8) % sessions, ask.series))?,
            Kind::Commit => {
                ask.commit(&name(fresh, 0), &name(fresh, turn), &name(fresh, turn + 1))?
            }
            Kind::Page => ask.page()?,
        };
        client.ask(request).await?;
        times.push(begun.elapsed());
    }
    Ok(times)
}

/// The first half is the session's; turn 0 is its head.
fn name(session: u32, turn: u32) -> StoreName {
    let mut hash = [0; StoreName::BYTES];
    let (place, rest) = hash.split_at_mut(StoreName::BYTES / 2);
    // The first bytes of a name are of a hash.
    place[..4].copy_from_slice(&session.wrapping_mul(0x9e37_79b1).to_be_bytes());
    place[4..8].copy_from_slice(&session.to_be_bytes());
    rest[..4].copy_from_slice(&turn.to_be_bytes());
    StoreName::new(hash)
}
