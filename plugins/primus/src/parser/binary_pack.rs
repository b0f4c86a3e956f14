use bytes::Bytes;
use plimsoll::{Error, ErrorKind, Message, WireKey};
use plimsoll_encoding::AnyCodec;

use super::{MessagePack, Parser};

/// BinaryPack, as binary messages; called `binary`.
///
/// That is MessagePack as it was before it told strings from bytes, with marks of its own for
/// strings. The application gets and sends MessagePack, which is translated on the way, value by
/// value as they stand, in time and memory in proportion to the message.
///
/// BinaryPack has no extensions: sending one fails. Integers of 64 bits go out as floating
/// point, which every number is in JavaScript: the package for Node cannot read them otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct BinaryPack;

impl Parser for BinaryPack {
    fn name(&self) -> &str {
        "binary"
    }

    fn codec(&self) -> AnyCodec {
        MessagePack.codec()
    }

    fn may_be_control(&self, message: &Message) -> bool {
        MessagePack.may_be_control(message)
    }

    /// # Errors
    ///
    /// Fails with [`ErrorKind::Codec`] if a message ends within a value, or has a byte that begins
    /// none.
    fn inbound(&self, message: Message) -> Result<Message, Error> {
        if message.is_text() {
            return Ok(message);
        }
        to_message_pack(message.as_bytes()).map(Message::from).ok_or_else(|| broken("BinaryPack"))
    }

    /// # Errors
    ///
    /// Fails with [`ErrorKind::Codec`] if a message is not MessagePack, or has an extension.
    fn outbound(&self, message: Message) -> Result<Message, Error> {
        if message.is_text() {
            return Ok(message);
        }
        // Empty stands for none: a value has at least one byte.
        let packed = message.wire(BINARY_PACK, |message| {
            to_binary_pack(message.as_bytes()).map(Bytes::from).unwrap_or_default()
        });
        if packed.is_empty() {
            return Err(broken("MessagePack without extensions"));
        }
        Ok(Message::binary(packed))
    }
}

/// Translates BinaryPack to MessagePack. Containers need no care: both formats announce how many
/// values follow, in the same way.
fn to_message_pack(packed: &[u8]) -> Option<Vec<u8>> {
    let mut from = Reader(packed);
    let mut to = Vec::with_capacity(packed.len() + packed.len() / 8);
    while let Some(mark) = from.mark() {
        match mark {
            0x00..=0x9f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => to.push(mark),
            0xa0..=0xaf => {
                to.extend([0xc4, mark & 0x0f]);
                to.extend(from.take(usize::from(mark & 0x0f))?);
            }
            0xb0..=0xbf => {
                to.push(0xa0 | mark & 0x0f);
                to.extend(from.take(usize::from(mark & 0x0f))?);
            }
            // Undefined.
            0xc1 | 0xd4..=0xd7 => to.push(0xc0),
            0xca..=0xd3 | 0xdc..=0xdf => {
                to.push(mark);
                to.extend(from.take(fixed_len(mark)?)?);
            }
            0xd8 => from.sized(0xda, 2, &mut to)?,
            0xd9 => from.sized(0xdb, 4, &mut to)?,
            0xda => from.sized(0xc5, 2, &mut to)?,
            0xdb => from.sized(0xc6, 4, &mut to)?,
            0xc4..=0xc9 => return None,
        }
    }
    (!to.is_empty()).then_some(to)
}

