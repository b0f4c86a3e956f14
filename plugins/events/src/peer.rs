//! The other side, as handlers and other tasks see it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use plimsoll::{Close, Error, Info, Message, Sender};
use plimsoll_encoding::{AnyCodec, Codec};
use serde::Serialize;

use crate::dialect::{PacketKind, RequestId};
use crate::pending::Pending;
use crate::{Dialect, RemoteError, Request};

/// The other side of a connection: sends it events and requests. Clones are cheap and may be kept
/// anywhere; they do not keep the connection open.
#[derive(Clone)]
pub struct Peer {
    shared: Arc<Shared>,
}

struct Shared {
    sender: Sender,
    codec: AnyCodec,
    dialect: Dialect,
    request_timeout: Duration,
    next_id: AtomicU64,
    pending: Arc<Pending>,
}

impl Peer {
    pub(crate) fn new(
        sender: Sender,
        codec: AnyCodec,
        dialect: Dialect,
        request_timeout: Duration,
        max_pending_requests: usize,
    ) -> Self {
        let pending = Arc::new(Pending::new(max_pending_requests));
        let next_id = AtomicU64::new(1);
        let shared = Shared { sender, codec, dialect, request_timeout, next_id, pending };
        Self { shared: Arc::new(shared) }
    }

    /// Sends an event: waits until the connection's outbox has room for it.
    ///
    /// Cancel safe: an event whose sending was cancelled is not sent.
    ///
    /// # Errors
    ///
    /// Those of [`message`](Self::message) and [`Sender::send`].
    pub async fn emit<T: Serialize + ?Sized>(
        &self,
        name: &str,
        arguments: &T,
    ) -> Result<(), Error> {
        let message = self.message(name, arguments);
        self.sender().send(message?).await
    }

    /// Makes a request, which is sent when the returned value is awaited:
    ///
    /// ```
    /// # use plimsoll_events::{Peer, RequestError};
    /// # use std::time::Duration;
    /// # async fn example(peer: Peer) -> Result<(), RequestError> {
    /// let sum: i64 = peer.request("sum", &(1, 2)).await?;
    /// let sum = peer.request::<i64, _>("sum", &(1, 2)).timeout(Duration::from_secs(1)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Awaiting it fails as [`RequestError`](crate::RequestError) says. It fails as well if the
    /// connection's [`EventSocket`](crate::EventSocket) does not run: nobody reads the answer.
    pub fn request<R, T: Serialize + ?Sized>(&self, name: &str, arguments: &T) -> Request<R> {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let message = self.encode(PacketKind::Request { name, id, arguments });
        Request::new(self.clone(), id, message, self.shared.request_timeout)
    }

    /// Makes the message of an event, for the methods of [`sender`](Self::sender) that do not
    /// wait.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Codec`](plimsoll::ErrorKind::Codec) if the connection's format
    /// cannot express the arguments, with
    /// [`ErrorKind::Unsupported`](plimsoll::ErrorKind::Unsupported) if the dialect has no event of
    /// this name.
    pub fn message<T: Serialize + ?Sized>(
        &self,
        name: &str,
        arguments: &T,
    ) -> Result<Message, Error> {
        self.encode(PacketKind::Event { name, arguments })
    }

    /// The sender of messages below, for messages that are no events, and for rooms.
    pub fn sender(&self) -> &Sender {
        &self.shared.sender
    }

    /// Closes the connection after what was sent before has gone out. The first reason counts.
    pub fn close(&self, close: Close) {
        self.sender().close(close);
    }

    /// What is known of the connection.
    pub fn info(&self) -> &Info {
        self.sender().info()
    }

    /// Answers a request, if the dialect can say what there is to say.
    pub(crate) async fn answer<R: Serialize>(
        &self,
        id: &RequestId,
        result: Result<R, RemoteError>,
    ) {
        if let Some(message) = self.encode_answer(id, result) {
            // Fails if the connection is closed: then nobody waits for the answer.
            let _ = self.sender().send(message).await;
        }
    }

    pub(crate) fn codec(&self) -> &AnyCodec {
        &self.shared.codec
    }

    pub(crate) fn pending(&self) -> &Arc<Pending> {
        &self.shared.pending
    }

    fn encode_answer<R: Serialize>(
        &self,
        id: &RequestId,
        result: Result<R, RemoteError>,
    ) -> Option<Message> {
        let error = match result {
            Ok(value) => match self.encode(PacketKind::Answer { id, value: &value }) {
                Ok(message) => return Some(message),
                Err(error) => RemoteError::new(RemoteError::INTERNAL, error.to_string()),
            },
            Err(error) => error,
        };
        self.encode(PacketKind::Error::<()> { id, error: &error }).ok()
    }

    fn encode<T: Serialize + ?Sized>(&self, kind: PacketKind<'_, T>) -> Result<Message, Error> {
        self.codec().encode(&self.shared.dialect.packet(kind)?)
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("info", self.info())
            .field("codec", self.codec())
            .field("dialect", &self.shared.dialect)
            .finish_non_exhaustive()
    }
}
