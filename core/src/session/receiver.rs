use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use tokio::time::Instant;

use super::bridge::{Attendance, Session, abnormal};
use crate::{Close, Frame};

/// A request that receives what a session sends: there is one at a time.
///
/// It ends by [`detach`](Self::detach). Dropping it in any other way means that the request was
/// lost, and with it perhaps what was taken: that ends the session.
pub struct SessionReceiver {
    session: Session,
    detached: bool,
}

impl SessionReceiver {
    pub(super) fn new(session: Session) -> Self {
        Self { session, detached: false }
    }

    /// Waits for what comes next. Cancel safe.
    pub async fn recv(&mut self) -> Delivery {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// As [`recv`](Self::recv), for bodies of responses.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Delivery> {
        let mut state = self.session.lock();
        if let Some(frame) = state.outbox.pop() {
            let connection = state.taken();
            drop(state);
            connection.into_iter().for_each(Waker::wake);
            return Poll::Ready(Delivery::Frame(frame));
        }
        if let Some(close) = &state.end {
            return Poll::Ready(Delivery::Ended(close.clone()));
        }
        if state.released {
            return Poll::Ready(Delivery::Released);
        }
        state.receiver.register(cx);
        Poll::Pending
    }

    /// What waits already, if its payload is at most `room` bytes long: for more frames in one
    /// response.
    pub fn try_recv(&mut self, room: usize) -> Option<Frame> {
        let mut state = self.session.lock();
        let frame = state.outbox.pop_within(room)?;
        let connection = state.taken();
        drop(state);
        connection.into_iter().for_each(Waker::wake);
        Some(frame)
    }

    /// Ends the request in order: another one may come.
    pub fn detach(mut self) {
        self.detached = true;
        self.session.lock().receiver = Attendance::Absent(Instant::now());
    }
}

impl Drop for SessionReceiver {
    fn drop(&mut self) {
        if !self.detached {
            self.session.lock().receiver = Attendance::Absent(Instant::now());
            self.session.end(abnormal(), |_| {});
        }
    }
}

impl fmt::Debug for SessionReceiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionReceiver").field("session", &self.session).finish_non_exhaustive()
    }
}

/// What a receiver gets.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Delivery {
    /// The session has ended, and nothing waits any more.
    Ended(Close),
    /// A frame for the client. A [`Frame::Close`] is the last.
    Frame(Frame),
    /// Nothing waits, and the receiver is [asked](Session::release) to detach.
    Released,
}
