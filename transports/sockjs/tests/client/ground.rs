//! Servers to connect to, and ways to do it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use plimsoll::{Close, Dialer, Endpoint, HttpService, Message, Origins, Socket};
use plimsoll_http::Server;
use plimsoll_sockjs::{Options, SockJs, SockJsConnector, Transport};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::timeout;

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
        let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients");
        if !clients.join("node_modules").join(package).exists() {
            assert!(std::env::var_os("CI").is_none(), "npm ci --prefix tests/clients");
            eprintln!("skipped: needs `npm ci --prefix tests/clients`");
            return None;
        }
        let mut child = Command::new("node")
            .arg(clients.join("servers").join(package).with_extension("mjs"))
            .arg(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node can be started");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = within(lines.next_line()).await.unwrap().expect("a line");
        let address = line.strip_prefix("listening on ").expect("an address").to_owned();
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
        let endpoint = Endpoint::builder().handle(obey).unwrap();
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

async fn obey(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        let text = message.as_text().unwrap_or_default().to_owned();
        if text == "close" {
            return socket.close(Close::new(3001.into(), "Go away!"));
        }
        if let Some(count) = text.strip_prefix("burst ") {
            for i in 0..count.parse().unwrap() {
                let i: usize = i;
                if socket.send(i.to_string()).await.is_err() {
                    return;
                }
            }
        } else if socket.send(message).await.is_err() {
            return;
        }
    }
}

pub(crate) async fn ask(socket: &mut Socket, question: &str) -> String {
    socket.send(question).await.unwrap();
    recv(socket).await.as_text().expect("a text").to_owned()
}

pub(crate) async fn recv(socket: &mut Socket) -> Message {
    within(socket.recv()).await.expect("a message").unwrap()
}

/// Waits, but not for ever.
pub(crate) async fn within<F: IntoFuture>(future: F) -> F::Output {
    timeout(Duration::from_secs(20), future).await.expect("it happens in time")
}
