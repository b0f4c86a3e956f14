//! What an application sends and receives.

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::Text;

/// A text or binary message. Cloning it never copies the payload.
///
/// ```
/// use plimsoll::Message;
///
/// let text = Message::from("ahoy");
/// assert_eq!(text.as_text(), Some("ahoy"));
///
/// let binary = Message::from(vec![1, 2, 3]);
/// assert!(binary.is_binary());
/// assert_eq!(binary.as_bytes(), [1, 2, 3]);
/// ```
#[derive(Clone)]
pub struct Message {
    payload: Payload,
    wire: Option<Arc<WireForms>>,
}

impl Message {
    /// Makes a text message.
    pub fn text(text: impl Into<Text>) -> Self {
        Self::new(Payload::Text(text.into()))
    }

    /// Makes a binary message.
    pub fn binary(data: impl Into<Bytes>) -> Self {
        Self::new(Payload::Binary(data.into()))
    }

    /// The text, if this is a text message.
    pub fn as_text(&self) -> Option<&str> {
        match &self.payload {
            Payload::Binary(_) => None,
            Payload::Text(text) => Some(text),
        }
    }

    /// The payload as bytes, whatever the kind of the message.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.payload {
            Payload::Binary(data) => data,
            Payload::Text(text) => text.as_bytes(),
        }
    }

    /// The payload as bytes, whatever the kind of the message, without copying.
    pub fn into_bytes(self) -> Bytes {
        match self.payload {
            Payload::Binary(data) => data,
            Payload::Text(text) => text.into_bytes(),
        }
    }

    /// The text, without copying.
    ///
    /// # Errors
    ///
    /// Gives the message back if it is binary.
    pub fn into_text(self) -> Result<Text, Self> {
        match self.payload {
            Payload::Text(text) => Ok(text),
            payload @ Payload::Binary(_) => Err(Self { payload, wire: self.wire }),
        }
    }

    /// Takes `prefix` away from the beginning of a text message, without copying. Returns false,
    /// and changes nothing, if the message is binary or begins with something else.
    #[inline]
    pub fn strip_prefix(&mut self, prefix: &str) -> bool {
        match &mut self.payload {
            Payload::Text(text) if text.starts_with(prefix) => {
                *text = std::mem::take(text).skip(prefix.len());
                self.wire = self.wire.take().map(|_| Arc::default());
                true
            }
            Payload::Text(_) | Payload::Binary(_) => false,
        }
    }

    /// Whether this is a text message.
    pub fn is_text(&self) -> bool {
        matches!(self.payload, Payload::Text(_))
    }

    /// Whether this is a binary message.
    pub fn is_binary(&self) -> bool {
        !self.is_text()
    }

    /// The length of the payload in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether the payload is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Readies the message for many receivers.
    ///
    /// Clones of the returned message share what transports make of it (see
    /// [`wire`](Self::wire)): a broadcast is escaped, framed or compressed once for each wire
    /// form, not once for each receiver.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.wire.get_or_insert_default();
        self
    }

    /// Whether the message was [readied](Self::shared) for many receivers. A wire form of one that
    /// was not has no use after it is sent.
    pub fn is_shared(&self) -> bool {
        self.wire.is_some()
    }

    /// The message in a transport's wire form.
    ///
    /// For a [`shared`](Self::shared) message, `encode` runs at most once for each `key`, as
    /// long as the message meets no more than four forms; for any other message it runs at
    /// every call.
    pub fn wire(&self, key: WireKey, encode: impl FnOnce(&Self) -> Bytes) -> Bytes {
        match &self.wire {
            Some(forms) => forms.get_or_insert(key, || encode(self)),
            None => encode(self),
        }
    }

    /// The message in a transport's wire form, as [`wire`](Self::wire), for a form that is text:
    /// what is shared need not be checked again.
    ///
    /// The keys of the two methods are apart, their four slots are the same.
    pub fn wire_text(&self, key: WireKey, encode: impl FnOnce(&Self) -> Text) -> Text {
        match &self.wire {
            Some(forms) => forms.get_or_insert(key, || encode(self)),
            None => encode(self),
        }
    }

    fn new(payload: Payload) -> Self {
        Self { payload, wire: None }
    }
}

impl Eq for Message {}

impl PartialEq for Message {
    fn eq(&self, other: &Self) -> bool {
        self.payload == other.payload
    }
}

impl From<&str> for Message {
    fn from(text: &str) -> Self {
        Self::text(text)
    }
}

impl From<String> for Message {
    fn from(text: String) -> Self {
        Self::text(text)
    }
}

impl From<Text> for Message {
    fn from(text: Text) -> Self {
        Self::text(text)
    }
}

