//! Established connections.

use std::future::pending;

use bytes::Bytes;
use plimsoll::{Close, CloseCode, Dial, DuplexExt, Endpoint, ErrorKind, Frame, Message, Socket};
use plimsoll_tcp::Options;
use tokio::sync::mpsc;

use crate::server::{Server, dialer, dialer_with, echo};

#[tokio::test]
async fn messages_come_back() {
    let endpoint = Endpoint::builder().handle(echo).unwrap();
    for server in Server::each(&endpoint).await {
        let mut socket = dialer().connect(&server.url).await.unwrap();
        for message in [
            Message::from("ahoy"),
            Message::from(vec![0, 159, 146, 150]),
            Message::from(""),
            Message::from(Vec::new()),
            Message::from("é".repeat(30_000)),
            Message::from(vec![7; 64 * 1024]),
        ] {
            socket.send(message.clone()).await.unwrap();
            assert_eq!(socket.recv().await.unwrap().unwrap(), message);
        }
    }
}

#[tokio::test]
async fn a_huge_message_comes_back_whole() {
    let options = Options::default().max_message(32 << 20);
    let endpoint = Endpoint::builder().handle(echo).unwrap();
    let server = Server::tcp(&endpoint, options).await;
    let dialer = dialer_with(options).build().unwrap();
    let mut socket = dialer.connect(&server.url).await.unwrap();
    let huge: Vec<u8> = (0..24 << 20_u32).map(|number: u32| (number >> 8) as u8).collect();
    socket.send(huge.clone()).await.unwrap();
    assert!(socket.recv().await.unwrap().unwrap().as_bytes() == huge);
}

#[tokio::test]
async fn a_message_over_the_limit_closes_the_connection_of_its_sender_only() {
    let endpoint = Endpoint::builder().handle(echo).unwrap();
    for server in Server::each(&endpoint).await {
        let mut other = dialer().connect(&server.url).await.unwrap();
        let mut socket = dialer().connect(&server.url).await.unwrap();
        socket.send(vec![0; 64 * 1024 + 1]).await.unwrap();
        assert!(socket.recv().await.is_none_or(|received| received.is_err()));
        assert_eq!(socket.sender().closed().await.code, CloseCode::TOO_LARGE, "{}", server.url);
        other.send("still here").await.unwrap();
        assert_eq!(other.recv().await.unwrap().unwrap(), Message::from("still here"));
    }
}

#[tokio::test]
async fn close_codes_and_reasons_arrive() {
    let endpoint = Endpoint::builder()
        .handle(async |socket: Socket| {
            socket.close(Close::new(CloseCode::from(4321), "enough"));
            socket.sender().closed().await;
        })
        .unwrap();
    for server in Server::each(&endpoint).await {
        let mut socket = dialer().connect(&server.url).await.unwrap();
        assert!(socket.recv().await.is_none());
        let close = socket.sender().closed().await;
        assert_eq!(close, Close::new(CloseCode::from(4321), "enough"));
    }
}

#[tokio::test]
async fn a_client_that_vanishes_is_noticed() {
    let (ended, mut ends) = mpsc::unbounded_channel();
    let endpoint = Endpoint::builder()
        .handle(move |mut socket: Socket| {
            let ended = ended.clone();
            async move {
                while let Some(Ok(_)) = socket.recv().await {}
                ended.send(socket.sender().closed().await.code).unwrap();
            }
        })
        .unwrap();
    for server in Server::each(&endpoint).await {
        let mut client = dialer().open(Dial::new(&server.url)).await.unwrap();
        client.io.send(Frame::from("bye")).await.unwrap();
        drop(client);
        assert_eq!(ends.recv().await, Some(CloseCode::ABNORMAL), "{}", server.url);
    }
}

#[tokio::test]
async fn a_frame_that_is_too_long_harms_no_other() {
    let endpoint = Endpoint::builder().handle(echo).unwrap();
    for server in Server::each(&endpoint).await {
        let mut client = dialer().open(Dial::new(&server.url)).await.unwrap();
        let long = Frame::Ping(Bytes::from(vec![0; 126]));
        assert_eq!(client.io.send(long).await.unwrap_err().kind(), ErrorKind::TooLarge);
        client.io.send(Frame::from("ahoy")).await.unwrap();
        assert_eq!(client.io.recv().await.unwrap().unwrap(), Frame::from("ahoy"));
    }
}

#[tokio::test]
async fn nothing_can_be_sent_after_a_close() {
    let endpoint = Endpoint::builder().handle(async |_| pending().await).unwrap();
    let server = Server::tcp(&endpoint, Options::default()).await;
    let mut client = dialer().open(Dial::new(&server.url)).await.unwrap();
    client.io.send(Frame::Close(Close::normal())).await.unwrap();
    let error = client.io.send(Frame::from("late")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Close);
}
