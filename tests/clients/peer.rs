//! Servers to talk to, for the tests of clients in Rust: those that include this file.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use plimsoll::{Close, Message, Socket};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// Starts the server of `servers` that is named after a Node package, or tells why that is not done.
/// Returns it with its address.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) async fn start(package: &str, options: &str) -> Option<(Child, String)> {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients");
    if !clients.join("node_modules").join(package).exists() {
        assert!(std::env::var_os("CI").is_none(), "npm ci --prefix tests/clients");
        eprintln!("skipped: needs `npm ci --prefix tests/clients`");
        return None;
    }
    let mut child = Command::new("node")
        .arg(clients.join(format!("servers/{package}.mjs")))
        .arg(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node can be started");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = within(lines.next_line()).await.unwrap().expect("a line");
    let address = line.strip_prefix("listening on ").expect("an address").to_owned();
    Some((child, address))
}

/// A handler that does what the servers in Node do: it echoes, and obeys `burst N` and `close`.
pub(crate) async fn obey(mut socket: Socket, close: Close) {
    while let Some(Ok(message)) = socket.recv().await {
        let text = message.as_text().unwrap_or_default().to_owned();
        if text == "close" {
            return socket.close(close);
        }
        if let Some(count) = text.strip_prefix("burst ") {
            let count: usize = count.parse().unwrap();
            for i in 0..count {
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
