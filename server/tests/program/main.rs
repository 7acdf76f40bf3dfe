//! The program as its users meet it: started, asked, stopped, killed.
#![allow(clippy::unwrap_used)]

extern crate alloc;

mod columns;
mod commands;
mod encrypted;
mod histories;
mod kills;
mod power;
mod running;
#[path = "../servers/mod.rs"]
mod servers;
mod serving;
mod traces;
