//! Everything is bounded.

use std::future::poll_fn;
use std::time::Duration;

use http::StatusCode;
use plimsoll::{Close, Connector, Dial, Duplex, ErrorKind, Message, SocketOptions};
use plimsoll_multiplex::{Multiplex, Overflow};
use tokio::time::timeout;

use crate::ground::{
    assert_echoes, channel, echo_server, echo_server_with, ends, next, sockets, wire_to,
};

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
async fn who_does_not_read_refusals_has_to_wait() {
    let (wire, _server) = wire_to(Multiplex::own().max_channels(1));
    let mut opened = 0;
    let open = |id: u32| wire.send(format!(r#"o{id}:{{"name":"flood","window":1}}"#));
    while let Ok(sent) = timeout(Duration::from_secs(1), open(2 * opened + 1)).await {
        sent.unwrap();
        opened += 1;
        assert!(opened < 100_000, "the queues on the way hold less");
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_refusals_and_goes_leaves_nothing_behind() {
    let (wire, mut server) = wire_to(Multiplex::own().max_channels(1));
    let mut opened = 0;
    let open = |id: u32| wire.send(format!(r#"o{id}:{{"name":"flood","window":1}}"#));
    while timeout(Duration::from_secs(1), open(2 * opened + 1)).await.is_ok() {
        opened += 1;
    }
    drop(wire);
    let end = async { while server.accept().await.is_some() {} };
    timeout(Duration::from_secs(60), end).await.expect("the end of the connection shows");
}

#[tokio::test(start_paused = true)]
async fn who_holds_up_all_channels_learns_that_the_connection_has_ended() {
    let multiplex = Multiplex::websocket_multiplex().window(WINDOW).overflow(Overflow::Wait);
    let (wire, ours) = sockets();
    let connection = ours.sender().clone();
    let mut server = multiplex.accept(ours).unwrap();
    wire.send("sub,unread").await.unwrap();
    let channel = server.accept().await.unwrap().accept().unwrap();
    let message = format!("msg,unread,{}", "x".repeat(1000));
    while timeout(Duration::from_secs(1), wire.send(&*message)).await.is_ok() {}
    connection.abort(Close::going_away());
    assert!(timeout(Duration::from_secs(60), server.accept()).await.unwrap().is_none());
    drop(channel);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_peer_is_counted_with_its_header() {
    let (ours, _wire) = sockets();
    let client = Multiplex::websocket_multiplex().window(32 * WINDOW).connect(ours).unwrap();
    let url = format!("channel:{}", "%E2%82%AC".repeat(85));
    let mut channel = client.connector().connect(Dial::new(url)).await.unwrap().io;
    let mut taken = 0;
    let second = Duration::from_secs(1);
    while timeout(second, poll_fn(|cx| channel.poll_ready(cx))).await.is_ok() {
        channel.start_send("".into()).unwrap();
        taken += "msg,,".len() + "%u20AC".len() * 85;
    }
    let SocketOptions { outbox_bytes, inbox_bytes, .. } = SocketOptions::default();
    let most = outbox_bytes + inbox_bytes + 2 * 32 * WINDOW as usize;
    assert!(taken <= most, "{taken} of {most}");
}

#[tokio::test(start_paused = true)]
async fn an_id_of_a_peer_is_as_long_as_a_name_at_most() {
    let (mut wire, mut server) = wire_to(Multiplex::primus_multiplex());
    let id = "i".repeat(256);
    wire.send(format!(r#"[1,"{id}","news"]"#)).await.unwrap();
    assert_eq!(next(&mut wire).await, Message::from(format!(r#"[2,"{id}","news"]"#)));
    wire.send(r#"[1,"i","news"]"#).await.unwrap();
    assert_eq!(server.accept().await.unwrap().name(), "news");
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

const WINDOW: u32 = 8 * 1024;
