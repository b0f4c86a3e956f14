//! What holds for every server and every way to it.

use std::time::Duration;

use plimsoll::{Close, ErrorKind, Message};

use crate::ground::{Ground, Way};
use crate::peer::{ask, recv, within};

#[path = "../../../../tests/clients/scenarios.rs"]
mod shared;

pub(crate) use self::shared::*;

/// Makes tests of all scenarios, for all ways that are named. The module has a function `run`.
macro_rules! everywhere {
    ($($way:ident),+) => { $(everywhere!(@way $way,
        texts_of_all_characters_come_back,
        many_messages_keep_their_order,
        a_server_may_send_far_more_than_it_is_sent,
        sessions_do_not_mix,
        a_reader_that_waits_loses_nothing,
        the_server_closes,
        the_client_closes,
        what_was_sent_before_a_close_arrives,
        a_client_that_goes_without_a_word_harms_no_other,
        a_wrong_path_is_refused,
        a_lost_session_is_followed_by_another,
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

pub(crate) async fn texts_of_all_characters_come_back(ground: &mut Ground, way: Way) {
    let mut socket = ground.connect(way).await;
    let all = ('\0'..=char::MAX).step_by(7).collect::<Vec<_>>();
    for part in all.chunks(2000) {
        let text: String = part.iter().collect();
        assert!(ask(&mut socket, &text).await == text, "{way:?}: from {:?}", part[0]);
    }
    assert_eq!(ask(&mut socket, "\0\"\\\r\n%\u{2028}").await, "\0\"\\\r\n%\u{2028}");
}

pub(crate) async fn a_reader_that_waits_loses_nothing(ground: &mut Ground, way: Way) {
    let mut socket = ground.connect(way).await;
    let large = "x".repeat(50_000);
    let sender = socket.sender().clone();
    let sent = tokio::spawn(async move {
        for i in 0..60 {
            sender.send(format!("{i}:{large}")).await.unwrap();
        }
    });
    // By now all that can be sent without a reader has been.
    let mut waited = tokio::time::interval(Duration::from_millis(100));
    for i in 0..60 {
        if i < 3 {
            waited.tick().await;
        }
        let message = recv(&mut socket).await;
        assert_eq!(message.as_text().unwrap().split(':').next().unwrap(), i.to_string());
    }
    sent.await.unwrap();
}

pub(crate) async fn the_server_closes(ground: &mut Ground, way: Way) {
    let mut socket = ground.connect(way).await;
    socket.send("close").await.unwrap();
    assert!(within(socket.recv()).await.is_none(), "{way:?}");
    let close = within(socket.sender().closed()).await;
    assert_eq!(close, Close::new(3001.into(), "Go away!"), "{way:?}");
}

pub(crate) async fn what_was_sent_before_a_close_arrives(ground: &mut Ground, way: Way) {
    let mut socket = ground.connect(way).await;
    for i in 0..100 {
        socket.send(i.to_string()).await.unwrap();
    }
    for i in 0..100 {
        assert_eq!(recv(&mut socket).await, i.to_string().into());
    }
    socket.send("close").await.unwrap();
    socket.close(Close::normal());
    within(socket.sender().closed()).await;
}

pub(crate) async fn a_wrong_path_is_refused(ground: &mut Ground, way: Way) {
    let url = way.url(&ground.address).replace("/echo", "/nothing");
    let error = within(way.dialer().connect(url)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error:?}");
    assert_eq!(error.reject().unwrap().status(), 404);
}

fn message(i: usize) -> Message {
    match i % 2 {
        0 => format!("{i}").into(),
        _ => format!("{i}: {}", "é".repeat(i % 500)).into(),
    }
}

const MANY: usize = 2000;
/// How many messages come at once from a server.
const BURST: usize = 10 * MANY;
