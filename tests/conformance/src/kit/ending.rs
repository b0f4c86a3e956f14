//! How a direction ended.

use plimsoll::{Close, Error, Frame, Message};

use super::end::End;
use super::failure::Failure;
use super::message::{Row, describe, describe_message};

/// What came until the end of the receiving direction.
#[derive(Default)]
pub(crate) struct Ending {
    pub(crate) messages: Vec<Message>,
    pub(crate) close: Option<Close>,
    pub(crate) error: Option<Error>,
    /// What came after the close, where nothing may.
    late: Option<String>,
}

impl Ending {
    /// Adds what was received; returns whether more can come.
    pub(crate) fn add(&mut self, received: Option<Result<Frame, Error>>) -> bool {
        if self.close.is_some() && matches!(received, Some(Ok(_))) {
            self.late.get_or_insert_with(|| describe(&received));
            return true;
        }
        match received {
            Some(Ok(Frame::Message(message))) => self.messages.push(message),
            Some(Ok(Frame::Close(close))) => self.close = Some(close),
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                self.error = Some(error);
                return false;
            }
            None => return false,
        }
        true
    }

    /// Expects the messages of `row`, all of them.
    pub(crate) fn expect_all(&self, end: &End, row: Row) -> Result<(), Failure> {
        self.expect_some(end, row)?;
        if self.messages.len() == row.count {
            return Ok(());
        }
        let came = self.messages.len();
        let expected = format!("{} messages before the end", row.count);
        Err(Failure::new(end.name, expected, format_args!("{came}{}", self.how())))
    }

    /// Expects the first messages of `row`, any number of them.
    pub(crate) fn expect_some(&self, end: &End, row: Row) -> Result<(), Failure> {
        for (number, message) in self.messages.iter().enumerate() {
            if number == row.count {
                return Err(Failure::new(end.name, "no more messages", describe_message(message)));
            }
            let expected = row.message(number);
            if *message != expected {
                let expected = describe_message(&expected);
                return Err(Failure::new(end.name, expected, describe_message(message)));
            }
        }
        Ok(())
    }

    /// Expects `close` and after it the end; without a close where none can be carried.
    pub(crate) fn expect_close(&self, end: &End, close: &Close) -> Result<(), Failure> {
        self.expect_orderly(end)?;
        if !end.capabilities.close_reason {
            return Ok(());
        }
        let reason = close.wire_reason();
        match &self.close {
            Some(got) if got.code == close.code && *got.reason == *reason => Ok(()),
            Some(got) => Err(Failure::new(end.name, format_args!("{close}"), got)),
            None => {
                let got = format_args!("none{}", self.how());
                Err(Failure::new(end.name, format_args!("a close with {close}"), got))
            }
        }
    }

    /// Expects at most the answer to `close`, which was sent, and after it the end.
    pub(crate) fn expect_answer(&self, end: &End, close: &Close) -> Result<(), Failure> {
        self.expect_orderly(end)?;
        match &self.close {
            Some(got) if end.capabilities.close_reason && got.code != close.code => {
                let expected = format_args!("an answer with the code {}", close.code);
                Err(Failure::new(end.name, expected, got))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Expects the end without an error, and nothing after a close.
    pub(crate) fn expect_orderly(&self, end: &End) -> Result<(), Failure> {
        if let Some(late) = &self.late {
            return Err(Failure::new(end.name, "the end after a close", late));
        }
        match &self.error {
            Some(error) => Err(end.failed("the end of the connection", error)),
            None => Ok(()),
        }
    }

    /// Expects that no close came.
    pub(crate) fn expect_no_close(&self, end: &End) -> Result<(), Failure> {
        match &self.close {
            Some(close) => {
                let got = format_args!("a close with {close}");
                Err(Failure::new(end.name, "the end or an error, without a close", got))
            }
            None => Ok(()),
        }
    }

    fn how(&self) -> String {
        match (&self.error, &self.close) {
            (Some(error), _) => format!(", then the error {error:?}"),
            (None, Some(close)) => format!(", then a close with {close}"),
            (None, None) => ", then the end".to_owned(),
        }
    }
}
