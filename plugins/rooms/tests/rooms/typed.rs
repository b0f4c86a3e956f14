use std::cell::Cell;

use plimsoll::{Capabilities, ErrorKind, Message, SocketOptions};
use plimsoll_encoding::{Codec, Codecs, Json, MessagePack};
use plimsoll_rooms::{MemoryBus, Options, Rooms};
use serde::ser::{Error as _, Serialize, Serializer};

use crate::stage::Stage;

#[tokio::test(start_paused = true)]
async fn a_value_is_encoded_once_for_each_codec() {
    let rooms = Rooms::new();
    let mut stage = stage(&rooms);
    let mut peers = Vec::new();
    for uri in ["/", "/?codec=msgpack", "/?codec=json", "/?codec=msgpack"] {
        let (member, peer) = stage.connect_to(uri, Capabilities::FULL).await;
        rooms.join("a", &member).unwrap();
        peers.push((uri, peer));
    }
    let value = Value::default();
    assert_eq!(rooms.to("a").send_value(&value).unwrap().sent, 4);
    assert_eq!(value.encoded.get(), 2);
    for (uri, peer) in &mut peers {
        let message: Message = peer.recv().await.unwrap();
        assert_eq!(message.is_binary(), uri.contains("msgpack"), "{uri}");
        let decoded = match message.is_binary() {
            true => MessagePack.decode::<u32>(&message),
            false => Json.decode(&message),
        };
        assert_eq!(decoded.unwrap(), 7);
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_choice_a_value_goes_out_as_json() {
    let rooms = Rooms::new();
    let mut stage = Stage::new(&rooms);
    let (_ann, mut peer) = stage.connect().await;
    assert_eq!(rooms.to_all().send_value(&["ahoy"]).unwrap().sent, 1);
    assert_eq!(peer.text().await.as_deref(), Some("[\"ahoy\"]"));
}

#[tokio::test(start_paused = true)]
async fn nobody_gets_a_value_that_one_of_the_codecs_cannot_express() {
    let rooms = Rooms::new();
    let mut stage = stage(&rooms);
    let (ann, mut ann_peer) = stage.connect_to("/?codec=json", Capabilities::FULL).await;
    let (bob, mut bob_peer) = stage.connect_to("/?codec=msgpack", Capabilities::FULL).await;
    let value = Value { only_for_people: true, ..Value::default() };
    let error = rooms.to_all().send_value(&value).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Codec);
    ann_peer.has_nothing(&ann).await;

    bob.send("for the eyes of the peer").await.unwrap();
    assert!(bob_peer.text().await.is_some());
    let delivery = rooms.to_all().except(bob.info().id()).send_value(&value).unwrap();
    assert_eq!(delivery.sent, 1);
}

#[tokio::test(start_paused = true)]
async fn a_value_reaches_other_nodes_in_the_codecs_of_their_members() {
    let bus = MemoryBus::new();
    let here = Rooms::with_adapter(Options::default(), bus.adapter()).unwrap();
    let there = Rooms::with_adapter(Options::default(), bus.adapter()).unwrap();
    let mut far_stage = stage(&there);
    let (ann, mut ann_peer) = far_stage.connect_to("/?codec=json", Capabilities::FULL).await;
    let (bob, mut bob_peer) = far_stage.connect_to("/?codec=msgpack", Capabilities::FULL).await;
    there.join_each(["a"], [&ann, &bob]).unwrap();

    let value = Value::default();
    assert_eq!(here.to("a").send_value(&value).unwrap().sent, 0);
    assert_eq!(value.encoded.get(), 1, "once, to travel");
    assert_eq!(ann_peer.text().await.as_deref(), Some("7"));
    let message = bob_peer.recv().await.unwrap();
    assert_eq!(MessagePack.decode::<u32>(&message).unwrap(), 7);
    assert_eq!(here.to("a").local().send_value(&value).unwrap().sent, 0);
    ann_peer.has_nothing(&ann).await;
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_larger_than_clients_may_send_reaches_other_nodes() {
    let bus = MemoryBus::new();
    let here = Rooms::with_adapter(Options::default(), bus.adapter()).unwrap();
    let there = Rooms::with_adapter(Options::default(), bus.adapter()).unwrap();
    let mut far_stage = Stage::with_plugins(|builder| {
        builder.socket(SocketOptions::default().outbox_bytes(1 << 20)).plugin(there.clone())
    });
    let (_ann, mut peer) = far_stage.connect().await;
    let text = "x".repeat(100_000);
    here.to_all().send_value(&text).unwrap();
    assert_eq!(peer.recv().await.unwrap().len(), text.len() + 2);
}

fn stage(rooms: &Rooms) -> Stage {
    let codecs = Codecs::new(Json).or(MessagePack);
    Stage::with_plugins(|builder| builder.plugin(codecs).plugin(rooms.clone()))
}

/// A number that counts how often it is encoded.
#[derive(Default)]
struct Value {
    encoded: Cell<usize>,
    only_for_people: bool,
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.only_for_people && !serializer.is_human_readable() {
            return Err(S::Error::custom("only for people"));
        }
        self.encoded.set(self.encoded.get() + 1);
        serializer.serialize_u32(7)
    }
}
