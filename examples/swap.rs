//! The same client over another transport, by another URL and nothing else. Its counterpart is
//! the example `echo`.
//!
//! ```sh
//! cargo run --release --example swap -- tcp://127.0.0.1:3001
//! cargo run --release --example swap -- ws://127.0.0.1:3000/ws
//! cargo run --release --example swap -- unix:/tmp/echo.sock
//! ```
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "it talks to whoever runs it")]

use std::time::Instant;

use plimsoll::{Dialer, Error, ErrorKind, Message, Socket};
use plimsoll_tcp::{Tcp, Unix};
use plimsoll_websocket::WebSocket;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let Some(url) = std::env::args().nth(1) else {
        eprintln!("usage: swap URL");
        std::process::exit(2);
    };
    let dialer = Dialer::builder()
        .transport(Tcp::connector())
        .transport(Unix::connector())
        .transport(WebSocket::connector())
        .build()?;
    let mut socket = dialer.connect(url).await?;
    println!("connected by {}", socket.info().transport());

    for message in [Message::text("ahoy"), Message::binary(vec![0, 1, 2])] {
        println!("{message:?} comes back as {:?}", round_trip(&mut socket, message.clone()).await?);
    }

    let start = Instant::now();
    for _ in 0..ROUND_TRIPS {
        round_trip(&mut socket, Message::text("tick")).await?;
    }
    let time = start.elapsed() / ROUND_TRIPS;
    println!("{ROUND_TRIPS} round trips, {time:.1?} each");
    Ok(())
}

async fn round_trip(socket: &mut Socket, message: Message) -> Result<Message, Error> {
    socket.send(message).await?;
    socket.recv().await.unwrap_or_else(|| Err(Error::new(ErrorKind::Close)))
}

const ROUND_TRIPS: u32 = 10_000;
