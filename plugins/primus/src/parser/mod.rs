//! The formats in which Primus peers encode values: server and client must have the same.

mod binary_pack;
mod json;
mod message_pack;

use plimsoll::{Error, Message};
use plimsoll_encoding::AnyCodec;

pub use self::binary_pack::BinaryPack;
pub use self::json::Json;
pub use self::message_pack::MessagePack;

/// A format of values, as Primus has it: one message on the wire is one value.
///
/// The application gets messages as they came, in the format of [`codec`](Self::codec), and
/// reads them by `socket.typed()` of `plimsoll-encoding`, or itself. A parser whose wire format
/// is another one translates on the way.
///
/// # Contract
///
/// Messages come from strangers: `inbound` and `may_be_control` take time and memory in
/// proportion to a message, and panic for none.
///
/// ```
/// use plimsoll::Message;
/// use plimsoll_encoding::AnyCodec;
/// use plimsoll_primus::parser::{Json, Parser};
///
/// /// JSON with dates, to be read by the application.
/// struct ExtendedJson;
///
/// impl Parser for ExtendedJson {
///     fn name(&self) -> &str {
///         "ejson"
///     }
///
///     fn codec(&self) -> AnyCodec {
///         Json.codec()
///     }
///
///     fn may_be_control(&self, message: &Message) -> bool {
///         Json.may_be_control(message)
///     }
/// }
///
/// assert!(ExtendedJson.may_be_control(&Message::from("\"primus::id::\"")));
/// assert!(!ExtendedJson.may_be_control(&Message::from("{\"$date\":0}")));
/// ```
pub trait Parser: Send + Sync + 'static {
    /// The name that `/spec` tells. Primus knows `json`, `ejson`, `binary`, `msgpack`, and calls
    /// all others `custom`.
    fn name(&self) -> &str;

    /// The format of the application's messages. Its size limit should be none: what is too
    /// large is stopped by the transport.
    fn codec(&self) -> AnyCodec;

    /// Whether a message, in the format of [`codec`](Self::codec), may be a string that begins
    /// with `primus::`. Each message that comes in is asked, so this looks at its first bytes
    /// only; one that is none after all costs no more than decoding it.
    fn may_be_control(&self, message: &Message) -> bool;

    /// Translates a message from the wire.
    ///
    /// # Errors
    ///
    /// Ends the connection with the error's [close](Error::close).
    fn inbound(&self, message: Message) -> Result<Message, Error> {
        Ok(message)
    }

    /// Translates a message for the wire.
    ///
    /// # Errors
    ///
    /// Ends the connection with the error's [close](Error::close).
    fn outbound(&self, message: Message) -> Result<Message, Error> {
        Ok(message)
    }
}
