//! The trait that every transport implements.

use std::future::poll_fn;
use std::task::{Context, Poll};

use futures::{Sink, SinkExt, Stream, StreamExt};

use crate::{Error, ErrorKind, Frame};

/// One established connection: a two-way stream of [`Frame`]s.
///
/// The methods are those of [`Stream`] and [`Sink`] without `Pin`, so that the trait can be a
/// trait object and a wrapper needs no projection. What is already a stream and a sink becomes a
/// duplex by [`from_stream_sink`].
///
/// # Contract
///
/// An implementation keeps these rules, and may rely on its caller to keep those that are the
/// caller's. The conformance kit of this project checks a transport against them.
///
/// **Frames.** Messages arrive once, in the order in which they were sent, with their boundaries
/// and their kind (text or binary), empty ones too. A transport that cannot carry binary says so
/// in its [`Capabilities`](crate::Capabilities) and fails
/// [`start_send`](Self::start_send) with [`ErrorKind::Unsupported`](crate::ErrorKind).
///
/// **Tasks and wakers.** One task polls all methods, so an implementation may keep one waker for
/// reading and one for writing. A method that returns `Pending` has arranged for the task to be
/// woken when it is worth calling again, even if another method is the reason: a wrapper whose
/// `start_send` gives it something to hand up wakes the reader. Until then the caller need not
/// call again. Every method is cancel safe: not polling again loses nothing but time.
///
/// **Sending.** The caller calls `start_send` once after each `poll_ready` that returned
/// `Ready(Ok(()))`. What was sent may stay in a buffer until `poll_flush` has returned
/// `Ready(Ok(()))`; after that it is on its way without further polls. The buffer is bounded:
/// while the peer does not read, `poll_ready` becomes `Pending` sooner or later. An error of
/// `start_send` with kind [`Unsupported`](crate::ErrorKind::Unsupported) or
/// [`TooLarge`](crate::ErrorKind::TooLarge) concerns that frame alone; any other error ends the
/// sending side.
///
/// **Receiving.** Nothing is read ahead without bound. After `Ready(None)` or an error,
/// `poll_recv` is not called again.
///
/// **Control frames.** A [`Frame::Ping`] that is handed up is answered by the caller, unless the
/// transport's capabilities say that it has [answered](crate::Capabilities::answers_pings)
/// already.
///
/// **Closing.** A [`Frame::Close`] from the peer is handed up once, then the stream ends.
/// `Ready(None)` without one means that the connection ended without a close; so does a peer that
/// ends its direction only, where the network below knows such a thing: the caller takes it for
/// gone, and sends no more. To close, the caller sends a `Frame::Close` and then polls
/// `poll_close` together with `poll_recv`, again even when it was ready before: it flushes, does
/// what the protocol demands of this side, and does not wait for the peer's answer, which is
/// `poll_recv`'s part. After an error of `poll_recv` the caller may still send what it has and a
/// last `Frame::Close`, to tell the peer why, and poll `poll_close`; only then may that wait until
/// the peer has sent the rest of what it is sending, to throw it away: what is unread when a
/// socket goes can cost the peer the close. Every deadline is the caller's.
///
/// **Dropping** frees everything at once, sends nothing, and never blocks.
pub trait Duplex: Send + 'static {
    /// The next frame from the peer.
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>>;

    /// Whether one more frame can be taken: this is where backpressure shows.
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>>;

    /// Takes a frame for the peer.
    fn start_send(&mut self, frame: Frame) -> Result<(), Error>;

    /// Takes a text message for the peer that consists of `parts`, as
    /// [`start_send`](Self::start_send) takes a whole one: for a protocol that puts something
    /// around each text, over a transport that copies texts in any case.
    ///
    /// By default the parts are put together and sent as a frame, which is right for every
    /// wrapper.
    fn start_send_text(&mut self, parts: &[&str]) -> Result<(), Error> {
        self.start_send(parts.concat().into())
    }

    /// Hands all taken frames to the network.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>>;

    /// Flushes, and ends the sending direction.
    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>>;
}

/// A connection of any transport.
pub type BoxDuplex = Box<dyn Duplex>;

impl Default for BoxDuplex {
    /// A connection that has ended: it stands in where [`std::mem::take`] moves one out of its
    /// place, to put a wrapper around it.
    fn default() -> Self {
        Box::new(Nothing)
    }
}

impl<D: Duplex + ?Sized> Duplex for Box<D> {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        (**self).poll_recv(cx)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        (**self).poll_ready(cx)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        (**self).start_send(frame)
    }

    fn start_send_text(&mut self, parts: &[&str]) -> Result<(), Error> {
        (**self).start_send_text(parts)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        (**self).poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        (**self).poll_close(cx)
    }
}

/// The methods of [`Duplex`] as futures, for handshakes, tests and tools.
pub trait DuplexExt: Duplex {
    /// Receives a frame. Cancel safe.
    fn recv(&mut self) -> impl Future<Output = Option<Result<Frame, Error>>> + Send {
        poll_fn(|cx| self.poll_recv(cx))
    }

    /// Sends a frame and flushes. Not cancel safe: whether the frame was taken is not known.
    ///
    /// # Errors
    ///
    /// Those of [`Duplex::poll_ready`], [`Duplex::start_send`] and [`Duplex::poll_flush`].
    fn send(
        &mut self,
        frame: impl Into<Frame> + Send,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        async move {
            poll_fn(|cx| self.poll_ready(cx)).await?;
            self.start_send(frame.into())?;
            poll_fn(|cx| self.poll_flush(cx)).await
        }
    }

    /// Flushes and ends the sending direction. Cancel safe.
    ///
    /// # Errors
    ///
    /// Those of [`Duplex::poll_close`].
    fn close(&mut self) -> impl Future<Output = Result<(), Error>> + Send {
        poll_fn(|cx| self.poll_close(cx))
    }
}

impl<D: Duplex + ?Sized> DuplexExt for D {}

/// Makes a [`Duplex`] of anything that is a [`Stream`] and a [`Sink`] of frames.
pub fn from_stream_sink<T>(inner: T) -> impl Duplex
where
    T: Stream<Item = Result<Frame, Error>> + Sink<Frame, Error = Error> + Send + Unpin + 'static,
{
    StreamSink(inner)
}

struct StreamSink<T>(T);

impl<T> Duplex for StreamSink<T>
where
    T: Stream<Item = Result<Frame, Error>> + Sink<Frame, Error = Error> + Send + Unpin + 'static,
{
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        self.0.poll_next_unpin(cx)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_ready_unpin(cx)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        self.0.start_send_unpin(frame)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_flush_unpin(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.0.poll_close_unpin(cx)
    }
}

/// A connection that has ended.
struct Nothing;

impl Duplex for Nothing {
    fn poll_recv(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        Poll::Ready(None)
    }

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Err(Error::new(ErrorKind::Close)))
    }

    fn start_send(&mut self, _: Frame) -> Result<(), Error> {
        Err(Error::new(ErrorKind::Close))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }
}
