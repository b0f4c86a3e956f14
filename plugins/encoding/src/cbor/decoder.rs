//! From CBOR items to serde's data model.

use std::borrow::Cow;
use std::{error, fmt, str};

use ciborium_ll::{Header, simple, tag};
use serde::de::value::SeqDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

/// Decodes one item, without copying what need not be copied.
///
/// It has no limits of its own: [`bounded`](crate::bounded::bounded) has them.
pub(super) struct Decoder<'de> {
    rest: &'de [u8],
}

impl<'de> Decoder<'de> {
    pub(super) fn new(input: &'de [u8]) -> Self {
        Self { rest: input }
    }

    /// What was not decoded.
    pub(super) fn rest(&self) -> &'de [u8] {
        self.rest
    }

    /// The next header, and what follows it.
    fn peek(&self) -> Result<(Header, &'de [u8]), Error> {
        let mut headers = ciborium_ll::Decoder::from(self.rest);
        let header = headers.pull()?;
        Ok((header, self.rest.get(headers.offset()..).ok_or(Error::Syntax)?))
    }

    fn pull(&mut self) -> Result<Header, Error> {
        let (header, rest) = self.peek()?;
        self.rest = rest;
        Ok(header)
    }

    /// The next header after any tags.
    fn pull_untagged(&mut self) -> Result<Header, Error> {
        loop {
            match self.pull()? {
                Header::Tag(_) => {}
                header => return Ok(header),
            }
        }
    }

    /// The content of a string of a known length.
    fn take(&mut self, len: usize) -> Result<&'de [u8], Error> {
        let (content, rest) = self.rest.split_at_checked(len).ok_or(Error::Syntax)?;
        self.rest = rest;
        Ok(content)
    }

    /// The content of a string in chunks, which end with a break.
    fn chunks(&mut self, len: fn(Header) -> Option<usize>) -> Result<Vec<u8>, Error> {
        let mut content = Vec::new();
        loop {
            match self.pull()? {
                Header::Break => return Ok(content),
                header => {
                    content.extend_from_slice(self.take(len(header).ok_or(Error::Syntax)?)?);
                }
            }
        }
    }

    fn bytes(&mut self, len: Option<usize>) -> Result<Cow<'de, [u8]>, Error> {
        match len {
            Some(len) => self.take(len).map(Cow::Borrowed),
            None => {
                let chunk = |header| if let Header::Bytes(len) = header { len } else { None };
                self.chunks(chunk).map(Cow::Owned)
            }
        }
    }

    fn visit_text<V: Visitor<'de>>(
        &mut self,
        len: Option<usize>,
        visitor: V,
    ) -> Result<V::Value, Error> {
        let Some(len) = len else {
            let chunk = |header| if let Header::Text(len) = header { len } else { None };
            let text = String::from_utf8(self.chunks(chunk)?).map_err(|_| Error::Utf8)?;
            return visitor.visit_string(text);
        };
        visitor.visit_borrowed_str(str::from_utf8(self.take(len)?).map_err(|_| Error::Utf8)?)
    }

    /// A big integer, of which the tag is known: at most 128 bits.
    fn visit_big<V: Visitor<'de>>(&mut self, tag: u64, visitor: V) -> Result<V::Value, Error> {
        let Header::Bytes(len) = self.pull()? else { return Err(Error::Syntax) };
        let mut big = 0u128;
        for digit in self.bytes(len)?.iter() {
            big = big.checked_mul(256).ok_or(Error::Big)? | u128::from(*digit);
        }
        if tag == tag::BIGPOS {
            return match u64::try_from(big) {
                Ok(small) => visitor.visit_u64(small),
                Err(_) => visitor.visit_u128(big),
            };
        }
        let negative = !i128::try_from(big).map_err(|_| Error::Big)?;
        match i64::try_from(negative) {
            Ok(small) => visitor.visit_i64(small),
            Err(_) => visitor.visit_i128(negative),
        }
    }
}

