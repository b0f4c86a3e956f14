//! Both ends of a connection over memory, and what is done with them.

use plimsoll::{Capabilities, Endpoint, Info, Message, Socket, SocketOptions};
use plimsoll_memory::{Options, pair};
use plimsoll_multiplex::{Channels, Multiplex};

pub(crate) async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

pub(crate) async fn assert_echoes(socket: &mut Socket) {
    socket.send("ahoy").await.unwrap();
    assert_eq!(next(socket).await, Message::from("ahoy"));
}

pub(crate) async fn next(socket: &mut Socket) -> Message {
    socket.recv().await.expect("a message, not the end").unwrap()
}

/// Both ends of a channel.
pub(crate) async fn channel(
    client: &Channels,
    server: &mut Channels,
    name: &str,
) -> (Socket, Socket) {
    let accept = async { server.accept().await.unwrap().accept().unwrap() };
    let (opened, accepted) = tokio::join!(client.open(name), accept);
    (opened.unwrap(), accepted)
}

/// The client's end of a connection whose server echoes on every channel.
pub(crate) fn echo_server(multiplex: Multiplex) -> Channels {
    echo_server_with(multiplex.clone(), multiplex)
}

pub(crate) fn echo_server_with(client: Multiplex, server: Multiplex) -> Channels {
    let (client_socket, server_socket) = sockets();
    let channels = server.accept(server_socket).unwrap();
    serve(channels, Endpoint::builder().handle(echo).unwrap());
    client.connect(client_socket).unwrap()
}

pub(crate) fn served(multiplex: Multiplex, endpoint: Endpoint) -> Channels {
    let (client, server) = ends(multiplex);
    serve(server, endpoint);
    client
}

pub(crate) fn serve(channels: Channels, endpoint: Endpoint) {
    tokio::spawn(async move { endpoint.listen(channels).await });
}

pub(crate) fn ends(multiplex: Multiplex) -> (Channels, Channels) {
    let (client, server) = sockets();
    (multiplex.connect(client).unwrap(), multiplex.accept(server).unwrap())
}

/// A client that speaks for itself, and the server's channels.
pub(crate) fn wire_to(multiplex: Multiplex) -> (Socket, Channels) {
    let (client, server) = sockets();
    (client, multiplex.accept(server).unwrap())
}

pub(crate) fn sockets() -> (Socket, Socket) {
    let (client, server) = pair(Options::default()).unwrap();
    let socket = |io| {
        let info = Info::new("memory", Capabilities::FULL, "mem://here".parse().unwrap());
        Socket::spawn(io, info, SocketOptions::default())
    };
    (socket(client), socket(server))
}
