use std::sync::Arc;

use async_trait::async_trait;
use plimsoll::{Close, ConnectionId, Handshake, Plugin, Reject};
use plimsoll_rooms::{Event, Options, Rooms};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

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

/// Asks for the rooms when the last that knows of its connection is gone.
struct Curious {
    rooms: Rooms,
    seen: mpsc::Sender<usize>,
}

impl Drop for Curious {
    fn drop(&mut self) {
        self.seen.try_send(self.rooms.len("a")).unwrap();
    }
}

struct PutCurious(Rooms, mpsc::Sender<usize>);

#[async_trait]
impl Plugin for PutCurious {
    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        let curious = Curious { rooms: self.0.clone(), seen: self.1.clone() };
        handshake.extensions_mut().insert(Arc::new(curious));
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_gone_with_a_missed_event_may_use_the_rooms() {
    let rooms = Rooms::with_options(Options::default().events(1)).unwrap();
    let (dropped, mut seen) = mpsc::channel(1);
    let mut stage = Stage::with_plugins(|builder| {
        builder.plugin(rooms.clone()).plugin(PutCurious(rooms.clone(), dropped))
    });
    let _events = rooms.events();
    let (ann, peer) = stage.connect().await;
    rooms.join("a", &ann).unwrap();
    drop((ann, peer));
    stage.closed().await;
    assert!(seen.try_recv().is_err(), "the event has it");

    let (bob, _peer) = stage.connect().await;
    let joining = spawn_blocking(move || rooms.join("a", &bob).unwrap());
    assert_eq!(seen.recv().await, Some(1));
    assert!(joining.await.unwrap());
}

fn told(event: Event) -> (&'static str, String, ConnectionId) {
    match event {
        Event::Joined { room, member } => ("joined", room.to_string(), member.info().id()),
        Event::Left { room, member } => ("left", room.to_string(), member.info().id()),
        other => panic!("{other:?}"),
    }
}
