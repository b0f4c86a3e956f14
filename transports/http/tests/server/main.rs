//! The server as its clients meet it, over sockets.

mod common;
mod deadlines;
mod frames;
mod headers;
mod http2;
mod limits;
mod panics;
mod shutdown;
#[cfg(feature = "tls")]
mod tls;
