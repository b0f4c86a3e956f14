//! Servers and clients of this project.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use plimsoll::{Connector, Dial, Dialer, Endpoint, HttpService, Origins, Socket, SocketOptions};
use plimsoll_http::Server;
use plimsoll_websocket::WebSocket;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::raw::Raw;

pub(crate) async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

/// An endpoint at `/ws` of a server, which ends with this.
pub(crate) struct Running {
    pub(crate) addr: SocketAddr,
    pub(crate) endpoint: Endpoint,
    task: JoinHandle<()>,
}

impl Running {
    /// A server that echoes.
    pub(crate) async fn echo() -> Self {
        Self::with(WebSocket::new(), Endpoint::builder().handle(echo).unwrap()).await
    }

    /// A server with a handler of its own, whose peers have a second to close.
    pub(crate) async fn handle<H, F>(handler: H) -> Self
    where
        H: Fn(Socket) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let options = SocketOptions::default().close_timeout(Duration::from_secs(1));
        let endpoint = Endpoint::builder().socket(options).handle(handler).unwrap();
        Self::with(WebSocket::new(), endpoint).await
    }

    pub(crate) async fn with(transport: WebSocket, endpoint: Endpoint) -> Self {
        Self::with_origins(transport, endpoint, Origins::same_host().or_absent()).await
    }

    pub(crate) async fn with_origins(
        transport: WebSocket,
        endpoint: Endpoint,
        origins: Origins,
    ) -> Self {
        let server = Server::new(service(transport, &endpoint, origins));
        let server = server.bind("127.0.0.1:0").await.unwrap();
        let addr = server.local_addr();
        Self { addr, endpoint, task: tokio::spawn(async { server.serve().await.unwrap() }) }
    }

    /// A server that echoes, run by axum.
    pub(crate) async fn axum() -> Self {
        let endpoint = Endpoint::builder().handle(echo).unwrap();
        let origins = Origins::same_host().or_absent();
        let service = service(WebSocket::new(), &endpoint, origins);
        let router = axum::Router::new().fallback_service(service);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let task = tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        Self { addr, endpoint, task }
    }

    /// A server that echoes, behind TLS.
    #[cfg(feature = "tls")]
    pub(crate) async fn tls(tls: plimsoll_http::Tls) -> Self {
        let endpoint = Endpoint::builder().handle(echo).unwrap();
        let origins = Origins::same_host().or_absent();
        let server = Server::new(service(WebSocket::new(), &endpoint, origins)).tls(tls);
        let server = server.bind("127.0.0.1:0").await.unwrap();
        let addr = server.local_addr();
        Self { addr, endpoint, task: tokio::spawn(async { server.serve().await.unwrap() }) }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/ws", self.addr)
    }

    pub(crate) async fn connect(&self) -> Socket {
        dialer(WebSocket::connector()).connect(self.url()).await.unwrap()
    }

    /// A client that knows no rules, after its handshake.
    pub(crate) async fn raw(&self) -> Raw {
        let mut raw = Raw::connect(self.addr).await;
        raw.open().await;
        raw
    }

    /// Waits until a number of connections is open.
    pub(crate) async fn until_connections(&self, count: usize) {
        let waiting = async {
            while self.endpoint.connections() != count {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("connections did not open or end");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn service(transport: WebSocket, endpoint: &Endpoint, origins: Origins) -> HttpService {
    HttpService::builder(endpoint.clone()).at("/ws", transport).origins(origins).build().unwrap()
}

pub(crate) fn dialer(connector: impl Connector) -> Dialer {
    let options = SocketOptions::default().close_timeout(Duration::from_secs(1));
    Dialer::builder().transport(connector).socket(options).build().unwrap()
}

/// A dial that offers subprotocols.
pub(crate) fn offering(url: impl Into<String>, protocols: &[&str]) -> Dial {
    let mut dial = Dial::new(url);
    dial.protocols = protocols.iter().map(|name| (*name).to_owned()).collect();
    dial
}

/// Whether messages come back.
pub(crate) async fn echoes(socket: &mut Socket) {
    socket.send("still here").await.unwrap();
    let message = timeout(PATIENCE, socket.recv()).await.expect("no echo").unwrap().unwrap();
    assert_eq!(message.as_text(), Some("still here"));
}

/// Long enough for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
