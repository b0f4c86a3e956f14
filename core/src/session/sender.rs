use std::fmt;
use std::future::poll_fn;
use std::task::{Poll, Waker};

use tokio::time::Instant;

use super::bridge::{Attendance, Session};
use crate::{Error, ErrorKind, Frame};

/// A request that brings what the client sends: there is one at a time, so that their order is
/// the client's. Dropping it makes room for the next.
pub struct SessionSender {
    session: Session,
}

impl SessionSender {
    pub(super) fn new(session: Session) -> Self {
        Self { session }
    }

    /// Hands a frame to the endpoint, after waiting for room. Cancel safe: then it was not handed
    /// over.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Close`] if the session has ended.
    pub async fn send(&mut self, frame: Frame) -> Result<(), Error> {
        let mut frame = Some(frame);
        poll_fn(|cx| {
            let mut state = self.session.lock();
            if state.end.is_some() {
                return Poll::Ready(Err(Error::new(ErrorKind::Close)));
            }
            if !state.inbox.has_room(self.session.options().inbox_bytes) {
                state.sender.register(cx);
                return Poll::Pending;
            }
            if let Some(frame) = frame.take() {
                state.inbox.push(frame);
            }
            let connection = state.connection.take();
            drop(state);
            connection.into_iter().for_each(Waker::wake);
            Poll::Ready(Ok(()))
        })
        .await
    }
}

impl Drop for SessionSender {
    fn drop(&mut self) {
        self.session.lock().sender = Attendance::Absent(Instant::now());
    }
}

impl fmt::Debug for SessionSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionSender").field("session", &self.session).finish_non_exhaustive()
    }
}
