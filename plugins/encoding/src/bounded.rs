//! What keeps a message from asking for more than it is worth.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, VariantAccess, Visitor,
};

use crate::MAX_DEPTH;

/// Decodes with `deserializer` what `seed` asks for, with limits that hold whatever the format's
/// own are: nesting ends at [`MAX_DEPTH`], and all sequences and maps together have no more
/// elements than the message has `bytes`, nor does one of them announce more. So a message of
/// five bytes that claims to hold 2^32 elements makes no vector reserve room for them, and where
/// elements take no bytes, as units in some formats, few bytes do not make for much work.
///
/// The elements that a type has by itself, such as the fields of a struct, do not count.
pub(crate) fn bounded<'de, D, S>(
    deserializer: D,
    bytes: usize,
    seed: S,
) -> Result<S::Value, D::Error>
where
    D: Deserializer<'de>,
    S: DeserializeSeed<'de>,
{
    let elements = Cell::new(bytes);
    let limits = Limits { depth: MAX_DEPTH, elements: &elements, fixed: 0, in_some: false };
    seed.deserialize(Bounded { inner: deserializer, limits })
}

#[derive(Clone, Copy)]
struct Limits<'a> {
    /// How many levels there may be below.
    depth: usize,
    /// How many elements there may still be in the whole message.
    elements: &'a Cell<usize>,
    /// How many elements the type asks for on the next level.
    fixed: usize,
    /// There was a `Some` on the present level: another one is a level of its own.
    in_some: bool,
}

impl Limits<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, fixed: 0, in_some: false, ..self }),
            None => Err(E::custom(format_args!("nested deeper than {MAX_DEPTH} levels"))),
        }
    }

    fn with_fixed(self, fixed: usize) -> Self {
        Self { fixed, ..self }
    }

    /// An option is no level, unless options are nested in nothing but options.
    fn in_some<E: Error>(self) -> Result<Self, E> {
        let limits = if self.in_some { self.deeper()? } else { self };
        Ok(Self { in_some: true, ..limits })
    }
}

impl<'a> Limits<'a> {
    fn on<T>(self, inner: T) -> Bounded<'a, T> {
        Bounded { inner, limits: self }
    }
}

/// A deserializer, visitor, seed or enum access with limits.
struct Bounded<'a, T> {
    inner: T,
    limits: Limits<'a>,
}

impl<'de, T: DeserializeSeed<'de>> DeserializeSeed<'de> for Bounded<'_, T> {
    type Value = T::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T::Value, D::Error> {
        self.inner.deserialize(self.limits.on(deserializer))
    }
}

