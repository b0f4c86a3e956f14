use std::sync::Mutex;

use async_trait::async_trait;
use http::{StatusCode, Uri};
use plimsoll::{
    Capabilities, Close, CloseCode, Endpoint, ErrorKind, Handshake, Plugin, Reject, Sender,
    Shutdown, Socket,
};
use plimsoll_rooms::Rooms;
use tokio::sync::{mpsc, oneshot};

use crate::stage::{Peer, Stage};

#[tokio::test(start_paused = true)]
async fn a_connection_that_closes_leaves_all_its_rooms() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, _ann) = stage.connect().await;
    let (bob, bob_peer) = stage.connect().await;
    rooms.join("a", &ann).unwrap();
    rooms.join("a", &bob).unwrap();
    rooms.join("b", &bob).unwrap();

    drop(bob_peer);
    stage.closed().await;
    assert_eq!(rooms.names(), ["a"]);
    assert_eq!(rooms.len("a"), 1);
    assert_eq!(rooms.of(bob.info().id()), [""; 0]);
    assert_eq!(rooms.to_all().send("news").sent, 1);
}

#[tokio::test(start_paused = true)]
async fn a_closed_connection_does_not_join() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, peer) = stage.connect().await;
    drop(peer);
    stage.closed().await;
    assert_eq!(rooms.join("a", &ann).unwrap_err().kind(), ErrorKind::Close);
    assert_eq!(rooms.names(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_closed_connection_does_not_join_even_if_its_handler_goes_on() {
    let rooms = Rooms::new();
    let (opened, mut senders) = mpsc::channel(64);
    let endpoint = Endpoint::builder().plugin(rooms.clone()).handle(move |socket: Socket| {
        let _ = opened.try_send(socket.sender().clone());
        async move {
            let _socket = socket;
            std::future::pending().await
        }
    });
    let endpoint = endpoint.unwrap();
    let peer = Peer::connect(&endpoint, "/", Capabilities::FULL).await;
    let ann: Sender = senders.recv().await.unwrap();
    rooms.join("a", &ann).unwrap();
    drop(peer);
    ann.closed().await;
    assert_eq!(rooms.join("b", &ann).unwrap_err().kind(), ErrorKind::Close);
    let delivery = rooms.to("a").send("news");
    assert_eq!((delivery.sent, delivery.dropped, delivery.closed), (0, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_panics_leaves() {
    let rooms = Rooms::new();
    let (panics, joined) = (rooms.clone(), oneshot::channel());
    let (tell, joined) = (Mutex::new(Some(joined.0)), joined.1);
    let endpoint = Endpoint::builder().plugin(rooms.clone()).handle(move |socket: Socket| {
        panics.join("a", socket.sender()).unwrap();
        let _ = tell.lock().unwrap().take().unwrap().send(socket.sender().clone());
        async move {
            let _socket = socket;
            panic!("as a test")
        }
    });
    let mut events = rooms.events();
    let endpoint = endpoint.unwrap();
    let _peer = Peer::connect(&endpoint, "/", Capabilities::FULL).await;
    assert_eq!(joined.await.unwrap().closed().await.code, CloseCode::INTERNAL);
    events.recv().await.unwrap();
    events.recv().await.unwrap();
    assert_eq!(rooms.names(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_turned_away_leaves_nothing_behind() {
    let rooms = Rooms::new();
    let stage = Stage::with_plugins(|builder| builder.plugin(rooms.clone()).plugin(Shut));
    let uri = Uri::from_static("/");
    let handshake = Handshake::new("memory", Capabilities::FULL, uri);
    assert_eq!(stage.endpoint.admit(handshake).await.unwrap_err().status(), 403);
    let delivery = rooms.to_all().send("news");
    assert_eq!((delivery.sent, delivery.dropped, delivery.closed), (0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_empties_the_rooms() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    for _ in 0..10 {
        let (member, mut peer) = stage.connect().await;
        rooms.join("a", &member).unwrap();
        tokio::spawn(async move { while peer.recv().await.is_some() {} });
    }
    assert_eq!(stage.endpoint.shutdown(Shutdown::default()).await, 0);
    assert_eq!(rooms.names(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_connection_that_closes_while_it_joins_leaves_no_ghost() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (mut joined, mut late) = (0, 0);
    for round in 0..300 {
        let (member, peer) = stage.connect().await;
        let join = tokio::task::spawn_blocking({
            let (rooms, member) = (rooms.clone(), member.clone());
            move || {
                let mut results = (0..100).map(|room| rooms.join(&format!("{room}"), &member));
                results.find_map(Result::err).map(|error| error.kind())
            }
        });
        if round % 2 == 0 {
            member.abort(Close::normal());
        }
        drop(peer);
        match join.await.unwrap() {
            None => joined += 1,
            Some(kind) => {
                assert_eq!(kind, ErrorKind::Close);
                late += 1;
            }
        }
        stage.closed().await;
        assert_eq!(rooms.names(), [""; 0]);
        assert_eq!(rooms.of(member.info().id()), [""; 0]);
        assert_eq!(rooms.join("a", &member).unwrap_err().kind(), ErrorKind::Close);
    }
    assert_eq!(joined + late, 300);
    assert_eq!(rooms.to_all().send("anybody?").closed, 0);
}

/// Lets nobody in.
struct Shut;

#[async_trait]
impl Plugin for Shut {
    async fn handshake(&self, _: &mut Handshake) -> Result<(), Reject> {
        Err(Reject::new(StatusCode::FORBIDDEN, "shut"))
    }
}
