//! Connections of values.

use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures::{Sink, Stream, StreamExt};
use pin_project::pin_project;
use plimsoll::{Close, Error, Info, Message, Socket};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{AnyCodec, Codec, TypedReceiver, TypedSender};

/// A connection that receives `In` and sends `Out`: a [`Stream`] and a [`Sink`] of them.
///
/// A message that is no `In` is an error of kind [`Codec`](plimsoll::ErrorKind::Codec) or
/// [`TooLarge`](plimsoll::ErrorKind::TooLarge) in place of the value; the connection goes on, and
/// the next message may be received. It is made by [`TypedExt`].
#[pin_project]
pub struct Typed<In, Out, C = AnyCodec, S = Socket> {
    #[pin]
    inner: S,
    codec: C,
    values: PhantomData<fn(Out) -> In>,
}

impl<In, Out, C, S> Typed<In, Out, C, S> {
    /// Puts `codec` on any stream and sink of messages.
    pub fn new(inner: S, codec: C) -> Self {
        Self { inner, codec, values: PhantomData }
    }

    /// The codec.
    pub fn codec(&self) -> &C {
        &self.codec
    }

    /// The stream and sink of messages below.
    pub fn get_ref(&self) -> &S {
        &self.inner
    }

    /// The stream and sink of messages below, without the codec.
    pub fn into_inner(self) -> S {
        self.inner
    }
}

impl<In: DeserializeOwned, Out: Serialize, C: Codec> Typed<In, Out, C, Socket> {
    /// Receives a value; `None` once the connection is closed. Cancel safe.
    ///
    /// # Errors
    ///
    /// Fails for each message that is no `In`, see [`Codec::decode`]; and once, before `None`, if
    /// the connection ends by an error.
    pub async fn recv(&mut self) -> Option<Result<In, Error>> {
        self.next().await
    }

    /// Sends a value: waits until the connection's outbox has room for it.
    ///
    /// Cancel safe: a value whose sending was cancelled is not sent.
    ///
    /// # Errors
    ///
    /// Those of [`Codec::encode`] and [`plimsoll::Sender::send`].
    pub async fn send(&self, value: Out) -> Result<(), Error> {
        self.inner.send(self.codec.encode(&value)?).await
    }

    /// Closes the connection after what was sent before has gone out.
    pub fn close(&self, close: Close) {
        self.inner.close(close);
    }

    /// What is known of the connection.
    pub fn info(&self) -> &Info {
        self.inner.info()
    }

    /// A handle for other tasks.
    pub fn sender(&self) -> TypedSender<Out, C> {
        TypedSender::new(self.inner.sender().clone(), self.codec.clone())
    }

    /// Splits into halves for different tasks. The connection lasts as long as the receiver.
    pub fn split(self) -> (TypedSender<Out, C>, TypedReceiver<In, C>) {
        let (sender, receiver) = self.inner.split();
        let sender = TypedSender::new(sender, self.codec.clone());
        (sender, TypedReceiver::new(receiver, self.codec))
    }
}

impl<In, Out, C, S> Stream for Typed<In, Out, C, S>
where
    In: DeserializeOwned,
    C: Codec,
    S: Stream<Item = Result<Message, Error>>,
{
    type Item = Result<In, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.project();
        let message = ready!(this.inner.poll_next(cx)?);
        Poll::Ready(message.map(|message| this.codec.decode(&message)))
    }
}

impl<In, Out, C, S> Sink<Out> for Typed<In, Out, C, S>
where
    Out: Serialize,
    C: Codec,
    S: Sink<Message, Error = Error>,
{
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.project().inner.poll_ready(cx)
    }

    fn start_send(self: Pin<&mut Self>, value: Out) -> Result<(), Error> {
        let this = self.project();
        this.inner.start_send(this.codec.encode(&value)?)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.project().inner.poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.project().inner.poll_close(cx)
    }
}

impl<In, Out, C: Codec, S: fmt::Debug> fmt::Debug for Typed<In, Out, C, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed")
            .field("inner", &self.inner)
            .field("codec", &self.codec.name())
            .finish_non_exhaustive()
    }
}

/// Makes [`Typed`] connections of sockets.
pub trait TypedExt: sealed::Sealed {
    /// Receives `In` and sends `Out`, in the format that the [`Codecs`](crate::Codecs) plugin
    /// has chosen; without the plugin, in JSON.
    #[cfg(feature = "json")]
    fn typed<In, Out>(self) -> Typed<In, Out>;

    /// Receives `In` and sends `Out`, in a format known at compile time: the fastest.
    fn typed_with<In, Out, C: Codec>(self, codec: C) -> Typed<In, Out, C>;
}

impl TypedExt for Socket {
    #[cfg(feature = "json")]
    fn typed<In, Out>(self) -> Typed<In, Out> {
        let codec = self.info().get::<AnyCodec>().cloned();
        Typed::new(self, codec.unwrap_or_else(|| AnyCodec::new(crate::Json)))
    }

    fn typed_with<In, Out, C: Codec>(self, codec: C) -> Typed<In, Out, C> {
        Typed::new(self, codec)
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for plimsoll::Socket {}
}
