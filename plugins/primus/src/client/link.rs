//! A connection that comes back, with the events that users of Primus know.

use std::sync::Arc;
use std::time::Duration;

#[cfg(doc)]
use plimsoll::ErrorKind;
use plimsoll::{
    Backoff, Close, Dial, Dialer, Error, Jitter, LinkState, LinkStatus, Message, Sender, Socket,
};
use plimsoll_encoding::{AnyCodec, Codec};
use serde::Serialize;

use super::ids::{self, Ids};

/// A connection that comes back, with the events that users of Primus know.
///
/// It is a [`Socket`] of [`Dialer::keep_connected`] together with its [`LinkStatus`], read as one
/// stream of [`PrimusEvent`]s.
///
/// What is written while there is no connection waits in the socket's outbox, which is
/// [bounded](plimsoll::SocketOptions::outbox_bytes): writing waits when it is full.
#[derive(Debug)]
pub struct PrimusLink {
    socket: Socket,
    status: LinkStatus,
    /// What comes next.
    following: Option<PrimusEvent>,
    ended: bool,
    /// Taken to tell the end, once.
    last: Option<Sender>,
}

/// What happens to a [`PrimusLink`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PrimusEvent {
    /// `open`: there is a connection, for the first time.
    Open,
    /// `data`: a message of the server, in the format of its parser.
    Data(Message),
    /// `reconnect scheduled`: there is no connection, and the next attempt waits. It stands for
    /// `offline`, too: then the reason is of kind [`ErrorKind::Timeout`].
    ReconnectScheduled {
        /// Which attempt in a row comes next, from 1.
        attempt: u32,
        /// How long it waits.
        delay: Duration,
        /// Why the connection was lost, or why the last attempt failed.
        reason: Arc<Error>,
    },
    /// `reconnect`: an attempt is under way.
    Reconnect {
        /// Which attempt in a row, from 1.
        attempt: u32,
    },
    /// `reconnected`, and `open` once more.
    Reconnected,
    /// `reconnect failed`: it gave up. [`End`](Self::End) follows.
    ReconnectFailed {
        /// Why the last attempt failed.
        reason: Arc<Error>,
    },
    /// `end`: the connection has ended for good. The last event.
    End {
        /// Why.
        close: Close,
    },
}

impl PrimusLink {
    /// Connects to a server: the first attempt's failure is an error, later ones are events.
    ///
    /// Cancel safe: no connection is left behind.
    ///
    /// # Errors
    ///
    /// Those of [`Dialer::keep_connected`].
    pub async fn connect(
        dialer: &Dialer,
        to: impl Into<Dial>,
        backoff: Backoff,
    ) -> Result<Self, Error> {
        let mut dial = to.into();
        // The same for all connections.
        dial.extensions.insert(Ids::new());
        let (socket, status) = dialer.keep_connected(dial, backoff).await?;
        let last = Some(socket.sender().clone());
        Ok(Self { socket, status, following: Some(PrimusEvent::Open), ended: false, last })
    }

    /// The next event; `None` after [`PrimusEvent::End`]. Cancel safe.
    ///
    /// Of states of the link that follow each other faster than they are read, only the last is
    /// told. Nothing is received while nobody asks for events.
    pub async fn next(&mut self) -> Option<PrimusEvent> {
        while !self.ended {
            if let Some(event) = self.following.take() {
                return Some(event);
            }
            tokio::select! {
                biased;
                Some(state) = self.status.changed() => self.follow(state),
                received = self.socket.recv() => match received {
                    Some(Ok(message)) => return Some(PrimusEvent::Data(message)),
                    Some(Err(_)) => {} // the state of the link says it, too
                    None => self.ended = true,
                },
            }
        }
        let close = self.last.as_ref()?.closed().await;
        self.last = None;
        Some(PrimusEvent::End { close })
    }

    /// Writes a value, in the format of the server's parser: waits until there is room for it.
    ///
    /// Cancel safe: a value whose sending was cancelled is not sent.
    ///
    /// # Errors
    ///
    /// Those of [`Codec::encode`] and [`plimsoll::Sender::send`].
    pub async fn write<T: Serialize>(&self, value: &T) -> Result<(), Error> {
        let codec = self.socket.info().get::<AnyCodec>();
        let codec = codec.ok_or_else(|| Error::config("dialer", "must connect to Primus"))?;
        self.socket.send(codec.encode(value)?).await
    }

    /// Ends the connection after what was written before has gone out, and stops coming back.
    pub fn end(&self) {
        self.socket.close(Close::normal());
    }

    /// Asks the server what it calls the connection: see [`id`](crate::id()).
    ///
    /// Nothing is received meanwhile, so it does not return if the inbox is full. Cancel safe.
    ///
    /// # Errors
    ///
    /// As for [`id`](crate::id()).
    pub async fn id(&self) -> Result<String, Error> {
        ids::id(&self.socket).await
    }

    /// The socket below. What is received from it is no event.
    pub fn socket(&self) -> &Socket {
        &self.socket
    }

    fn follow(&mut self, state: LinkState) {
        self.following = match state {
            LinkState::Connecting { attempt } => Some(PrimusEvent::Reconnect { attempt }),
            LinkState::GaveUp(reason) => Some(PrimusEvent::ReconnectFailed { reason }),
            LinkState::Open => Some(PrimusEvent::Reconnected),
            LinkState::Waiting { reason, attempt, delay } => {
                Some(PrimusEvent::ReconnectScheduled { attempt, delay, reason })
            }
            // What was received before is told first.
            _ => None,
        };
    }
}

/// The waits of a Primus client: the first attempt after 500 ms, then after 1 s to 2 s, 2 s to
/// 4 s and so on, and 10 attempts; none waits for more than a day.
///
/// In Primus an attempt may take 30 s: for that, set the
/// [`connect_timeout`](plimsoll::DialerBuilder::connect_timeout) of the dialer.
pub fn backoff() -> Backoff {
    Backoff::default().max(Duration::from_secs(24 * 60 * 60)).attempts(10).jitter(Jitter::Longer)
}
