//! A server and a client for the tests.

use std::net::SocketAddr;

use plimsoll::{Connector, Dialer, Endpoint, HttpService, Origins, Socket};
use plimsoll_http::{Handle, Server};
use plimsoll_websocket::WebSocket;
use tokio::task::JoinHandle;

pub(crate) async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

/// A server that echoes at `/ws`.
pub(crate) struct Echo {
    pub(crate) addr: SocketAddr,
    pub(crate) endpoint: Endpoint,
    pub(crate) handle: Handle,
    task: JoinHandle<()>,
}

impl Echo {
    pub(crate) async fn start() -> Self {
        Self::with(WebSocket::new(), Endpoint::builder().handle(echo).unwrap()).await
    }

    pub(crate) async fn with(transport: WebSocket, endpoint: Endpoint) -> Self {
        let service = HttpService::builder(endpoint.clone())
            .at("/ws", transport)
            .origins(Origins::same_host().or_absent())
            .build()
            .unwrap();
        let server = Server::new(service).bind("127.0.0.1:0").await.unwrap();
        let (addr, handle) = (server.local_addr(), server.handle());
        let task = tokio::spawn(async move { server.serve().await.unwrap() });
        Self { addr, endpoint, handle, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://{}/ws", self.addr)
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn dialer(connector: impl Connector) -> Dialer {
    Dialer::builder().transport(connector).build().unwrap()
}
