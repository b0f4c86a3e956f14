//! What two sides with the plugin say to each other, as text messages.
//!
//! ```text
//! ~auth:granted           the server accepts a credential that came as the first message
//! ~auth:refresh           the server asks for a fresh credential
//! ~auth:token abc         the client shows one
//! ~auth:text ...          a message of the application that begins with `~auth:`
//! ```

use http::{HeaderName, HeaderValue};
use plimsoll::{Error, ErrorKind, Info, Message};

use crate::{Credential, Source};

/// What a message is.
#[derive(Debug)]
pub(crate) enum Received {
    /// For the application.
    Message(Message),
    Word(Word),
}

/// What one side says to the other.
#[derive(Debug)]
pub(crate) enum Word {
    Granted,
    Refresh,
    Token(Credential),
}

impl From<Word> for Message {
    fn from(word: Word) -> Self {
        Self::text(match word {
            Word::Granted => format!("{PREFIX}{GRANTED}"),
            Word::Refresh => format!("{PREFIX}{REFRESH}"),
            Word::Token(credential) => format!("{PREFIX}{TOKEN}{}", credential.token()),
        })
    }
}

/// Marks a message that looks like one of ours.
pub(crate) fn escape(message: Message) -> Message {
    match message.as_text() {
        Some(text) if text.starts_with(PREFIX) => Message::text(format!("{PREFIX}{TEXT}{text}")),
        _ => message,
    }
}

/// # Errors
///
/// Fails with [`ErrorKind::Protocol`] if a message has the prefix but none of the forms.
pub(crate) fn receive(message: Message) -> Result<Received, Error> {
    let Some(ours) = message.as_text().and_then(|text| text.strip_prefix(PREFIX)) else {
        return Ok(Received::Message(message));
    };
    if let Some(text) = ours.strip_prefix(TEXT) {
        return Ok(Received::Message(Message::text(text)));
    }
    Ok(Received::Word(match ours {
        GRANTED => Word::Granted,
        REFRESH => Word::Refresh,
        _ => {
            let token = ours.strip_prefix(TOKEN).filter(|token| !token.is_empty());
            Word::Token(Credential::new(token.ok_or_else(unexpected)?, Source::Message))
        }
    }))
}

/// The error for a message that is malformed, or comes from the wrong side.
pub(crate) fn unexpected() -> Error {
    Error::with_message(ErrorKind::Protocol, "not a message of this side's authentication")
}

/// Whether the other side has the plugin. A client in a web page, which cannot set headers, says
/// so by a query parameter.
pub(crate) fn is_announced(info: &Info) -> bool {
    info.headers().get(HEADER) == Some(&VERSION)
        || info.query(HEADER.as_str()).is_some_and(|version| version == VERSION)
}

pub(crate) const HEADER: HeaderName = HeaderName::from_static("plimsoll-auth");
pub(crate) const VERSION: HeaderValue = HeaderValue::from_static("1");
const PREFIX: &str = "~auth:";
const GRANTED: &str = "granted";
const REFRESH: &str = "refresh";
const TOKEN: &str = "token ";
const TEXT: &str = "text ";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_said_is_understood() {
        let said = |word: Word| match receive(word.into()).unwrap() {
            Received::Word(word) => word,
            Received::Message(message) => panic!("{message:?}"),
        };
        assert!(matches!(said(Word::Granted), Word::Granted));
        assert!(matches!(said(Word::Refresh), Word::Refresh));
        let token = Word::Token(Credential::new("a b", Source::Message));
        assert!(matches!(said(token), Word::Token(credential) if credential.token() == "a b"));
    }

    #[test]
    fn a_malformed_message_of_the_peer_is_an_error() {
        for rest in ["", "granted ", "refresh 1", "token", "token ", "Token a", "text"] {
            let error = receive(Message::text(format!("{PREFIX}{rest}"))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{rest:?}");
        }
    }

    proptest! {
        #[test]
        fn an_application_may_send_anything(
            rest in "(granted|refresh|token |text |~auth:|[a-f ])*",
            ours: bool,
        ) {
            let prefix = if ours { PREFIX } else { "" };
            let message = Message::text(format!("{prefix}{rest}"));
            match receive(escape(message.clone())).unwrap() {
                Received::Message(received) => prop_assert_eq!(received, message),
                Received::Word(word) => prop_assert!(false, "{word:?}"),
            }
        }
    }
}
