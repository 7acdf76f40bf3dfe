//! What the program does.

use core::fmt;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::settings::Settings;

mod bench;
mod check;
mod clean;
mod serve;
mod stats;
mod tls;
mod transfer;
mod warm;

/// Keeps session records of an edge-session Worker where a site already has a database, a cache or a disk.
#[derive(Parser)]
#[command(name = "edge-session-server", version)]
struct Program {
    /// The settings, in TOML; EDGE_SESSION_SERVER_<NAME> in the environment counts more.
    #[arg(long, short, value_name = "FILE", global = true)]
    settings: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Answers the Worker, until it is told to stop.
    Serve,
    /// Opens the stores, writes, reads and removes something, and says what they promise.
    Check,
    /// Removes what has expired.
    Clean(clean::Options),
    /// Counts what is kept, without reading it.
    Stats,
    /// Puts records of the store into the cache, before anybody asks for them.
    Warm(warm::Options),
    /// Copies all that a store has into another, and compares. Can be interrupted and started again.
    Move(transfer::Options),
    /// Asks a server for a while, and tells how fast it is. It leaves sessions behind that live for a day.
    Bench(bench::Options),
}

/// Why a command failed: one line, with the cure.
#[derive(Debug)]
struct Failed(String);

impl<E: core::error::Error> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs the program with its command line. 0 is success, 1 a failure that may pass, 2 something to mend first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let program = match Program::try_parse_from(arguments) {
        Ok(program) => program,
        Err(shown) => {
            // To a pipe that is closed, perhaps.
            let _ = shown.print();
            return ExitCode::from(if shown.use_stderr() { 2 } else { 0 });
        }
    };
    let settings = match Settings::read(program.settings.as_deref(), std::env::vars()) {
        Ok(settings) => settings,
        Err(wrong) => return failed(2, &wrong),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return failed(1, &error),
    };
    let done = runtime.block_on(async {
        match program.command {
            Command::Serve => serve::run(settings).await,
            Command::Check => check::run(&settings).await,
            Command::Clean(options) => clean::run(&settings, &options).await,
            Command::Stats => stats::run(&settings).await,
            Command::Warm(options) => warm::run(&settings, &options).await,
            Command::Move(options) => transfer::run(&settings, &options).await,
            Command::Bench(options) => bench::run(&settings, &options).await,
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(1, &error),
    }
}

fn failed(code: u8, why: &impl fmt::Display) -> ExitCode {
    eprintln!("edge-session-server: {why}");
    ExitCode::from(code)
}
