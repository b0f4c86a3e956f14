//! What a data format has to do.

use std::marker::PhantomData;

use plimsoll::{BoxError, Error, ErrorKind, Message};
use serde::Serialize;
use serde::de::{DeserializeOwned, DeserializeSeed};

/// A data format: makes messages of values, and values of messages.
///
/// A value of a type with this trait is chosen at compile time and costs nothing over the format
/// itself; [`AnyCodec`](crate::AnyCodec) is the same chosen at run time.
///
/// # Contract
///
/// Messages come from strangers. Whatever they contain, `decode_seed` returns an error rather
/// than panics, nests no deeper than [`MAX_DEPTH`], allocates in proportion to the message and
/// not to a length that the message claims, and takes bytes after the value for an error. The
/// codecs of this crate keep these rules; a format of your own has to see to them.
///
/// # A format of your own
///
/// ```
/// use plimsoll::{Error, ErrorKind, Message};
/// use plimsoll_encoding::Codec;
/// use serde::{Serialize, de::DeserializeSeed};
///
/// /// JSON that people like to read.
/// #[derive(Clone)]
/// struct Pretty;
///
/// impl Codec for Pretty {
///     fn name(&self) -> &str {
///         "pretty-json"
///     }
///
///     fn is_binary(&self) -> bool {
///         false
///     }
///
///     fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Message, Error> {
///         let text = serde_json::to_string_pretty(value);
///         text.map(Message::text).map_err(|error| Error::with_source(ErrorKind::Codec, error))
///     }
///
///     fn decode_seed<S, T>(&self, message: &Message, seed: S) -> Result<T, Error>
///     where
///         S: for<'de> DeserializeSeed<'de, Value = T>,
///     {
///         let mut json = serde_json::Deserializer::from_slice(message.as_bytes());
///         let value = seed.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
///         value.map_err(|error| Error::with_source(ErrorKind::Codec, error))
///     }
/// }
///
/// let message = Pretty.encode(&[1, 2])?;
/// assert_eq!(message.as_text(), Some("[\n  1,\n  2\n]"));
/// assert_eq!(Pretty.decode::<[u8; 2]>(&message)?, [1, 2]);
/// # Ok::<(), Error>(())
/// ```
pub trait Codec: Clone + Send + Sync + 'static {
    /// The format's name, by which peers agree on it: as a subprotocol, or in a query.
    ///
    /// It is a token as of RFC 9110, section 5.6.2: letters, digits, and some signs such as `-`
    /// and `.`.
    fn name(&self) -> &str;

    /// Whether the messages are binary. Such a format is not chosen for a transport that carries
    /// only text. Default: yes.
    fn is_binary(&self) -> bool {
        true
    }

    /// How large a message may be that [`decode`](Self::decode) takes, in bytes. Set by
    /// [`with_max_bytes`](Self::with_max_bytes). Default: [`MAX_BYTES`].
    fn max_bytes(&self) -> usize {
        MAX_BYTES
    }

    /// Encodes a value.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Codec`] if the format cannot express the value.
    fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Message, Error>;

    /// Decodes what `seed` asks for, whatever the size of the message.
    ///
    /// This is for implementors; [`decode`](Self::decode) is for users.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Codec`] if the message is not what `seed` asks for.
    fn decode_seed<S, T>(&self, message: &Message, seed: S) -> Result<T, Error>
    where
        S: for<'de> DeserializeSeed<'de, Value = T>;

    /// Decodes a value.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::TooLarge`] if the message is larger than
    /// [`max_bytes`](Self::max_bytes), with [`ErrorKind::Codec`] if it is not a `T`, the whole
    /// `T`, and nothing but the `T`.
    fn decode<T: DeserializeOwned>(&self, message: &Message) -> Result<T, Error> {
        check_size(message, self.max_bytes())?;
        self.decode_seed(message, PhantomData)
    }

    /// The same format with another limit for the size of messages that are decoded.
    ///
    /// A transport has a limit of its own for the messages that it takes in; raise both.
    ///
    /// ```
    /// # #[cfg(feature = "json")] {
    /// use plimsoll_encoding::{Codec, Json};
    ///
    /// let codec = Json.with_max_bytes(1024 * 1024);
    /// assert_eq!(codec.max_bytes(), 1024 * 1024);
    /// # }
    /// ```
    fn with_max_bytes(self, bytes: usize) -> MaxBytes<Self> {
        MaxBytes { codec: self, bytes }
    }
}

/// A [`Codec`] with another limit: see [`Codec::with_max_bytes`].
#[derive(Clone, Copy, Debug)]
pub struct MaxBytes<C> {
    codec: C,
    bytes: usize,
}

impl<C: Codec> Codec for MaxBytes<C> {
    fn name(&self) -> &str {
        self.codec.name()
    }

    fn is_binary(&self) -> bool {
        self.codec.is_binary()
    }

    fn max_bytes(&self) -> usize {
        self.bytes
    }

    fn encode<T: Serialize + ?Sized>(&self, value: &T) -> Result<Message, Error> {
        self.codec.encode(value)
    }

    fn decode_seed<S, T>(&self, message: &Message, seed: S) -> Result<T, Error>
    where
        S: for<'de> DeserializeSeed<'de, Value = T>,
    {
        self.codec.decode_seed(message, seed)
    }
}

/// How large a message may be that is decoded, in bytes, unless
/// [`Codec::with_max_bytes`] says otherwise: 64 KiB, as much as the transports let in.
pub const MAX_BYTES: usize = 64 * 1024;

/// How deep arrays, maps and enums may nest in a message.
pub const MAX_DEPTH: usize = 128;

pub(crate) fn check_size(message: &Message, limit: usize) -> Result<(), Error> {
    let size = message.len();
    if size <= limit {
        return Ok(());
    }
    let message = format!("a message of {size} bytes, the codec takes at most {limit}");
    Err(Error::with_message(ErrorKind::TooLarge, message))
}

pub(crate) fn codec_error(error: impl Into<BoxError>) -> Error {
    Error::with_source(ErrorKind::Codec, error)
}
