//! A server gets no further with a client than a client with a server.

use std::time::Duration;

use plimsoll::{Close, CloseCode, Dial, Dialer, DuplexExt, Error, ErrorKind, Frame};
use plimsoll_tcp::Tcp;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::raw::{self, ACCEPT, BINARY, HELLO, REFUSE, packet};

#[tokio::test]
async fn an_answer_that_breaks_a_rule_fails_the_attempt() {
    let headers = [&b"\0\x41"[..], &b"\x01a\0\0".repeat(65)].concat();
    for (answer, kind) in [
        (b"\x00\x00\x20\x01\x11".to_vec(), ErrorKind::TooLarge),
        (b"\xFF\xFF\xFF\xFF\x12".to_vec(), ErrorKind::TooLarge),
        (packet(ACCEPT, &headers), ErrorKind::TooLarge),
        (packet(ACCEPT, b"\x01x\0"), ErrorKind::Protocol),
        (packet(ACCEPT, b"\0\0\0"), ErrorKind::Protocol),
        (packet(ACCEPT, b"\0\x01"), ErrorKind::Protocol),
        (packet(REFUSE, b"\x00\xC8\0fine"), ErrorKind::Protocol),
        (packet(HELLO, b"PLIM\x01\x00\x01/\x00\x00"), ErrorKind::Protocol),
        (packet(BINARY, b"early"), ErrorKind::Protocol),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), ErrorKind::Protocol),
        (b"\0\0".to_vec(), ErrorKind::Io),
        (Vec::new(), ErrorKind::Io),
    ] {
        let server = async |peer: &mut TcpStream| peer.write_all(&answer).await.unwrap();
        let error = connect(&dialer(), server).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{answer:?}: {error:?}");
    }
}

#[tokio::test]
async fn an_answer_without_an_end_is_not_read_on() {
    let endless = async |peer: &mut TcpStream| {
        peer.write_all(b"\xFF\xFF\xFF\xFF\x11").await.unwrap();
        while peer.write_all(&[0; 64 * 1024]).await.is_ok() {}
    };
    let error = connect(&dialer(), endless).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let dialer = Dialer::builder().transport(Tcp::connector());
    let dialer = dialer.connect_timeout(Duration::from_millis(100)).build().unwrap();
    let silent = async |peer: &mut TcpStream| {
        peer.write_all(b"\0").await.unwrap();
        assert_eq!(peer.read(&mut [0]).await.unwrap(), 0);
    };
    assert_eq!(connect(&dialer, silent).await.unwrap_err().kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_message_over_the_limit_is_answered_by_a_client_too() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    let server = async {
        let mut peer = accept(&listener).await;
        peer.write_all(&packet(ACCEPT, b"\0\0")).await.unwrap();
        peer.write_all(b"\xFF\xFF\xFF\xFF\x01").await.unwrap();
        assert_eq!(raw::read_close(&mut peer).await, 1009);
    };
    let client = async {
        let mut socket = dialer().connect(url).await.unwrap();
        let error = socket.recv().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        socket.sender().closed().await;
    };
    tokio::join!(server, client);
}

#[tokio::test]
async fn nothing_is_heard_after_a_close() {
    let close = Close::new(CloseCode::GOING_AWAY, "bye");
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    let server = async {
        let mut peer = accept(&listener).await;
        peer.write_all(&packet(ACCEPT, b"\0\0")).await.unwrap();
        peer.write_all(&packet(raw::CLOSE, b"\x03\xE9bye")).await.unwrap();
        peer.write_all(&packet(BINARY, b"late")).await.unwrap();
        peer
    };
    let (_peer, connected) = tokio::join!(server, async { dialer().open(Dial::new(url)).await });
    let mut io = connected.unwrap().io;
    assert_eq!(io.recv().await.unwrap().unwrap(), Frame::Close(close));
    assert!(io.recv().await.is_none());
}

/// Connects to a server that reads the hello, does as it likes, and ends.
async fn connect(dialer: &Dialer, server: impl AsyncFnOnce(&mut TcpStream)) -> Result<(), Error> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("tcp://{}", listener.local_addr().unwrap());
    let server = async {
        let mut peer = accept(&listener).await;
        server(&mut peer).await;
    };
    let client = async { dialer.open(Dial::new(url)).await.map(drop) };
    tokio::join!(server, client).1
}

async fn accept(listener: &TcpListener) -> TcpStream {
    let (mut peer, _) = listener.accept().await.unwrap();
    assert_eq!(raw::read(&mut peer).await.unwrap().0, HELLO);
    peer
}

fn dialer() -> Dialer {
    Dialer::builder().transport(Tcp::connector()).build().unwrap()
}
