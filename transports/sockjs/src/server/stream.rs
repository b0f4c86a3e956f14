use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::Frame;
use plimsoll::session::SessionReceiver;
use tokio::time::{Instant, Sleep, sleep};

use super::chunk::Chunk;
use crate::codec::{Carrier, closes};
use crate::{Binary, Options};

/// The body of a long response: a chunk for each frame, until it is long enough or the session
/// ends. Dropping it earlier means that the client has gone, and ends the session.
pub(super) struct Stream {
    carrier: Carrier,
    binary: Binary,
    prelude: Option<Bytes>,
    /// The frame that comes before all that the session sends.
    first: Option<Bytes>,
    receiver: Option<SessionReceiver>,
    /// How many more bytes of frames the response gets.
    left: usize,
    heartbeat_delay: Duration,
    heartbeat: Pin<Box<Sleep>>,
    /// When the last chunk was sent.
    sent: Instant,
}

impl Stream {
    /// A response that receives; `first` is its first frame.
    pub(super) fn new(
        carrier: Carrier,
        first: Option<Bytes>,
        receiver: SessionReceiver,
        options: &Options,
    ) -> Self {
        Self {
            prelude: carrier.prelude(),
            carrier,
            binary: options.binary,
            first,
            receiver: Some(receiver),
            left: options.response_limit,
            heartbeat_delay: options.heartbeat_delay,
            heartbeat: Box::pin(sleep(options.heartbeat_delay)),
            sent: Instant::now(),
        }
    }

    /// A response for a client that has another one.
    pub(super) fn refusing(carrier: Carrier, options: &Options) -> Self {
        let close = carrier.close(&closes::another_connection()).into_bytes();
        Self {
            prelude: carrier.prelude(),
            carrier,
            binary: options.binary,
            first: Some(close),
            receiver: None,
            left: 0,
            heartbeat_delay: options.heartbeat_delay,
            heartbeat: Box::pin(sleep(options.heartbeat_delay)),
            sent: Instant::now(),
        }
    }

    /// The next frame; `None` at the end.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(first));
        }
        let Some(receiver) = &mut self.receiver else { return Poll::Ready(None) };
        if self.left == 0 {
            self.detach();
            return Poll::Ready(None);
        }
        let Poll::Ready(delivery) = receiver.poll_recv(cx) else {
            ready!(self.poll_heartbeat(cx));
            return Poll::Ready(Some(self.carrier.heartbeat().into_bytes()));
        };
        match Chunk::new(delivery, receiver, &self.carrier, self.binary) {
            Some(Chunk::Messages(frame)) => Poll::Ready(Some(frame)),
            Some(Chunk::Last(frame)) => {
                self.detach();
                Poll::Ready(Some(frame))
            }
            None => {
                self.detach();
                Poll::Ready(None)
            }
        }
    }

    /// Waits until nothing was sent for too long. The timer is moved only when it has expired,
    /// not by each chunk.
    fn poll_heartbeat(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            ready!(self.heartbeat.as_mut().poll(cx));
            let due = self.sent + self.heartbeat_delay;
            if due <= self.heartbeat.deadline() {
                self.heartbeat.as_mut().reset(Instant::now() + self.heartbeat_delay);
                return Poll::Ready(());
            }
            self.heartbeat.as_mut().reset(due);
        }
    }

    fn detach(&mut self) {
        self.receiver.take().into_iter().for_each(SessionReceiver::detach);
    }
}

impl http_body::Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        if let Some(prelude) = this.prelude.take() {
            return Poll::Ready(Some(Ok(Frame::data(prelude))));
        }
        let Some(frame) = ready!(this.poll_next(cx)) else { return Poll::Ready(None) };
        this.left = this.left.saturating_sub(frame.len());
        this.sent = Instant::now();
        Poll::Ready(Some(Ok(Frame::data(frame))))
    }
}
