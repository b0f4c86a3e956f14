//! Rooms of connections in memory.

mod audience;
mod batch;
mod bounds;
mod broadcast;
mod closing;
mod cluster;
mod events;
mod membership;
mod stage;
mod stress;
#[cfg(feature = "typed")]
mod typed;
mod wire;
