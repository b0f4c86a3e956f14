//! Questions and answers as text messages, for transports that have no ping.
//!
//! ```text
//! ~heartbeat:ping 1f      asks
//! ~heartbeat:pong 1f      answers, with the same number, in hexadecimal
//! ~heartbeat:text ...     a message of the application that begins with `~heartbeat:`
//! ```

use plimsoll::{Error, ErrorKind, Message};

/// What a message is.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Received {
    /// For the application.
    Message(Message),
    Ping(u64),
    Pong(u64),
}

pub(crate) fn ping(question: u64) -> Message {
    Message::text(format!("{PREFIX}{PING}{question:x}"))
}

pub(crate) fn pong(question: u64) -> Message {
    Message::text(format!("{PREFIX}{PONG}{question:x}"))
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
    let received = match ours.strip_prefix(PING) {
        Some(question) => number(question).map(Received::Ping),
        None => ours.strip_prefix(PONG).and_then(number).map(Received::Pong),
    };
    received.ok_or_else(|| Error::with_message(ErrorKind::Protocol, "not a heartbeat message"))
}

fn number(digits: &str) -> Option<u64> {
    let is_plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_plain.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

const PREFIX: &str = "~heartbeat:";
const PING: &str = "ping ";
const PONG: &str = "pong ";
const TEXT: &str = "text ";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
            let error = receive(Message::text(format!("{PREFIX}{rest}"))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Protocol, "{rest:?}");
        }
    }

    proptest! {
        #[test]
        fn an_application_may_send_anything(rest in "(ping |pong |text |[a-f0-9 ])*", ours: bool) {
            let prefix = if ours { PREFIX } else { "" };
            let message = Message::text(format!("{prefix}{rest}"));
            let received = receive(escape(message.clone())).unwrap();
            prop_assert_eq!(received, Received::Message(message));
        }
    }
}
