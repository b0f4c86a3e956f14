use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};

use tokio::time::Instant;

use super::duplex::SessionDuplex;
use super::options::SessionOptions;
use super::receiver::SessionReceiver;
use super::sender::SessionSender;
use crate::clock::after;
use crate::outbox::OVERHEAD;
use crate::{Close, CloseCode, Error, Frame};

/// Makes a session: the end for the endpoint, and the end for requests.
pub fn session(options: SessionOptions) -> (SessionDuplex, Session) {
    let state = State {
        inbox: Queue::default(),
        outbox: Queue::default(),
        receiver: Attendance::Absent(Instant::now()),
        sender: Attendance::Absent(Instant::now()),
        released: false,
        connection: None,
        awaits_receiver: false,
        error: None,
        end: None,
    };
    let session = Session { bridge: Arc::new(Bridge { state: Mutex::new(state), options }) };
    (SessionDuplex::new(session.clone()), session)
}

/// A session as requests see it. Clones are the same session.
#[derive(Clone)]
pub struct Session {
    pub(super) bridge: Arc<Bridge>,
}

impl Session {
    /// Attaches as the one receiver; `None` if there is one.
    ///
    /// A session that has ended has receivers, too: they get what still waits, then its
    /// [end](super::Delivery::Ended).
    pub fn receiver(&self) -> Option<SessionReceiver> {
        let mut state = self.lock();
        if matches!(state.receiver, Attendance::Present(_)) {
            return None;
        }
        state.receiver = Attendance::Present(None);
        state.released = false;
        drop(state);
        Some(SessionReceiver::new(self.clone()))
    }

    /// Becomes the one sender; `None` if there is one.
    pub fn sender(&self) -> Option<SessionSender> {
        let mut state = self.lock();
        if matches!(state.sender, Attendance::Present(_)) {
            return None;
        }
        state.sender = Attendance::Present(None);
        drop(state);
        Some(SessionSender::new(self.clone()))
    }

    /// Whether there is a receiver.
    pub fn has_receiver(&self) -> bool {
        matches!(self.lock().receiver, Attendance::Present(_))
    }

    /// Asks the receiver, if there is one, to detach: it gets
    /// [`Delivery::Released`](super::Delivery::Released) after what waits.
    pub fn release(&self) {
        let mut state = self.lock();
        state.released = true;
        let receiver = state.receiver.waker();
        drop(state);
        receiver.into_iter().for_each(Waker::wake);
    }

    /// The client closes the session: the endpoint gets the close after what was sent before.
    /// The first end counts.
    pub fn close(&self, close: Close) {
        self.end(close.clone(), |state| state.inbox.push(Frame::Close(close)));
    }

    /// The client broke a rule: the endpoint gets the error after what was sent before. The
    /// first end counts.
    pub fn fail(&self, error: Error) {
        let close = error.close().unwrap_or_else(abnormal);
        self.end(close, |state| state.error = Some(error));
    }

    /// How the session ended, if it has.
    pub fn close_reason(&self) -> Option<Close> {
        self.lock().end.clone()
    }

    /// Has the task of the endpoint poll the session.
    pub fn wake(&self) {
        let connection = self.lock().connection.take();
        connection.into_iter().for_each(Waker::wake);
    }

    /// Ends the session, unless it has ended, and wakes everybody.
    pub(super) fn end(&self, close: Close, last: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        if state.end.is_some() {
            return;
        }
        state.end = Some(close);
        last(&mut state);
        let wakers = state.wakers();
        drop(state);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }

    /// The earliest time at which the session may end for want of a receiver, as things stand.
    pub(super) fn absent_until(&self) -> Option<Instant> {
        let limit = self.options().absence?;
        let state = self.lock();
        let since = match state.receiver {
            _ if state.end.is_some() => return None,
            Attendance::Absent(since) => since,
            Attendance::Present(_) => Instant::now(),
        };
        Some(after(since, limit))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.bridge.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn options(&self) -> &SessionOptions {
        &self.bridge.options
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("end", &self.lock().end).finish_non_exhaustive()
    }
}

pub(super) struct Bridge {
    state: Mutex<State>,
    options: SessionOptions,
}

/// What both ends share.
pub(super) struct State {
    pub(super) inbox: Queue,
    pub(super) outbox: Queue,
    pub(super) receiver: Attendance,
    pub(super) sender: Attendance,
    /// The receiver was asked to detach.
    pub(super) released: bool,
    pub(super) connection: Option<Waker>,
    /// The connection waits for a receiver to take something.
    pub(super) awaits_receiver: bool,
    /// Comes after what is in the inbox.
    pub(super) error: Option<Error>,
    /// Nothing more is taken from either side.
    pub(super) end: Option<Close>,
}

impl State {
    pub(super) fn register_connection(&mut self, cx: &Context<'_>) {
        register(&mut self.connection, cx);
    }

    /// Whom to wake when a receiver has taken something.
    pub(super) fn taken(&mut self) -> Option<Waker> {
        std::mem::take(&mut self.awaits_receiver).then(|| self.connection.take()).flatten()
    }

    fn wakers(&mut self) -> [Option<Waker>; 3] {
        [self.connection.take(), self.receiver.waker(), self.sender.waker()]
    }
}

/// Whether one of two roles of a request is taken, and since when it is not.
pub(super) enum Attendance {
    Absent(Instant),
    Present(Option<Waker>),
}

impl Attendance {
    pub(super) fn register(&mut self, cx: &Context<'_>) {
        if let Self::Present(waker) = self {
            register(waker, cx);
        }
    }

    pub(super) fn waker(&mut self) -> Option<Waker> {
        match self {
            Self::Absent(_) => None,
            Self::Present(waker) => waker.take(),
        }
    }
}

/// Frames that wait. Takes no memory while it is empty.
#[derive(Default)]
pub(super) struct Queue {
    frames: VecDeque<Frame>,
    bytes: usize,
}

impl Queue {
    pub(super) fn push(&mut self, frame: Frame) {
        self.bytes += cost(&frame);
        self.frames.push_back(frame);
    }

    /// The next frame, if it takes no more than `room` bytes.
    pub(super) fn pop_within(&mut self, room: usize) -> Option<Frame> {
        self.frames.front().filter(|frame| len(frame) <= room)?;
        let frame = self.frames.pop_front()?;
        self.bytes -= cost(&frame);
        if self.frames.is_empty() {
            self.frames = VecDeque::new();
        }
        Some(frame)
    }

    pub(super) fn pop(&mut self) -> Option<Frame> {
        self.pop_within(usize::MAX)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Whether a bound has room for another frame: it may be exceeded by one.
    pub(super) fn has_room(&self, bound: usize) -> bool {
        self.bytes < bound
    }

    pub(super) fn take(&mut self) -> VecDeque<Frame> {
        std::mem::take(self).frames
    }
}

/// The end of a session that nobody has given a reason for.
pub(super) const fn abnormal() -> Close {
    Close { code: CloseCode::ABNORMAL, reason: crate::Text::from_static("") }
}

fn register(slot: &mut Option<Waker>, cx: &Context<'_>) {
    if !slot.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
        *slot = Some(cx.waker().clone());
    }
}

fn cost(frame: &Frame) -> usize {
    len(frame) + OVERHEAD
}

/// The length of a frame's payload in bytes.
fn len(frame: &Frame) -> usize {
    match frame {
        Frame::Message(message) => message.len(),
        Frame::Ping(payload) | Frame::Pong(payload) => payload.len(),
        Frame::Close(close) => close.reason.len(),
    }
}
