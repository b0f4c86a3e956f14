//! Several rooms and connections in one call.

use plimsoll::{Close, ErrorKind};
use plimsoll_rooms::{Event, Options, Rooms};

use crate::stage::{Stage, sorted};

#[tokio::test(start_paused = true)]
async fn several_connections_join_and_leave_several_rooms() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, _ann) = stage.connect().await;
    let (bob, _bob) = stage.connect().await;
    let ids = [ann.info().id(), bob.info().id()];
    rooms.join("a", &ann).unwrap();

    assert_eq!(rooms.join_each(["a", "b", "a"], [&ann, &bob]).unwrap(), 3);
    assert_eq!((rooms.len("a"), rooms.len("b")), (2, 2));
    assert_eq!(rooms.join_each(["a", "b"], [&ann, &bob]).unwrap(), 0);

    assert_eq!(rooms.leave_each(["b", "c"], ids), 2);
    assert_eq!(rooms.names(), ["a"]);
    assert_eq!(rooms.leave_each(["a", "b"], [ids[1]]), 1);
    assert_eq!(rooms.of(ids[0]), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn if_one_cannot_join_nobody_does() {
    let rooms = Rooms::with_options(Options::default().max_members(1)).unwrap();
    let mut stage = Stage::new(&rooms);
    let (ann, _ann) = stage.connect().await;
    let (bob, _bob) = stage.connect().await;
    rooms.join("before", &ann).unwrap();
    let error = rooms.join_each(["before", "a"], [&ann, &bob]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Policy);
    assert_eq!(rooms.names(), ["before"], "what was there before stays");
    assert!(rooms.contains("before", ann.info().id()));
}

#[tokio::test(start_paused = true)]
async fn a_closed_connection_keeps_no_other_from_joining() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, _ann) = stage.connect().await;
    let (bob, _bob) = stage.connect().await;
    ann.close(Close::normal());
    stage.closed().await;
    assert_eq!(rooms.join_each(["a", "b"], [&ann, &bob]).unwrap(), 2);
    assert_eq!(sorted(rooms.of(bob.info().id())), ["a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn all_leave_a_room_that_is_cleared_and_stay_in_others() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, _ann) = stage.connect().await;
    let (bob, _bob) = stage.connect().await;
    rooms.join_each(["a", "b"], [&ann, &bob]).unwrap();
    let mut events = rooms.events();
    assert_eq!(rooms.clear("a"), 2);
    assert_eq!(rooms.clear("a"), 0);
    assert!(rooms.is_empty("a"));
    assert_eq!(rooms.len("b"), 2);
    for _ in 0..2 {
        let event = events.recv().await.unwrap();
        assert!(matches!(event, Event::Left { room, .. } if &*room == "a"));
    }
}
