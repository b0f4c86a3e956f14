//! Servers and clients over real sockets.

mod conformance;
mod handshake;
mod hostile_clients;
mod hostile_servers;
mod messages;
mod raw;
mod server;
#[cfg(target_os = "linux")]
mod stopped_peer;
#[cfg(feature = "tls")]
mod tls;
#[cfg(unix)]
mod unix;
