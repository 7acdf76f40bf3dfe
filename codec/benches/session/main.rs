//! Seals, opens and refuses sessions of 175 B, 1 KB, 3 KB and 20 KB, through the public API and
//! beside it by hand with the same crates: see `docs/BENCHMARKS.md`.

extern crate alloc;

mod bare;
mod characters;
mod django;
mod fixture;
mod overflow;
mod payload;
mod sealed;

use core::time::Duration;

use criterion::{Criterion, criterion_group};

criterion_group! {
    name = pipelines;
    // Short and many: the machine's other work then meets both sides of a ratio alike.
    config = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1000))
        .sample_size(60);
    targets = sealed::benches, django::benches, overflow::benches
}

fn main() {
    characters::record();
    pipelines();
    Criterion::default().configure_from_args().final_summary();
}
