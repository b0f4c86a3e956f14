//! The servers: one application, written for several libraries, one file each.
//!
//! On any path a connection gets back what it sends. On `/broadcast` it is a subscriber as well,
//! and a text that starts with `B` goes to all subscribers, its sender among them. Servers of
//! Engine.IO and SockJS only echo, at `/engine.io/` and `/sockjs`. Those of Primus, at `/primus`,
//! send a string that starts with `B` to all connections, and every other value back.
//!
//! Each runs on one thread, so that the CPU time of the process is what one core does.

mod axum;
#[cfg(feature = "engineioxide")]
mod engineioxide;
mod fan_out;
mod fastwebsockets;
mod node;
mod options;
mod plimsoll;
mod tungstenite;

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::str::FromStr;

use tokio::net::{TcpListener, TcpSocket};

pub use self::options::{HELP, Options};

use crate::load::Protocols;
use crate::process;

/// What the servers are made of.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Implementation {
    /// tokio-tungstenite with nothing on top, used as well as it can be: everything that is ready
    /// goes out with one flush.
    Tungstenite,
    /// fastwebsockets, as its documentation shows it.
    FastWebSockets,
    /// The WebSocket support of axum, as its documentation shows it.
    Axum,
    /// The package `ws` on Node.
    Node,
    /// engineioxide behind hyper, as its documentation shows it.
    #[cfg(feature = "engineioxide")]
    EngineIoxide,
    /// The package `engine.io` on Node.
    NodeEngineIo,
    /// The package `primus` on Node, over the package `ws`.
    NodePrimus,
    /// The package `sockjs` on Node.
    NodeSockJs,
    /// This project, without plugins.
    Plimsoll,
    /// This project with heartbeat, rate limit and trace.
    PlimsollPlugins,
    /// This project, where values of Primus pass as text, neither decoded nor encoded.
    PlimsollText,
}

impl Implementation {
    /// All of them, in the order of the table.
    pub const ALL: &[Self] = &[
        Self::Plimsoll,
        Self::PlimsollPlugins,
        Self::PlimsollText,
        Self::Tungstenite,
        Self::FastWebSockets,
        Self::Axum,
        Self::Node,
        #[cfg(feature = "engineioxide")]
        Self::EngineIoxide,
        Self::NodeEngineIo,
        Self::NodePrimus,
        Self::NodeSockJs,
    ];

    /// The name on the command line and in the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tungstenite => "tungstenite",
            Self::FastWebSockets => "fastwebsockets",
            Self::Axum => "axum",
            #[cfg(feature = "engineioxide")]
            Self::EngineIoxide => "engineioxide",
            Self::Node => "node",
            Self::NodeEngineIo => "node-engine.io",
            Self::NodePrimus => "node-primus",
            Self::NodeSockJs => "node-sockjs",
            Self::Plimsoll => "plimsoll",
            Self::PlimsollPlugins => "plimsoll+plugins",
            Self::PlimsollText => "plimsoll-text",
        }
    }

    /// Whether clients of this protocol are served.
    pub fn speaks(self, protocol: Protocols) -> bool {
        match self {
            Self::Plimsoll | Self::PlimsollPlugins => true,
            Self::Axum | Self::FastWebSockets | Self::Node | Self::Tungstenite => {
                protocol == Protocols::WebSocket
            }
            #[cfg(feature = "engineioxide")]
            Self::EngineIoxide => protocol.is_engine_io(),
            Self::NodeEngineIo => protocol.is_engine_io(),
            Self::NodePrimus | Self::PlimsollText => protocol == Protocols::PrimusWebSocket,
            Self::NodeSockJs => protocol.is_sockjs(),
        }
    }

    /// Whether it runs on Node, which must be installed.
    pub fn needs_node(self) -> bool {
        matches!(self, Self::Node | Self::NodeEngineIo | Self::NodePrimus | Self::NodeSockJs)
    }
}

impl FromStr for Implementation {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let names = || Self::ALL.iter().map(|known| known.name()).collect::<Vec<_>>().join(", ");
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.name() == word)
            .ok_or_else(|| format!("the implementations are {}", names()))
    }
}

/// Runs a server until it is killed. `ready` is called with the address once it listens; the
/// servers on Node, which replace this process, print the same line themselves.
///
/// # Errors
/// It cannot listen, or what it needs is not installed.
pub fn run(options: &Options, ready: impl FnOnce(SocketAddr)) -> io::Result<()> {
    if let Some(core) = options.core {
        process::pin(core)?;
    }
    process::raise_open_files();
    let port = options.port;
    match options.implementation {
        Implementation::Axum => serve(port, ready, axum::serve),
        Implementation::FastWebSockets => serve(port, ready, fastwebsockets::serve),
        #[cfg(feature = "engineioxide")]
        Implementation::EngineIoxide => serve(port, ready, engineioxide::serve),
        Implementation::Node => node::exec("ws", port),
        Implementation::NodeEngineIo => node::exec("engine.io", port),
        Implementation::NodePrimus => node::exec("primus", port),
        Implementation::NodeSockJs => node::exec("sockjs", port),
        Implementation::Plimsoll => serve(port, ready, plimsoll::serve),
        Implementation::PlimsollPlugins => serve(port, ready, plimsoll::serve_with_plugins),
        Implementation::PlimsollText => serve(port, ready, plimsoll::serve_text),
        Implementation::Tungstenite => serve(port, ready, tungstenite::serve),
    }
}

fn serve<F>(
    port: u16,
    ready: impl FnOnce(SocketAddr),
    server: impl FnOnce(TcpListener) -> F,
) -> io::Result<()>
where
    F: Future<Output = io::Result<()>>,
{
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).into())?;
        let listener = socket.listen(BACKLOG)?;
        ready(listener.local_addr()?);
        server(listener).await
    })
}

/// As many as wait to be accepted when thousands connect at once.
const BACKLOG: u32 = 4096;

/// Where connections are subscribers.
const BROADCAST: &str = "/broadcast";
