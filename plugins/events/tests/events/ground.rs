//! Two sides of a connection in memory.

use http::Uri;
use plimsoll::{Capabilities, Info, Message, Socket, SocketOptions};
use plimsoll_events::{Events, EventsBuilder, Peer};
use plimsoll_memory::{Options, pair};
use tokio::task::JoinHandle;

/// How much waits on its way to a side that does not read, in bytes.
pub(crate) const PIPE: usize = 1024;
/// How much waits for the application of that side, in bytes.
pub(crate) const INBOX: usize = 1024;
/// How much waits to be sent, in bytes.
pub(crate) const OUTBOX: usize = 1024;

/// Connects an application with events to a plain socket.
pub(crate) fn connect(builder: EventsBuilder) -> (Peer, Socket, Running) {
    let (ours, theirs) = sockets();
    let (peer, running) = run(&builder.build().unwrap(), ours);
    (peer, theirs, running)
}

/// Connects two applications with events; returns whom each talks to.
pub(crate) fn connect_both(left: EventsBuilder, right: EventsBuilder) -> (Peer, Peer) {
    let (ours, theirs) = sockets();
    let (to_right, _) = run(&left.build().unwrap(), ours);
    let (to_left, _) = run(&right.build().unwrap(), theirs);
    (to_right, to_left)
}

pub(crate) type Running = JoinHandle<Result<(), plimsoll::Error>>;

/// Runs events in a task, which ends with the connection.
pub(crate) fn run(events: &Events, socket: Socket) -> (Peer, Running) {
    let socket = events.attach(socket);
    let peer = socket.peer().clone();
    (peer, tokio::spawn(socket.run()))
}

pub(crate) fn sockets() -> (Socket, Socket) {
    let (left, right) = pair(Options::default().capacity(PIPE)).unwrap();
    let socket = |io| {
        let info = Info::new("memory", Capabilities::FULL, Uri::from_static("/"));
        let options = SocketOptions::default().inbox_bytes(INBOX).outbox_bytes(OUTBOX);
        Socket::spawn(io, info, options)
    };
    (socket(left), socket(right))
}

/// The next message of a plain socket.
pub(crate) async fn next(socket: &mut Socket) -> String {
    let message: Message = socket.recv().await.expect("a message").unwrap();
    message.as_text().expect("text").to_owned()
}
