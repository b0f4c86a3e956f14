//! Whether a value is a list of arguments or one argument.
//!
//! That is what the value's type first asks of serde, so a probe that answers every question with
//! an error learns it without reading or writing anything.

use std::convert::Infallible;
use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, Visitor};
use serde::ser::{Impossible, Serialize, Serializer};

/// What a value is as arguments.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shape {
    /// Whatever there is: only when decoding.
    Any,
    /// A list of arguments; of so many, if the type says so.
    List(Option<usize>),
    /// No arguments.
    Nothing,
    /// One argument.
    One,
}

impl Shape {
    pub(crate) fn of<T: Serialize + ?Sized>(value: &T, human_readable: bool) -> Self {
        match value.serialize(Probe { human_readable }) {
            Ok(never) => match never {},
            Err(Found(shape)) => shape,
        }
    }

    pub(crate) fn of_type<T: DeserializeOwned>(human_readable: bool) -> Self {
        match T::deserialize(Probe { human_readable }) {
            // It asks for nothing.
            Ok(_) => Self::Nothing,
            Err(Found(shape)) => shape,
        }
    }
}

/// Fails with the shape that it is asked for.
struct Probe {
    human_readable: bool,
}

#[derive(Debug)]
struct Found(Shape);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Found {}

impl serde::ser::Error for Found {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(Shape::One)
    }
}

impl serde::de::Error for Found {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self(Shape::One)
    }
}

macro_rules! found {
    ($shape:expr => $($method:ident($($argument:ty),*))*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<Infallible, Found> {
            Err(Found($shape))
        }
    )*};
}

macro_rules! found_compound {
    ($shape:expr => $($method:ident($($argument:ty),*) -> $kind:ident)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<Self::$kind, Found> {
            Err(Found($shape))
        }
    )*};
}

macro_rules! found_generic {
    ($shape:expr => $($method:ident($($argument:ty),*))*) => {$(
        fn $method<T: Serialize + ?Sized>(
            self,
            $(_: $argument,)*
            _: &T,
        ) -> Result<Infallible, Found> {
            Err(Found($shape))
        }
    )*};
}

type Name = &'static str;

impl Serializer for Probe {
    type Ok = Infallible;
    type Error = Found;
    type SerializeSeq = Impossible<Infallible, Found>;
    type SerializeTuple = Impossible<Infallible, Found>;
    type SerializeTupleStruct = Impossible<Infallible, Found>;
    type SerializeTupleVariant = Impossible<Infallible, Found>;
    type SerializeMap = Impossible<Infallible, Found>;
    type SerializeStruct = Impossible<Infallible, Found>;
    type SerializeStructVariant = Impossible<Infallible, Found>;

    found! { Shape::One =>
        serialize_bool(bool)
        serialize_i8(i8)
        serialize_i16(i16)
        serialize_i32(i32)
        serialize_i64(i64)
        serialize_u8(u8)
        serialize_u16(u16)
        serialize_u32(u32)
        serialize_u64(u64)
        serialize_f32(f32)
        serialize_f64(f64)
        serialize_char(char)
        serialize_str(&str)
        serialize_bytes(&[u8])
        serialize_none()
        serialize_unit_variant(Name, u32, Name)
    }

    found! { Shape::Nothing =>
        serialize_unit()
        serialize_unit_struct(Name)
    }

    found_generic! { Shape::One =>
        serialize_some()
        serialize_newtype_struct(Name)
        serialize_newtype_variant(Name, u32, Name)
    }

    found_compound! { Shape::List(None) =>
        serialize_seq(Option<usize>) -> SerializeSeq
        serialize_tuple(usize) -> SerializeTuple
        serialize_tuple_struct(Name, usize) -> SerializeTupleStruct
    }

    found_compound! { Shape::One =>
        serialize_tuple_variant(Name, u32, Name, usize) -> SerializeTupleVariant
        serialize_map(Option<usize>) -> SerializeMap
        serialize_struct(Name, usize) -> SerializeStruct
        serialize_struct_variant(Name, u32, Name, usize) -> SerializeStructVariant
    }

    fn is_human_readable(&self) -> bool {
        self.human_readable
    }
}

macro_rules! found_type {
    ($($method:ident($($argument:ident: $kind:ty),*) $shape:expr;)*) => {$(
        fn $method<V: Visitor<'de>>(
            self,
            $($argument: $kind,)*
            _: V,
        ) -> Result<V::Value, Found> {
            Err(Found($shape))
        }
    )*};
}

impl<'de> Deserializer<'de> for Probe {
    type Error = Found;

    found_type! {
        deserialize_any() Shape::Any;
        deserialize_ignored_any() Shape::Any;
        deserialize_bool() Shape::One;
        deserialize_i8() Shape::One;
        deserialize_i16() Shape::One;
        deserialize_i32() Shape::One;
        deserialize_i64() Shape::One;
        deserialize_i128() Shape::One;
        deserialize_u8() Shape::One;
        deserialize_u16() Shape::One;
        deserialize_u32() Shape::One;
        deserialize_u64() Shape::One;
        deserialize_u128() Shape::One;
        deserialize_f32() Shape::One;
        deserialize_f64() Shape::One;
        deserialize_char() Shape::One;
        deserialize_str() Shape::One;
        deserialize_string() Shape::One;
        deserialize_bytes() Shape::One;
        deserialize_byte_buf() Shape::One;
        deserialize_option() Shape::One;
        deserialize_unit() Shape::Nothing;
        deserialize_unit_struct(_name: Name) Shape::Nothing;
        deserialize_newtype_struct(_name: Name) Shape::One;
        deserialize_seq() Shape::List(None);
        deserialize_tuple(len: usize) Shape::List(Some(len));
        deserialize_tuple_struct(_name: Name, len: usize) Shape::List(Some(len));
        deserialize_map() Shape::One;
        deserialize_struct(_name: Name, _fields: &'static [Name]) Shape::One;
        deserialize_enum(_name: Name, _variants: &'static [Name]) Shape::One;
        deserialize_identifier() Shape::One;
    }

    fn is_human_readable(&self) -> bool {
        self.human_readable
    }
}
