//! Counts the WebAssembly instructions that each verification of the codec executes, for a mismatch at
//! every position: there must be one count. A loop that stops early shows that the count would tell.
//!
//! ```text
//! cargo build --release --target wasm32-unknown-unknown -p session-proof-guest
//! cargo run -p session-proof --bin timing -- target/wasm32-unknown-unknown/release/session_proof_guest.wasm
//! ```
#![allow(clippy::print_stdout)]

extern crate alloc;

use alloc::collections::BTreeSet;
use core::error::Error;
use std::process::ExitCode;

use wasmi::{Config, Engine, Instance, Linker, Module, Store, TypedFunc, WasmParams};

/// Ways in which a byte or a character differs, at each position.
const VARIANTS: u32 = 8;
/// Far more than any call here takes.
const FUEL: u64 = 1 << 40;

fn main() -> ExitCode {
    match run() {
        Ok(passed) => {
            println!("{passed} passed");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<u32, Box<dyn Error>> {
    let file = std::env::args()
        .nth(1)
        .ok_or("usage: timing <guest.wasm>")?;
    let mut guest = Guest::load(&std::fs::read(file)?)?;
    let paths = guest.call::<(), u32>("paths", ())?;
    println!(
        "{:<44} {:>9} {:>7} {:>13} {:>13}",
        "path", "positions", "counts", "refused", "accepted"
    );
    for path in 0..paths {
        let name = guest.name(path)?;
        let positions = guest.call::<u32, u32>("positions", path)?;
        let mut counts = BTreeSet::new();
        // Once for what is made at first use: buffers that grow, tables.
        let accepted = guest.count(path, positions, 0)?;
        let genuine = guest.count(path, positions, 0)?;
        guest.count(path, 0, 0)?;
        for position in 0..positions {
            for variant in 0..VARIANTS {
                // Twice, and the lesser: what the allocator finds where the call before left it differs
                // from one call to the next, whatever is read.
                let (verified, once) = guest.count(path, position, variant)?;
                let (_, again) = guest.count(path, position, variant)?;
                if verified {
                    return Err(format!("{name}: accepts a mismatch at {position}").into());
                }
                counts.insert(once.min(again));
            }
        }
        if !accepted.0 || !genuine.0 || positions < 16 {
            return Err(
                format!("{name}: the genuine one is refused, so nothing was measured").into(),
            );
        }
        let (least, most) = (counts.first(), counts.last());
        let range = match (least, most) {
            (Some(least), Some(most)) if least == most => least.to_string(),
            (Some(least), Some(most)) => format!("{least}-{most}"),
            _ => return Err(format!("{name}: nothing was measured").into()),
        };
        println!(
            "{name:<44} {positions:>9} {:>7} {range:>13} {:>13}",
            counts.len(),
            genuine.1
        );
        let is_control = path == 0;
        // A loop that stops early takes another time for every position.
        if is_control && counts.len() != positions as usize {
            return Err("the control shows no difference: the measurement is blind".into());
        }
        if !is_control && counts.len() != 1 {
            return Err(
                format!("{name}: what it executes depends on where the mismatch is").into(),
            );
        }
    }
    Ok(paths)
}

/// The module, ready to be called.
struct Guest {
    store: Store<()>,
    instance: Instance,
}

impl Guest {
    fn load(wasm: &[u8]) -> Result<Self, Box<dyn Error>> {
        let mut config = Config::default();
        config.consume_fuel(true);
        let engine = Engine::new(&config);
        let module = Module::new(&engine, wasm)?;
        let mut store = Store::new(&engine, ());
        store.set_fuel(FUEL)?;
        let instance = Linker::new(&engine).instantiate_and_start(&mut store, &module)?;
        Ok(Self { store, instance })
    }

    fn call<P: WasmParams, R: wasmi::WasmResults>(
        &mut self,
        name: &str,
        with: P,
    ) -> Result<R, Box<dyn Error>> {
        let function: TypedFunc<P, R> = self.instance.get_typed_func(&self.store, name)?;
        Ok(function.call(&mut self.store, with)?)
    }

    fn name(&mut self, path: u32) -> Result<String, Box<dyn Error>> {
        let mut name = String::new();
        for at in 0.. {
            match self.call::<(u32, u32), u32>("name", (path, at))? {
                0 => break,
                byte => name.extend(char::from_u32(byte)),
            }
        }
        Ok(name)
    }

    /// Whether it verified, and what that took.
    fn count(
        &mut self,
        path: u32,
        position: u32,
        variant: u32,
    ) -> Result<(bool, u64), Box<dyn Error>> {
        self.call::<(u32, u32, u32), ()>("prepare", (path, position, variant))?;
        self.store.set_fuel(FUEL)?;
        let verified = self.call::<u32, u32>("verify", path)?;
        Ok((verified == 1, FUEL - self.store.get_fuel()?))
    }
}
