use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use plimsoll::{
    BoxDuplex, Capabilities, CloseCode, Error, Filter, Flow, Frame, Info, Message, Plugin,
    SlowPolicy, WireKey, filter,
};
use plimsoll_rooms::{Options, Rooms};

use crate::stage::{OUTBOX, PIPE, Stage};

#[tokio::test(start_paused = true)]
async fn a_message_reaches_all_members_and_nobody_else() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, mut ann_peer) = stage.connect().await;
    let (bob, mut bob_peer) = stage.connect().await;
    let (eve, mut eve_peer) = stage.connect().await;
    rooms.join("a", &ann).unwrap();
    rooms.join("a", &bob).unwrap();
    rooms.join("b", &eve).unwrap();

    let delivery = rooms.to("a").send("news");
    assert_eq!((delivery.sent, delivery.dropped, delivery.closed), (2, 0, 0));
    assert_eq!(ann_peer.text().await.as_deref(), Some("news"));
    assert_eq!(bob_peer.text().await.as_deref(), Some("news"));
    eve_peer.has_nothing(&eve).await;
    assert_eq!(rooms.to("nowhere").send("news").sent, 0);
}

#[tokio::test(start_paused = true)]
async fn a_member_of_several_rooms_gets_a_message_once() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, mut ann_peer) = stage.connect().await;
    let (bob, mut bob_peer) = stage.connect().await;
    for room in ["a", "b"] {
        rooms.join(room, &ann).unwrap();
    }
    rooms.join("b", &bob).unwrap();

    assert_eq!(rooms.to("a").to("b").to("c").to("a").send("news").sent, 2);
    assert_eq!(ann_peer.text().await.as_deref(), Some("news"));
    assert_eq!(bob_peer.text().await.as_deref(), Some("news"));
    ann_peer.has_nothing(&ann).await;
}

#[tokio::test(start_paused = true)]
async fn exceptions_hold_for_rooms_and_for_all() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, mut ann_peer) = stage.connect().await;
    let (bob, mut bob_peer) = stage.connect().await;
    let (eve, mut eve_peer) = stage.connect().await;
    for member in [&ann, &bob] {
        rooms.join("a", member).unwrap();
        rooms.join("b", member).unwrap();
    }
    let (ann_id, bob_id) = (ann.info().id(), bob.info().id());

    assert_eq!(rooms.to("a").except(ann_id).send("one").sent, 1);
    assert_eq!(rooms.to("a").to("b").except(ann_id).send("two").sent, 1);
    assert_eq!(rooms.to_all().except(ann_id).except(bob_id).send("three").sent, 1);
    assert_eq!(bob_peer.text().await.as_deref(), Some("one"));
    assert_eq!(bob_peer.text().await.as_deref(), Some("two"));
    assert_eq!(eve_peer.text().await.as_deref(), Some("three"));
    ann_peer.has_nothing(&ann).await;
    bob_peer.has_nothing(&bob).await;
    eve_peer.has_nothing(&eve).await;
}

