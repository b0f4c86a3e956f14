//! Ours: an endpoint over WebSocket, Engine.IO and SockJS, behind the HTTP server of `plimsoll-http`.

use std::io;
use std::sync::OnceLock;

use plimsoll::{Endpoint, EndpointBuilder, HttpService, Origins, SlowPolicy, Socket};
use plimsoll_engineio::EngineIo;
use plimsoll_heartbeat::Heartbeat;
use plimsoll_http::Server;
use plimsoll_limit::RateLimit;
use plimsoll_sockjs::SockJs;
use plimsoll_trace::Trace;
use plimsoll_websocket::{Options, WebSocket};
use tokio::net::TcpListener;

use super::BROADCAST;

/// Without plugins.
pub(super) async fn serve(listener: TcpListener) -> io::Result<()> {
    run(Endpoint::builder(), listener).await
}

/// With three plugins that see every frame.
pub(super) async fn serve_with_plugins(listener: TcpListener) -> io::Result<()> {
    let limit = RateLimit::new().messages(1e9, 1_000_000_000).bytes(1e9, u32::MAX);
    let builder = Endpoint::builder();
    run(builder.plugin(Heartbeat::default()).plugin(limit).plugin(Trace::new()), listener).await
}

async fn run(builder: EndpointBuilder, listener: TcpListener) -> io::Result<()> {
    let mut options = Options::default();
    options.max_message = 1 << 20;
    options.max_frame = 1 << 20;
    let endpoint = builder.handle(handle).map_err(io::Error::other)?;
    ENDPOINT.set(endpoint.clone()).ok();
    let service = HttpService::builder(endpoint)
        .origins(Origins::any().or_absent())
        .at("/engine.io/", EngineIo::new(plimsoll_engineio::Options::default()))
        .at("/sockjs", SockJs::new())
        .at("/", WebSocket::new().options(options))
        .build()
        .map_err(io::Error::other)?;
    Server::new(service).serve(listener).await.map_err(io::Error::other)
}

async fn handle(socket: Socket) {
    if socket.info().uri().path() == BROADCAST {
        subscriber(socket).await;
    } else {
        echo(socket).await;
    }
}

async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

async fn subscriber(mut socket: Socket) {
    let endpoint = ENDPOINT.get().unwrap();
    while let Some(Ok(message)) = socket.recv().await {
        if message.as_text().is_some_and(|text| text.starts_with('B')) {
            endpoint.broadcast(message, SlowPolicy::Close);
        }
    }
}

static ENDPOINT: OnceLock<Endpoint> = OnceLock::new();
