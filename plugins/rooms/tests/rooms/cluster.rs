//! Two nodes in one process.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use plimsoll::{Close, CloseCode, ConnectionId, Error, ErrorKind, SlowPolicy};
use plimsoll_rooms::{Action, Adapter, Broadcast, MemoryBus, Node, Options, Rooms};

use crate::stage::Stage;

fn node(bus: &MemoryBus) -> (Rooms, Stage) {
    let rooms = Rooms::with_adapter(Options::default(), bus.adapter()).unwrap();
    let stage = Stage::new(&rooms);
    (rooms, stage)
}

#[tokio::test(start_paused = true)]
async fn a_message_reaches_the_members_of_all_nodes_once() {
    let bus = MemoryBus::new();
    let ((here, mut left), (there, mut right)) = (node(&bus), node(&bus));
    let (ann, mut ann_peer) = left.connect().await;
    let (bob, mut bob_peer) = right.connect().await;
    let (eve, mut eve_peer) = right.connect().await;
    here.join("team:1", &ann).unwrap();
    there.join_each(["team:1", "team:2"], [&bob]).unwrap();
    there.join("team:2", &eve).unwrap();

    assert_eq!(here.to("team:1").send("one").sent, 1, "counts only its own");
    assert_eq!(there.to_matching("team:*").send("two").sent, 2);
    assert_eq!(here.to_all().except_room("team:1").send("three").sent, 0);
    assert_eq!(here.to_topic("team:2").send("topic").sent, 0);
    assert_eq!(here.to("team:1").to("team:2").local().send("four").sent, 1);
    assert_eq!(here.to_all().policy(SlowPolicy::DropNewest).send("five").sent, 1);
    for (member, peer, heard) in [
        (&ann, &mut ann_peer, ["one", "two", "four", "five"].as_slice()),
        (&bob, &mut bob_peer, &["one", "two", "topic", "five"]),
        (&eve, &mut eve_peer, &["two", "three", "topic", "five"]),
    ] {
        for text in heard {
            assert_eq!(peer.text().await.as_deref(), Some(*text));
        }
        peer.has_nothing(member).await;
    }
}

#[tokio::test(start_paused = true)]
async fn ids_mean_connections_of_their_own_node_only() {
    let bus = MemoryBus::new();
    let ((here, mut left), (there, mut right)) = (node(&bus), node(&bus));
    let (ann, mut ann_peer) = left.connect().await;
    let (bob, mut bob_peer) = right.connect().await;
    here.join("a", &ann).unwrap();
    there.join("a", &bob).unwrap();
    let (ann_id, bob_id) = (ann.info().id(), bob.info().id());

    assert_eq!(here.to_connections([bob_id]).send("not for bob").sent, 0);
    // Excluded by the node whose connection it is not: that is nobody.
    assert_eq!(here.to("a").except(bob_id).except(ann_id).send("for bob").sent, 0);
    assert_eq!(bob_peer.text().await.as_deref(), Some("for bob"));
    ann_peer.has_nothing(&ann).await;
    assert_eq!(here.to("a").send_with(|_| Some("only here".into())).sent, 1);
    bob_peer.has_nothing(&bob).await;
}

