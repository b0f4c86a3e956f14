//! What holds for every server and every way to it.

use std::time::Duration;

use plimsoll::{Backoff, Dialer, ErrorKind, LinkState, Message};

use crate::ground::{Cable, Ground, Way};
use crate::peer::{ask, recv, within};

#[path = "../../../../tests/clients/scenarios.rs"]
mod shared;

pub(crate) use self::shared::*;

/// Makes tests of all scenarios, for all ways that are named. The module has a function `run`.
macro_rules! everywhere {
    ($($way:ident),+) => { $(everywhere!(@way $way,
        messages_of_all_kinds_come_back,
        many_messages_keep_their_order,
        a_server_may_send_far_more_than_it_is_sent,
        sessions_do_not_mix,
        a_reader_that_waits_loses_nothing,
        the_server_closes,
        the_client_closes,
        a_client_that_goes_without_a_word_harms_no_other,
        a_killed_server_is_noticed,
        a_refusal_can_be_read,
        a_wrong_path_is_refused,
        a_lost_session_is_followed_by_another,
        a_session_that_was_cut_off_is_followed_by_another,
    );)+ };
    (@way $way:ident, $($name:ident),+ $(,)?) => {
        #[expect(non_snake_case, reason = "named after the way")]
        mod $way {
            $(#[tokio::test]
            async fn $name() {
                super::run(crate::ground::Way::$way, crate::scenarios::$name).await;
            })+
        }
    };
}

pub(crate) async fn messages_of_all_kinds_come_back(ground: &mut Ground, way: Way) {
    let mut socket = ground.connect(way).await;
    for message in [
        Message::from("Grüße, 世界 👋"),
        Message::from(""),
        Message::from(vec![0, 1, 254, 255]),
        Message::from(Vec::new()),
        Message::from("x".repeat(900_000)),
        Message::from(vec![7; 700_000]),
    ] {
        socket.send(message.clone()).await.unwrap();
        let back = recv(&mut socket).await;
        assert!(back == message, "{way:?}: {} bytes came as {}", message.len(), back.len());
    }
}

pub(crate) async fn the_server_closes(ground: &mut Ground, way: Way) {
    let mut socket = ground.connect(way).await;
    socket.send("close").await.unwrap();
    assert!(within(socket.recv()).await.is_none(), "{way:?}");
    assert!(within(socket.sender().closed()).await.code.may_reconnect());
}

pub(crate) async fn a_reader_that_waits_loses_nothing(ground: &mut Ground, way: Way) {
    let mut socket = ground.connect(way).await;
    // More than all buffers hold.
    let large = "x".repeat(100_000);
    let sender = socket.sender().clone();
    let sent = tokio::spawn(async move {
        for i in 0..200 {
            sender.send(format!("{i}:{large}")).await.unwrap();
        }
    });
    for i in 0..200 {
        if i == 1 {
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        let message = recv(&mut socket).await;
        assert_eq!(message.as_text().unwrap().split(':').next().unwrap(), i.to_string());
    }
    sent.await.unwrap();
}

pub(crate) async fn a_killed_server_is_noticed(ground: &mut Ground, way: Way) {
    let mut socket = ground.connect(way).await;
    assert_eq!(ask(&mut socket, "ahoy").await, "ahoy");
    ground.kill().await;
    // Over a WebSocket it may look like an end without a close.
    if let Some(received) = within(socket.recv()).await {
        assert_eq!(received.unwrap_err().kind(), ErrorKind::Io, "{way:?}");
    }
    assert!(within(socket.sender().closed()).await.code.may_reconnect());
}

pub(crate) async fn a_refusal_can_be_read(ground: &mut Ground, way: Way) {
    let error = ground.refusal(way, "/engine.io/?deny").await;
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error:?}");
    let reject = error.reject().unwrap();
    // Node's server answers requests for a WebSocket with 400, whatever the reason.
    let status = reject.status().as_u16();
    assert!(status == 403 || (status == 400 && way == Way::WebSocket), "{status}");
    assert_eq!(reject.body(), "not you");
    assert!(!reject.may_retry());
}

pub(crate) async fn a_wrong_path_is_refused(ground: &mut Ground, way: Way) {
    let error = ground.refusal(way, "/nothing/").await;
    match error.kind() {
        ErrorKind::Rejected => assert_eq!(error.reject().unwrap().status(), 404),
        // Node's server cuts off requests for a WebSocket that nobody serves.
        kind => assert_eq!((kind, way), (ErrorKind::Io, Way::WebSocket), "{error:?}"),
    }
}

pub(crate) async fn a_session_that_was_cut_off_is_followed_by_another(
    ground: &mut Ground,
    way: Way,
) {
    let cable = Cable::to(&ground.address).await;
    let dialer = Dialer::builder().transport(way.connector()).build().unwrap();
    let backoff = Backoff::default().first(Duration::from_millis(10));
    let (mut socket, mut status) =
        dialer.keep_connected(way.url(&cable.address), backoff).await.unwrap();
    for round in 0..3 {
        assert_eq!(ask(&mut socket, &round.to_string()).await, round.to_string());
        cable.cut();
        while !matches!(within(status.changed()).await, Some(LinkState::Open)) {}
    }
    assert_eq!(ask(&mut socket, "back").await, "back");
}

fn message(i: usize) -> Message {
    match i % 3 {
        0 => format!("{i}").into(),
        1 => i.to_be_bytes().to_vec().into(),
        _ => format!("{i}: {}", "é".repeat(i % 500)).into(),
    }
}

const MANY: usize = 3000;
/// How many messages come at once from a server.
const BURST: usize = MANY;
