//! A server in bare hyper with routes of its own. Requests that it does not know go to a service
//! of sockets.
//!
//! ```sh
//! cargo run --example hyper -- 3000
//! cargo run --example swap -- ws://127.0.0.1:3000/ws
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use plimsoll::{Body, Endpoint, HttpService, Origins, PeerAddr, Shutdown, Socket};
use plimsoll_websocket::WebSocket;
use tokio::net::TcpListener;
use tokio::signal::{ctrl_c, unix};
use tokio::time::{sleep, timeout};
use tower_service::Service;

async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

async fn route(
    request: Request<Incoming>,
    mut sockets: HttpService,
) -> Result<Response<Body>, Infallible> {
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/health") => Ok(Response::new(Bytes::from("well").into())),
        // Answers what it does not know either with status 404.
        _ => sockets.call(request).await,
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let endpoint = Endpoint::builder().handle(echo)?;
    let sockets = HttpService::builder(endpoint.clone())
        .at("/ws", WebSocket::new())
        .origins(Origins::same_host().or_absent())
        .build()?;

    let mut server = auto::Builder::new(TokioExecutor::new());
    // Without a timer no deadline applies.
    server.http1().timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    server.http2().timer(TokioTimer::new()).keep_alive_interval(PATIENCE);
    // Lets WebSockets be streams of HTTP/2.
    server.http2().enable_connect_protocol();

    let port = std::env::args().nth(1).map_or(Ok(3000), |port| port.parse())?;
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let mut terminate = unix::signal(unix::SignalKind::terminate())?;
    println!("listening on http://{}", listener.local_addr()?);
    let connections = GracefulShutdown::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(_) => {
                    // No file descriptors: others have to give some back first.
                    sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
            _ = ctrl_c() => break,
            _ = terminate.recv() => break,
        };
        let _ = stream.set_nodelay(true);
        let sockets = sockets.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(PeerAddr::Ip(peer));
            route(request, sockets.clone())
        });
        let connection = server.serve_connection_with_upgrades(TokioIo::new(stream), service);
        tokio::spawn(connections.watch(connection.into_owned()));
    }
    drop(listener);
    // Sockets first: those over HTTP/2 are streams of the connections that end then.
    endpoint.shutdown(Shutdown::default()).await;
    let _ = timeout(PATIENCE, connections.shutdown()).await;
    Ok(())
}

const PATIENCE: Duration = Duration::from_secs(10);