/// Translates MessagePack to BinaryPack.
fn to_binary_pack(packed: &[u8]) -> Option<Vec<u8>> {
    let mut from = Reader(packed);
    let mut to = Vec::with_capacity(packed.len() + packed.len() / 8);
    while let Some(mark) = from.mark() {
        match mark {
            0x00..=0x9f | 0xc0 | 0xc2 | 0xc3 | 0xe0..=0xff => to.push(mark),
            0xa0..=0xbf => STRING.write(from.take(usize::from(mark & 0x1f))?, &mut to)?,
            0xc4 => BYTES.write(from.counted(1)?, &mut to)?,
            0xc5 => BYTES.write(from.counted(2)?, &mut to)?,
            0xc6 => BYTES.write(from.counted(4)?, &mut to)?,
            0xd9 => STRING.write(from.counted(1)?, &mut to)?,
            0xda => STRING.write(from.counted(2)?, &mut to)?,
            0xdb => STRING.write(from.counted(4)?, &mut to)?,
            0xcf => float(u64::from_be_bytes(from.take(8)?.try_into().ok()?) as f64, &mut to),
            0xd3 => float(i64::from_be_bytes(from.take(8)?.try_into().ok()?) as f64, &mut to),
            0xca..=0xce | 0xd0..=0xd2 | 0xdc..=0xdf => {
                to.push(mark);
                to.extend(from.take(fixed_len(mark)?)?);
            }
            // Nothing begins so, or an extension.
            0xc1 | 0xc7..=0xc9 | 0xd4..=0xd8 => return None,
        }
    }
    (!to.is_empty()).then_some(to)
}

fn float(number: f64, to: &mut Vec<u8>) {
    to.push(0xcb);
    to.extend(number.to_be_bytes());
}

/// How many bytes follow the mark of a number, or of the length of a container. The formats
/// agree.
fn fixed_len(mark: u8) -> Option<usize> {
    Some(match mark {
        0xcc | 0xd0 => 1,
        0xcd | 0xd1 | 0xdc | 0xde => 2,
        0xca | 0xce | 0xd2 | 0xdd | 0xdf => 4,
        0xcb | 0xcf | 0xd3 => 8,
        _ => return None,
    })
}

/// What is still to be translated.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn mark(&mut self) -> Option<u8> {
        let (mark, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*mark)
    }

    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    /// Takes a length of 1, 2 or 4 bytes, and as much as it says.
    fn counted(&mut self, width: usize) -> Option<&'a [u8]> {
        let digits = self.take(width)?;
        let length = digits.iter().fold(0_u32, |length, digit| length << 8 | u32::from(*digit));
        self.take(usize::try_from(length).ok()?)
    }

    /// Copies a length and as much as it says, under another mark.
    fn sized(&mut self, mark: u8, width: usize, to: &mut Vec<u8>) -> Option<()> {
        let length = self.0.get(..width)?;
        to.push(mark);
        to.extend(length);
        to.extend(self.counted(width)?);
        Some(())
    }
}

/// The marks of a kind of values in BinaryPack: for up to 15 bytes, up to 65,535, and more.
struct Marks(u8, u8, u8);

impl Marks {
    fn write(&self, payload: &[u8], to: &mut Vec<u8>) -> Option<()> {
        if payload.len() <= 0x0f {
            to.push(self.0 | u8::try_from(payload.len()).ok()?);
        } else if let Ok(length) = u16::try_from(payload.len()) {
            to.push(self.1);
            to.extend(length.to_be_bytes());
        } else {
            to.push(self.2);
            to.extend(u32::try_from(payload.len()).ok()?.to_be_bytes());
        }
        to.extend(payload);
        Some(())
    }
}

fn broken(format: &str) -> Error {
    Error::with_message(ErrorKind::Codec, format!("not {format}"))
}

const BYTES: Marks = Marks(0xa0, 0xda, 0xdb);
const STRING: Marks = Marks(0xb0, 0xd8, 0xd9);
const BINARY_PACK: WireKey = WireKey { protocol: "primus", variant: 1 };

