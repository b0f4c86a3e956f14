//! Codecs as trait objects.

use std::fmt;
use std::sync::Arc;

use erased_serde::{Deserializer as DynDeserializer, Serialize as DynSerialize};
use plimsoll::{Error, Message};
use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _};

use crate::Codec;
use crate::codec::codec_error;

/// A codec chosen at run time. Slower than the codec itself by a few calls for each field.
///
/// ```
/// # #[cfg(all(feature = "json", feature = "messagepack"))] {
/// use plimsoll_encoding::{AnyCodec, Codec, Json, MessagePack};
///
/// fn choose(small: bool) -> AnyCodec {
///     if small { AnyCodec::new(MessagePack) } else { AnyCodec::new(Json) }
/// }
///
/// assert_eq!(choose(true).encode(&[1, 2, 3])?.len(), 4);
/// assert_eq!(choose(false).encode(&[1, 2, 3])?.as_text(), Some("[1,2,3]"));
/// # }
/// # Ok::<(), plimsoll::Error>(())
/// ```
#[derive(Clone)]
pub struct AnyCodec(Arc<dyn DynCodec>);

impl AnyCodec {
    /// Keeps a codec.
    pub fn new(codec: impl Codec) -> Self {
        Self(Arc::new(codec))
    }
}

impl Codec for AnyCodec {
    fn name(&self) -> &str {
        self.0.dyn_name()
    }

    fn is_binary(&self) -> bool {
        self.0.dyn_is_binary()
    }

    fn max_bytes(&self) -> usize {
        self.0.dyn_max_bytes()
    }

    fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Message, Error> {
        self.0.dyn_encode(&value)
    }

    fn decode_seed<S, T>(&self, message: &Message, seed: S) -> Result<T, Error>
    where
        S: for<'de> DeserializeSeed<'de, Value = T>,
    {
        let (mut seed, mut value) = (Some(seed), None);
        self.0.dyn_decode(message, &mut |deserializer| {
            let seed = seed.take().ok_or_else(|| erased_serde::Error::custom("decoded twice"))?;
            value = Some(seed.deserialize(deserializer)?);
            Ok(())
        })?;
        value.ok_or_else(|| codec_error("the codec decoded nothing"))
    }
}

impl fmt::Debug for AnyCodec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyCodec").field(&self.name()).finish()
    }
}

/// A [`Codec`] as a trait object.
trait DynCodec: Send + Sync {
    fn dyn_name(&self) -> &str;
    fn dyn_is_binary(&self) -> bool;
    fn dyn_max_bytes(&self) -> usize;
    fn dyn_encode(&self, value: &dyn DynSerialize) -> Result<Message, Error>;
    fn dyn_decode(&self, message: &Message, visit: Visit<'_>) -> Result<(), Error>;
}

impl<C: Codec> DynCodec for C {
    fn dyn_name(&self) -> &str {
        self.name()
    }

    fn dyn_is_binary(&self) -> bool {
        self.is_binary()
    }

    fn dyn_max_bytes(&self) -> usize {
        self.max_bytes()
    }

    fn dyn_encode(&self, value: &dyn DynSerialize) -> Result<Message, Error> {
        self.encode(value)
    }

    fn dyn_decode(&self, message: &Message, visit: Visit<'_>) -> Result<(), Error> {
        self.decode_seed(message, VisitSeed(visit))
    }
}

type Visit<'a> = &'a mut dyn FnMut(&mut dyn DynDeserializer<'_>) -> erased_serde::Result<()>;

/// Hands the deserializer of a [`Codec`] to a closure.
struct VisitSeed<'a>(Visit<'a>);

impl<'de> DeserializeSeed<'de> for VisitSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        (self.0)(&mut <dyn DynDeserializer<'_>>::erase(deserializer)).map_err(D::Error::custom)
    }
}
