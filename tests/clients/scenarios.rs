//! What holds for every client in Rust: the tests of Engine.IO and of SockJS include this file, and
//! say what a `Ground` with its servers and a `Way` to them are.

use std::time::Duration;

use plimsoll::{Backoff, Close, LinkState};

use super::{BURST, MANY, message};
use crate::ground::{Ground, Way};
use crate::peer::{ask, recv, within};

pub(crate) async fn many_messages_keep_their_order(ground: &mut Ground, way: Way) {
    let mut receiver = ground.connect(way).await;
    let sender = receiver.sender().clone();
    let sent = tokio::spawn(async move {
        for i in 0..MANY {
            sender.send(message(i)).await.unwrap();
        }
    });
    for i in 0..MANY {
        assert_eq!(recv(&mut receiver).await, message(i), "{way:?}");
    }
    sent.await.unwrap();
}

pub(crate) async fn a_server_may_send_far_more_than_it_is_sent(ground: &mut Ground, way: Way) {
    let mut socket = ground.connect(way).await;
    socket.send(format!("burst {BURST}")).await.unwrap();
    for i in 0..BURST {
        assert_eq!(recv(&mut socket).await, i.to_string().as_str().into(), "{way:?}");
    }
}

pub(crate) async fn sessions_do_not_mix(ground: &mut Ground, way: Way) {
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(ground.connect(way).await);
    }
    for round in 0..10 {
        for (i, socket) in sockets.iter().enumerate() {
            socket.send(format!("{i}:{round}")).await.unwrap();
        }
        for (i, socket) in sockets.iter_mut().enumerate() {
            assert_eq!(recv(socket).await, format!("{i}:{round}").into());
        }
    }
}

pub(crate) async fn the_client_closes(ground: &mut Ground, way: Way) {
    let mut socket = ground.connect(way).await;
    assert_eq!(ask(&mut socket, "last words").await, "last words");
    socket.close(Close::normal());
    assert!(within(socket.recv()).await.is_none(), "{way:?}");
    assert_eq!(within(socket.sender().closed()).await, Close::normal());
}

pub(crate) async fn a_client_that_goes_without_a_word_harms_no_other(
    ground: &mut Ground,
    way: Way,
) {
    let mut stays = ground.connect(way).await;
    for _ in 0..10 {
        let goes = ground.connect(way).await;
        goes.send("never read").await.unwrap();
        drop(goes);
        assert_eq!(ask(&mut stays, "still there").await, "still there");
    }
}

pub(crate) async fn a_lost_session_is_followed_by_another(ground: &mut Ground, way: Way) {
    let backoff = Backoff::default().first(Duration::from_millis(10));
    let url = way.url(&ground.address);
    let (mut socket, mut status) = way.dialer().keep_connected(url, backoff).await.unwrap();
    for round in 0..3 {
        assert_eq!(ask(&mut socket, &round.to_string()).await, round.to_string());
        socket.send("close").await.unwrap();
        while !matches!(within(status.changed()).await, Some(LinkState::Open)) {}
    }
    assert_eq!(ask(&mut socket, "back").await, "back");
}
