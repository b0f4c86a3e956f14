//! The client with servers: Node's `engine.io`, and our own.

#[macro_use]
mod scenarios;

mod contract;
mod ground;
mod hostile;
mod node;
mod own;
#[path = "../../../../tests/clients/peer.rs"]
mod peer;
