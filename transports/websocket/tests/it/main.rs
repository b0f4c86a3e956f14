//! The transport over real sockets, against itself, others, and peers that keep no rules.

mod client;
mod closing;
mod echo;
mod handshake;
mod isolation;
mod limits;
mod origins;
mod raw;
mod requests;
mod server;
