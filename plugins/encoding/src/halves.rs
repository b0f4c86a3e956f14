//! The halves of a connection of values.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::{Stream, StreamExt};
use pin_project::pin_project;
use plimsoll::{Close, Error, Info, Receiver, Sender, SlowPolicy, TrySendError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{AnyCodec, Codec};

/// Sends `Out` to one connection. Clones are cheap and may be kept anywhere.
///
/// Like a [`Sender`], it does not keep the connection open.
pub struct TypedSender<Out, C = AnyCodec> {
    inner: Sender,
    codec: C,
    values: PhantomData<fn(Out)>,
}

impl<Out, C> TypedSender<Out, C> {
    /// Puts `codec` on a sender.
    pub fn new(inner: Sender, codec: C) -> Self {
        Self { inner, codec, values: PhantomData }
    }

    /// The sender of messages below.
    pub fn get_ref(&self) -> &Sender {
        &self.inner
    }

    /// Closes the connection after what was sent before has gone out. The first reason counts.
    pub fn close(&self, close: Close) {
        self.inner.close(close);
    }

    /// What is known of the connection.
    pub fn info(&self) -> &Info {
        self.inner.info()
    }
}

impl<Out: Serialize, C: Codec> TypedSender<Out, C> {
    /// Sends a value: waits until the connection's outbox has room for it.
    ///
    /// Cancel safe: a value whose sending was cancelled is not sent.
    ///
    /// # Errors
    ///
    /// Those of [`Codec::encode`] and [`Sender::send`].
    pub async fn send(&self, value: Out) -> Result<(), Error> {
        self.inner.send(self.codec.encode(&value)?).await
    }

    /// Sends a value if there is room for it.
    ///
    /// # Errors
    ///
    /// [`TrySendError`] says whether the peer is slow or gone; a value that cannot be encoded is
    /// [`TrySendError::Failed`].
    pub fn try_send(&self, value: Out) -> Result<(), TrySendError> {
        self.inner.try_send(self.codec.encode(&value).map_err(TrySendError::Failed)?)
    }

    /// Sends a value without waiting: if the peer is slow, `policy` says what is given up.
    /// Returns whether the value was queued.
    ///
    /// # Errors
    ///
    /// Those of [`Codec::encode`] and [`Sender::send_or`].
    pub fn send_or(&self, value: Out, policy: SlowPolicy) -> Result<bool, Error> {
        self.inner.send_or(self.codec.encode(&value)?, policy)
    }
}

impl<Out, C: Clone> Clone for TypedSender<Out, C> {
    fn clone(&self) -> Self {
        Self::new(self.inner.clone(), self.codec.clone())
    }
}

impl<Out, C: Codec> fmt::Debug for TypedSender<Out, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedSender")
            .field("inner", &self.inner)
            .field("codec", &self.codec.name())
            .finish_non_exhaustive()
    }
}

/// Receives `In` from one connection. Dropping it closes the connection.
#[pin_project]
pub struct TypedReceiver<In, C = AnyCodec> {
    #[pin]
    inner: Receiver,
    codec: C,
    values: PhantomData<fn() -> In>,
}

impl<In, C> TypedReceiver<In, C> {
    /// Puts `codec` on a receiver.
    pub fn new(inner: Receiver, codec: C) -> Self {
        Self { inner, codec, values: PhantomData }
    }

    /// The receiver of messages below.
    pub fn get_ref(&self) -> &Receiver {
        &self.inner
    }

    /// What is known of the connection.
    pub fn info(&self) -> &Info {
        self.inner.info()
    }
}

impl<In: DeserializeOwned, C: Codec> TypedReceiver<In, C> {
    /// Receives a value; `None` once the connection is closed. Cancel safe.
    ///
    /// # Errors
    ///
    /// Fails for each message that is no `In`, see [`Codec::decode`]; and once, before `None`, if
    /// the connection ends by an error.
    pub async fn recv(&mut self) -> Option<Result<In, Error>> {
        self.next().await
    }
}

impl<In: DeserializeOwned, C: Codec> Stream for TypedReceiver<In, C> {
    type Item = Result<In, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let message = ready!(this.inner.poll_next(cx)?);
        Poll::Ready(message.map(|message| this.codec.decode(&message)))
    }
}

impl<In, C: Codec> fmt::Debug for TypedReceiver<In, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedReceiver")
            .field("inner", &self.inner)
            .field("codec", &self.codec.name())
            .finish_non_exhaustive()
    }
}
