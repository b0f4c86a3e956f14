use std::collections::HashMap;

use plimsoll::{ErrorKind, Message};
use plimsoll_encoding::{AnyCodec, Cbor, Codec, Json, MessagePack};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "only what is refused counts")]
struct Fields {
    a: u8,
}

#[test]
fn a_field_that_appears_twice_is_an_error_and_in_a_map_the_last_one_counts() {
    for (codec, message) in twice() {
        let error = codec.decode::<Fields>(&message).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Codec, "{codec:?}");
        let map: HashMap<String, u8> = codec.decode(&message).unwrap();
        assert_eq!(map, HashMap::from([("a".to_owned(), 2)]), "{codec:?}");
    }
}

fn twice() -> [(AnyCodec, Message); 3] {
    [
        (AnyCodec::new(Cbor), Message::binary(&b"\xa2\x61a\x01\x61a\x02"[..])),
        (AnyCodec::new(Json), Message::from(r#"{"a":1,"a":2}"#)),
        (AnyCodec::new(MessagePack), Message::binary(&b"\x82\xa1a\x01\xa1a\x02"[..])),
    ]
}