#[tokio::test(start_paused = true)]
async fn a_target_looks_up_the_members_at_each_sending() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, _ann) = stage.connect().await;
    let lobby = rooms.to("lobby");
    assert_eq!(lobby.send("nobody").sent, 0);
    rooms.join("lobby", &ann).unwrap();
    assert_eq!(lobby.send("one").sent, 1);
    rooms.leave("lobby", ann.info().id());
    assert_eq!(lobby.send("nobody").sent, 0);
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_is_encoded_once() {
    let encoded = Arc::new(AtomicUsize::new(0));
    let rooms = Rooms::new();
    let framing = Framing(Arc::clone(&encoded));
    let mut stage = Stage::with_plugins(|builder| builder.plugin(framing).plugin(rooms.clone()));
    let mut peers = Vec::new();
    for _ in 0..10 {
        let (member, peer) = stage.connect().await;
        rooms.join("a", &member).unwrap();
        peers.push(peer);
    }
    assert_eq!(rooms.to("a").send("news").sent, 10);
    for peer in &mut peers {
        assert_eq!(peer.recv().await.unwrap().as_bytes(), b"framed news");
    }
    assert_eq!(encoded.load(Ordering::Relaxed), 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_member_delays_nobody_and_holds_a_bounded_amount() {
    for policy in [SlowPolicy::DropOldest, SlowPolicy::DropNewest, SlowPolicy::LatestByKey(1)] {
        let rooms = Rooms::new();
        let mut stage = Stage::new(&rooms);
        let (slow, _unread) = stage.connect().await;
        let (quick, mut peer) = stage.connect().await;
        rooms.join("a", &slow).unwrap();
        rooms.join("a", &quick).unwrap();

        let alive = Arc::new(AtomicUsize::new(0));
        let mut most = 0;
        for number in 0..2_000_u32 {
            let payload = Payload::new(number, &alive);
            let delivery = rooms.to("a").policy(policy).send(Bytes::from_owner(payload));
            assert_eq!((delivery.sent + delivery.dropped, delivery.closed), (2, 0));
            let received = peer.recv().await.unwrap();
            assert_eq!(received.as_bytes()[..4], number.to_be_bytes(), "{policy:?}");
            most = most.max(alive.load(Ordering::Relaxed));
        }
        assert!(most * PAYLOAD <= OUTBOX + 2 * PIPE + PAYLOAD, "{most} messages at {policy:?}");
        assert_eq!(slow.close_reason(), None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_member_is_closed_by_default_and_the_others_are_not() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (slow, _unread) = stage.connect().await;
    let (quick, mut peer) = stage.connect().await;
    rooms.join("a", &slow).unwrap();
    rooms.join("a", &quick).unwrap();

    let mut closed = 0;
    while closed == 0 {
        let delivery = rooms.to("a").send(vec![0; PAYLOAD]);
        assert_eq!((delivery.sent + delivery.closed, delivery.dropped), (2, 0));
        assert_eq!(peer.recv().await.unwrap().len(), PAYLOAD);
        closed = delivery.closed;
    }
    drop(_unread);
    assert_eq!(stage.closed().await.code, CloseCode::SLOW_CONSUMER);
    assert!(!rooms.contains("a", slow.info().id()));
    assert_eq!(rooms.to("a").send("goes on").sent, 1);
    assert_eq!(peer.text().await.as_deref(), Some("goes on"));
}

#[tokio::test(start_paused = true)]
async fn the_slow_policy_of_the_options_is_the_default() {
    let options = Options::default().slow_policy(SlowPolicy::DropNewest);
    let rooms = Rooms::with_options(options).unwrap();
    let mut stage = Stage::new(&rooms);
    let (slow, _unread) = stage.connect().await;
    rooms.join("a", &slow).unwrap();
    let mut dropped = 0;
    while dropped == 0 {
        dropped = rooms.to("a").send(vec![0; PAYLOAD]).dropped;
        tokio::task::yield_now().await;
    }
    assert_eq!(slow.close_reason(), None);
    assert!(rooms.contains("a", slow.info().id()));
}

#[tokio::test(start_paused = true)]
async fn a_member_that_cannot_take_binary_is_counted_and_stays() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (ann, mut peer) = stage.connect_to("/", Capabilities::FULL.with_binary(false)).await;
    rooms.join("a", &ann).unwrap();
    let delivery = rooms.to("a").send(vec![1, 2, 3]);
    assert_eq!((delivery.sent, delivery.dropped, delivery.closed), (0, 1, 0));
    peer.has_nothing(&ann).await;
}

/// Gives each message a wire form, and counts how often it had to be made.
struct Framing(Arc<AtomicUsize>);

impl Plugin for Framing {
    fn wrap(&self, io: BoxDuplex, _: &mut Info) -> BoxDuplex {
        filter(io, Framing(Arc::clone(&self.0)))
    }
}

impl Filter for Framing {
    fn outbound(&mut self, frame: Frame, _: &mut Flow) -> Result<Option<Frame>, Error> {
        let Frame::Message(message) = frame else { return Ok(Some(frame)) };
        let form = message.wire(WireKey { protocol: "test", variant: 0 }, |message| {
            self.0.fetch_add(1, Ordering::Relaxed);
            Bytes::from([b"framed ", message.as_bytes()].concat())
        });
        Ok(Some(Frame::Message(Message::binary(form))))
    }
}

/// The payload of a message, which counts how many there are.
struct Payload {
    data: Vec<u8>,
    alive: Arc<AtomicUsize>,
}

impl Payload {
    fn new(number: u32, alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::Relaxed);
        let mut data = number.to_be_bytes().to_vec();
        data.resize(PAYLOAD, 0);
        Self { data, alive: Arc::clone(alive) }
    }
}

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, Ordering::Relaxed);
    }
}

const PAYLOAD: usize = 1024;
