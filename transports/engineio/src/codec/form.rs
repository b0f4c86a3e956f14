//! The forms of packets, and messages that share theirs among many receivers.

use bytes::Bytes;
use plimsoll::{Message, WireKey};

use super::{Packet, Version, payload_v3};

/// A form in which a packet travels.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Form {
    /// `4text`, or `b` and base64: in payloads and in text messages of a WebSocket.
    V4 = 0,
    /// `4text`, or `b4` and base64: in text messages of a WebSocket.
    V3 = 1,
    /// The byte 4 and data: in binary messages of a WebSocket.
    V3Binary = 2,
    /// After its length in UTF-16 code units: in a text payload.
    V3TextEntry = 3,
    /// After its kind and its length: in a binary payload.
    V3BinaryEntry = 4,
}

impl Form {
    /// The form in text messages of a WebSocket.
    pub(crate) fn text(version: Version) -> Self {
        match version {
            Version::V3 => Self::V3,
            Version::V4 => Self::V4,
        }
    }

    fn key(self, message: &Message) -> WireKey {
        let form = match self {
            // The same bytes: one slot of the message serves both.
            Self::V3 if message.is_text() => Self::V4,
            form => form,
        };
        WireKey { protocol: "engineio", variant: form as u32 }
    }
}

/// A message in one of its forms. Those who send a [shared](Message::shared) message share this,
/// too.
pub(super) fn encoded(message: &Message, form: Form) -> Bytes {
    message.wire(form.key(message), |message| build(&Packet::Message(message.clone()), form))
}

/// A packet in one of its forms.
pub(super) fn encode(packet: &Packet, form: Form) -> Bytes {
    match packet {
        Packet::Message(message) => encoded(message, form),
        packet => build(packet, form),
    }
}

fn build(packet: &Packet, form: Form) -> Bytes {
    let mut out = Vec::with_capacity(packet.text_len(Version::V3) + payload_v3::MAX_HEADER);
    match form {
        Form::V4 => packet.put_text(Version::V4, &mut out),
        Form::V3 => packet.put_text(Version::V3, &mut out),
        Form::V3Binary => packet.put_binary_v3(&mut out),
        Form::V3TextEntry => payload_v3::put_text_entry(packet, &mut out),
        Form::V3BinaryEntry => payload_v3::put_binary_entry(packet, &mut out),
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_of_a_shared_message_share_its_forms() {
        for message in [Message::text("news"), Message::binary(&b"news"[..])] {
            let message = message.shared();
            for form in [Form::V4, Form::V3TextEntry, Form::V3BinaryEntry] {
                let (one, two) = (encoded(&message, form), encoded(&message.clone(), form));
                assert_eq!(one.as_ptr(), two.as_ptr(), "{form:?}");
            }
        }
    }

    #[test]
    fn texts_are_the_same_in_both_versions() {
        let message = Message::text("news").shared();
        let (v3, v4) = (encoded(&message, Form::V3), encoded(&message, Form::V4));
        assert_eq!((&v3[..], v3.as_ptr()), (&b"4news"[..], v4.as_ptr()));
    }
}