macro_rules! forward_to_inner {
    ($($method:ident($($argument:ident: $kind:ty),*))*) => {$(
        fn $method<V: Visitor<'de>>(
            self,
            $($argument: $kind,)*
            visitor: V,
        ) -> Result<V::Value, D::Error> {
            self.inner.$method($($argument,)* self.limits.on(visitor))
        }
    )*};
}

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Bounded<'_, D> {
    type Error = D::Error;

    forward_to_inner! {
        deserialize_any()
        deserialize_bool()
        deserialize_i8()
        deserialize_i16()
        deserialize_i32()
        deserialize_i64()
        deserialize_i128()
        deserialize_u8()
        deserialize_u16()
        deserialize_u32()
        deserialize_u64()
        deserialize_u128()
        deserialize_f32()
        deserialize_f64()
        deserialize_char()
        deserialize_str()
        deserialize_string()
        deserialize_bytes()
        deserialize_byte_buf()
        deserialize_option()
        deserialize_unit()
        deserialize_unit_struct(name: &'static str)
        deserialize_newtype_struct(name: &'static str)
        deserialize_seq()
        deserialize_map()
        deserialize_enum(name: &'static str, variants: &'static [&'static str])
        deserialize_identifier()
        deserialize_ignored_any()
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple(len, self.limits.with_fixed(len).on(visitor))
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        self.inner.deserialize_tuple_struct(name, len, self.limits.with_fixed(len).on(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, D::Error> {
        let visitor = self.limits.with_fixed(fields.len()).on(visitor);
        self.inner.deserialize_struct(name, fields, visitor)
    }

    fn is_human_readable(&self) -> bool {
        self.inner.is_human_readable()
    }
}

macro_rules! visit_by_inner {
    ($($method:ident: $kind:ty)*) => {$(
        fn $method<E: Error>(self, value: $kind) -> Result<V::Value, E> {
            self.inner.$method(value)
        }
    )*};
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Bounded<'_, V> {
    type Value = V::Value;

    visit_by_inner! {
        visit_bool: bool
        visit_i8: i8
        visit_i16: i16
        visit_i32: i32
        visit_i64: i64
        visit_i128: i128
        visit_u8: u8
        visit_u16: u16
        visit_u32: u32
        visit_u64: u64
        visit_u128: u128
        visit_f32: f32
        visit_f64: f64
        visit_char: char
        visit_str: &str
        visit_borrowed_str: &'de str
        visit_string: String
        visit_bytes: &[u8]
        visit_borrowed_bytes: &'de [u8]
        visit_byte_buf: Vec<u8>
    }

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.expecting(f)
    }

    fn visit_none<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_none()
    }

    fn visit_unit<E: Error>(self) -> Result<V::Value, E> {
        self.inner.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.inner.visit_some(self.limits.in_some()?.on(deserializer))
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> Result<V::Value, D::Error> {
        self.inner.visit_newtype_struct(self.limits.on(deserializer))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.inner.visit_seq(Elements::new(access, self.limits)?)
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.inner.visit_map(Elements::new(access, self.limits)?)
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.inner.visit_enum(self.limits.on(access))
    }
}

/// A sequence or map with limits.
struct Elements<'a, A> {
    inner: A,
    limits: Limits<'a>,
    /// How many of the elements that the type asks for are still to come.
    fixed: usize,
}

impl<'a, A> Elements<'a, A> {
    fn new<E: Error>(inner: A, limits: Limits<'a>) -> Result<Self, E> {
        Ok(Self { inner, fixed: limits.fixed, limits: limits.deeper()? })
    }

    fn count<T, E: Error>(&mut self, element: Option<T>) -> Result<Option<T>, E> {
        if element.is_some() {
            match self.fixed.checked_sub(1) {
                Some(fixed) => self.fixed = fixed,
                None => {
                    let left = self.limits.elements.get().checked_sub(1);
                    let left = left.ok_or_else(|| E::custom("more elements than bytes"))?;
                    self.limits.elements.set(left);
                }
            }
        }
        Ok(element)
    }

    fn left(&self) -> usize {
        self.limits.elements.get().saturating_add(self.fixed)
    }
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, A::Error> {
        let element = self.inner.next_element_seed(self.limits.on(seed))?;
        self.count(element)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.inner.size_hint()?.min(self.left()))
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Elements<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let key = self.inner.next_key_seed(self.limits.on(seed))?;
        self.count(key)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.inner.next_value_seed(self.limits.on(seed))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.inner.size_hint()?.min(self.left()))
    }
}

impl<'a, 'de, A: EnumAccess<'de>> EnumAccess<'de> for Bounded<'a, A> {
    type Error = A::Error;
    type Variant = Bounded<'a, A::Variant>;

    fn variant_seed<V: DeserializeSeed<'de>>(
        self,
        seed: V,
    ) -> Result<(V::Value, Self::Variant), A::Error> {
        let Self { inner, limits } = self;
        let (value, variant) = inner.variant_seed(limits.on(seed))?;
        Ok((value, limits.on(variant)))
    }
}

impl<'de, A: VariantAccess<'de>> VariantAccess<'de> for Bounded<'_, A> {
    type Error = A::Error;

    fn unit_variant(self) -> Result<(), A::Error> {
        self.inner.unit_variant()
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, A::Error> {
        self.inner.newtype_variant_seed(self.limits.deeper()?.on(seed))
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, A::Error> {
        self.inner.tuple_variant(len, self.limits.deeper()?.with_fixed(len).on(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        let visitor = self.limits.deeper()?.with_fixed(fields.len()).on(visitor);
        self.inner.struct_variant(fields, visitor)
    }
}
