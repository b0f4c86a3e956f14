//! Rooms of connections in memory.

mod bounds;
mod broadcast;
mod closing;
mod events;
mod membership;
mod stage;
mod stress;
#[cfg(feature = "typed")]
mod typed;
