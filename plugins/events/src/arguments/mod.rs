//! The arguments of an event, which become values only when somebody knows their type.

mod decode;
mod encode;
mod shape;

use plimsoll::{Error, ErrorKind, Message};
use plimsoll_encoding::{AnyCodec, Codec};
use serde::de::DeserializeOwned;

pub(crate) use self::encode::List;

use self::decode::{FieldSeed, ListSeed, ValueSeed};

/// Arguments that are still where they arrived: in a message.
#[derive(Clone, Debug)]
pub(crate) struct Arguments {
    message: Message,
    codec: AnyCodec,
    place: Place,
}

impl Arguments {
    /// The one value of a field; nothing, if the field is missing.
    pub(crate) fn in_field(message: Message, codec: &AnyCodec, field: &'static str) -> Self {
        Self { message, codec: codec.clone(), place: Place::Field(field) }
    }

    /// The `count` last elements of a list in a field, after `skip` others.
    pub(crate) fn in_list(
        message: Message,
        codec: &AnyCodec,
        field: &'static str,
        skip: usize,
        count: usize,
    ) -> Self {
        Self { message, codec: codec.clone(), place: Place::List { field, skip, count } }
    }

    pub(crate) fn decode<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let Self { message, codec, place } = self;
        let value = match *place {
            Place::Field(field) => {
                codec.decode_seed(message, FieldSeed::new(field, ValueSeed::new()))
            }
            Place::List { field, skip, count } => {
                codec.decode_seed(message, FieldSeed::new(field, ListSeed::new(skip, count)))
            }
        }?;
        value.map_or_else(nothing, Ok)
    }
}

/// Where in its message something is.
#[derive(Clone, Copy, Debug)]
enum Place {
    Field(&'static str),
    List { field: &'static str, skip: usize, count: usize },
}

/// A `T` without arguments.
fn nothing<T: DeserializeOwned>() -> Result<T, Error> {
    T::deserialize(serde::de::value::UnitDeserializer::<serde::de::value::Error>::new())
        .map_err(|error| Error::with_source(ErrorKind::Codec, error))
}

#[cfg(test)]
mod tests {
    use plimsoll_encoding::{Cbor, Json, MessagePack};
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};
    use serde_json::{Value, json};

    use super::*;

    #[derive(Serialize)]
    struct Envelope<'a, T: ?Sized> {
        before: u8,
        list: List<'a, T>,
        after: u8,
    }

    fn encode<T: Serialize + ?Sized>(arguments: &T) -> Message {
        let list = List::with_name("news", arguments);
        Json.encode(&Envelope { before: 1, list, after: 2 }).unwrap()
    }

    fn decode<T: DeserializeOwned>(list: Value) -> Result<T, Error> {
        let count = list.as_array().unwrap().len() - 1;
        let message = Json.encode(&json!({ "before": [1], "list": list, "after": {} })).unwrap();
        Arguments::in_list(message, &AnyCodec::new(Json), "list", 1, count).decode()
    }

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Point {
        x: i32,
        y: i32,
    }

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Names(Vec<String>);

    /// Decodes a value of the type that `like` has.
    fn decode_as<T: DeserializeOwned>(arguments: &Arguments, _like: &T) -> T {
        arguments.decode().unwrap()
    }

    #[test]
    fn a_list_is_the_arguments_and_anything_else_is_one() {
        let list = |text: Message| {
            let value: Value = serde_json::from_slice(text.as_bytes()).unwrap();
            assert_eq!((&value["before"], &value["after"]), (&json!(1), &json!(2)));
            value["list"].clone()
        };
        assert_eq!(list(encode(&(1, "two"))), json!(["news", 1, "two"]));
        assert_eq!(list(encode(&[1, 2])), json!(["news", 1, 2]));
        assert_eq!(list(encode(&vec![1, 2])), json!(["news", 1, 2]));
        assert_eq!(list(encode(&(vec![1, 2],))), json!(["news", [1, 2]]));
        assert_eq!(list(encode(&())), json!(["news"]));
        assert_eq!(list(encode(&7)), json!(["news", 7]));
        assert_eq!(list(encode("text")), json!(["news", "text"]));
        assert_eq!(list(encode(&Point { x: 1, y: 2 })), json!(["news", { "x": 1, "y": 2 }]));
        assert_eq!(list(encode(&Some((1, 2)))), json!(["news", [1, 2]]));
        assert_eq!(list(encode(&None::<()>)), json!(["news", null]));
        assert_eq!(list(encode(&Names(vec!["a".into()]))), json!(["news", ["a"]]));
    }

