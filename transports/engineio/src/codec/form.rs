//! The forms of packets, and messages that share theirs among many receivers.

use bytes::Bytes;
use plimsoll::{Message, Text, WireKey};

use super::{Packet, Version, payload_v3};

/// A form that is text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum TextForm {
    /// `4text`, or `b` and base64: in payloads and in text messages of a WebSocket.
    V4 = 0,
    /// `4text`, or `b4` and base64: in text messages of a WebSocket.
    V3 = 1,
    /// After its length in UTF-16 code units: in a text payload.
    V3Entry = 2,
}

/// A form that is binary.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BinaryForm {
    /// The byte 4 and data: in binary messages of a WebSocket.
    V3 = 0,
    /// After its kind and its length: in a binary payload.
    V3Entry = 1,
}

impl TextForm {
    /// The form in text messages of a WebSocket.
    pub(super) fn of(version: Version) -> Self {
        match version {
            Version::V3 => Self::V3,
            Version::V4 => Self::V4,
        }
    }

    /// A packet in this form. Those who send a [shared](Message::shared) message share its form,
    /// too.
    pub(super) fn encode(self, packet: &Packet) -> Text {
        match packet {
            Packet::Message(message) => {
                message.wire_text(self.key(message), |_| self.build(packet))
            }
            packet => self.build(packet),
        }
    }

    fn key(self, message: &Message) -> WireKey {
        let form = match self {
            // The same text: one slot of the message serves both.
            Self::V3 if message.is_text() => Self::V4,
            form => form,
        };
        WireKey { protocol: "engineio", variant: form as u32 }
    }

    fn build(self, packet: &Packet) -> Text {
        let (version, header) = match self {
            Self::V3 => (Version::V3, 0),
            Self::V3Entry => (Version::V3, payload_v3::MAX_HEADER),
            Self::V4 => (Version::V4, 0),
        };
        let mut out = String::with_capacity(header + packet.text_len(version));
        match self {
            Self::V3 | Self::V4 => packet.put_text(version, &mut out),
            Self::V3Entry => payload_v3::put_text_entry(packet, &mut out),
        }
        out.into()
    }
}

impl BinaryForm {
    /// A packet in this form, which is shared as one that is text.
    pub(super) fn encode(self, packet: &Packet) -> Bytes {
        let key = WireKey { protocol: "engineio", variant: self as u32 };
        match packet {
            Packet::Message(message) => message.wire(key, |_| self.build(packet)),
            packet => self.build(packet),
        }
    }

    fn build(self, packet: &Packet) -> Bytes {
        let mut out = Vec::with_capacity(payload_v3::MAX_HEADER + packet.data().len());
        match self {
            Self::V3 => packet.put_binary_v3(&mut out),
            Self::V3Entry => payload_v3::put_binary_entry(packet, &mut out),
        }
        out.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receivers_of_a_shared_message_share_its_forms() {
        for message in [Message::text("news"), Message::binary(&b"news"[..])] {
            let message = message.shared();
            let packets = [message.clone(), message].map(Packet::Message);
            for form in [TextForm::V4, TextForm::V3Entry] {
                let [one, two] = packets.each_ref().map(|packet| form.encode(packet));
                assert_eq!(one.as_ptr(), two.as_ptr(), "{form:?}");
            }
            let [one, two] = packets.each_ref().map(|packet| BinaryForm::V3Entry.encode(packet));
            assert_eq!(one.as_ptr(), two.as_ptr());
        }
    }

    #[test]
    fn texts_are_the_same_in_both_versions() {
        let packet = Packet::Message(Message::text("news").shared());
        let [v3, v4] = [TextForm::V3, TextForm::V4].map(|form| form.encode(&packet));
        assert_eq!((&*v3, v3.as_ptr()), ("4news", v4.as_ptr()));
    }
}
