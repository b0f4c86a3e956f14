//! Ours: an endpoint over WebSocket, Engine.IO, SockJS and Primus, behind the HTTP server of
//! `plimsoll-http`.

use std::future::Future;
use std::io;
use std::sync::OnceLock;

use plimsoll::{Endpoint, EndpointBuilder, HttpService, Message, Origins, SlowPolicy, Socket};
use plimsoll_encoding::{Codec, Typed, TypedExt};
use plimsoll_engineio::EngineIo;
use plimsoll_heartbeat::Heartbeat;
use plimsoll_http::Server;
use plimsoll_limit::RateLimit;
use plimsoll_primus::{Primus, PrimusId};
use plimsoll_sockjs::SockJs;
use plimsoll_trace::Trace;
use plimsoll_websocket::{Options, WebSocket};
use serde_json::Value;
use tokio::net::TcpListener;

use super::BROADCAST;

/// Without plugins.
pub(super) async fn serve(listener: TcpListener) -> io::Result<()> {
    run(Endpoint::builder(), handle, listener).await
}

/// Without plugins, and without a look into what clients of Primus send.
pub(super) async fn serve_text(listener: TcpListener) -> io::Result<()> {
    run(Endpoint::builder(), primus_text, listener).await
}

/// With three plugins that see every frame.
pub(super) async fn serve_with_plugins(listener: TcpListener) -> io::Result<()> {
    let limit = RateLimit::new().messages(1e9, 1_000_000_000).bytes(1e9, u32::MAX);
    let builder = Endpoint::builder();
    let builder = builder.plugin(Heartbeat::default()).plugin(limit).plugin(Trace::new());
    run(builder, handle, listener).await
}

async fn run<F>(
    builder: EndpointBuilder,
    handler: impl Fn(Socket) -> F + Send + Sync + 'static,
    listener: TcpListener,
) -> io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut options = Options::default();
    options.max_message = 1 << 20;
    options.max_frame = 1 << 20;
    let endpoint = builder.handle(handler).map_err(io::Error::other)?;
    ENDPOINT.set(endpoint.clone()).ok();
    let service = HttpService::builder(endpoint)
        .origins(Origins::any().or_absent())
        .at("/engine.io/", EngineIo::new(plimsoll_engineio::Options::default()))
        .at("/sockjs", SockJs::new())
        .at("/primus", Primus::new().over(WebSocket::new().options(options)))
        .at("/", WebSocket::new().options(options))
        .build()
        .map_err(io::Error::other)?;
    Server::new(service).serve(listener).await.map_err(io::Error::other)
}

async fn handle(socket: Socket) {
    if socket.info().get::<PrimusId>().is_some() {
        primus(socket).await;
    } else if socket.info().uri().path() == BROADCAST {
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
    while let Some(Ok(message)) = socket.recv().await {
        if message.as_text().is_some_and(|text| text.starts_with('B')) {
            broadcast(message);
        }
    }
}

/// Decodes each value and encodes it again, as Primus does.
async fn primus(socket: Socket) {
    let mut socket: Typed<Value, Value> = socket.typed();
    while let Some(Ok(value)) = socket.recv().await {
        if value.as_str().is_some_and(|string| string.starts_with('B')) {
            let Ok(message) = socket.codec().encode(&value) else { return };
            broadcast(message);
        } else if socket.send(value).await.is_err() {
            return;
        }
    }
}

async fn primus_text(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if message.as_text().is_some_and(|text| text.starts_with("\"B")) {
            broadcast(message);
        } else if socket.send(message).await.is_err() {
            return;
        }
    }
}

fn broadcast(message: Message) {
    ENDPOINT.get().unwrap().broadcast(message, SlowPolicy::Close);
}

static ENDPOINT: OnceLock<Endpoint> = OnceLock::new();
