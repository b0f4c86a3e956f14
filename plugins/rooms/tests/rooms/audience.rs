//! Who is meant by names, patterns, ids and exceptions.

use plimsoll::{Close, CloseCode, ConnectionId, Sender};
use plimsoll_rooms::{Rooms, Target};

use crate::stage::{Peer, Stage, sorted};

/// Four connections: ann in `team:1` and `crew`, bob in `team:2`, eve in `crew`, joe in none.
struct Cast {
    rooms: Rooms,
    members: [Sender; 4],
    peers: [Peer; 4],
    stage: Stage,
}

impl Cast {
    async fn new() -> Self {
        let rooms = Rooms::new();
        let mut stage = Stage::new(&rooms);
        let (ann, ann_peer) = stage.connect().await;
        let (bob, bob_peer) = stage.connect().await;
        let (eve, eve_peer) = stage.connect().await;
        let (joe, joe_peer) = stage.connect().await;
        for (room, member) in [("team:1", &ann), ("crew", &ann), ("team:2", &bob), ("crew", &eve)] {
            rooms.join(room, member).unwrap();
        }
        let peers = [ann_peer, bob_peer, eve_peer, joe_peer];
        Self { rooms, members: [ann, bob, eve, joe], peers, stage }
    }

    fn ids(&self) -> [ConnectionId; 4] {
        self.members.each_ref().map(|member| member.info().id())
    }
}

fn ids(target: &Target<'_>) -> Vec<ConnectionId> {
    sorted(target.members().iter().map(|member| member.info().id()))
}

