//! A chat room in one process, over all transports side by side: a web page over WebSocket,
//! Engine.IO, SockJS or Primus, terminals over TCP, a Unix socket or WebSocket, and a member inside
//! of the process itself.
//!
//! ```sh
//! cargo run --release --example chat
//! cargo run --release --example chat_client -- tcp://127.0.0.1:8081 --name Ann
//! ```
//!
//! The first prints the address of the page, which lists each member with its transport, and
//! lets the reader change over to another one without losing a line.
//!
//! For Engine.IO and SockJS the page needs their libraries for browsers, which are not part of
//! this example. It offers those that the server is told where to find:
//!
//! ```sh
//! npm ci --prefix tests/clients
//! cargo run --release --example chat -- --node-modules tests/clients/node_modules
//! ```
//!
//! They choose among their own transports, unless the page's address says which to use, as
//! `/?engineio=polling` or `/?sockjs=xhr-streaming`. A library that Primus has generated is one
//! more, by `--library primus.js`.
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "it talks to whoever runs it")]

mod conversation;
mod harbour_master;
mod libraries;
mod member;
mod members;
mod messages;
mod options;
mod page;

use std::env;
use std::process;
use std::time::Duration;

use plimsoll::{Endpoint, Error, HttpService, Origins, Shutdown};
use plimsoll_encoding::{Codecs, Json, MessagePack};
use plimsoll_engineio::EngineIo;
use plimsoll_heartbeat::Heartbeat;
use plimsoll_http::Server;
use plimsoll_limit::{ConnectionLimit, RateLimit};
use plimsoll_memory::Memory;
use plimsoll_primus::Primus;
use plimsoll_rooms::Rooms;
use plimsoll_sockjs::{SockJs, Transport};
use plimsoll_tcp::{Tcp, Unix};
use plimsoll_websocket::WebSocket;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

use crate::conversation::Conversation;
use crate::libraries::Libraries;
use crate::options::Options;

#[tokio::main]
async fn main() -> Result<(), Error> {
    let options = Options::parse(env::args().skip(1)).unwrap_or_else(|error| {
        eprintln!("{error}");
        process::exit(2)
    });
    let libraries = Libraries::read(&options.libraries)?;

    // The application: one endpoint and one handler, whatever the transports.
    let rooms = Rooms::new();
    let conversation = Conversation::new(rooms.clone());
    let endpoint = Endpoint::builder()
        .plugin(ConnectionLimit::new().total(1000).handshakes(100, 200))
        .plugin(Heartbeat::every(Duration::from_secs(25)))
        .plugin(RateLimit::new().messages(5, 40).bytes(16 * 1024, 64 * 1024))
        // JSON for those who name no subprotocol, as Engine.IO and SockJS have none.
        .plugin(Codecs::new(Json).or(MessagePack))
        .plugin(rooms)
        .handle({
            let conversation = conversation.clone();
            move |socket| conversation.clone().take_part(socket)
        })?;

    // The transports: each brings connections to the endpoint. Clients that are no browsers send
    // no `Origin`; there is nothing here that a cookie would give away.
    let service = HttpService::builder(endpoint.clone())
        .at("/ws", WebSocket::new())
        .at("/engine.io/", EngineIo::new(plimsoll_engineio::Options::default()))
        .at("/sockjs", SockJs::new().options(sockjs_options()))
        .at("/primus", primus())
        .origins(Origins::same_host().or_absent())
        .build()?;
    let http =
        Server::new(page::router(service, libraries)).bind(("127.0.0.1", options.port)).await?;
    let tcp = Tcp::new().bind(("127.0.0.1", options.tcp_port)).await?;
    let unix = Unix::new().bind(options.unix)?;
    let memory = Memory::new();
    let inside = memory.listen("chat")?;

    println!("listening on http://{}", http.local_addr());
    println!("listening on tcp://{}", tcp.local_addr()?);
    println!("listening on unix:{}", unix.path().display());

    let mut tasks = JoinSet::new();
    let harbour_master = harbour_master::take_part(memory.connector(), inside.url());
    tasks.spawn(async move {
        match harbour_master.await {
            Ok(close) => eprintln!("the harbour master is gone: {close}"),
            Err(error) => eprintln!("the harbour master is gone: {error}"),
        }
    });
    tasks.spawn(async move { conversation.forget_the_lost().await });

    let server = http.handle();
    let stop = async {
        stop_signal().await?;
        tasks.shutdown().await;
        // The endpoint before the server: its clients are told to come back, and its listeners
        // end with it.
        endpoint.shutdown(Shutdown::default().grace(GRACE).spread(Duration::from_secs(1))).await;
        server.shutdown(GRACE);
        Ok(())
    };
    tokio::try_join!(
        http.serve(),
        endpoint.listen(tcp),
        endpoint.listen(unix),
        endpoint.listen(inside),
        stop,
    )?;
    Ok(())
}

/// Clients of Primus choose among the three by how their library was made.
fn primus() -> Primus {
    Primus::new()
        .over(WebSocket::new())
        .over(EngineIo::new(plimsoll_engineio::Options::default()))
        .over(SockJs::new())
}

/// With the transports that old browsers need: a page's address may name them.
fn sockjs_options() -> plimsoll_sockjs::Options {
    plimsoll_sockjs::Options::default().sockjs_url("/libraries/sockjs.min.js").transports([
        Transport::EventSource,
        Transport::HtmlFile,
        Transport::JsonpPolling,
        Transport::WebSocket,
        Transport::XhrPolling,
        Transport::XhrStreaming,
    ])
}

/// Waits for the wish to end the program.
async fn stop_signal() -> Result<(), Error> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = ctrl_c() => Ok(interrupted?),
        _ = terminate.recv() => Ok(()),
    }
}

const GRACE: Duration = Duration::from_secs(5);
