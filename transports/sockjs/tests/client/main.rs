//! The client with servers: Node's `sockjs`, our own, and hostile ones.

#[macro_use]
mod scenarios;

mod contract;
mod ground;
mod hostile;
mod node;
mod own;
#[path = "../../../../tests/clients/peer.rs"]
mod peer;
