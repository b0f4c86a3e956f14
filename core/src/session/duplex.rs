use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::time::{Sleep, sleep_until};

use super::bridge::{Session, abnormal};
use crate::{Duplex, Error, ErrorKind, Frame};

/// A session as the endpoint sees it.
///
/// What is sent waits for a receiver, also after the session was closed or this was dropped; a
/// flush waits for nobody. Dropping it without a close ends the session.
pub struct SessionDuplex {
    session: Session,
    /// Ends a session without a receiver.
    timer: Option<Pin<Box<Sleep>>>,
}

impl SessionDuplex {
    pub(super) fn new(session: Session) -> Self {
        Self { session, timer: None }
    }

    /// The session as requests see it.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Takes back what no receiver has taken, for a connection that goes on over another
    /// transport.
    pub fn take_unsent(&mut self) -> VecDeque<Frame> {
        self.session.lock().outbox.take()
    }

    /// Whether frames of the client wait here: then it is not silent.
    pub fn has_unread(&self) -> bool {
        !self.session.lock().inbox.is_empty()
    }

    /// Whether frames wait here for a receiver.
    pub fn has_unsent(&self) -> bool {
        !self.session.lock().outbox.is_empty()
    }

    /// Ready once a receiver has taken all that was sent.
    pub fn poll_taken(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.session.lock();
        if state.outbox.is_empty() {
            return Poll::Ready(());
        }
        state.awaits_receiver = true;
        state.register_connection(cx);
        Poll::Pending
    }

    /// Fails once no receiver has come for too long. The timer is moved only when it has expired,
    /// not by each receiver that comes and goes.
    fn poll_absence(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        let timer = match &mut self.timer {
            Some(timer) => timer,
            None => {
                let Some(deadline) = self.session.absent_until() else { return Ok(()) };
                self.timer.insert(Box::pin(sleep_until(deadline)))
            }
        };
        while timer.as_mut().poll(cx).is_ready() {
            let Some(deadline) = self.session.absent_until() else { return Ok(()) };
            if deadline <= timer.deadline() {
                self.session.end(abnormal(), |_| {});
                return Err(Error::with_message(
                    ErrorKind::Timeout,
                    "the client did not come back",
                ));
            }
            timer.as_mut().reset(deadline);
        }
        Ok(())
    }
}

impl Duplex for SessionDuplex {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        let mut state = self.session.lock();
        if let Some(frame) = state.inbox.pop() {
            let sender = state.sender.waker();
            drop(state);
            sender.into_iter().for_each(Waker::wake);
            return Poll::Ready(Some(Ok(frame)));
        }
        if let Some(error) = state.error.take() {
            return Poll::Ready(Some(Err(error)));
        }
        if state.end.is_some() {
            return Poll::Ready(None);
        }
        state.register_connection(cx);
        drop(state);
        match self.poll_absence(cx) {
            Ok(()) => Poll::Pending,
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let mut state = self.session.lock();
        // After the end there is room for a close, which changes nothing; all else is refused.
        if state.end.is_some() || state.outbox.has_room(self.session.options().outbox_bytes) {
            return Poll::Ready(Ok(()));
        }
        state.awaits_receiver = true;
        state.register_connection(cx);
        Poll::Pending
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        if let Frame::Close(close) = frame {
            self.session.end(close.clone(), |state| state.outbox.push(Frame::Close(close)));
            return Ok(());
        }
        let mut state = self.session.lock();
        if state.end.is_some() {
            return Err(Error::new(ErrorKind::Close));
        }
        state.outbox.push(frame);
        let receiver = state.receiver.waker();
        drop(state);
        receiver.into_iter().for_each(Waker::wake);
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.session.lock().register_connection(cx);
        Poll::Ready(self.poll_absence(cx))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.session.end(abnormal(), |_| {});
        Poll::Ready(Ok(()))
    }
}

impl Drop for SessionDuplex {
    fn drop(&mut self) {
        self.session.end(abnormal(), |_| {});
        // Nobody reads any more.
        let unread = self.session.lock().inbox.take();
        drop(unread);
    }
}

impl fmt::Debug for SessionDuplex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionDuplex").field("session", &self.session).finish_non_exhaustive()
    }
}
