use std::fmt;

use crate::{Message, Text};

/// Messages of a plugin's own among those of the application, for plugins that both sides have.
///
/// They are text, which every transport carries: `~name:words`. A message of the application that
/// happens to look like one is marked on its way out and restored on its way in. Both sides have
/// to know that the other has the plugin: announce it by a header or a query parameter.
///
/// ```
/// use plimsoll::{InBand, InBandMessage, Message};
///
/// const CLOCK: InBand = InBand::new("clock");
///
/// let question = CLOCK.message("what time is it");
/// assert_eq!(question.as_text(), Some("~clock:what time is it"));
/// assert_eq!(CLOCK.inbound(question), InBandMessage::Plugin("what time is it".into()));
///
/// let imitation = Message::from("~clock:what time is it");
/// let restored = CLOCK.inbound(CLOCK.outbound(imitation.clone()));
/// assert_eq!(restored, InBandMessage::Application(imitation));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct InBand {
    name: &'static str,
}

impl InBand {
    /// Makes the messages of the plugin with this name, which no other plugin of the connection
    /// may have.
    pub const fn new(name: &'static str) -> Self {
        Self { name }
    }

    /// A message of the plugin's. The words may be any but those that begin with `text `.
    pub fn message(&self, words: impl fmt::Display) -> Message {
        Message::text(format!("~{}:{words}", self.name))
    }

    /// A message of the application on its way out: marked if it looks like one of the plugin's.
    pub fn outbound(&self, message: Message) -> Message {
        match message.as_text() {
            Some(text) if self.words(text).is_some() => self.message(format_args!("{TEXT}{text}")),
            _ => message,
        }
    }

    /// Tells whose a message is that comes in.
    pub fn inbound(&self, message: Message) -> InBandMessage {
        let Some(words) = message.as_text().and_then(|text| self.words(text)) else {
            return InBandMessage::Application(message);
        };
        match words.strip_prefix(TEXT) {
            Some(text) => InBandMessage::Application(Message::text(text)),
            None => InBandMessage::Plugin(words.into()),
        }
    }

    fn words<'a>(&self, text: &'a str) -> Option<&'a str> {
        text.strip_prefix('~')?.strip_prefix(self.name)?.strip_prefix(':')
    }
}

/// Whose a message is: see [`InBand::inbound`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum InBandMessage {
    /// The application's, as it was sent.
    Application(Message),
    /// The plugin's: its words.
    Plugin(Text),
}

/// Marks a message of the application.
const TEXT: &str = "text ";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OURS: InBand = InBand::new("ours");

    #[test]
    fn messages_of_other_plugins_pass() {
        for text in ["~our:ping", "~ours", "ours:ping", " ~ours:ping", "~theirs:ping"] {
            let message = Message::from(text);
            assert_eq!(OURS.outbound(message.clone()), message);
            assert_eq!(OURS.inbound(message.clone()), InBandMessage::Application(message));
        }
    }

    proptest! {
        #[test]
        fn an_application_may_send_anything(
            prefix in "(~ours:)?(text )?(~ours:)?(text )?",
            rest in ".*",
            binary: bool,
        ) {
            let text = format!("{prefix}{rest}");
            let message = if binary { text.into_bytes().into() } else { Message::from(text) };
            let received = OURS.inbound(OURS.outbound(message.clone()));
            prop_assert_eq!(received, InBandMessage::Application(message));
        }

        #[test]
        fn words_of_a_plugin_arrive(words in "[a-z]{1,8}( .*)?") {
            prop_assume!(!words.starts_with(TEXT));
            let received = OURS.inbound(OURS.message(&words));
            prop_assert_eq!(received, InBandMessage::Plugin(words.into()));
        }
    }
}
