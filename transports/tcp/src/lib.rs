//! Plimsoll over TCP, TLS and Unix sockets.

mod client;
mod codec;
mod duplex;
mod hello;
mod input;
mod opening;
mod options;
mod output;
mod server;
mod tcp;
#[cfg(feature = "tls")]
mod tls;
#[cfg(unix)]
mod unix;

pub use self::options::Options;
pub use self::tcp::{Tcp, TcpConnector, TcpListener};
#[cfg(feature = "tls")]
pub use self::tls::{ClientTls, ServerTls};
#[cfg(unix)]
pub use self::unix::{Unix, UnixConnector, UnixListener, UnixPeer};
