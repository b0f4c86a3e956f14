//! What applications see of channels, over memory.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use plimsoll::{
    Capabilities, Close, CloseCode, Connector, Dial, Dialer, Duplex, Endpoint, Error, ErrorKind,
    Handshake, Info, Message, Plugin, Reject, Socket, SocketOptions,
};
use plimsoll_memory::{Options, pair};
use plimsoll_multiplex::{Channel, Channels, Multiplex, Overflow};
use tokio::time::timeout;

#[tokio::test(start_paused = true)]
async fn channels_carry_messages_of_both_kinds_apart() {
    let client = echo_server(Multiplex::own());
    let (mut news, mut chat) =
        (client.open("news").await.unwrap(), client.open("chat").await.unwrap());
    news.send("for the news").await.unwrap();
    chat.send(vec![0, 255]).await.unwrap();
    news.send("").await.unwrap();
    assert_eq!(next(&mut chat).await, Message::from(vec![0, 255]));
    assert_eq!(next(&mut news).await, Message::from("for the news"));
    assert_eq!(next(&mut news).await, Message::from(""));
    assert_eq!(news.info().transport(), "channel");
    assert_eq!(news.info().get::<Channel>().unwrap().name(), "news");
}

#[tokio::test(start_paused = true)]
async fn either_side_opens_channels() {
    let (mut client, server) = ends(Multiplex::own());
    let opening = tokio::spawn(async move {
        let socket = server.open("from the server").await.unwrap();
        socket.send("ahoy").await.unwrap();
        server.closed().await
    });
    let incoming = client.accept().await.unwrap();
    assert_eq!(incoming.name(), "from the server");
    let mut socket = incoming.accept().unwrap();
    assert_eq!(next(&mut socket).await, Message::from("ahoy"));
    drop(client);
    assert_eq!(opening.await.unwrap(), Close::normal());
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_refuses_channels_by_name_and_by_who_is_beneath() {
    struct Gate;

    #[async_trait]
    impl Plugin for Gate {
        async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
            let channel = handshake.info().get::<Channel>().expect("a channel");
            match channel.name() {
                "open" if channel.parent().transport() == "memory" => Ok(()),
                _ => Err(Reject::new(StatusCode::FORBIDDEN, "members only")),
            }
        }
    }

    let endpoint = Endpoint::builder().plugin(Gate).handle(echo).unwrap();
    let client = served(Multiplex::own(), endpoint);
    let error = client.open("secret").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected);
    assert_eq!(error.reject().unwrap().status(), StatusCode::FORBIDDEN);
    assert_eq!(error.reject().unwrap().body(), "members only");
    assert_echoes(&mut client.open("open").await.unwrap()).await;
}

