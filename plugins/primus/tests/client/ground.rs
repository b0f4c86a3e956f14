//! Servers to connect to: see `tests/clients/servers/primus.mjs`.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use plimsoll::{Dialer, Socket};
use plimsoll_encoding::{Typed, TypedExt};
use plimsoll_primus::Primus;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// A server of Node.
pub(crate) struct Ground {
    pub(crate) address: String,
    child: Child,
}

impl Ground {
    /// Starts a server with these options, or tells why that is not done.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    pub(crate) async fn node(options: Value) -> Option<Self> {
        let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients");
        if !clients.join("node_modules/primus").exists() {
            assert!(std::env::var_os("CI").is_none(), "npm ci --prefix tests/clients");
            eprintln!("skipped: needs `npm ci --prefix tests/clients`");
            return None;
        }
        let mut child = Command::new("node")
            .arg(clients.join("servers/primus.mjs"))
            .arg(options.to_string())
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

    pub(crate) fn url(&self) -> String {
        format!("primus+http://{}", self.address)
    }

    /// Waits until the server's process has ended by itself.
    pub(crate) async fn ended(&mut self) {
        // It would end with its standard input.
        let _input = self.child.stdin.take();
        assert!(within(self.child.wait()).await.unwrap().success());
    }

    pub(crate) async fn connect(&self) -> Typed<Value, Value> {
        within(dialer().connect(self.url())).await.unwrap().typed()
    }
}

pub(crate) fn dialer() -> Dialer {
    Dialer::builder().transport(Primus::connector()).build().unwrap()
}

pub(crate) async fn recv(socket: &mut Typed<Value, Value>) -> Value {
    within(socket.recv()).await.expect("a value").unwrap()
}

pub(crate) async fn ask(socket: &mut Typed<Value, Value>, question: impl Into<Value>) -> Value {
    within(socket.send(question.into())).await.unwrap();
    recv(socket).await
}

/// The close that the server meant.
pub(crate) async fn closed(socket: &Socket) -> plimsoll::Close {
    within(socket.sender().closed()).await
}

pub(crate) async fn within<F: Future>(future: F) -> F::Output {
    timeout(Duration::from_secs(30), future).await.expect("it takes too long")
}
