use plimsoll::{Close, ErrorKind, Plugin, Sender};
use plimsoll_rooms::Rooms;

use crate::stage::{Stage, sorted};

#[tokio::test(start_paused = true)]
async fn members_join_and_leave() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, _ann) = stage.connect().await;
    let (bob, _bob) = stage.connect().await;
    let (ann_id, bob_id) = (ann.info().id(), bob.info().id());

    assert!(rooms.join("a", &ann).unwrap());
    assert!(rooms.join("b", &ann).unwrap());
    assert!(rooms.join("a", &bob).unwrap());
    assert!(!rooms.join("a", &bob).unwrap(), "joined twice");

    assert_eq!(sorted(ids(rooms.members("a"))), [ann_id, bob_id]);
    assert_eq!(rooms.len("a"), 2);
    assert!(rooms.contains("a", bob_id) && !rooms.contains("b", bob_id));
    assert_eq!(sorted(rooms.names()), ["a", "b"]);
    assert_eq!(sorted(rooms.of(ann_id)), ["a", "b"]);

    assert!(rooms.leave("a", ann_id));
    assert!(!rooms.leave("a", ann_id), "left twice");
    assert!(!rooms.leave("c", ann_id), "left a room that does not exist");
    assert_eq!(ids(rooms.members("a")), [bob_id]);
    assert_eq!(rooms.of(ann_id), ["b"]);
    assert!(rooms.join("a", &ann).unwrap(), "does not come back");
}

#[tokio::test(start_paused = true)]
async fn leaving_all_rooms_keeps_the_connection() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, mut peer) = stage.connect().await;
    for room in ["a", "b", "c"] {
        rooms.join(room, &ann).unwrap();
    }
    assert_eq!(rooms.leave_all(ann.info().id()), 3);
    assert_eq!(rooms.leave_all(ann.info().id()), 0);
    assert_eq!(rooms.names(), [""; 0]);
    assert_eq!(rooms.to_all().send("still here").sent, 1);
    assert_eq!(peer.text().await.as_deref(), Some("still here"));
    assert!(rooms.join("a", &ann).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_room_without_members_is_gone() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, _peer) = stage.connect().await;
    rooms.join("a", &ann).unwrap();
    rooms.leave("a", ann.info().id());
    assert!(rooms.is_empty("a"));
    assert_eq!(rooms.names(), [""; 0]);
    assert_eq!(rooms.members("a").len(), 0);
}

#[tokio::test(start_paused = true)]
async fn only_connections_of_an_endpoint_with_the_plugin_join() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&Rooms::new());
    let (stranger, _peer) = stage.connect().await;
    let error = rooms.join("a", &stranger).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("`rooms`"), "{error}");
    assert!(!rooms.leave("a", stranger.info().id()));
    assert_eq!(rooms.names(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn one_endpoint_may_have_several_plugins_of_rooms() {
    let (games, chats) = (Rooms::new(), Rooms::new());
    let mut stage =
        Stage::with_plugins(|builder| builder.plugin(games.clone()).plugin(chats.clone()));
    let (ann, _peer) = stage.connect().await;
    assert!(games.join("a", &ann).unwrap());
    assert!(chats.join("b", &ann).unwrap());
    assert_eq!((games.names(), chats.names()), (vec!["a".into()], vec!["b".into()]));
    ann.close(Close::normal());
    stage.closed().await;
    assert_eq!((games.names(), chats.names()), (vec![], vec![]));
}

#[tokio::test(start_paused = true)]
async fn several_endpoints_may_share_rooms() {
    let rooms = Rooms::new();
    let (mut left, mut right) = (Stage::new(&rooms), Stage::new(&rooms));
    let (ann, _ann) = left.connect().await;
    let (bob, mut peer) = right.connect().await;
    rooms.join("a", &ann).unwrap();
    rooms.join("a", &bob).unwrap();
    assert_eq!(rooms.to("a").except(ann.info().id()).send("across").sent, 1);
    assert_eq!(peer.text().await.as_deref(), Some("across"));
    assert_eq!(rooms.to_all().send("all").sent, 2);
}

#[tokio::test(start_paused = true)]
async fn other_plugins_join_for_a_connection_whatever_the_order() {
    let rooms = Rooms::new();
    let (early, late) = (Usher::to("early", &rooms), Usher::to("late", &rooms));
    let mut stage =
        Stage::with_plugins(|builder| builder.plugin(early).plugin(rooms.clone()).plugin(late));
    let (ann, _peer) = stage.connect().await;
    assert_eq!(sorted(rooms.of(ann.info().id())), ["early", "late"]);
    ann.close(Close::normal());
    stage.closed().await;
    assert_eq!(rooms.names(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn the_same_plugin_twice_is_as_once() {
    let rooms = Rooms::new();
    let mut stage =
        Stage::with_plugins(|builder| builder.plugin(rooms.clone()).plugin(rooms.clone()));
    let (ann, _peer) = stage.connect().await;
    rooms.join("a", &ann).unwrap();
    assert_eq!(rooms.to_all().send("once").sent, 1);
    ann.close(Close::normal());
    stage.closed().await;
    assert_eq!(rooms.names(), [""; 0]);
}

/// Has each connection join a room as soon as it is open.
struct Usher {
    room: &'static str,
    rooms: Rooms,
}

impl Usher {
    fn to(room: &'static str, rooms: &Rooms) -> Self {
        Self { room, rooms: rooms.clone() }
    }
}

impl Plugin for Usher {
    fn opened(&self, peer: &Sender) {
        assert!(self.rooms.join(self.room, peer).unwrap());
        assert!(self.rooms.of(peer.info().id()).iter().any(|room| room == self.room));
    }
}

fn ids(members: Vec<Sender>) -> Vec<plimsoll::ConnectionId> {
    members.iter().map(|member| member.info().id()).collect()
}
