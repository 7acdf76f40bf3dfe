use core::time::Duration;

use clap::Args;

use super::Failed;
use crate::clock::now;
use crate::http::earliest;
use crate::settings::Settings;
use crate::stores::Kept;

/// How it is cleaned.
#[derive(Args)]
pub(super) struct Options {
    /// Removed in one step; requests wait for a step at most.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    batch: u32,
    /// Milliseconds between two steps.
    #[arg(long, default_value_t = 10)]
    pause: u64,
}

pub(super) async fn run(settings: &Settings, options: &Options) -> Result<(), Failed> {
    let store = settings.store()?;
    store.prepare().await?;
    let (mut all, started) = (0, earliest(now()));
    loop {
        let gone = store.clean(started, options.batch).await?;
        all += gone;
        if gone < u64::from(options.batch) {
            println!("{all} removed");
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(options.pause)).await;
    }
}
