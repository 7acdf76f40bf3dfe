//! The program as its users meet it: started, asked, stopped, killed.
#![allow(clippy::unwrap_used)]

extern crate alloc;

mod commands;
mod kills;
mod power;
mod running;
mod serving;
