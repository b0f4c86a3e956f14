use std::borrow::Cow;

use data_encoding::BASE64;
use plimsoll::{Error, ErrorKind, Message, Text};

/// What becomes of binary messages, which SockJS cannot carry. Both sides must be set alike.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Binary {
    /// A binary message travels as a text of U+0000 and base64 (RFC 4648, section 4, with
    /// padding). A text message that begins with U+0000 gets another one in front, so that
    /// every message arrives as what it was.
    Base64,
    /// Sending a binary message fails with [`ErrorKind::Unsupported`]. The default.
    #[default]
    Refuse,
}

impl Binary {
    /// Whether a message can travel.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Unsupported`] for a binary message that is refused.
    pub(crate) fn check(self, message: &Message) -> Result<(), Error> {
        match self {
            Self::Refuse if message.is_binary() => Err(Error::with_message(
                ErrorKind::Unsupported,
                "SockJS carries text only: encode binary messages, or allow `Binary::Base64`",
            )),
            Self::Base64 | Self::Refuse => Ok(()),
        }
    }

    /// The text as which a message travels; `None` if it cannot.
    pub(crate) fn encode(self, message: &Message) -> Option<Cow<'_, str>> {
        match (self, message.as_text()) {
            (Self::Base64, Some(text)) if text.starts_with(MARK) => {
                Some(Cow::Owned(format!("{MARK}{text}")))
            }
            (Self::Base64 | Self::Refuse, Some(text)) => Some(Cow::Borrowed(text)),
            (Self::Base64, None) => {
                let mut text = String::from(MARK);
                BASE64.encode_append(message.as_bytes(), &mut text);
                Some(Cow::Owned(text))
            }
            (Self::Refuse, None) => None,
        }
    }

    /// The message that travelled as `text`.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Codec`] if the text should be base64 and is not.
    pub(crate) fn decode(self, text: Text) -> Result<Message, Error> {
        let marked = match self {
            Self::Base64 => text.strip_prefix(MARK),
            Self::Refuse => None,
        };
        match marked {
            None => Ok(Message::text(text)),
            Some(text) if text.starts_with(MARK) => Ok(Message::text(text)),
            Some(base64) => BASE64
                .decode(base64.as_bytes())
                .map(Message::from)
                .map_err(|error| Error::with_source(ErrorKind::Codec, error)),
        }
    }
}

const MARK: char = '\0';

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_refused_message_fails_with_a_remedy() {
        let binary = Message::from(vec![1]);
        let error = Binary::Refuse.check(&binary).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("Binary::Base64"), "{error}");
        assert!(Binary::Refuse.encode(&binary).is_none());
        assert!(Binary::Base64.check(&binary).is_ok());
        assert!(Binary::Refuse.check(&Message::from("text")).is_ok());
    }

    #[test]
    fn only_base64_is_accepted_after_the_mark() {
        for text in ["\0!", "\0AQ", "\0AQ=", "\0é"] {
            let error = Binary::Base64.decode(Text::from(text)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Codec, "{text:?}");
        }
        assert_eq!(Binary::Base64.decode(Text::from("\0AQI=")).unwrap(), vec![1, 2].into());
        assert_eq!(Binary::Refuse.decode(Text::from("\0!")).unwrap(), "\0!".into());
    }

    proptest! {
        #[test]
        fn every_message_arrives_as_what_it_was(
            text in "[\\x00\\PC]{0,20}",
            data in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            for message in [Message::from(text.clone()), Message::from(data)] {
                let travels = Binary::Base64.encode(&message).unwrap();
                prop_assert_eq!(Binary::Base64.decode(Text::from(&*travels)).unwrap(), message);
            }
            let message = Message::from(text);
            let travels = Binary::Refuse.encode(&message).unwrap();
            prop_assert_eq!(Binary::Refuse.decode(Text::from(&*travels)).unwrap(), message);
        }
    }
}
