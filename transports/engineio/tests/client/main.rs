//! The client with servers: Node's `engine.io`, and our own.

mod ground;
mod node;
mod scenarios;
