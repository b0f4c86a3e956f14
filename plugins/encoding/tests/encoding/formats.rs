//! Messages as other implementations write them.

use plimsoll::Message;
use plimsoll_encoding::{Cbor, Codec, Json, MessagePack, Postcard};
use serde_json::{Value, json};

use crate::values::{Choice, self_describing};

/// Examples of RFC 8949, appendix A.
#[test]
fn cbor_is_read_as_its_standard_says() {
    let examples = [
        ("1bffffffffffffffff", json!(u64::MAX)),
        ("3903e7", json!(-1000)),
        ("3b7fffffffffffffff", json!(i64::MIN)),
        ("f93e00", json!(1.5)),
        ("fa47c35000", json!(100000.0)),
        ("fbc010666666666666", json!(-4.1)),
        ("f5", json!(true)),
        ("f7", json!(null)),
        ("c074323031332d30332d32315432303a30343a30305a", json!("2013-03-21T20:04:00Z")),
        ("62c3bc", json!("ü")),
        ("7f657374726561646d696e67ff", json!("streaming")),
        ("9f018202039f0405ffff", json!([1, [2, 3], [4, 5]])),
        ("a26161016162820203", json!({"a": 1, "b": [2, 3]})),
        ("bf61610161629f0203ffff", json!({"a": 1, "b": [2, 3]})),
        ("826161bf61626163ff", json!(["a", {"b": "c"}])),
    ];
    for (bytes, value) in examples {
        assert_eq!(Cbor.decode::<Value>(&hex(bytes)).unwrap(), value, "{bytes}");
    }
    let chunks = hex("5f42010243030405ff");
    assert_eq!(Cbor.decode::<Vec<u8>>(&chunks).unwrap(), [1, 2, 3, 4, 5]);
    assert_eq!(Cbor.decode::<u128>(&hex("c249010000000000000000")).unwrap(), 1 << 64);
    assert_eq!(Cbor.decode::<i128>(&hex("c349010000000000000000")).unwrap(), -1 - (1 << 64));
    assert!(Cbor.decode::<f64>(&hex("f97e00")).unwrap().is_nan());
}

/// RFC 8949, appendix F: not well-formed.
#[test]
fn what_is_not_well_formed_cbor_is_an_error() {
    let examples = [
        "18", "19", "1a", "5801", "62", "9a01ff00", "9801", "bf", "9f", "7f", "a1", "a20102", "c0",
        "1c", "3d", "5e", "fc", "f8", "ff", "81ff", "8200ff", "a1ff", "a1ff00", "9f81ff", "bf00ff",
        "5f00ff", "5f21ff", "5f6100ff", "5f80ff", "7f4100ff", "1f", "3f", "df",
    ];
    for bytes in examples {
        assert!(Cbor.decode::<Value>(&hex(bytes)).is_err(), "{bytes}");
        assert!(Cbor.decode::<serde::de::IgnoredAny>(&hex(bytes)).is_err(), "{bytes}");
    }
}

#[test]
fn messagepack_is_read_as_its_specification_says() {
    let examples = [
        ("c0", json!(null)),
        ("e0", json!(-32)),
        ("cfffffffffffffffff", json!(u64::MAX)),
        ("d38000000000000000", json!(i64::MIN)),
        ("cb3ff8000000000000", json!(1.5)),
        ("d903616263", json!("abc")),
        ("dc000201c3", json!([1, true])),
        ("de0001a16101", json!({"a": 1})),
    ];
    for (bytes, value) in examples {
        assert_eq!(MessagePack.decode::<Value>(&hex(bytes)).unwrap(), value, "{bytes}");
    }
    assert_eq!(MessagePack.decode::<[u8; 2]>(&hex("920102")).unwrap(), [1, 2]);
}

#[test]
fn messages_are_written_as_other_languages_expect() {
    let value = Choice::Struct { left: 1, right: Box::new(Some(Choice::Unit)) };
    let json = r#"{"Struct":{"left":1,"right":"Unit"}}"#;
    assert_eq!(Json.encode(&value).unwrap().as_text(), Some(json));
    for codec in self_describing() {
        let message = codec.encode(&value).unwrap();
        let read: Value = codec.decode(&message).unwrap();
        assert_eq!(read, serde_json::from_str::<Value>(json).unwrap(), "{codec:?}");
    }
    assert_eq!(Postcard.encode(&value).unwrap().as_bytes(), [3, 1, 1, 0]);
}

#[test]
fn json_may_come_as_binary_but_must_be_utf8() {
    let binary = Message::binary(&b"[\"\xc3\xbc\"]"[..]);
    assert_eq!(Json.decode::<[String; 1]>(&binary).unwrap(), ["ü"]);
    assert!(Json.decode::<[String; 1]>(&Message::binary(&b"[\"\xff\"]"[..])).is_err());
}

fn hex(digits: &str) -> Message {
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
    Message::binary((0..digits.len()).step_by(2).map(byte).collect::<Vec<_>>())
}