#[tokio::test(start_paused = true)]
async fn channels_go_to_endpoints_by_their_names() {
    let shout = Endpoint::builder().handle(async |mut socket: Socket| {
        while let Some(Ok(message)) = socket.recv().await {
            let _ = socket.send(message.as_text().unwrap_or_default().to_uppercase()).await;
        }
    });
    let (shout, plain) = (shout.unwrap(), Endpoint::builder().handle(echo).unwrap());
    let (client, server) = ends(Multiplex::own());
    tokio::spawn(server.serve(move |name| match name {
        "plain" => Some(plain.clone()),
        "shout" => Some(shout.clone()),
        _ => None,
    }));
    assert_echoes(&mut client.open("plain").await.unwrap()).await;
    let mut socket = client.open("shout").await.unwrap();
    socket.send("ahoy").await.unwrap();
    assert_eq!(next(&mut socket).await, Message::from("AHOY"));
    let error = client.open("toString").await.unwrap_err();
    assert_eq!(error.reject().unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn what_a_dial_carries_reaches_the_endpoint() {
    struct Label;

    #[async_trait]
    impl Plugin for Label {
        async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
            handshake.select_protocol("v2");
            handshake.response_headers_mut().insert("seen", "yes".parse().unwrap());
            Ok(())
        }

        async fn dial(&self, dial: &mut Dial) -> Result<(), Error> {
            dial.protocols.push("v2".into());
            dial.headers.insert("who", "ann".parse().unwrap());
            dial.add_query("room", "a b&c");
            Ok(())
        }
    }

    let endpoint = Endpoint::builder().plugin(Label).handle(async |socket: Socket| {
        let info = socket.info();
        let name = info.get::<Channel>().unwrap().name();
        let (who, room) = (info.headers()["who"].to_str().unwrap(), info.query("room").unwrap());
        let _ = socket.send(format!("{name}, {who}, {room}")).await;
    });
    let client = served(Multiplex::own(), endpoint.unwrap());
    let dialer = Dialer::builder().transport(client.connector()).plugin(Label).build().unwrap();
    let mut socket = dialer.connect("channel:caf%C3%A9%3F").await.unwrap();
    assert_eq!(socket.info().protocol(), Some("v2"));
    assert_eq!(socket.info().headers()["seen"], "yes");
    assert_eq!(next(&mut socket).await, Message::from("café?, ann, a b&c"));
}

#[tokio::test(start_paused = true)]
async fn a_close_reaches_the_other_end_of_its_channel_only() {
    let (client, mut server) = ends(Multiplex::own());
    let (one, mut theirs) = channel(&client, &mut server, "one").await;
    let (two, mut their_two) = channel(&client, &mut server, "two").await;

    one.send("last").await.unwrap();
    one.close(Close::new(4000.into(), "that is all"));
    assert_eq!(next(&mut theirs).await, Message::from("last"));
    assert!(theirs.recv().await.is_none());
    assert_eq!(theirs.sender().closed().await, Close::new(4000.into(), "that is all"));
    two.send("still here").await.unwrap();
    assert_eq!(next(&mut their_two).await, Message::from("still here"));
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_closes_closes_its_channels_as_it_did() {
    let (client, mut server) = ends(Multiplex::own());
    let (mut ours, mut theirs) = channel(&client, &mut server, "one").await;
    theirs.send("sent before").await.unwrap();
    let close = Close::new(CloseCode::GOING_AWAY, "restart");
    tokio::task::yield_now().await;
    server.close(close.clone());
    assert_eq!(next(&mut ours).await, Message::from("sent before"));
    assert!(ours.recv().await.is_none());
    assert_eq!(ours.sender().closed().await, close);
    assert!(theirs.recv().await.is_none());
    assert_eq!(theirs.sender().closed().await, close);
    assert!(server.accept().await.is_none());
    assert_eq!(client.closed().await, close);
    assert_eq!(client.open("late").await.unwrap_err().kind(), ErrorKind::Close);
}

#[tokio::test(start_paused = true)]
async fn dropping_the_channels_closes_the_connection() {
    let (client, server) = ends(Multiplex::own());
    let connector = client.connector();
    drop(client);
    assert_eq!(server.closed().await, Close::normal());
    let dialer = Dialer::builder().transport(connector).build().unwrap();
    assert_eq!(dialer.connect("channel:x").await.unwrap_err().kind(), ErrorKind::Close);
}

#[tokio::test(start_paused = true)]
async fn a_slow_channel_holds_up_no_other_and_costs_its_window_at_most() {
    let (client, mut server) = ends(Multiplex::own().window(WINDOW));
    let connector = client.connector();
    let (opened, incoming) =
        tokio::join!(async { connector.connect(Dial::new("channel:slow")).await }, async {
            server.accept().await.unwrap().accept().unwrap()
        },);
    let (mut slow, unread) = (opened.unwrap().io, incoming);
    let mut taken = 0;
    // The handler reads nothing: what goes in fills its inbox, then the window.
    while let Ok(ready) = timeout(Duration::from_secs(1), poll_fn(|cx| slow.poll_ready(cx))).await {
        ready.unwrap();
        slow.start_send("x".repeat(1000).into()).unwrap();
        taken += 1000;
    }
    let inbox = SocketOptions::default().inbox_bytes;
    assert!(taken <= inbox + 2 * WINDOW as usize, "{taken}");

    let (ours, mut theirs) = channel(&client, &mut server, "quick").await;
    for number in 0..1000 {
        ours.send(format!("{number}")).await.unwrap();
        assert_eq!(next(&mut theirs).await, Message::from(format!("{number}")));
    }
    drop(unread);
}

#[tokio::test(start_paused = true)]
async fn more_channels_than_allowed_are_refused_until_others_are_gone() {
    let client =
        echo_server_with(Multiplex::own().max_channels(100), Multiplex::own().max_channels(2));
    let (mut one, _two) = (client.open("1").await.unwrap(), client.open("2").await.unwrap());
    let error = client.open("3").await.unwrap_err();
    assert_eq!(error.reject().unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    one.close(Close::normal());
    assert!(one.recv().await.is_none());
    drop(one);
    let mut three = loop {
        match client.open("3").await {
            Ok(socket) => break socket,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Rejected),
        }
    };
    assert_echoes(&mut three).await;
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_too_long_is_refused_on_both_sides() {
    let client = echo_server(Multiplex::own());
    let error = client.open(&"n".repeat(256)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let client = echo_server_with(Multiplex::own().max_name(1000), Multiplex::own());
    let error = client.open(&"n".repeat(256)).await.unwrap_err();
    assert_eq!(error.reject().unwrap().status(), StatusCode::URI_TOO_LONG);
}

#[tokio::test(start_paused = true)]
async fn an_opening_that_nobody_answers_is_given_up() {
    let (client, mut server) = ends(Multiplex::own());
    assert_eq!(client.open("ignored").await.unwrap_err().kind(), ErrorKind::Timeout);
    // The answer crosses the giving up, and harms nothing.
    let mut late = server.accept().await.unwrap().accept().unwrap();
    assert!(late.recv().await.is_none());
    let (ours, mut theirs) = channel(&client, &mut server, "next").await;
    ours.send("in time").await.unwrap();
    assert_eq!(next(&mut theirs).await, Message::from("in time"));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_breaks_the_protocol_loses_its_connection_alone() {
    for packet in [
        "",
        "t",
        "t1",
        "t:",
        "tx:",
        "t-1:",
        "t4294967296:",
        "?1:x",
        "o1:{}",
        "o1:null",
        "o1:[",
        "o2:{\"name\":\"even\",\"window\":1}",
        "a1:{\"window\":1}",
        "t1:never opened",
        "e7:",
        "c1:1",
        "x1:1000,",
        "b1:%%%",
        "__proto__",
        "null",
    ] {
        let (wire, mut server) = wire_to(Multiplex::own());
        wire.send(packet).await.unwrap();
        assert!(server.accept().await.is_none(), "{packet}");
        assert_eq!(wire.sender().closed().await.code, CloseCode::PROTOCOL, "{packet}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_sends_more_than_was_granted_loses_its_connection() {
    let (wire, mut server) = wire_to(Multiplex::own().window(1000));
    wire.send(r#"o1:{"name":"news","window":1000}"#).await.unwrap();
    let mut socket = server.accept().await.unwrap().accept().unwrap();
    for _ in 0..100 {
        let _ = wire.send(format!("t1:{}", "x".repeat(10_000))).await;
    }
    assert_eq!(wire.sender().closed().await.code, CloseCode::PROTOCOL);
    while let Some(Ok(_)) = socket.recv().await {}
    assert!(socket.sender().close_reason().is_some());
}

#[tokio::test(start_paused = true)]
async fn what_kills_the_originals_harms_nobody() {
    for (multiplex, hostile, open) in [
        (
            Multiplex::primus_multiplex(),
            &[
                "null",
                "0",
                "[]",
                "{}",
                "[1]",
                "[1,\"i\"]",
                "[9,\"i\",\"news\"]",
                "[1,1,1]",
                "[1,\"i\",\"__proto__\"]",
                "[0,\"toString\",\"news\",\"x\"]",
                "[1,\"i\",null]",
                "[2,\"i\",\"never\"]",
                "[0,\"i\",\"news\",1,2,3]",
                "[[[[[[",
                "\"primus::x\"",
                "",
            ][..],
            "[1,\"me\",\"news\"]",
        ),
        (
            Multiplex::substream(),
            &[
                "null",
                "[]",
                "{}",
                "{\"substream\":null}",
                "{\"substream\":{},\"args\":1}",
                "{\"substream\":\"__proto__\",\"args\":\"substream::end\"}",
                "{\"args\":1}",
                "",
            ][..],
            "{\"substream\":\"news\",\"args\":0}",
        ),
        (
            Multiplex::websocket_multiplex(),
            &[
                "",
                "msg",
                "msg,",
                "msg,toString,x",
                "uns,__proto__",
                "sub",
                "sub,%",
                "sub,%u",
                "sub,%uD800",
                "x,y,z",
                ",,,",
                "msg,news,before it is open",
            ][..],
            "sub,news",
        ),
    ] {
        let (wire, mut server) = wire_to(multiplex);
        for message in hostile {
            wire.send(*message).await.unwrap();
        }
        wire.send(open).await.unwrap();
        loop {
            let incoming = server.accept().await.expect("the connection lives");
            if incoming.name() == "news" {
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_id_of_two_connections_is_two_channels() {
    let (one, mut first) = wire_to(Multiplex::primus_multiplex());
    let (other, mut second) = wire_to(Multiplex::primus_multiplex());
    for wire in [&one, &other] {
        wire.send(r#"[1,"id","news"]"#).await.unwrap();
    }
    let mut mine = first.accept().await.unwrap().accept().unwrap();
    let mut theirs = second.accept().await.unwrap().accept().unwrap();
    other.send(r#"[0,"id","news",1]"#).await.unwrap();
    other.send(r#"[2,"id","news"]"#).await.unwrap();
    assert_eq!(next(&mut theirs).await, Message::from("1"));
    assert!(theirs.recv().await.is_none());
    one.send(r#"[0,"id","news",2]"#).await.unwrap();
    assert_eq!(next(&mut mine).await, Message::from("2"));
}

#[tokio::test(start_paused = true)]
async fn every_json_value_survives() {
    for multiplex in [Multiplex::primus_multiplex(), Multiplex::substream()] {
        let client = echo_server(multiplex);
        let mut socket = client.open("values").await.unwrap();
        for value in ["0", "null", "false", "\"\"", "[]", "{\"a\": 1}", "\"\u{2028}\"", "1e400"] {
            socket.send(value).await.unwrap();
            assert_eq!(next(&mut socket).await, Message::from(value));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_of_a_dialect_without_credit_is_closed_when_it_is_not_read() {
    let (wire, mut server) = wire_to(Multiplex::websocket_multiplex().window(10_000));
    wire.send("sub,slow").await.unwrap();
    let slow = server.accept().await.unwrap();
    wire.send("sub,quick").await.unwrap();
    let mut quick = server.accept().await.unwrap().accept().unwrap();
    for _ in 0..200 {
        wire.send(format!("msg,slow,{}", "x".repeat(1000))).await.unwrap();
    }
    wire.send("msg,quick,still here").await.unwrap();
    assert_eq!(next(&mut quick).await, Message::from("still here"));
    let mut slow = slow.accept().unwrap();
    let end = loop {
        match slow.recv().await {
            Some(Ok(message)) => assert_eq!(message.len(), 1000),
            other => break other,
        }
    };
    assert_eq!(end.unwrap().unwrap_err().kind(), ErrorKind::SlowConsumer);
}

#[tokio::test(start_paused = true)]
async fn a_channel_of_a_dialect_without_credit_can_hold_up_the_connection_instead() {
    let multiplex = Multiplex::websocket_multiplex().window(1000).overflow(Overflow::Wait);
    let (wire, mut server) = wire_to(multiplex);
    wire.send("sub,slow").await.unwrap();
    let slow = server.accept().await.unwrap();
    let writer = tokio::spawn(async move {
        for number in 0..2000 {
            wire.send(format!("msg,slow,{number} {}", "x".repeat(1000))).await.unwrap();
        }
        wire
    });
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(!writer.is_finished());
    let mut slow = slow.accept().unwrap();
    for number in 0..2000 {
        assert!(next(&mut slow).await.as_text().unwrap().starts_with(&format!("{number} ")));
    }
    writer.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn both_sides_of_a_substream_may_open_it() {
    let (client, server) = ends(Multiplex::substream());
    let mut ours = client.open("both").await.unwrap();
    ours.send("1").await.unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    let mut theirs = server.open("both").await.unwrap();
    assert_eq!(next(&mut theirs).await, Message::from("1"));
    theirs.send("2").await.unwrap();
    assert_eq!(next(&mut ours).await, Message::from("2"));
    assert_eq!(server.open("both").await.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test(start_paused = true)]
async fn what_a_dialect_cannot_carry_is_unsupported() {
    let client = echo_server(Multiplex::substream());
    for message in
        [Message::from("no json"), "\"substream::end\"".into(), "\"substream:\\u003aend\"".into()]
    {
        let mut socket = client.open("x").await.unwrap();
        socket.send(message).await.unwrap();
        let error = socket.recv().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
    let socket = client.open("y").await.unwrap();
    assert_eq!(socket.send(vec![1]).await.unwrap_err().kind(), ErrorKind::Unsupported);
    let (_client, server) = ends(Multiplex::primus_multiplex());
    assert_eq!(server.open("z").await.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test(start_paused = true)]
async fn channels_come_and_go_without_end() {
    let client = echo_server(Multiplex::own().max_channels(2));
    for _ in 0..1000 {
        let mut socket = loop {
            if let Ok(socket) = client.open("again").await {
                break socket;
            }
        };
        assert_echoes(&mut socket).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_costs_its_channel_alone() {
    let count = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&count);
    let endpoint = Endpoint::builder().handle(move |socket: Socket| {
        let first = seen.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            assert!(!first, "the first one panics");
            echo(socket).await;
        }
    });
    let client = served(Multiplex::own(), endpoint.unwrap());
    let mut first = client.open("first").await.unwrap();
    assert!(first.recv().await.is_none());
    assert_eq!(first.sender().closed().await.code, CloseCode::INTERNAL);
    assert_echoes(&mut client.open("second").await.unwrap()).await;
}

#[test]
fn options_that_cannot_work_are_refused() {
    for (option, multiplex) in [
        ("max_channels", Multiplex::own().max_channels(0)),
        ("max_message", Multiplex::own().max_message(255)),
        ("max_name", Multiplex::own().max_name(0)),
        ("window", Multiplex::own().window(0)),
    ] {
        let error = multiplex.check().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(&format!("`{option}`")), "{error}");
    }
}

#[test]
fn handles_go_to_other_threads() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Channels>();
    is_send_and_sync::<plimsoll_multiplex::ChannelConnector>();
    is_send_and_sync::<plimsoll_multiplex::IncomingChannel>();
}

async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

async fn assert_echoes(socket: &mut Socket) {
    socket.send("ahoy").await.unwrap();
    assert_eq!(next(socket).await, Message::from("ahoy"));
}

async fn next(socket: &mut Socket) -> Message {
    socket.recv().await.expect("a message, not the end").unwrap()
}

/// Both ends of a channel.
async fn channel(client: &Channels, server: &mut Channels, name: &str) -> (Socket, Socket) {
    let accept = async { server.accept().await.unwrap().accept().unwrap() };
    let (opened, accepted) = tokio::join!(client.open(name), accept);
    (opened.unwrap(), accepted)
}

/// The client's end of a connection whose server echoes on every channel.
fn echo_server(multiplex: Multiplex) -> Channels {
    echo_server_with(multiplex.clone(), multiplex)
}

fn echo_server_with(client: Multiplex, server: Multiplex) -> Channels {
    let (client_socket, server_socket) = sockets();
    let channels = server.accept(server_socket).unwrap();
    serve(channels, Endpoint::builder().handle(echo).unwrap());
    client.connect(client_socket).unwrap()
}

fn served(multiplex: Multiplex, endpoint: Endpoint) -> Channels {
    let (client, server) = ends(multiplex);
    serve(server, endpoint);
    client
}

fn serve(channels: Channels, endpoint: Endpoint) {
    tokio::spawn(async move { endpoint.listen(channels).await });
}

fn ends(multiplex: Multiplex) -> (Channels, Channels) {
    let (client, server) = sockets();
    (multiplex.connect(client).unwrap(), multiplex.accept(server).unwrap())
}

/// A client that speaks for itself, and the server's channels.
fn wire_to(multiplex: Multiplex) -> (Socket, Channels) {
    let (client, server) = sockets();
    (client, multiplex.accept(server).unwrap())
}

fn sockets() -> (Socket, Socket) {
    let (client, server) = pair(Options::default()).unwrap();
    let socket = |io| {
        let info = Info::new("memory", Capabilities::FULL, "mem://here".parse().unwrap());
        Socket::spawn(io, info, SocketOptions::default())
    };
    (socket(client), socket(server))
}

const WINDOW: u32 = 8 * 1024;
