//! Stores that fail as real ones do, on a clock that is simulated: for testing what stands in
//! front of a store. Nothing here waits in real time, and everything follows from one seed.
//!
//! [`KvModel`] and [`D1Model`] behave as the platform documents them; an [`Unreliable`] store in
//! front of either adds the [`Trouble`] that its [`Weather`] brings; a [`Simulation`] runs tasks
//! that share a [`SimulatedClock`].

mod d1;
mod kv;
mod simulation;
mod unreliable;

pub use d1::D1Model;
pub use kv::{KvAt, KvModel};
pub use simulation::{SimulatedClock, Simulation, Stuck};
pub use unreliable::{Spell, Trouble, Unreliable, Weather};
