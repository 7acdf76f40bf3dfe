//! The program: see [`edge_session_server::commands`].

use std::process::ExitCode;

fn main() -> ExitCode {
    edge_session_server::commands::run(std::env::args_os())
}
