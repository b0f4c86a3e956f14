//! Servers to connect to, and ways to do it.

use std::time::Duration;

use plimsoll::{Close, Dialer, Endpoint, HttpService, Origins, Socket};
use plimsoll_http::Server;
use plimsoll_sockjs::{Options, SockJs, SockJsConnector, Transport};
use tokio::process::Child;
use tokio::task::JoinSet;

use crate::peer;

/// How a session travels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    /// Over a WebSocket, without asking for `/info`.
    Framed,
    Polling,
    /// Over a WebSocket without framing.
    Raw,
    Streaming,
    WebSocket,
}

impl Way {
    pub(crate) fn connector(self) -> SockJsConnector {
        let transport = match self {
            Self::Polling => Transport::XhrPolling,
            Self::Streaming => Transport::XhrStreaming,
            Self::Framed | Self::Raw | Self::WebSocket => Transport::WebSocket,
        };
        SockJsConnector::new()
            .transports([transport])
            .framed(self == Self::Framed)
            .max_message(1_000_000)
            // The machine may be busy.
            .open_timeout(Duration::from_secs(20))
    }

    pub(crate) fn dialer(self) -> Dialer {
        dialer(self.connector())
    }

    pub(crate) fn url(self, address: &str) -> String {
        let scheme = match self {
            Self::Framed | Self::Raw => "sockjs+ws",
            Self::Polling | Self::Streaming | Self::WebSocket => "sockjs+http",
        };
        format!("{scheme}://{address}/echo")
    }

    /// As the reference server calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Framed | Self::WebSocket => "websocket",
            Self::Polling => "xhr-polling",
            Self::Raw => "websocket-raw",
            Self::Streaming => "xhr-streaming",
        }
    }
}

pub(crate) fn dialer(connector: SockJsConnector) -> Dialer {
    Dialer::builder().transport(connector).connect_timeout(Duration::from_secs(20)).build().unwrap()
}

/// A server that echoes, and does what it is told: see `tests/clients/servers/sockjs.mjs`.
pub(crate) struct Ground {
    pub(crate) address: String,
    /// It lives as long as this.
    _server: (Option<Child>, JoinSet<()>),
}

impl Ground {
    /// Starts Node's server, or tells why that is not done.
    pub(crate) async fn node(options: &str) -> Option<Self> {
        Self::script("sockjs", options).await
    }

    /// Starts a server of `tests/clients/servers`, which is named after the package that it is of.
    pub(crate) async fn script(package: &str, options: &str) -> Option<Self> {
        let (child, address) = peer::start(package, options).await?;
        Some(Self { address, _server: (Some(child), JoinSet::new()) })
    }

    /// Starts our own server.
    pub(crate) async fn own(options: Options) -> Self {
        Self::serve(options, |server| server).await
    }

    /// Starts our own server with a few settings.
    pub(crate) async fn serve(
        options: Options,
        set: impl FnOnce(Server<HttpService>) -> Server<HttpService>,
    ) -> Self {
        let endpoint = Endpoint::builder()
            .handle(|socket| peer::obey(socket, Close::new(3001.into(), "Go away!")))
            .unwrap();
        let service = HttpService::builder(endpoint)
            .at("/echo", SockJs::new().options(options))
            .origins(Origins::same_host().or_absent())
            .build()
            .unwrap();
        let server = set(Server::new(service)).bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().to_string();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { drop(server.serve().await) });
        Self { address, _server: (None, tasks) }
    }

    pub(crate) async fn connect(&self, way: Way) -> Socket {
        let socket = way.dialer().connect(way.url(&self.address)).await;
        socket.unwrap_or_else(|error| panic!("{way:?}: {error:?}"))
    }
}
