//! What a client says beneath the application.

use std::sync::Arc;
use std::time::Duration;

use plimsoll::{Close, CloseCode, Error, ErrorKind, Filter, Flow, Frame, Message};
use tokio::time::Instant;

use super::ids::Ids;
use crate::control::{self, Control};
use crate::parser::Parser;

/// The client's side of the dialect, on one connection.
pub(super) struct Dialect {
    parser: Arc<dyn Parser>,
    ids: Ids,
    /// How long the server may be silent, and until when it may be now.
    patience: Option<(Duration, Instant)>,
}

impl Dialect {
    pub(super) fn new(parser: Arc<dyn Parser>, ids: Ids, ping_timeout: Option<Duration>) -> Self {
        let now = Instant::now();
        let patience = ping_timeout.map(|timeout| (timeout, now + timeout));
        Self { parser, ids, patience }
    }

    fn inbound_message(&self, message: Message, flow: &mut Flow) -> Result<Option<Frame>, Error> {
        let message = self.parser.inbound(message)?;
        let Some(string) = control::string(&*self.parser, &message) else {
            return Ok(Some(message.into()));
        };
        Ok(match Control::parse(&string) {
            Some(Control::Ping(time)) => {
                flow.send(Control::Pong(time).message(&*self.parser)?);
                None
            }
            Some(Control::Id(id)) => {
                self.ids.answered(id);
                None
            }
            Some(Control::CLOSE) => Some(Frame::Close(Close::normal())),
            Some(Control::Server(_)) => None,
            // The word of a client has no meaning from a server.
            Some(Control::Pong(_)) | None => Some(message.into()),
        })
    }
}

impl Filter for Dialect {
    fn inbound(&mut self, frame: Frame, flow: &mut Flow) -> Result<Option<Frame>, Error> {
        if let Some((timeout, deadline)) = &mut self.patience {
            *deadline = flow.now() + *timeout;
        }
        match frame {
            Frame::Message(message) => self.inbound_message(message, flow),
            // A server that means it has said so before.
            Frame::Close(close) if close.code == CloseCode::NORMAL => {
                Ok(Some(Frame::Close(Close::new(CloseCode::NO_STATUS, close.reason))))
            }
            frame => Ok(Some(frame)),
        }
    }

    fn outbound(&mut self, frame: Frame, _: &mut Flow) -> Result<Option<Frame>, Error> {
        Ok(Some(match frame {
            Frame::Message(message) => self.parser.outbound(message)?.into(),
            frame => frame,
        }))
    }

    fn deadline(&self) -> Option<Instant> {
        self.patience.map(|(_, deadline)| deadline)
    }

    fn expired(&mut self, now: Instant, flow: &mut Flow) -> Result<(), Error> {
        if flow.is_caught_up() {
            return Err(Error::with_message(ErrorKind::Timeout, "the server sends no pings"));
        }
        if let Some((timeout, deadline)) = &mut self.patience {
            *deadline = now + *timeout;
        }
        Ok(())
    }
}