#[tokio::test(start_paused = true)]
async fn members_are_counted_over_all_nodes() {
    let bus = MemoryBus::new();
    let ((here, mut left), (there, mut right)) = (node(&bus), node(&bus));
    let (ann, _ann) = left.connect().await;
    let (bob, _bob) = right.connect().await;
    assert!(here.is_empty_in_cluster("a").await.unwrap());
    there.join("a", &bob).unwrap();
    assert!(!here.is_empty_in_cluster("a").await.unwrap());
    assert!(here.is_empty("a"));
    here.join("a", &ann).unwrap();
    assert_eq!(here.len_in_cluster("a").await.unwrap(), 2);
    assert_eq!((here.len("a"), there.len("a")), (1, 1));
    bob.close(Close::normal());
    right.closed().await;
    assert_eq!(here.len_in_cluster("a").await.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_room_is_cleared_and_its_members_closed_on_all_nodes() {
    let bus = MemoryBus::new();
    let ((here, mut left), (there, mut right)) = (node(&bus), node(&bus));
    let (ann, _ann) = left.connect().await;
    let (bob, _bob) = right.connect().await;
    here.join_each(["a", "b"], [&ann]).unwrap();
    there.join_each(["a", "b"], [&bob]).unwrap();
    assert_eq!(here.clear("a"), 1);
    assert!(here.is_empty_in_cluster("a").await.unwrap());
    assert_eq!(there.of(bob.info().id()), ["b"]);

    let close = Close::new(CloseCode::POLICY, "enough");
    assert_eq!(here.to("b").close(&close), 1);
    assert_eq!(left.closed().await, close);
    assert_eq!(right.closed().await, close);
}

#[tokio::test(start_paused = true)]
async fn without_an_adapter_the_cluster_is_this_node() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, _ann) = stage.connect().await;
    assert!(rooms.is_empty_in_cluster("a").await.unwrap());
    rooms.join("a", &ann).unwrap();
    assert_eq!(rooms.len_in_cluster("a").await.unwrap(), 1);
    assert!(!rooms.is_empty_in_cluster("a").await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn an_adapter_follows_the_members_of_its_node() {
    let log = Log::default();
    let rooms = Rooms::with_adapter(Options::default(), log.clone()).unwrap();
    let mut stage = Stage::new(&rooms);
    let (ann, _ann) = stage.connect().await;
    let id = ann.info().id();
    rooms.join("a", &ann).unwrap();
    rooms.join("a", &ann).unwrap();
    rooms.leave("a", id);
    rooms.leave("a", id);
    rooms.join("b", &ann).unwrap();
    rooms.clear("b");
    rooms.join("c", &ann).unwrap();
    ann.close(Close::normal());
    stage.closed().await;
    let expected = ["a", "a", "b", "b", "c", "c"].into_iter().zip([true, false].repeat(3));
    let seen = log.seen.lock().unwrap();
    let seen: Vec<_> =
        seen.iter().map(|(room, of, is_in)| ((room.as_str(), *is_in), *of)).collect();
    assert_eq!(seen, expected.map(|change| (change, id)).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn an_adapter_that_fails_fails_only_its_questions() {
    let rooms = Rooms::with_adapter(Options::default(), Log::default()).unwrap();
    let mut stage = Stage::new(&rooms);
    let (ann, mut peer) = stage.connect().await;
    assert_eq!(rooms.is_empty_in_cluster("a").await.unwrap_err().kind(), ErrorKind::Timeout);
    rooms.join("a", &ann).unwrap();
    assert_eq!(rooms.len_in_cluster("a").await.unwrap_err().kind(), ErrorKind::Timeout);
    assert!(!rooms.is_empty_in_cluster("a").await.unwrap(), "here is somebody");
    assert_eq!(rooms.to("a").send("news").sent, 1);
    assert_eq!(peer.text().await.as_deref(), Some("news"));
}

#[tokio::test]
async fn an_adapter_does_not_keep_the_rooms() {
    let log = Log::default();
    let rooms = Rooms::with_adapter(Options::default(), log.clone()).unwrap();
    let node = log.node.lock().unwrap().clone().unwrap();
    assert!(node.rooms().is_some());
    drop(rooms);
    assert!(node.rooms().is_none());
    let error = node.deliver(&Broadcast::new(Action::Send("late".into()))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Close);
    assert_eq!(Arc::strong_count(&log.seen), 1, "the adapter is dropped with the rooms");
}

/// Notes what it is told, and cannot answer.
#[derive(Clone, Default)]
struct Log {
    node: Arc<Mutex<Option<Node>>>,
    seen: Arc<Mutex<Vec<(String, ConnectionId, bool)>>>,
}

#[async_trait]
impl Adapter for Log {
    fn attach(&self, node: Node) -> Result<(), Error> {
        *self.node.lock().unwrap() = Some(node);
        Ok(())
    }

    fn changed(&self, room: &str, member: ConnectionId) {
        let node = self.node.lock().unwrap().clone().unwrap();
        let is_in = node.rooms().unwrap().contains(room, member);
        self.seen.lock().unwrap().push((room.to_owned(), member, is_in));
    }

    fn broadcast(&self, _: Broadcast) {}

    async fn len(&self, _: &str) -> Result<usize, Error> {
        Err(ErrorKind::Timeout.into())
    }
}
