//! The server side by its public API: over HTTP without sockets of its own, and with clients
//! that say what no client of Primus does.

mod dialect;
mod mount;
