//! The half of a connection that may be kept anywhere.

use std::fmt;
use std::sync::Arc;

use crate::outbox::Refused;
use crate::shared::Shared;
use crate::sink::Waiting;
use crate::{Close, CloseCode, Error, ErrorKind, Info, Message};

/// Sends to one connection. Clones are cheap and may be kept anywhere.
///
/// It is a [`Sink`](futures::Sink) of messages as well; closing the sink closes the connection.
/// It does not keep the connection open: that is the [`Receiver`](crate::Receiver)'s part.
pub struct Sender {
    pub(crate) shared: Arc<Shared>,
    /// What it waits for as a sink, in a box because it seldom is one.
    pub(crate) waiting: Option<Box<Waiting>>,
}

impl Sender {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, waiting: None }
    }

    /// Sends a message: waits until the connection's outbox has room for it, not until it has
    /// gone out. Those who wait are served in their order.
    ///
    /// Cancel safe: a message whose sending was cancelled is not sent.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Close`] if the connection is closed, with
    /// [`ErrorKind::Unsupported`] if the message is binary and the transport carries only text.
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), Error> {
        let message = message.into();
        self.check(&message)?;
        match self.shared.outbox.try_push(message, None) {
            Ok(()) => {}
            Err(Refused::Closed) => return Err(Error::new(ErrorKind::Close)),
            Err(Refused::Full(message)) => self.shared.outbox.push(message).await?,
        }
        self.shared.wake_driver();
        Ok(())
    }

    /// Sends a message if there is room for it.
    ///
    /// # Errors
    ///
    /// [`TrySendError`] says whether the peer is slow or gone.
    pub fn try_send(&self, message: impl Into<Message>) -> Result<(), TrySendError> {
        self.try_send_as(message.into(), None)
    }

    /// Sends a message without waiting: if the peer is slow, `policy` says what is given up.
    /// Returns whether the message was queued.
    ///
    /// # Errors
    ///
    /// As for [`send`](Self::send), and [`ErrorKind::SlowConsumer`] if the connection is closed
    /// for the peer's slowness.
    pub fn send_or(&self, message: impl Into<Message>, policy: SlowPolicy) -> Result<bool, Error> {
        let mut message = message.into();
        self.check(&message)?;
        let key = match policy {
            SlowPolicy::LatestByKey(key) => {
                self.shared.outbox.drop_key(key);
                Some(key)
            }
            SlowPolicy::Close | SlowPolicy::DropNewest | SlowPolicy::DropOldest => None,
        };
        loop {
            message = match self.try_send_as(message, key) {
                Ok(()) => return Ok(true),
                Err(TrySendError::Failed(error)) => return Err(error),
                Err(TrySendError::Full(message)) => message,
            };
            match policy {
                SlowPolicy::Close => {
                    self.abort(Close::new(CloseCode::SLOW_CONSUMER, "too slow"));
                    return Err(Error::new(ErrorKind::SlowConsumer));
                }
                SlowPolicy::DropNewest => return Ok(false),
                SlowPolicy::DropOldest | SlowPolicy::LatestByKey(_) => {
                    if !self.shared.outbox.drop_oldest() {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Closes the connection after what was sent before has gone out. The first reason counts.
    pub fn close(&self, close: Close) {
        self.shared.request_close(close);
    }

    /// Closes the connection without sending what still waits. The first reason counts.
    pub fn abort(&self, close: Close) {
        self.shared.abort(close);
    }

    /// Waits for the end of the connection, and returns how it ended. Cancel safe.
    pub async fn closed(&self) -> Close {
        self.shared.closed().await
    }

    /// How the connection ended, if it has.
    pub fn close_reason(&self) -> Option<Close> {
        self.shared.close_reason().cloned()
    }

    /// What is known of the connection.
    pub fn info(&self) -> &Info {
        &self.shared.info
    }

    /// Sends a message that may take more room than is left: for sinks, which reserve room
    /// before they know for what.
    pub(crate) fn send_over(&self, message: Message) -> Result<(), Error> {
        self.check(&message)?;
        self.shared.outbox.push_over(message)?;
        self.shared.wake_driver();
        Ok(())
    }

    fn try_send_as(&self, message: Message, key: Option<u64>) -> Result<(), TrySendError> {
        self.check(&message).map_err(TrySendError::Failed)?;
        match self.shared.outbox.try_push(message, key) {
            Ok(()) => {
                self.shared.wake_driver();
                Ok(())
            }
            Err(Refused::Closed) => Err(TrySendError::Failed(Error::new(ErrorKind::Close))),
            Err(Refused::Full(message)) => Err(TrySendError::Full(message)),
        }
    }

    fn check(&self, message: &Message) -> Result<(), Error> {
        if message.is_text() || self.info().capabilities().binary {
            return Ok(());
        }
        let message = "this transport carries only text: send text, or use a text encoding";
        Err(Error::with_message(ErrorKind::Unsupported, message))
    }
}

impl Clone for Sender {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.shared))
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("info", self.info()).finish_non_exhaustive()
    }
}

/// Why [`Sender::try_send`] did not take a message.
#[derive(Debug)]
pub enum TrySendError {
    /// The message can never go out.
    Failed(Error),
    /// The peer is slow: there is no room for the message, which is given back.
    Full(Message),
}

/// What is given up when a message is for a peer whose outbox is full.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum SlowPolicy {
    /// The connection: it is closed with
    /// [`CloseCode::SLOW_CONSUMER`](crate::CloseCode::SLOW_CONSUMER). A peer that comes back
    /// knows that it missed something.
    #[default]
    Close,
    /// The message.
    DropNewest,
    /// The messages that have waited longest.
    DropOldest,
    /// A waiting message that was sent with the same key, full or not; then as `DropOldest`.
    /// For states of which only the latest counts. Takes time in proportion to what waits.
    LatestByKey(u64),
}
