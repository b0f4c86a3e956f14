//! Arguments out of the fields of a message.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{SeqAccessDeserializer, UnitDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess,
    Visitor,
};

use super::shape::Shape;

/// One field of an object by a seed of its own; the others are skipped.
pub(super) struct FieldSeed<S> {
    field: &'static str,
    seed: S,
}

impl<S> FieldSeed<S> {
    pub(super) fn new(field: &'static str, seed: S) -> Self {
        Self { field, seed }
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for FieldSeed<S> {
    type Value = Option<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for FieldSeed<S> {
    type Value = Option<S::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the field `{}`", self.field)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let (mut seed, mut value) = (Some(self.seed), None);
        while let Some(is_field) = access.next_key_seed(IsField(self.field))? {
            if !is_field {
                access.next_value::<IgnoredAny>()?;
                continue;
            }
            let seed = seed.take().ok_or_else(|| A::Error::duplicate_field(self.field))?;
            value = Some(access.next_value_seed(seed)?);
        }
        Ok(value)
    }
}

/// Whether a key is that of the field.
struct IsField(&'static str);

impl<'de> DeserializeSeed<'de> for IsField {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for IsField {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }

    fn visit_bytes<E: Error>(self, key: &[u8]) -> Result<bool, E> {
        Ok(key == self.0.as_bytes())
    }
}

/// The whole field is a `T`.
pub(super) struct ValueSeed<T>(PhantomData<fn() -> T>);

impl<T> ValueSeed<T> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for ValueSeed<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        T::deserialize(deserializer)
    }
}

/// The field is a list, whose last `count` elements are the arguments that make a `T`.
pub(super) struct ListSeed<T> {
    skip: usize,
    count: usize,
    human_readable: bool,
    value: PhantomData<fn() -> T>,
}

impl<T> ListSeed<T> {
    pub(super) fn new(skip: usize, count: usize) -> Self {
        Self { skip, count, human_readable: true, value: PhantomData }
    }
}

impl<'de, T: DeserializeOwned> DeserializeSeed<'de> for ListSeed<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(mut self, deserializer: D) -> Result<T, D::Error> {
        self.human_readable = deserializer.is_human_readable();
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: DeserializeOwned> Visitor<'de> for ListSeed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of arguments")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<T, A::Error> {
        for _ in 0..self.skip {
            access.next_element::<IgnoredAny>()?;
        }
        let value = match (Shape::of_type::<T>(self.human_readable), self.count) {
            (Shape::List(len), count) => {
                let nulls = len.unwrap_or(0).saturating_sub(count);
                let list = Padded { inner: &mut access, left: count, nulls };
                T::deserialize(SeqAccessDeserializer::new(list))
            }
            (Shape::Nothing, _) | (_, 0) => T::deserialize(UnitDeserializer::new()),
            (Shape::One, _) | (Shape::Any, 1) => match access.next_element()? {
                Some(value) => Ok(value),
                None => Err(A::Error::invalid_length(0, &self)),
            },
            (Shape::Any, _) => T::deserialize(SeqAccessDeserializer::new(&mut access)),
        }?;
        while access.next_element::<IgnoredAny>()?.is_some() {}
        Ok(value)
    }
}

/// A list with nulls in place of the arguments that are missing.
struct Padded<'a, A> {
    inner: &'a mut A,
    left: usize,
    nulls: usize,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Padded<'_, A> {
    type Error = A::Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            return self.inner.next_element_seed(seed);
        }
        let Some(nulls) = self.nulls.checked_sub(1) else { return Ok(None) };
        self.nulls = nulls;
        seed.deserialize(UnitDeserializer::new()).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.inner.size_hint()?.saturating_add(self.nulls))
    }
}