impl From<Bytes> for Message {
    fn from(data: Bytes) -> Self {
        Self::binary(data)
    }
}

impl From<Vec<u8>> for Message {
    fn from(data: Vec<u8>) -> Self {
        Self::binary(data)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.payload {
            Payload::Binary(data) => f.debug_tuple("Binary").field(data).finish(),
            Payload::Text(text) => f.debug_tuple("Text").field(text).finish(),
        }
    }
}

/// Names a wire form of a message: see [`Message::wire`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct WireKey {
    /// The protocol, for example `"sockjs"`.
    pub protocol: &'static str,
    /// Tells the protocol's forms apart, for example by version.
    pub variant: u32,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Payload {
    Binary(Bytes),
    Text(Text),
}

impl From<Bytes> for Payload {
    fn from(data: Bytes) -> Self {
        Self::Binary(data)
    }
}

impl From<Text> for Payload {
    fn from(text: Text) -> Self {
        Self::Text(text)
    }
}

/// A few slots that are written once: a broadcast meets few wire forms.
#[derive(Default)]
struct WireForms([OnceLock<(WireKey, Payload)>; SLOTS]);

impl WireForms {
    fn get_or_insert<F: Form>(&self, key: WireKey, encode: impl FnOnce() -> F) -> F {
        let mut encode = Some(encode);
        let mut encoded = || encode.take().map(|encode| encode()).unwrap_or_default();
        for slot in &self.0 {
            // The closure runs at most once: the slot that it fills holds `key`.
            let (found, payload) = slot.get_or_init(|| (key, encoded().into()));
            if *found == key
                && let Some(form) = F::of(payload)
            {
                return form.clone();
            }
        }
        encoded()
    }
}

trait Form: Clone + Default + Into<Payload> {
    fn of(payload: &Payload) -> Option<&Self>;
}

impl Form for Bytes {
    fn of(payload: &Payload) -> Option<&Self> {
        match payload {
            Payload::Binary(data) => Some(data),
            Payload::Text(_) => None,
        }
    }
}

impl Form for Text {
    fn of(payload: &Payload) -> Option<&Self> {
        match payload {
            Payload::Binary(_) => None,
            Payload::Text(text) => Some(text),
        }
    }
}

const SLOTS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: WireKey = WireKey { protocol: "test", variant: 1 };

    #[test]
    fn a_shared_message_is_encoded_once_for_each_form() {
        let message = Message::from("news").shared();
        let mut encoded = 0;
        for variant in [0, 1, 0, 1, 2, 3, 0] {
            let form = message.clone().wire(WireKey { variant, ..KEY }, |message| {
                encoded += 1;
                Bytes::from(format!("{variant}:{}", message.as_text().unwrap()))
            });
            assert_eq!(form, format!("{variant}:news"));
        }
        assert_eq!(encoded, 4);
    }

    #[test]
    fn a_form_that_is_text_has_a_key_of_its_own() {
        let message = Message::from("news").shared();
        let text = message.wire_text(KEY, |_| Text::from("text"));
        assert_eq!(message.wire(KEY, |_| Bytes::from("bytes")), "bytes");
        let again = message.wire_text(KEY, |_| Text::from("again"));
        assert_eq!((again.as_ptr(), &*again), (text.as_ptr(), "text"));
    }

    #[test]
    fn more_forms_than_slots_are_encoded_each_time() {
        let message = Message::from("news").shared();
        for variant in 0..10 {
            let form =
                message.wire(WireKey { variant, ..KEY }, |_| Bytes::from(vec![variant as u8]));
            assert_eq!(form, [variant as u8].as_slice());
        }
    }

    #[test]
    fn a_prefix_is_taken_from_text_that_has_it() {
        let mut message = Message::from("4news").shared();
        assert!(message.is_shared());
        message.wire(KEY, |_| Bytes::from("old"));
        let address = message.as_bytes().as_ptr().wrapping_add(1);
        assert!(message.strip_prefix("4"));
        assert_eq!((message.as_text(), message.as_bytes().as_ptr()), (Some("news"), address));
        assert_eq!(message.wire(KEY, |_| Bytes::from("new")), "new");
        for (mut message, prefix) in [
            (Message::from("news"), "newsreel"),
            (Message::from("é"), "e"),
            (Message::binary("4news"), "4"),
        ] {
            let before = message.clone();
            assert!(!message.strip_prefix(prefix));
            assert_eq!(message, before);
        }
    }

    #[test]
    fn kinds_differ_even_if_the_bytes_do_not() {
        assert_ne!(Message::text("a"), Message::binary("a"));
        assert_eq!(Message::text("a").shared(), Message::text("a"));
        assert!(Message::binary("a").into_text().is_err());
    }
}