#[tokio::test(start_paused = true)]
async fn a_pattern_means_the_members_of_all_rooms_that_match_each_once() {
    let Cast { rooms, members, mut peers, .. } = Cast::new().await;
    assert_eq!(rooms.to_matching("*").send("all in rooms").sent, 3);
    assert_eq!(rooms.to_matching("team:*").to("crew").send("teams and crew").sent, 3);
    assert_eq!(rooms.to_matching("team:*").send("teams").sent, 2);
    assert_eq!(rooms.to_matching("nothing*").send("nobody").sent, 0);
    for (member, peer, heard) in [
        (0, 0, ["all in rooms", "teams and crew", "teams"].as_slice()),
        (1, 1, &["all in rooms", "teams and crew", "teams"]),
        (2, 2, &["all in rooms", "teams and crew"]),
        (3, 3, &[]),
    ] {
        for text in heard {
            assert_eq!(peers[peer].text().await.as_deref(), Some(*text));
        }
        peers[peer].has_nothing(&members[member]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_star_in_an_exact_name_is_only_a_star() {
    let cast = Cast::new().await;
    let [ann, ..] = cast.ids();
    assert_eq!(cast.rooms.to("team:*").members().len(), 0);
    cast.rooms.join("team:*", &cast.members[0]).unwrap();
    assert_eq!(ids(&cast.rooms.to("team:*")), [ann]);
    assert!(cast.rooms.leave("team:*", ann));
    assert_eq!(sorted(cast.rooms.of(ann)), ["crew", "team:1"]);
}

#[tokio::test(start_paused = true)]
async fn rooms_are_listed_by_pattern() {
    let cast = Cast::new().await;
    assert_eq!(sorted(cast.rooms.names_matching("team:*")), ["team:1", "team:2"]);
    assert_eq!(sorted(cast.rooms.names_matching("*")), ["crew", "team:1", "team:2"]);
    assert_eq!(cast.rooms.names_matching("crew"), ["crew"]);
    assert_eq!(cast.rooms.names_matching("team"), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_topic_means_who_joined_it_or_a_pattern_of_it() {
    let cast = Cast::new().await;
    let (rooms, [ann, bob, eve, joe]) = (&cast.rooms, cast.ids());
    rooms.join("team:*", &cast.members[2]).unwrap();
    rooms.join_each(["*:1", "*:1:*"], [&cast.members[3]]).unwrap();
    for (topic, expected) in [
        ("team:1", vec![ann, eve, joe]),
        ("team:2", vec![bob, eve]),
        ("team:1:captain", vec![eve, joe]),
        ("crew:1", vec![joe]),
        ("crew", vec![ann, eve]),
        ("team:*", vec![eve]),
        ("nothing", vec![]),
    ] {
        assert_eq!(ids(&rooms.to_topic(topic)), expected, "{topic}");
    }
    let several = rooms.to("crew").to_topic("team:2").to_topic("crew:1").except(eve);
    assert_eq!(ids(&several), [ann, bob, joe]);
}

#[tokio::test(start_paused = true)]
async fn names_and_ids_and_exceptions_combine() {
    let cast = Cast::new().await;
    let (rooms, [ann, bob, eve, joe]) = (&cast.rooms, cast.ids());
    for (target, expected) in [
        (rooms.to_each(["crew", "team:2"]), vec![ann, bob, eve]),
        (rooms.to("crew").to_each(["team:1", "crew"]), vec![ann, eve]),
        (rooms.to_each([]), vec![]),
        (rooms.to_connections([joe, bob, joe]), vec![bob, joe]),
        (rooms.to("crew").to_connections([ann, joe]), vec![ann, eve, joe]),
        (rooms.to_all().except_room("crew"), vec![bob, joe]),
        (rooms.to_all().except_room("crew").except_room("team:2"), vec![joe]),
        (rooms.to("team:1").except_room("crew"), vec![]),
        (rooms.to_all().except_room("nowhere"), vec![ann, bob, eve, joe]),
        (rooms.to_all().except_each([ann, joe]).except(eve), vec![bob]),
        (rooms.to_connections([ann, bob]).except(ann), vec![bob]),
    ] {
        assert_eq!(ids(&target), expected, "{target:?}");
        assert_eq!(target.send("news").sent, expected.len(), "{target:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_is_gone_is_left_out() {
    let mut cast = Cast::new().await;
    let [ann, bob, ..] = cast.ids();
    cast.members[0].close(Close::normal());
    cast.stage.closed().await;
    assert_eq!(ids(&cast.rooms.to_connections([ann, bob])), [bob]);
    assert!(cast.rooms.get(ann).is_none());
    assert_eq!(cast.rooms.get(bob).unwrap().info().id(), bob);
}

#[tokio::test(start_paused = true)]
async fn each_member_may_get_a_message_of_its_own_or_none() {
    let Cast { rooms, members, mut peers, .. } = Cast::new().await;
    let ids = members.each_ref().map(|member| member.info().id());
    let mut asked = Vec::new();
    let delivery = rooms.to_matching("*").send_with(|member| {
        let id = member.info().id();
        asked.push(id);
        (id != ids[1]).then(|| format!("for {id}").into())
    });
    assert_eq!((delivery.sent, delivery.dropped, delivery.closed), (2, 0, 0));
    assert_eq!(sorted(asked), ids[..3]);
    for at in [0, 2] {
        assert_eq!(peers[at].text().await, Some(format!("for {}", ids[at])));
    }
    for at in [1, 3] {
        peers[at].has_nothing(&members[at]).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_makes_the_messages_may_use_the_rooms() {
    let Cast { rooms, members, .. } = Cast::new().await;
    let delivery = rooms.to("crew").send_with(|member| {
        let id = member.info().id();
        rooms.join("asked", member).unwrap();
        rooms.leave("crew", id);
        Some(rooms.of(id).join(" ").into())
    });
    assert_eq!(delivery.sent, 2);
    assert_eq!(rooms.len("asked"), 2);
    assert!(rooms.is_empty("crew"));
    assert!(rooms.contains("asked", members[0].info().id()));
}

#[tokio::test(start_paused = true)]
async fn the_members_of_a_room_can_be_closed() {
    let mut cast = Cast::new().await;
    let close = Close::new(CloseCode::POLICY, "no crew needed");
    assert_eq!(cast.rooms.to("crew").close(&close), 2);
    for _ in 0..2 {
        assert_eq!(cast.stage.closed().await, close);
    }
    assert!(cast.rooms.is_empty("crew"));
    assert_eq!(cast.rooms.to("crew").close(&close), 0);
    assert_eq!(cast.rooms.to_all().members().len(), 2);
}
