//! What two sides with the plugin say to each other, as text messages.
//!
//! ```text
//! ~auth:granted           the server accepts a credential that came as the first message
//! ~auth:refresh           the server asks for a fresh credential
//! ~auth:token abc         the client shows one
//! ```

use http::{HeaderName, HeaderValue};
use plimsoll::{Error, ErrorKind, InBand, InBandMessage, Info, Message};

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
        match word {
            Word::Granted => IN_BAND.message(GRANTED),
            Word::Refresh => IN_BAND.message(REFRESH),
            Word::Token(credential) => {
                IN_BAND.message(format_args!("{TOKEN}{}", credential.token()))
            }
        }
    }
}

/// # Errors
///
/// Fails with [`ErrorKind::Protocol`] if a message is ours but has none of the forms.
pub(crate) fn receive(message: Message) -> Result<Received, Error> {
    let words = match IN_BAND.inbound(message) {
        InBandMessage::Application(message) => return Ok(Received::Message(message)),
        InBandMessage::Plugin(words) => words,
    };
    Ok(Received::Word(match &*words {
        GRANTED => Word::Granted,
        REFRESH => Word::Refresh,
        _ => {
            let token = words.strip_prefix(TOKEN).filter(|token| !token.is_empty());
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
pub(crate) const IN_BAND: InBand = InBand::new("auth");
const GRANTED: &str = "granted";
const REFRESH: &str = "refresh";
const TOKEN: &str = "token ";

#[cfg(test)]
mod tests {
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
            let error = receive(IN_BAND.message(rest)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{rest:?}");
        }
    }
}
