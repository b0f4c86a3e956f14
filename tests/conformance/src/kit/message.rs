//! Messages that tell their place in a row, and how failures name what came.

use plimsoll::{Error, Frame, Message};

/// A row of messages that differ from each other.
#[derive(Clone, Copy)]
pub(crate) struct Row {
    pub(crate) count: usize,
    /// The sizes of the messages in bytes, in turn.
    pub(crate) sizes: &'static [usize],
    /// No message is larger.
    pub(crate) limit: usize,
}

impl Row {
    pub(crate) fn message(&self, number: usize) -> Message {
        numbered(number, self.sizes[number % self.sizes.len()].min(self.limit))
    }

    pub(crate) fn messages(self) -> impl Iterator<Item = Message> {
        (0..self.count).map(move |number| self.message(number))
    }
}

/// A text that begins with its number and has `len` bytes, or more if the number needs them.
pub(crate) fn numbered(number: usize, len: usize) -> Message {
    let mut text = format!("{number}:");
    let rest = len.saturating_sub(text.len());
    let first = number % LETTERS.len();
    let letters = LETTERS.repeat((first + rest).div_ceil(LETTERS.len()));
    text.push_str(&letters[first..first + rest]);
    Message::from(text)
}

pub(crate) fn describe_message(message: &Message) -> String {
    let (kind, shown) = match message.as_text() {
        Some(text) => ("text", text.chars().take(SHOWN).collect::<String>()),
        None => {
            let shown = &message.as_bytes()[..message.len().min(SHOWN)];
            ("binary", String::from_utf8_lossy(shown).into_owned())
        }
    };
    let more = if message.len() > SHOWN { "…" } else { "" };
    format!("{kind} {shown:?}{more} ({} bytes)", message.len())
}

pub(crate) fn describe(received: &Option<Result<Frame, Error>>) -> String {
    match received {
        Some(Ok(Frame::Message(message))) => describe_message(message),
        Some(Ok(Frame::Close(close))) => format!("a close with {close}"),
        Some(Ok(other)) => format!("{other:?}"),
        Some(Err(error)) => format!("the error {error:?}"),
        None => "the end of the connection".to_owned(),
    }
}

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz";
const SHOWN: usize = 24;