    #[test]
    fn arguments_are_decoded_as_they_were_encoded() {
        assert_eq!(decode::<(i32, String)>(json!(["n", 1, "two"])).unwrap(), (1, "two".into()));
        assert_eq!(decode::<Vec<i32>>(json!(["n", 1, 2])).unwrap(), [1, 2]);
        assert_eq!(decode::<[i32; 2]>(json!(["n", 1, 2])).unwrap(), [1, 2]);
        assert_eq!(decode::<(Vec<i32>,)>(json!(["n", [1, 2]])).unwrap(), (vec![1, 2],));
        assert_eq!(decode::<i32>(json!(["n", 7])).unwrap(), 7);
        assert_eq!(decode::<String>(json!(["n", "text"])).unwrap(), "text");
        assert_eq!(
            decode::<Point>(json!(["n", { "x": 1, "y": 2 }])).unwrap(),
            Point { x: 1, y: 2 }
        );
        assert_eq!(decode::<Option<(i32, i32)>>(json!(["n", [1, 2]])).unwrap(), Some((1, 2)));
        assert_eq!(decode::<Names>(json!(["n", ["a"]])).unwrap(), Names(vec!["a".into()]));
        decode::<()>(json!(["n"])).unwrap();
    }

    #[test]
    fn a_missing_argument_is_null_and_one_too_many_is_ignored() {
        assert_eq!(decode::<(i32, Option<i32>)>(json!(["n", 1])).unwrap(), (1, None));
        assert_eq!(decode::<Option<i32>>(json!(["n"])).unwrap(), None);
        assert_eq!(decode::<Value>(json!(["n"])).unwrap(), Value::Null);
        assert_eq!(decode::<(i32,)>(json!(["n", 1, 2, 3])).unwrap(), (1,));
        assert_eq!(decode::<i32>(json!(["n", 1, 2, 3])).unwrap(), 1);
        decode::<()>(json!(["n", 1])).unwrap();
        assert!(decode::<(i32, i32)>(json!(["n", 1])).is_err());
        assert!(decode::<i32>(json!(["n"])).is_err());
        assert!(decode::<i32>(json!(["n", "one"])).is_err());
    }

    #[test]
    fn a_field_that_appears_twice_is_an_error() {
        let codec = AnyCodec::new(Json);
        for (text, valid) in [(r#"{"a":1,"b":2}"#, true), (r#"{"a":1,"b":2,"a":1}"#, false)] {
            let arguments = Arguments::in_field(Message::from(text), &codec, "a");
            assert_eq!(arguments.decode::<i32>().is_ok(), valid, "{text}");
        }
    }

    #[test]
    fn what_takes_anything_gets_the_argument_or_all_of_them() {
        assert_eq!(decode::<Value>(json!(["n", [1]])).unwrap(), json!([1]));
        assert_eq!(decode::<Value>(json!(["n", 1, [2]])).unwrap(), json!([1, [2]]));
    }

    proptest! {
        #[test]
        fn arguments_survive_in_every_format(
            number: u64,
            text: String,
            numbers: Vec<i16>,
            address: std::net::IpAddr,
        ) {
            let arguments = (number, text, numbers, address, Some(true));
            for codec in
                [AnyCodec::new(Json), AnyCodec::new(MessagePack), AnyCodec::new(Cbor)]
            {
                let list = List::with_name("n", &arguments);
                let message = codec.encode(&Envelope { before: 1, list, after: 2 }).unwrap();
                let read = Arguments::in_list(message, &codec, "list", 1, 5);
                prop_assert_eq!(decode_as(&read, &arguments), arguments.clone());

                // By itself, an address is a list of numbers in some formats.
                let list = List::with_name("n", &address);
                let message = codec.encode(&Envelope { before: 1, list, after: 2 }).unwrap();
                let read = Arguments::in_list(message, &codec, "list", 1, 1);
                prop_assert_eq!(decode_as(&read, &address), address);
            }
        }
    }
}
