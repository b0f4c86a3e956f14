//! Servers to connect to, and ways to do it.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use plimsoll::{Dialer, Error, Message, Socket};
use plimsoll_engineio::EngineIoConnector;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How a session travels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Way {
    Polling,
    Upgrade,
    WebSocket,
}

impl Way {
    pub(crate) fn connector(self) -> EngineIoConnector {
        EngineIoConnector::new().upgrade(self == Self::Upgrade)
    }

    pub(crate) fn dialer(self) -> Dialer {
        Dialer::builder().transport(self.connector()).build().unwrap()
    }

    pub(crate) fn url(self, address: &str) -> String {
        let scheme = if self == Self::WebSocket { "engineio+ws" } else { "engineio+http" };
        format!("{scheme}://{address}/engine.io/")
    }
}

/// A server that echoes, and does what it is told: see `tests/clients/servers/engineio.mjs`.
pub(crate) struct Ground {
    pub(crate) address: String,
    child: Child,
}

impl Ground {
    /// Starts Node's server, or tells why that is not done.
    pub(crate) async fn node(options: &str) -> Option<Self> {
        let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients");
        if !clients.join("node_modules/engine.io").exists() {
            assert!(std::env::var_os("CI").is_none(), "npm ci --prefix tests/clients");
            eprintln!("skipped: needs `npm ci --prefix tests/clients`");
            return None;
        }
        let mut child = Command::new("node")
            .arg(clients.join("servers/engineio.mjs"))
            .arg(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node can be started");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = within(lines.next_line()).await.unwrap().expect("a line");
        let address = line.strip_prefix("listening on ").expect("an address").to_owned();
        Some(Self { address, child })
    }

    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    pub(crate) async fn connect(&self, way: Way) -> Socket {
        let socket = way.dialer().connect(way.url(&self.address)).await;
        let mut socket = socket.unwrap_or_else(|error| panic!("{way:?}: {error:?}"));
        if way == Way::Upgrade {
            upgraded(&mut socket).await;
        }
        socket
    }

    pub(crate) async fn refusal(&self, way: Way, path: &str) -> Error {
        let url = way.url(&self.address).replace("/engine.io/", path);
        within(way.dialer().connect(url)).await.err().expect("a refusal")
    }
}

/// Waits until the server says that the session has moved.
pub(crate) async fn upgraded(socket: &mut Socket) {
    loop {
        match &*ask(socket, "transport").await {
            "websocket" => return,
            transport => assert_eq!(transport, "polling"),
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
