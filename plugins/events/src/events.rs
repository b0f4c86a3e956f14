//! An application's events, for all of its connections.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use plimsoll::{Error, Message, Socket};
use plimsoll_encoding::{AnyCodec, Codec, Json};
use serde::{Serialize, Serializer};

use crate::dialect::{Packet, PacketKind};
use crate::handlers::Handlers;
use crate::{Dialect, EventSocket, EventsBuilder, Peer};

/// The handlers of an application, shared by all of its connections. Clones are cheap.
#[derive(Clone)]
pub struct Events {
    options: Options,
    handlers: Arc<Handlers>,
}

impl Events {
    /// Starts to build events.
    pub fn builder() -> EventsBuilder {
        EventsBuilder::default()
    }

    pub(crate) fn new(options: Options, handlers: Arc<Handlers>) -> Self {
        Self { options, handlers }
    }

    /// Puts the events on a connection, in the format that the
    /// [`Codecs`](plimsoll_encoding::Codecs) plugin has chosen for it; without the plugin, in
    /// JSON. Nothing is received before the returned value [runs](EventSocket::run).
    pub fn attach(&self, socket: Socket) -> EventSocket {
        let codec = socket.info().get::<AnyCodec>().cloned();
        let codec = codec.unwrap_or_else(|| AnyCodec::new(Json));
        let (sender, receiver) = socket.split();
        let Options { dialect, request_timeout, max_pending_requests, .. } = self.options;
        let peer = Peer::new(sender, codec, dialect, request_timeout, max_pending_requests);
        EventSocket::new(receiver, peer, self.options, Arc::clone(&self.handlers))
    }

    /// Handles the events of a connection until it ends: what an
    /// [`Endpoint`](plimsoll::Endpoint) does with a socket that needs nothing else. How it ended
    /// is not told here; [`EventSocket::run`] does.
    ///
    /// Cancel safe, as [`EventSocket::run`].
    pub async fn serve(self, socket: Socket) {
        // The error has nobody to go to: plugins have seen the end, and its reason.
        let _ = self.attach(socket).run().await;
    }

    /// An event as a value, for what encodes it in the format of each receiver, such as
    /// `send_value` of the rooms.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Unsupported`](plimsoll::ErrorKind::Unsupported) if the dialect has
    /// no event of this name.
    pub fn event<'a, T: Serialize + ?Sized>(
        &self,
        name: &'a str,
        arguments: &'a T,
    ) -> Result<EventValue<'a, T>, Error> {
        self.options.dialect.packet(PacketKind::Event { name, arguments }).map(EventValue)
    }

    /// An event as a message in JSON, for broadcasts and rooms whose members all speak JSON: it is
    /// encoded once.
    ///
    /// # Errors
    ///
    /// Those of [`event`](Self::event), and
    /// [`ErrorKind::Codec`](plimsoll::ErrorKind::Codec) if JSON cannot express the arguments.
    pub fn message<T: Serialize + ?Sized>(
        &self,
        name: &str,
        arguments: &T,
    ) -> Result<Message, Error> {
        Json.encode(&self.event(name, arguments)?)
    }

    /// What is spoken with the peers.
    pub fn dialect(&self) -> Dialect {
        self.options.dialect
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("options", &self.options).finish_non_exhaustive()
    }
}

/// An event that serializes as its dialect wants it: made by [`Events::event`].
pub struct EventValue<'a, T: ?Sized>(Packet<'a, T>);

impl<T: Serialize + ?Sized> Serialize for EventValue<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<T: ?Sized> fmt::Debug for EventValue<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventValue").field("dialect", &self.0.dialect).finish_non_exhaustive()
    }
}

/// The options of [`EventsBuilder`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) dialect: Dialect,
    pub(crate) request_timeout: Duration,
    pub(crate) max_pending_requests: usize,
    pub(crate) max_running_requests: usize,
    pub(crate) queue_bytes: usize,
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.request_timeout.is_zero() {
            return Err(Error::config("request_timeout", "must be longer than zero"));
        }
        for (option, value) in [
            ("max_pending_requests", self.max_pending_requests),
            ("max_running_requests", self.max_running_requests),
            ("queue_bytes", self.queue_bytes),
        ] {
            if value == 0 {
                return Err(Error::config(option, "must be at least 1"));
            }
        }
        Ok(())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dialect: Dialect::default(),
            request_timeout: Duration::from_secs(30),
            max_pending_requests: 1024,
            max_running_requests: 32,
            queue_bytes: 64 * 1024,
        }
    }
}
