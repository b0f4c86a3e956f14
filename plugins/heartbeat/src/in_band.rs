//! Questions and answers as text messages, for transports that have no ping.
//!
//! ```text
//! ~heartbeat:ping 1f      asks
//! ~heartbeat:pong 1f      answers, with the same number, in hexadecimal
//! ```

use plimsoll::{Error, ErrorKind, InBand, InBandMessage, Message};

/// What a message is.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Received {
    /// For the application.
    Message(Message),
    Ping(u64),
    Pong(u64),
}

pub(crate) fn ping(question: u64) -> Message {
    IN_BAND.message(format_args!("{PING}{question:x}"))
}

pub(crate) fn pong(question: u64) -> Message {
    IN_BAND.message(format_args!("{PONG}{question:x}"))
}

/// # Errors
///
/// Fails with [`ErrorKind::Protocol`] if a message is ours but has none of the forms.
pub(crate) fn receive(message: Message) -> Result<Received, Error> {
    let words = match IN_BAND.inbound(message) {
        InBandMessage::Application(message) => return Ok(Received::Message(message)),
        InBandMessage::Plugin(words) => words,
    };
    let received = match words.strip_prefix(PING) {
        Some(question) => number(question).map(Received::Ping),
        None => words.strip_prefix(PONG).and_then(number).map(Received::Pong),
    };
    received.ok_or_else(|| Error::with_message(ErrorKind::Protocol, "not a heartbeat message"))
}

fn number(digits: &str) -> Option<u64> {
    let is_plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_plain.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

pub(crate) const IN_BAND: InBand = InBand::new("heartbeat");
const PING: &str = "ping ";
const PONG: &str = "pong ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_understood() {
        for number in [0, 1, 0xabcd, u64::MAX] {
            assert_eq!(receive(ping(number)).unwrap(), Received::Ping(number));
            assert_eq!(receive(pong(number)).unwrap(), Received::Pong(number));
        }
    }

    #[test]
    fn a_malformed_message_of_the_peer_is_an_error() {
        for rest in ["", "ping", "ping ", "ping +1", "ping 10000000000000000", "pong x", "Text a"] {
            let error = receive(IN_BAND.message(rest)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{rest:?}");
        }
    }
}
