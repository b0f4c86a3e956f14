//! The smallest server: says back what it hears, over each transport that it is given a URL of.
//!
//! ```sh
//! cargo run --example echo -- ws://127.0.0.1:3000/ws tcp://127.0.0.1:3001 unix:/tmp/echo.sock
//! ```
#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use futures::future::try_join_all;
use plimsoll::{Endpoint, Error, HttpService, Origins, Socket};
use plimsoll_http::Server;
use plimsoll_tcp::{Tcp, Unix};
use plimsoll_websocket::WebSocket;

async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let endpoint = Endpoint::builder().handle(echo)?;
    let mut urls: Vec<_> = std::env::args().skip(1).collect();
    if urls.is_empty() {
        urls = vec!["ws://127.0.0.1:3000/ws".into(), "tcp://127.0.0.1:3001".into()];
    }
    try_join_all(urls.iter().map(|url| serve(&endpoint, url))).await?;
    Ok(())
}

/// Takes connections to a URL, of which `ws` may have a path.
async fn serve(endpoint: &Endpoint, url: &str) -> Result<(), Error> {
    let (scheme, rest) = url.split_once(':').unwrap_or_default();
    let (address, path) = rest.trim_start_matches('/').split_once('/').unwrap_or_default();
    match scheme {
        "tcp" => {
            let listener = Tcp::new().bind(rest.trim_start_matches('/')).await?;
            println!("listening on tcp://{}", listener.local_addr()?);
            endpoint.listen(listener).await
        }
        "unix" => {
            let listener = Unix::new().bind(rest)?;
            println!("listening on unix:{}", listener.path().display());
            endpoint.listen(listener).await
        }
        "ws" => {
            let service = HttpService::builder(endpoint.clone())
                .at(format!("/{path}"), WebSocket::new())
                .origins(Origins::same_host().or_absent())
                .build()?;
            let server = Server::new(service).bind(address).await?;
            println!("listening on ws://{}/{path}", server.local_addr());
            server.serve().await
        }
        _ => Err(Error::config("URL", "must be ws://HOST:PORT/PATH, tcp://HOST:PORT or unix:PATH")),
    }
}
