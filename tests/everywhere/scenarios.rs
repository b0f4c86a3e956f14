//! What is tried on each transport with each stack.

use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use plimsoll::{
    Capabilities, Close, CloseCode, Dial, DuplexExt, ErrorKind, Frame, Handshake, Message, Plugin,
    Reject, Shutdown, SlowPolicy, Socket, SocketOptions,
};
use plimsoll_encoding::{Codec, TypedExt};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::ground::{Ground, Stack, Transport};

/// Makes a test of each scenario for each transport and stack.
macro_rules! everywhere {
    ($($scenario:ident),+ $(,)?) => {
        $(mod $scenario {
            use crate::ground::{Stack, Transport};

            everywhere!(@transport $scenario engineio_polling EngineIoPolling);
            everywhere!(@transport $scenario engineio_upgrade EngineIoUpgrade);
            everywhere!(@transport $scenario engineio_websocket EngineIoWebSocket);
            everywhere!(@transport $scenario memory Memory);
            everywhere!(@transport $scenario primus Primus);
            everywhere!(@transport $scenario sockjs_raw SockJsRaw);
            everywhere!(@transport $scenario sockjs_websocket SockJsWebSocket);
            everywhere!(@transport $scenario sockjs_xhr_polling SockJsXhrPolling);
            everywhere!(@transport $scenario sockjs_xhr_streaming SockJsXhrStreaming);
            everywhere!(@transport $scenario tcp Tcp);
            everywhere!(@transport $scenario unix Unix);
            everywhere!(@transport $scenario websocket_http1 WebSocketHttp1);
            everywhere!(@transport $scenario websocket_http2 WebSocketHttp2);
        })+
    };
    (@transport $scenario:ident $name:ident $transport:ident) => {
        mod $name {
            use super::*;

            #[tokio::test]
            async fn plain() {
                super::super::$scenario(Transport::$transport, Stack::Plain).await;
            }

            #[tokio::test]
            async fn full() {
                super::super::$scenario(Transport::$transport, Stack::Full).await;
            }
        }
    };
}

everywhere![
    messages_of_all_kinds_and_sizes_come_back,
    both_sides_know_the_transport_and_the_url,
    values_come_back,
    who_is_refused_learns_the_status,
    a_server_that_closes_says_why,
    a_client_that_closes_says_why,
    a_handler_that_panics_closes_its_connection,
    a_shutdown_tells_the_clients,
    a_slow_consumer_is_sent_away,
];

async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

