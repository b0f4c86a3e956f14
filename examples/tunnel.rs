//! A tunnel: carries any TCP protocol over any transport, by the URL between its two ends.
//!
//! ```sh
//! # Where the server is, here a Redis:
//! cargo run --example tunnel -- serve sockjs+http://127.0.0.1:3000/tunnel 127.0.0.1:6379
//! # Where its clients are:
//! cargo run --example tunnel -- listen 127.0.0.1:6380 sockjs+http://127.0.0.1:3000/tunnel
//! redis-cli -p 6380 ping
//! ```
//!
//! The URL may have the schemes `ws`, `tcp`, `unix`, `engineio+http` and `sockjs+http`.
#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use plimsoll::{Close, CloseCode, Dialer, Endpoint, Error, HttpService, Origins, Socket};
use plimsoll_engineio::{EngineIo, EngineIoConnector};
use plimsoll_http::Server;
use plimsoll_sockjs::{Binary, SockJs, SockJsConnector};
use plimsoll_tcp::{Tcp, Unix};
use plimsoll_websocket::WebSocket;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let listening = |place: String| println!("listening on {place}");
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["listen", address, url] => listen(address, url, listening).await,
        ["serve", url, target] => serve(url, target, listening).await,
        _ => Err(Error::config("arguments", "must be `listen ADDRESS URL` or `serve URL TARGET`")),
    }
}

/// Takes TCP connections at an address, and carries them to a URL.
pub(crate) async fn listen(
    address: &str,
    url: &str,
    listening: impl FnOnce(String),
) -> Result<(), Error> {
    let dialer = Dialer::builder()
        .transport(EngineIoConnector::new())
        .transport(SockJsConnector::new().binary(Binary::Base64))
        .transport(Tcp::connector())
        .transport(Unix::connector())
        .transport(WebSocket::connector())
        .build()?;
    let listener = TcpListener::bind(address).await?;
    listening(listener.local_addr()?.to_string());
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => {
                let (dialer, url, (stream, _)) = (dialer.clone(), url.to_owned(), accepted?);
                connections.spawn(async move {
                    match dialer.connect(url).await {
                        Ok(socket) => carry(stream, socket).await,
                        Err(error) => println!("no connection: {error}"),
                    }
                });
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// Takes connections at a URL, and carries them to a TCP server.
pub(crate) async fn serve(
    url: &str,
    target: &str,
    listening: impl FnOnce(String),
) -> Result<(), Error> {
    let target = target.to_owned();
    let endpoint = Endpoint::builder().handle(move |socket| {
        let target = target.clone();
        async move { carry_to(&target, socket).await }
    })?;
    let (scheme, rest) = url.split_once(':').unwrap_or_default();
    let rest = rest.trim_start_matches("//");
    match scheme {
        "tcp" => {
            let listener = Tcp::new().bind(rest).await?;
            listening(format!("tcp://{}", listener.local_addr()?));
            return endpoint.listen(listener).await;
        }
        "unix" => {
            let listener = Unix::new().bind(rest)?;
            listening(format!("unix:{}", listener.path().display()));
            return endpoint.listen(listener).await;
        }
        _ => {}
    }
    let (address, path) = rest.split_once('/').unwrap_or((rest, ""));
    let path = format!("/{path}");
    let service = HttpService::builder(endpoint).origins(Origins::same_host().or_absent());
    let sockjs = plimsoll_sockjs::Options::default().binary(Binary::Base64);
    let service = match scheme {
        "engineio+http" => service.at(&path, EngineIo::new(Default::default())),
        "sockjs+http" => service.at(&path, SockJs::new().options(sockjs)),
        "ws" => service.at(&path, WebSocket::new()),
        _ => return Err(Error::config("URL", "has a scheme that nobody serves")),
    };
    let server = Server::new(service.build()?).bind(address).await?;
    listening(format!("{scheme}://{}{path}", server.local_addr()));
    server.serve().await
}

async fn carry_to(target: &str, socket: Socket) {
    match TcpStream::connect(target).await {
        Ok(stream) => carry(stream, socket).await,
        Err(error) => socket.close(Close::new(CloseCode::BAD_GATEWAY, error.to_string())),
    }
}

/// Copies both ways, until both have ended or one fails.
async fn carry(mut stream: TcpStream, socket: Socket) {
    let from = socket.info().transport();
    let mut socket = socket.into_byte_stream().half_close(true);
    if let Err(error) = copy_bidirectional(&mut stream, &mut socket).await {
        println!("{from}: {error}");
    }
}

const MAX_CONNECTIONS: usize = 1000;
