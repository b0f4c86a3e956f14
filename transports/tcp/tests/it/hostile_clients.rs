//! Clients that break rules lose their own connection, and nothing else happens.

use std::time::Duration;

use plimsoll::{Endpoint, Message, SlowPolicy, Socket, SocketOptions};
use plimsoll_tcp::Options;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use crate::raw::{self, BINARY, CLOSE, HELLO, PING, REFUSE, TEXT, packet};
use crate::server::{Server, dialer, echo};

#[tokio::test]
async fn a_declared_length_over_the_limit_is_answered_at_once() {
    let server = echo_server().await;
    let mut peer = raw::open(server.addr()).await;
    peer.write_all(b"\xFF\xFF\xFF\xFF\x02x").await.unwrap();
    assert_eq!(raw::read_close(&mut peer).await, 1009);
}

#[tokio::test]
async fn a_peer_that_breaks_the_protocol_is_told_the_code() {
    let server = echo_server().await;
    for (bytes, code) in [
        (packet(3, b""), 1002),
        (packet(HELLO, b"PLIM\x01\x00\x01/\x00\x00"), 1002),
        (packet(PING, &[0; 126]), 1002),
        (packet(CLOSE, &[3]), 1002),
        (packet(CLOSE, &1005_u16.to_be_bytes()), 1002),
        (packet(TEXT, b"\xFF"), 1007),
        (packet(BINARY, &[0; 64 * 1024 + 1]), 1009),
    ] {
        let mut peer = raw::open(server.addr()).await;
        peer.write_all(&bytes).await.unwrap();
        assert_eq!(raw::read_close(&mut peer).await, code, "{:?}", &bytes[..6]);
    }
}

#[tokio::test]
async fn a_thousand_bad_packets_do_not_disturb_another_peer() {
    let server = echo_server().await;
    let mut other = dialer().connect(&server.url).await.unwrap();
    for number in 0..1000_u32 {
        let mut peer = raw::open(server.addr()).await;
        peer.write_all(&number.wrapping_mul(0x9E37_79B9).to_be_bytes()).await.unwrap();
        peer.write_all(&[200]).await.unwrap();
        if number % 100 == 0 {
            other.send(number.to_string()).await.unwrap();
            let message = other.recv().await.unwrap().unwrap();
            assert_eq!(message, Message::from(number.to_string()));
        }
    }
}

#[tokio::test]
async fn a_hello_that_cannot_be_read_is_refused_with_a_status() {
    let server = echo_server().await;
    for (payload, status) in [
        (&b"PLIM\x02"[..], 505_u16),
        (b"PLIM\x01\x00\x01/\x00", 400),
        (b"PLIM\x01\x00\x01/\x00\x41", 431),
        (&[0; 8 * 1024 + 1], 431),
    ] {
        let mut peer = TcpStream::connect(server.addr()).await.unwrap();
        peer.write_all(&packet(HELLO, payload)).await.unwrap();
        let (kind, refuse) = raw::read(&mut peer).await.unwrap();
        assert_eq!((kind, &refuse[..2]), (REFUSE, &status.to_be_bytes()[..]));
        assert_eq!(raw::read(&mut peer).await, None);
    }
}

#[tokio::test]
async fn a_peer_of_another_protocol_is_dropped_without_an_answer() {
    let server = echo_server().await;
    for bytes in [
        &b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01",
        b"SSH-2.0-",
    ] {
        let mut peer = TcpStream::connect(server.addr()).await.unwrap();
        peer.write_all(bytes).await.unwrap();
        let mut answer = Vec::new();
        peer.read_to_end(&mut answer).await.unwrap();
        assert!(answer.is_empty(), "{answer:?}");
    }
}

#[tokio::test]
async fn a_handshake_that_stays_half_done_ends_by_the_deadline() {
    let endpoint = Endpoint::builder().handshake_timeout(Duration::from_millis(100));
    let server = Server::tcp(&endpoint.handle(echo).unwrap(), Options::default()).await;
    for bytes in [&b""[..], b"\0", b"\0\0\0\x0A\x10PLIM\x01"] {
        let mut peer = TcpStream::connect(server.addr()).await.unwrap();
        peer.write_all(bytes).await.unwrap();
        assert_eq!(peer.read(&mut [0]).await.unwrap(), 0, "{bytes:?}");
    }
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_closed_and_costs_nobody_else() {
    let (taken, mut took) = mpsc::unbounded_channel();
    let feed = move |socket: Socket| {
        let taken = taken.clone();
        async move {
            if socket.info().uri().query() != Some("feed") {
                return echo(socket).await;
            }
            let (message, mut bytes) = (Message::from(vec![0; 16 * 1024]).shared(), 0);
            while socket.sender().send_or(message.clone(), SlowPolicy::Close).is_ok() {
                bytes += message.len();
                tokio::task::yield_now().await;
            }
            taken.send(bytes).unwrap();
        }
    };
    let limits = SocketOptions::default().close_timeout(Duration::from_millis(100));
    let endpoint = Endpoint::builder().socket(limits).handle(feed).unwrap();
    let server = Server::tcp(&endpoint, Options::default()).await;
    let mut other = dialer().connect(&server.url).await.unwrap();

    let mut peer = TcpStream::connect(server.addr()).await.unwrap();
    peer.write_all(&packet(HELLO, b"PLIM\x01\x00\x06/?feed\x00\x00")).await.unwrap();
    let bytes = loop {
        tokio::select! {
            bytes = took.recv() => break bytes.unwrap(),
            echoed = async {
                other.send("and me").await.unwrap();
                other.recv().await.unwrap().unwrap()
            } => assert_eq!(echoed, Message::from("and me")),
        }
    };
    // An outbox of 1 MiB, a buffer of 64 KiB, and what the system keeps for both sockets.
    assert!(bytes < 32 << 20, "{bytes} bytes");
}

async fn echo_server() -> Server {
    let endpoint = Endpoint::builder().handle(echo).unwrap();
    Server::tcp(&endpoint, Options::default()).await
}