async fn messages_of_all_kinds_and_sizes_come_back(transport: Transport, stack: Stack) {
    let ground = Ground::serve(stack.endpoint().handle(echo).unwrap()).await;
    let mut socket = ground.connect(transport, stack).await;
    let large = 64 * 1024 - 64;
    let messages = [
        Message::from("ahoy"),
        Message::from(""),
        Message::from("Grüße, 世界 👋🏽"),
        Message::from(vec![0, 255, 128]),
        Message::from(Vec::new()),
        Message::from("t".repeat(large)),
        Message::from(vec![7; large]),
    ];
    let is_binary = socket.info().capabilities().binary;
    let carried = messages.iter().filter(|message| is_binary || message.as_text().is_some());
    for message in carried.clone() {
        socket.send(message.clone()).await.unwrap();
    }
    for message in carried {
        assert_eq!(socket.recv().await.unwrap().unwrap(), *message);
    }
    if !is_binary {
        let error = socket.send(vec![0, 255, 128]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}

async fn both_sides_know_the_transport_and_the_url(transport: Transport, stack: Stack) {
    let tell = async |socket: Socket| {
        let info = socket.info();
        let query = info.query("room").unwrap_or_default();
        let told = format!("{} {query} {}", info.transport(), info.peer().is_some());
        socket.send(told).await.unwrap();
    };
    let ground = Ground::serve(stack.endpoint().handle(tell).unwrap()).await;
    let url = format!("{}?room=the%20galley", ground.url(transport));
    let dialer = ground.dialer(transport, stack.dialer(transport));
    let mut socket = dialer.connect(url).await.unwrap();
    let name = socket.info().transport();
    let told = socket.recv().await.unwrap().unwrap();
    assert_eq!(told.as_text(), Some(format!("{name} the galley true").as_str()));
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
enum Order {
    Sail { to: String, knots: f64 },
    Anchor(Vec<u32>),
}

async fn values_come_back(transport: Transport, stack: Stack) {
    let echo = async |socket: Socket| {
        let mut socket = socket.typed::<Order, Order>();
        while let Some(Ok(order)) = socket.recv().await {
            socket.send(order).await.unwrap();
        }
    };
    let ground = Ground::serve(stack.endpoint().handle(echo).unwrap()).await;
    let mut socket = ground.connect(transport, stack).await.typed::<Order, Order>();
    let expected = match stack {
        // The server of Primus says what it is.
        _ if transport == Transport::Primus => "json",
        Stack::Full if socket.info().capabilities().binary => "msgpack",
        Stack::Full | Stack::Plain => "json",
    };
    assert_eq!(socket.codec().name(), expected);
    for order in [Order::Sail { to: "Ærø".into(), knots: 6.5 }, Order::Anchor((0..1000).collect())]
    {
        socket.send(order.clone()).await.unwrap();
        assert_eq!(socket.recv().await.unwrap().unwrap(), order);
    }
}

/// Turns away everybody.
struct Closed;

#[async_trait]
impl Plugin for Closed {
    async fn handshake(&self, _: &mut Handshake) -> Result<(), Reject> {
        Err(Reject::unauthorized("Bearer"))
    }
}

async fn who_is_refused_learns_the_status(transport: Transport, stack: Stack) {
    let endpoint = match stack {
        Stack::Full => stack.endpoint(),
        Stack::Plain => stack.endpoint().plugin(Closed),
    };
    let ground = Ground::serve(endpoint.handle(echo).unwrap()).await;
    let dialer = ground.dialer(transport, stack.stranger(transport));
    let error = dialer.connect(ground.url(transport)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(error.reject().unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(ground.endpoint.connections(), 0);
}

fn closes() -> [Close; 6] {
    [
        Close::normal(),
        Close::going_away(),
        Close::new(CloseCode::POLICY, "no mutiny"),
        Close::new(CloseCode::SERVICE_RESTART, "Grüße"),
        Close::new(CloseCode::from(3999), ""),
        Close::new(CloseCode::from(4999), "own"),
    ]
}

async fn a_server_that_closes_says_why(transport: Transport, stack: Stack) {
    let (sender, mut capabilities) = mpsc::channel(16);
    let close_as_told = move |mut socket: Socket| {
        let sender = sender.clone();
        async move {
            let message = socket.recv().await.unwrap().unwrap();
            let number: usize = message.as_text().unwrap().parse().unwrap();
            sender.send(socket.info().capabilities()).await.unwrap();
            socket.close(closes()[number].clone());
            assert!(socket.recv().await.is_none());
        }
    };
    let ground = Ground::serve(stack.endpoint().handle(close_as_told).unwrap()).await;
    for (number, close) in closes().into_iter().enumerate() {
        let mut socket = ground.connect(transport, stack).await;
        socket.send(number.to_string()).await.unwrap();
        assert!(socket.recv().await.is_none());
        let told = socket.sender().closed().await;
        let of_the_server = capabilities.recv().await.unwrap();
        assert!(told == close || is_untold(&told, of_the_server), "{told:?}");
    }
    assert_eq!(ground.endpoint.panics(), 0);
}

async fn a_client_that_closes_says_why(transport: Transport, stack: Stack) {
    let (sender, mut closed) = mpsc::channel(16);
    let report = move |mut socket: Socket| {
        let sender = sender.clone();
        async move {
            while socket.recv().await.is_some() {}
            let _ = sender.send(socket.sender().closed().await).await;
        }
    };
    let ground = Ground::serve(stack.endpoint().handle(report).unwrap()).await;
    for close in closes() {
        let mut socket = ground.connect(transport, stack).await;
        socket.close(close.clone());
        assert!(socket.recv().await.is_none());
        let told = closed.recv().await.unwrap();
        assert!(told == close || is_untold(&told, socket.info().capabilities()), "{told:?}");
    }
}

/// Whether nothing was told, as may be where those who close cannot say why.
fn is_untold(told: &Close, capabilities: Capabilities) -> bool {
    let is_none = [CloseCode::NO_STATUS, CloseCode::ABNORMAL].contains(&told.code);
    !capabilities.close_reason && is_none && told.reason.is_empty()
}

async fn a_handler_that_panics_closes_its_connection(transport: Transport, stack: Stack) {
    let (sender, mut capabilities) = mpsc::channel(1);
    let fail = move |mut socket: Socket| {
        let sender = sender.clone();
        async move {
            socket.recv().await;
            sender.send(socket.info().capabilities()).await.unwrap();
            panic!("on purpose");
        }
    };
    let ground = Ground::serve(stack.endpoint().handle(fail).unwrap()).await;
    let mut socket = ground.connect(transport, stack).await;
    socket.send("panic").await.unwrap();
    assert!(socket.recv().await.is_none());
    let told = socket.sender().closed().await;
    let of_the_server = capabilities.recv().await.unwrap();
    assert!(told.code == CloseCode::INTERNAL || is_untold(&told, of_the_server), "{told:?}");
    assert_eq!(ground.endpoint.panics(), 1);
}

async fn a_shutdown_tells_the_clients(transport: Transport, stack: Stack) {
    let (sender, mut capabilities) = mpsc::channel(3);
    let handler = move |socket: Socket| {
        let sender = sender.clone();
        async move {
            sender.send(socket.info().capabilities()).await.unwrap();
            echo(socket).await;
        }
    };
    let ground = Ground::serve(stack.endpoint().handle(handler).unwrap()).await;
    let mut sockets = [
        ground.connect(transport, stack).await,
        ground.connect(transport, stack).await,
        ground.connect(transport, stack).await,
    ];
    for socket in &mut sockets {
        socket.send("here").await.unwrap();
        socket.recv().await.unwrap().unwrap();
    }
    let shutdown = Shutdown::default().spread(Duration::ZERO).pause(Duration::ZERO);
    assert_eq!(ground.endpoint.shutdown(shutdown).await, 0);
    for socket in &mut sockets {
        assert!(socket.recv().await.is_none());
        let expected = Close::new(CloseCode::GOING_AWAY, "shutting down");
        let told = socket.sender().closed().await;
        let of_the_server = capabilities.recv().await.unwrap();
        assert!(told == expected || is_untold(&told, of_the_server), "{told:?}");
    }
    let dialer = ground.dialer(transport, stack.dialer(transport));
    let error = dialer.connect(ground.url(transport)).await.unwrap_err();
    match error.reject() {
        Some(reject) => assert_eq!(reject.status(), StatusCode::SERVICE_UNAVAILABLE),
        None => assert_eq!(error.kind(), ErrorKind::Io),
    }
}

/// The client does not read until the server has lost its patience.
async fn a_slow_consumer_is_sent_away(transport: Transport, stack: Stack) {
    let (sender, mut closed) = mpsc::channel(1);
    let flood = move |socket: Socket| {
        let sender = sender.clone();
        async move {
            let message = Message::from("f".repeat(16 * 1024)).shared();
            while socket.sender().send_or(message.clone(), SlowPolicy::Close).is_ok() {
                tokio::task::yield_now().await;
            }
            let _ = sender.send(socket.info().capabilities()).await;
        }
    };
    let options = SocketOptions::default().outbox_bytes(64 * 1024);
    let endpoint = stack.endpoint().socket(options).handle(flood).unwrap();
    let ground = Ground::serve(endpoint).await;
    let dialer = ground.dialer(transport, stack.dialer(transport));
    let mut client = dialer.open(Dial::new(ground.url(transport))).await.unwrap().io;
    let of_the_server = closed.recv().await.unwrap();
    let close = loop {
        match client.recv().await.unwrap().unwrap() {
            Frame::Close(close) => break close,
            Frame::Message(message) => assert_eq!(message.len(), 16 * 1024),
            _ => {}
        }
    };
    let is_told = close.code == CloseCode::SLOW_CONSUMER;
    assert!(is_told || is_untold(&close, of_the_server), "{close:?}");
}