#[cfg(test)]
mod tests {
    use plimsoll_encoding::Codec;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    /// What `binarypack` 0.0.4 for Node makes of values.
    #[test]
    fn what_the_original_packs_is_understood() {
        let golden: [(&[u8], Value); 12] = [
            (b"\xc0", json!(null)),
            (b"\xc3", json!(true)),
            (b"\x00", json!(0)),
            (b"\xff", json!(-1)),
            (b"\xb0", json!("")),
            (b"\xd8\x00\x10aaaaaaaaaaaaaaaa", json!("a".repeat(16))),
            (b"\xb9\xc3\xa9 \xf0\x9f\x91\x9f \x00", json!("\u{e9} \u{1f45f} \0")),
            (b"\xcb\x3f\xf8\0\0\0\0\0\0", json!(1.5)),
            (b"\xce\x80\x00\x00\x00", json!(2_147_483_648_u32)),
            (b"\xd3\xff\xff\xff\xff\x7f\xff\xff\xff", json!(-2_147_483_649_i64)),
            (b"\x93\x01\xb3two\x91\x03", json!([1, "two", [3]])),
            (b"\x82\xb0\x00\xb1a\x81\xb1b\x81\xb1c\x90", json!({"": 0, "a": {"b": {"c": []}}})),
        ];
        for (packed, value) in golden {
            let message = BinaryPack.inbound(Message::binary(packed)).unwrap();
            assert_eq!(BinaryPack.codec().decode::<Value>(&message).unwrap(), value);
        }
        assert_eq!(to_message_pack(b"\xa3abc").unwrap(), b"\xc4\x03abc");
        assert_eq!(to_message_pack(b"\xda\x00\x01a").unwrap(), b"\xc5\x00\x01a");
    }

    #[test]
    fn what_is_sent_has_the_shortest_marks_of_the_original() {
        for (message_pack, packed) in [
            (&b"\xa1a"[..], &b"\xb1a"[..]),
            (b"\xb0aaaaaaaaaaaaaaaa", b"\xd8\x00\x10aaaaaaaaaaaaaaaa"),
            (b"\xd9\x01a", b"\xb1a"),
            (b"\xc4\x01a", b"\xa1a"),
            (b"\xcf\0\0\0\x01\0\0\0\0", b"\xcb\x41\xf0\0\0\0\0\0\0"),
            (b"\xd3\xff\xff\xff\xff\xff\xff\xff\xff", b"\xcb\xbf\xf0\0\0\0\0\0\0"),
        ] {
            assert_eq!(to_binary_pack(message_pack).unwrap(), packed, "{message_pack:x?}");
        }
    }

    #[test]
    fn what_is_no_value_is_an_error() {
        for packed in ["\u{0}\u{0}".as_bytes(), b"\xb0"] {
            assert!(BinaryPack.inbound(Message::binary(packed)).is_ok());
        }
        for packed in
            [&b""[..], b"\xb1", b"\xd8\x00", b"\xdb\xff\xff\xff\xff", b"\xc4\x00", b"\xcb"]
        {
            let error = BinaryPack.inbound(Message::binary(packed)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Codec, "{packed:x?}");
        }
        for extension in [&b"\xd4\x00\x00"[..], b"\xc7\x00\x00", b"\xc1", b"\xa1"] {
            assert!(BinaryPack.outbound(Message::binary(extension)).is_err(), "{extension:x?}");
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            any::<u32>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,300}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 20, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..20).prop_map(Value::from),
                prop::collection::btree_map(".{0,20}", inner, 0..20)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn values_come_back(value in value()) {
            let codec = BinaryPack.codec();
            let packed = BinaryPack.outbound(codec.encode(&value).unwrap()).unwrap();
            let message = BinaryPack.inbound(packed).unwrap();
            prop_assert_eq!(codec.decode::<Value>(&message).unwrap(), value);
        }

        #[test]
        fn no_bytes_take_more_than_twice_their_length(bytes: Vec<u8>) {
            for translated in [to_message_pack(&bytes), to_binary_pack(&bytes)].into_iter().flatten() {
                prop_assert!(translated.len() <= 2 * bytes.len());
            }
        }
    }
}
