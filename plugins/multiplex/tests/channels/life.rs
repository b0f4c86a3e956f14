//! How channels begin, what they carry, and how they end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use http::StatusCode;
use plimsoll::{
    Close, CloseCode, Dial, Dialer, Endpoint, Error, ErrorKind, Handshake, Message, Plugin, Reject,
    Socket,
};
use plimsoll_multiplex::{Channel, Channels, Multiplex};

use crate::ground::{assert_echoes, channel, echo, echo_server, ends, next, served};

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
fn handles_go_to_other_threads() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Channels>();
    is_send_and_sync::<plimsoll_multiplex::ChannelConnector>();
    is_send_and_sync::<plimsoll_multiplex::IncomingChannel>();
}
