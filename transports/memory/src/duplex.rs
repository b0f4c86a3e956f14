//! The connection: two bounded queues.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use plimsoll::{BoxDuplex, Close, CloseCode, Duplex, Error, ErrorKind, Frame};

use crate::Options;

/// Makes the two ends of a connection, without a handshake.
///
/// Faults in the options are at both ends.
///
/// ```
/// use plimsoll::{DuplexExt, Frame};
/// use plimsoll_memory::{Options, pair};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), plimsoll::Error> {
/// let (mut left, mut right) = pair(Options::default())?;
/// left.send("ahoy").await?;
/// assert_eq!(right.recv().await.unwrap()?, Frame::from("ahoy"));
/// drop(left);
/// assert!(right.recv().await.is_none());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
///
/// [`ErrorKind::Config`] if an option cannot work.
pub fn pair(options: Options) -> Result<(BoxDuplex, BoxDuplex), Error> {
    options.check()?;
    Ok(connect(&options))
}

/// Makes the two ends of a connection. The options have been checked.
pub(crate) fn connect(options: &Options) -> (BoxDuplex, BoxDuplex) {
    let (one, other) = (Pipe::new(options.capacity), Pipe::new(options.capacity));
    let end = |inbound: &Arc<Pipe>, outbound: &Arc<Pipe>| {
        let (inbound, outbound) = (Arc::clone(inbound), Arc::clone(outbound));
        let end: BoxDuplex = Box::new(MemoryDuplex { inbound, outbound, received: None });
        match &options.faults {
            Some(faults) => faults.put_on(end),
            None => end,
        }
    };
    (end(&one, &other), end(&other, &one))
}

/// One end of a connection.
struct MemoryDuplex {
    inbound: Arc<Pipe>,
    outbound: Arc<Pipe>,
    /// The peer's close, which `poll_close` answers.
    received: Option<CloseCode>,
}

impl Duplex for MemoryDuplex {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        let frame = self.inbound.poll_pop(cx);
        if let Poll::Ready(Some(Frame::Close(close))) = &frame {
            self.received = Some(close.code);
        }
        frame.map(|frame| frame.map(Ok))
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.outbound.poll_room(cx)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        self.outbound.push(as_on_a_wire(frame)?)
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if let Some(code) = self.received.take() {
            // Fails if a close has been sent, or the peer is gone: then there is no answer.
            let _ = self.outbound.push(Frame::Close(Close::new(code, "")));
        }
        self.outbound.end();
        Poll::Ready(Ok(()))
    }
}

impl Drop for MemoryDuplex {
    fn drop(&mut self) {
        self.outbound.end();
        self.inbound.abandon();
    }
}

/// One direction.
struct Pipe {
    state: Mutex<State>,
    capacity: usize,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Frame>,
    /// The room that `queue` takes.
    bytes: usize,
    reader: Side,
    writer: Side,
}

/// One of the two users of a pipe.
enum Side {
    /// Here, and maybe waiting.
    Here(Option<Waker>),
    /// Done with the pipe.
    Gone,
}

impl Pipe {
    fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), capacity })
    }

    fn poll_pop(&self, cx: &mut Context<'_>) -> Poll<Option<Frame>> {
        let mut state = self.lock();
        let Some(frame) = state.queue.pop_front() else {
            if state.writer.is_gone() {
                return Poll::Ready(None);
            }
            state.reader.wait(cx);
            return Poll::Pending;
        };
        state.bytes -= cost(&frame);
        if state.queue.is_empty() && state.queue.capacity() > KEPT {
            state.queue = VecDeque::new();
        }
        let writer = if state.bytes < self.capacity { state.writer.take() } else { None };
        drop(state);
        writer.into_iter().for_each(Waker::wake);
        Poll::Ready(Some(frame))
    }

    fn poll_room(&self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut state = self.lock();
        if state.reader.is_gone() || state.writer.is_gone() {
            return Poll::Ready(Err(Error::new(ErrorKind::Close)));
        }
        if state.bytes < self.capacity {
            return Poll::Ready(Ok(()));
        }
        state.writer.wait(cx);
        Poll::Pending
    }

    fn push(&self, frame: Frame) -> Result<(), Error> {
        let mut state = self.lock();
        if state.reader.is_gone() || state.writer.is_gone() {
            return Err(Error::new(ErrorKind::Close));
        }
        if matches!(frame, Frame::Close(_)) {
            state.writer = Side::Gone;
        }
        state.bytes += cost(&frame);
        state.queue.push_back(frame);
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
        Ok(())
    }

    /// Nothing more is sent.
    fn end(&self) {
        let mut state = self.lock();
        state.writer = Side::Gone;
        let reader = state.reader.take();
        drop(state);
        reader.into_iter().for_each(Waker::wake);
    }

    /// Nothing more is read.
    fn abandon(&self) {
        let mut state = self.lock();
        state.reader = Side::Gone;
        state.bytes = 0;
        let queue = std::mem::take(&mut state.queue);
        let writer = state.writer.take();
        drop(state);
        drop(queue);
        writer.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Side {
    fn is_gone(&self) -> bool {
        matches!(self, Self::Gone)
    }

    fn wait(&mut self, cx: &Context<'_>) {
        if let Self::Here(waker) = self
            && !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker()))
        {
            *waker = Some(cx.waker().clone());
        }
    }

    fn take(&mut self) -> Option<Waker> {
        match self {
            Self::Here(waker) => waker.take(),
            Self::Gone => None,
        }
    }
}

impl Default for Side {
    fn default() -> Self {
        Self::Here(None)
    }
}

/// The frame as the transports with a wire would carry it, so that an application that works
/// here works there.
fn as_on_a_wire(frame: Frame) -> Result<Frame, Error> {
    match frame {
        Frame::Ping(payload) | Frame::Pong(payload) if payload.len() > MAX_CONTROL => {
            let message = "the payload of a ping or pong is at most 125 bytes";
            Err(Error::with_message(ErrorKind::TooLarge, message))
        }
        Frame::Close(close) if !close.code.is_sendable() => {
            Ok(Frame::Close(Close::new(CloseCode::NO_STATUS, "")))
        }
        Frame::Close(close) if close.reason.len() > Close::MAX_REASON => {
            Ok(Frame::Close(Close::new(close.code, close.wire_reason())))
        }
        frame => Ok(frame),
    }
}

fn cost(frame: &Frame) -> usize {
    let payload = match frame {
        Frame::Message(message) => message.len(),
        Frame::Ping(payload) | Frame::Pong(payload) => payload.len(),
        Frame::Close(close) => close.reason.len(),
        _ => 0,
    };
    payload + OVERHEAD
}

/// What a frame counts beside its payload, in bytes, so that empty ones are bounded too.
const OVERHEAD: usize = 64;
/// How many frames an empty queue keeps room for.
const KEPT: usize = 64;
const MAX_CONTROL: usize = 125;
