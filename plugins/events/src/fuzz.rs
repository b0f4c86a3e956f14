//! An entry point for fuzzing.

use plimsoll::Message;
use plimsoll_encoding::{AnyCodec, Codec, Json};
use serde::de::IgnoredAny;

use crate::Dialect;
use crate::dialect::{Incoming, PacketKind, RequestId};

/// Takes a message in JSON of the dialect that the first byte chooses; panics if what was read
/// from it is not the same after it was written and read once more.
pub fn message(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let dialect = DIALECTS[usize::from(*choice) % DIALECTS.len()];
    read(Message::binary(data.to_vec()), dialect, &AnyCodec::new(Json));
}

fn read(message: Message, dialect: Dialect, codec: &AnyCodec) {
    let again = |kind: PacketKind<'_, ()>| {
        let packet = dialect.packet(kind).expect("what was read can be written");
        let message = codec.encode(&packet).expect("texts and numbers");
        dialect.decode(message, codec).expect("it is no larger than before")
    };
    let Ok(incoming) = dialect.decode(message, codec) else { return };
    match incoming {
        Incoming::Answer { id, answer: Ok(value) } => {
            let _ = value.decode::<IgnoredAny>();
            let value = &();
            let id = match dialect {
                Dialect::PrimusResponder => RequestId::Text(id.to_string()),
                Dialect::Plimsoll | Dialect::PrimusEmit | Dialect::PrimusEmitter => {
                    RequestId::Number(id)
                }
            };
            let answer = again(PacketKind::Answer { id: &id, value });
            assert!(matches!(answer, Incoming::Answer { answer: Ok(_), .. }), "{answer:?}");
        }
        Incoming::Answer { id, answer: Err(error) } => {
            let read = again(PacketKind::Error { id: &RequestId::Number(id), error: &error });
            let Incoming::Answer { id: same, answer: Err(again) } = read else {
                panic!("{read:?}")
            };
            assert_eq!((same, again), (id, error));
        }
        Incoming::Event(event) => {
            let _ = event.arguments::<Vec<IgnoredAny>>();
            let read = again(PacketKind::Event { name: event.name(), arguments: &() });
            let Incoming::Event(again) = read else { panic!("{read:?}") };
            assert_eq!(again.name(), event.name());
        }
        Incoming::Message(_) => {}
        Incoming::Request { name, arguments, .. } => {
            let _ = arguments.decode::<(IgnoredAny, IgnoredAny)>();
            let read = again(PacketKind::Request { name: &name, id: 1, arguments: &() });
            let Incoming::Request { name: again, .. } = read else { panic!("{read:?}") };
            assert_eq!(again, name);
        }
    }
}

const DIALECTS: [Dialect; 4] =
    [Dialect::Plimsoll, Dialect::PrimusEmit, Dialect::PrimusEmitter, Dialect::PrimusResponder];

#[cfg(test)]
mod tests {
    use plimsoll_encoding::{Cbor, MessagePack};
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn read_all(message: &Message) {
        for dialect in DIALECTS {
            for codec in [AnyCodec::new(Json), AnyCodec::new(MessagePack), AnyCodec::new(Cbor)] {
                read(message.clone(), dialect, &codec);
            }
        }
    }

    /// A value with the fields of the dialects, often of the right kind.
    fn packet() -> impl Strategy<Value = Value> {
        let name =
            "type|data|id|emit|event|request|answer|error|code|message|plugin|requestId|responseId";
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..3u64).prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "primus-responder|news|end|[a-z0-9]{0,3}".prop_map(Value::from),
        ];
        let value = leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z_]{0,9}", inner, 0..3)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        });
        prop::collection::btree_map(name, value, 0..4).prop_map(|map| map.into_iter().collect())
    }

    proptest! {
        #[test]
        fn any_bytes_do_no_harm(data in prop::collection::vec(any::<u8>(), 0..200)) {
            message(&data);
            read_all(&Message::binary(data));
        }

        #[test]
        fn any_object_does_no_harm(packet in packet()) {
            for codec in [AnyCodec::new(Json), AnyCodec::new(MessagePack), AnyCodec::new(Cbor)] {
                read_all(&codec.encode(&packet).unwrap());
            }
        }

        #[test]
        fn almost_json_does_no_harm(
            text in "(\\{|\\[|\"(emit|type|data|id|event)\"|:|,|[01]|\"a\"|null|\\]|\\}){0,12}",
        ) {
            read_all(&Message::from(text));
        }
    }
}
