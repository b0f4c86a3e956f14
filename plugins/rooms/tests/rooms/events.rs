use plimsoll::{Close, ConnectionId};
use plimsoll_rooms::{Event, Options, Rooms};

use crate::stage::Stage;

#[tokio::test(start_paused = true)]
async fn events_tell_who_joins_and_leaves_in_order() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, _peer) = stage.connect().await;
    let id = ann.info().id();
    let mut events = rooms.events();

    rooms.join("a", &ann).unwrap();
    rooms.join("a", &ann).unwrap();
    rooms.join("b", &ann).unwrap();
    rooms.leave("a", id);
    rooms.leave("a", id);
    ann.close(Close::normal());
    stage.closed().await;
    drop((rooms, stage));

    let mut story = Vec::new();
    while let Some(event) = events.recv().await {
        story.push(told(event));
    }
    let joined = |room: &str| ("joined", room.to_owned(), id);
    let left = |room: &str| ("left", room.to_owned(), id);
    assert_eq!(story, [joined("a"), joined("b"), left("a"), left("b")]);
}

#[tokio::test(start_paused = true)]
async fn every_reader_gets_the_events_from_its_beginning_on() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, _peer) = stage.connect().await;
    rooms.join("before", &ann).unwrap();
    let mut first = rooms.events();
    rooms.join("a", &ann).unwrap();
    let mut second = rooms.events();
    rooms.join("b", &ann).unwrap();
    assert_eq!(told(first.recv().await.unwrap()).1, "a");
    assert_eq!(told(first.recv().await.unwrap()).1, "b");
    assert_eq!(told(second.recv().await.unwrap()).1, "b");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_falls_behind_learns_how_much_it_missed() {
    let rooms = Rooms::with_options(Options::default().events(4)).unwrap();
    let mut stage = Stage::new(&rooms);
    let (ann, _peer) = stage.connect().await;
    let mut events = rooms.events();
    for room in 0..10 {
        rooms.join(&room.to_string(), &ann).unwrap();
    }
    assert!(matches!(events.recv().await, Some(Event::Missed(6))));
    for room in 6..10 {
        assert_eq!(told(events.recv().await.unwrap()).1, room.to_string());
    }
}

fn told(event: Event) -> (&'static str, String, ConnectionId) {
    match event {
        Event::Joined { room, member } => ("joined", room.to_string(), member.info().id()),
        Event::Left { room, member } => ("left", room.to_string(), member.info().id()),
        other => panic!("{other:?}"),
    }
}
