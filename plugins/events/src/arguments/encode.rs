//! Arguments as a list.

use serde::ser::{
    Error, Impossible, Serialize, SerializeSeq, SerializeTuple, SerializeTupleStruct, Serializer,
};

use super::shape::Shape;

/// Arguments as a list, after a name if there is one.
pub(crate) struct List<'a, T: ?Sized> {
    name: Option<&'a str>,
    arguments: &'a T,
}

impl<'a, T: ?Sized> List<'a, T> {
    pub(crate) fn new(arguments: &'a T) -> Self {
        Self { name: None, arguments }
    }

    pub(crate) fn with_name(name: &'a str, arguments: &'a T) -> Self {
        Self { name: Some(name), arguments }
    }
}

impl<T: Serialize + ?Sized> Serialize for List<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { name, arguments } = self;
        match (Shape::of(*arguments, serializer.is_human_readable()), name) {
            (Shape::Any | Shape::One, None) => [arguments].serialize(serializer),
            (Shape::Any | Shape::One, Some(name)) => (name, arguments).serialize(serializer),
            (Shape::List(_), None) => arguments.serialize(serializer),
            (Shape::List(_), Some(name)) => arguments.serialize(Prepend { serializer, name }),
            (Shape::Nothing, None) => serializer.serialize_seq(Some(0))?.end(),
            (Shape::Nothing, Some(name)) => [name].serialize(serializer),
        }
    }
}

/// Serializes a list, and nothing else, with one more element at its start.
struct Prepend<'a, S> {
    serializer: S,
    name: &'a str,
}

impl<S: Serializer> Prepend<'_, S> {
    fn start(self, len: Option<usize>) -> Result<Elements<S::SerializeSeq>, S::Error> {
        let mut elements = self.serializer.serialize_seq(len.map(|len| len + 1))?;
        elements.serialize_element(self.name)?;
        Ok(Elements(elements))
    }
}

macro_rules! no_list {
    ($($method:ident($($argument:ty),*) -> $ok:ident)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<Self::$ok, S::Error> {
            Err(S::Error::custom(NO_LIST))
        }
    )*};
}

macro_rules! no_list_generic {
    ($($method:ident($($argument:ty),*))*) => {$(
        fn $method<T: Serialize + ?Sized>(
            self,
            $(_: $argument,)*
            _: &T,
        ) -> Result<S::Ok, S::Error> {
            Err(S::Error::custom(NO_LIST))
        }
    )*};
}

type Name = &'static str;

impl<S: Serializer> Serializer for Prepend<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Elements<S::SerializeSeq>;
    type SerializeTuple = Elements<S::SerializeSeq>;
    type SerializeTupleStruct = Elements<S::SerializeSeq>;
    type SerializeTupleVariant = Impossible<S::Ok, S::Error>;
    type SerializeMap = Impossible<S::Ok, S::Error>;
    type SerializeStruct = Impossible<S::Ok, S::Error>;
    type SerializeStructVariant = Impossible<S::Ok, S::Error>;

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.start(len)
    }

    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        self.start(Some(len))
    }

    fn serialize_tuple_struct(
        self,
        _: Name,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        self.start(Some(len))
    }

    no_list! {
        serialize_bool(bool) -> Ok
        serialize_i8(i8) -> Ok
        serialize_i16(i16) -> Ok
        serialize_i32(i32) -> Ok
        serialize_i64(i64) -> Ok
        serialize_u8(u8) -> Ok
        serialize_u16(u16) -> Ok
        serialize_u32(u32) -> Ok
        serialize_u64(u64) -> Ok
        serialize_f32(f32) -> Ok
        serialize_f64(f64) -> Ok
        serialize_char(char) -> Ok
        serialize_str(&str) -> Ok
        serialize_bytes(&[u8]) -> Ok
        serialize_none() -> Ok
        serialize_unit() -> Ok
        serialize_unit_struct(Name) -> Ok
        serialize_unit_variant(Name, u32, Name) -> Ok
        serialize_tuple_variant(Name, u32, Name, usize) -> SerializeTupleVariant
        serialize_map(Option<usize>) -> SerializeMap
        serialize_struct(Name, usize) -> SerializeStruct
        serialize_struct_variant(Name, u32, Name, usize) -> SerializeStructVariant
    }

    no_list_generic! {
        serialize_some()
        serialize_newtype_struct(Name)
        serialize_newtype_variant(Name, u32, Name)
    }

    fn is_human_readable(&self) -> bool {
        self.serializer.is_human_readable()
    }
}

/// The elements of a sequence, whatever the list was.
struct Elements<S>(S);

impl<S: SerializeSeq> SerializeSeq for Elements<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        self.0.serialize_element(value)
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }
}

impl<S: SerializeSeq> SerializeTuple for Elements<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        self.0.serialize_element(value)
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }
}

impl<S: SerializeSeq> SerializeTupleStruct for Elements<S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        self.0.serialize_element(value)
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }
}

/// For types that do not serialize twice in the same way.
const NO_LIST: &str = "not the list that it was before";