impl<'de> Deserializer<'de> for &mut Decoder<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        loop {
            return match self.pull()? {
                Header::Array(len) => {
                    let mut items = Items { decoder: self, left: len };
                    let value = visitor.visit_seq(&mut items)?;
                    items.end().map(|()| value)
                }
                Header::Break => Err(Error::Syntax),
                Header::Bytes(len) => match self.bytes(len)? {
                    Cow::Borrowed(bytes) => visitor.visit_borrowed_bytes(bytes),
                    Cow::Owned(bytes) => visitor.visit_byte_buf(bytes),
                },
                Header::Float(float) => visitor.visit_f64(float),
                Header::Map(len) => {
                    let mut items = Items { decoder: self, left: len };
                    let value = visitor.visit_map(&mut items)?;
                    items.end().map(|()| value)
                }
                Header::Negative(bits) => match i64::try_from(bits) {
                    Ok(bits) => visitor.visit_i64(!bits),
                    Err(_) => visitor.visit_i128(!i128::from(bits)),
                },
                Header::Positive(value) => visitor.visit_u64(value),
                Header::Simple(simple::FALSE) => visitor.visit_bool(false),
                Header::Simple(simple::TRUE) => visitor.visit_bool(true),
                Header::Simple(simple::NULL | simple::UNDEFINED) => visitor.visit_unit(),
                Header::Simple(_) => {
                    Err(de::Error::invalid_type(Unexpected::Other("simple value"), &visitor))
                }
                Header::Tag(tag @ (tag::BIGPOS | tag::BIGNEG)) => self.visit_big(tag, visitor),
                Header::Tag(_) => continue,
                Header::Text(len) => self.visit_text(len, visitor),
            };
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.peek()? {
            (Header::Simple(simple::NULL | simple::UNDEFINED), rest) => {
                self.rest = rest;
                visitor.visit_none()
            }
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    /// Takes bytes too, as which other languages write arrays of small numbers.
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let (Header::Bytes(len), rest) = self.peek()? else { return self.deserialize_any(visitor) };
        self.rest = rest;
        let bytes = self.bytes(len)?;
        let mut items = SeqDeserializer::<_, Error>::new(bytes.iter().copied());
        let value = visitor.visit_seq(&mut items)?;
        items.end()?;
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let start = self.rest;
        match self.pull_untagged()? {
            Header::Map(len @ (None | Some(1))) => {
                let value = visitor.visit_enum(Variant { decoder: self, content: true })?;
                match len.map_or_else(|| self.pull(), |_| Ok(Header::Break))? {
                    Header::Break => Ok(value),
                    _ => Err(Error::Syntax),
                }
            }
            Header::Text(_) => {
                self.rest = start;
                visitor.visit_enum(Variant { decoder: self, content: false })
            }
            _ => Err(de::Error::invalid_type(Unexpected::Other("item"), &visitor)),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct map struct identifier ignored_any
    }

    fn is_human_readable(&self) -> bool {
        false
    }
}

/// The items of an array or map; without a number of those left, they end with a break.
struct Items<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    left: Option<usize>,
}

impl Items<'_, '_> {
    fn has_next(&mut self) -> Result<bool, Error> {
        if let Some(left) = &mut self.left {
            let next = left.checked_sub(1);
            *left = next.unwrap_or(0);
            return Ok(next.is_some());
        }
        let (Header::Break, rest) = self.decoder.peek()? else { return Ok(true) };
        self.decoder.rest = rest;
        // Whoever asks again gets the same answer.
        self.left = Some(0);
        Ok(false)
    }

    /// The visitor has what it wants, which must be all that there is.
    fn end(mut self) -> Result<(), Error> {
        match self.has_next()? {
            true => Err(Error::Length),
            false => Ok(()),
        }
    }
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        match self.has_next()? {
            true => seed.deserialize(&mut *self.decoder).map(Some),
            false => Ok(None),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        self.left
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.next_element_seed(seed)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(&mut *self.decoder)
    }

    fn size_hint(&self) -> Option<usize> {
        self.left
    }
}

/// The variant of an enum: a text, or a map with one entry.
struct Variant<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    content: bool,
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Error> {
        let variant = seed.deserialize(&mut *self.decoder)?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        if !self.content {
            return Ok(());
        }
        de::Deserialize::deserialize(self.decoder)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Error> {
        if !self.content {
            return Err(de::Error::invalid_type(Unexpected::UnitVariant, &"newtype variant"));
        }
        seed.deserialize(self.decoder)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        if !self.content {
            return Err(de::Error::invalid_type(Unexpected::UnitVariant, &"tuple variant"));
        }
        self.decoder.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if !self.content {
            return Err(de::Error::invalid_type(Unexpected::UnitVariant, &"struct variant"));
        }
        self.decoder.deserialize_any(visitor)
    }
}

#[derive(Debug)]
pub(super) enum Error {
    Big,
    Length,
    Message(String),
    Syntax,
    Utf8,
}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Message(message.to_string())
    }
}

impl error::Error for Error {}

impl<E> From<ciborium_ll::Error<E>> for Error {
    fn from(_: ciborium_ll::Error<E>) -> Self {
        Self::Syntax
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Big => "an integer has more than 128 bits",
            Self::Length => "an array or map has more elements than its type",
            Self::Message(message) => message,
            Self::Syntax => "this is no CBOR, or only a part of an item",
            Self::Utf8 => "a text is not UTF-8",
        })
    }
}
