//! Every verification that the codec does, to be run in an interpreter that counts instructions.
//!
//! The host asks for a path, [`prepare`]s a token of it with one mismatch, at a position of its choice,
//! and counts what [`verify`] executes. What depends on the position is done in `prepare`.
#![allow(clippy::unwrap_used, reason = "a trap is what the host should see")]

mod control;
mod path;

use std::cell::RefCell;

use path::Path;

thread_local! {
    static PATHS: Vec<(&'static str, Path)> = path::all();
    static TOKEN: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// How many paths there are.
#[unsafe(no_mangle)]
pub extern "C" fn paths() -> u32 {
    PATHS.with(Vec::len) as u32
}

/// One byte of a path's name, 0 after its end.
#[unsafe(no_mangle)]
pub extern "C" fn name(path: u32, at: u32) -> u32 {
    PATHS.with(|paths| {
        u32::from(
            *paths[path as usize]
                .0
                .as_bytes()
                .get(at as usize)
                .unwrap_or(&0),
        )
    })
}

/// How many positions of a path's token can mismatch.
#[unsafe(no_mangle)]
pub extern "C" fn positions(path: u32) -> u32 {
    PATHS.with(|paths| paths[path as usize].1.positions()) as u32
}

/// Puts a token aside whose verified part differs at `position` alone, in the way `variant` says; at
/// `position == positions(path)` it differs nowhere.
#[unsafe(no_mangle)]
pub extern "C" fn prepare(path: u32, position: u32, variant: u32) {
    let token = PATHS.with(|paths| paths[path as usize].1.token(position as usize, variant));
    TOKEN.replace(token);
}

/// Whether the token that was put aside verifies: 1 or 0. What it executes is what is counted.
#[unsafe(no_mangle)]
pub extern "C" fn verify(path: u32) -> u32 {
    PATHS.with(|paths| TOKEN.with_borrow(|token| u32::from(paths[path as usize].1.verify(token))))
}
