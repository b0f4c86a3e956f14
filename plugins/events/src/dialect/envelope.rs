//! What the dialects look at in a message before anybody knows the types of its arguments.

use std::fmt;
use std::marker::PhantomData;

use plimsoll::Message;
use plimsoll_encoding::{AnyCodec, Codec};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Reads a `T` out of the fields of a message that is an object; nothing, if it is no such
/// object.
pub(super) fn read<T: DeserializeOwned>(message: &Message, codec: &AnyCodec) -> Option<T> {
    codec.decode(message).ok().map(|Object(envelope)| envelope)
}

/// A `T` of an object only: by themselves, structs are also read from arrays of their fields.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(access)).map(Object)
    }
}

/// How many elements a list has, and the first if that is a text.
pub(super) struct Head {
    pub(super) first: Option<String>,
    pub(super) len: usize,
}

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(HeadVisitor)
    }
}

struct HeadVisitor;

impl<'de> Visitor<'de> for HeadVisitor {
    type Value = Head;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Head, A::Error> {
        let Some(MaybeText(first)) = access.next_element()? else {
            return Ok(Head { first: None, len: 0 });
        };
        let mut len = 1;
        while access.next_element::<IgnoredAny>()?.is_some() {
            len += 1;
        }
        Ok(Head { first, len })
    }
}

/// A text, or anything else, which is skipped.
#[derive(Default)]
pub(super) struct MaybeText(pub(super) Option<String>);

impl<'de> Deserialize<'de> for MaybeText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(MaybeTextVisitor)
    }
}

struct MaybeTextVisitor;

macro_rules! skip {
    ($($method:ident: $kind:ty)*) => {$(
        fn $method<E: Error>(self, _: $kind) -> Result<MaybeText, E> {
            Ok(MaybeText(None))
        }
    )*};
}

impl<'de> Visitor<'de> for MaybeTextVisitor {
    type Value = MaybeText;

    skip! {
        visit_bool: bool
        visit_i64: i64
        visit_i128: i128
        visit_u64: u64
        visit_u128: u128
        visit_f64: f64
        visit_bytes: &[u8]
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<MaybeText, E> {
        Ok(MaybeText(Some(text.to_owned())))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<MaybeText, E> {
        Ok(MaybeText(Some(text)))
    }

    fn visit_unit<E: Error>(self) -> Result<MaybeText, E> {
        Ok(MaybeText(None))
    }

    fn visit_none<E: Error>(self) -> Result<MaybeText, E> {
        Ok(MaybeText(None))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<MaybeText, D::Error> {
        MaybeText::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<MaybeText, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| MaybeText(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<MaybeText, A::Error> {
        IgnoredAny.visit_seq(access).map(|_| MaybeText(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<MaybeText, A::Error> {
        IgnoredAny.visit_map(access).map(|_| MaybeText(None))
    }
}
