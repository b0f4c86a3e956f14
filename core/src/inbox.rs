//! The queue between the driver of a connection and its receiver, bounded in bytes.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::outbox::{KEPT, OVERHEAD};
use crate::{Error, Message};

/// Messages that wait for the application. Takes no memory while it is empty and new.
pub(crate) struct Inbox {
    state: Mutex<State>,
    capacity: usize,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Message>,
    /// The room taken by `queue` and by what the receiver took out last.
    bytes: usize,
    end: Option<Option<Error>>,
    receiver: Option<Waker>,
    receiver_gone: bool,
    driver_waits: bool,
}

impl Inbox {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { state: Mutex::default(), capacity }
    }

    /// How much room is left, in bytes. If none is, the driver is woken once there is.
    pub(crate) fn room(&self) -> usize {
        let mut state = self.lock();
        let room = if state.receiver_gone { usize::MAX } else { self.capacity };
        let room = room.saturating_sub(state.bytes);
        state.driver_waits = room == 0;
        room
    }

    /// Hands over what was read. Leaves `batch` empty.
    pub(crate) fn deliver(&self, batch: &mut VecDeque<Message>) {
        let bytes: usize = batch.iter().map(cost).sum();
        let mut state = self.lock();
        if state.receiver_gone {
            drop(state);
            batch.clear();
            return;
        }
        state.bytes += bytes;
        if state.queue.is_empty() {
            std::mem::swap(&mut state.queue, batch);
        } else {
            state.queue.append(batch);
        }
        let receiver = state.receiver.take();
        drop(state);
        receiver.into_iter().for_each(Waker::wake);
    }

    /// Tells the receiver that nothing more comes. The first end counts.
    pub(crate) fn finish(&self, error: Option<Error>) {
        let mut state = self.lock();
        state.end.get_or_insert(error);
        let receiver = state.receiver.take();
        drop(state);
        receiver.into_iter().for_each(Waker::wake);
    }

    /// The receiver is gone: what arrives from now on is thrown away.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.receiver_gone = true;
        let queue = std::mem::take(&mut state.queue);
        drop(state);
        drop(queue);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The receiver's part: what it took out under one lock.
#[derive(Default)]
pub(crate) struct Taken {
    messages: VecDeque<Message>,
    /// The room that is still held for `messages`.
    bytes: usize,
}

impl Taken {
    /// The next message. `wake_driver` is called if the driver waited for room that there is now.
    pub(crate) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        inbox: &Inbox,
        wake_driver: impl FnOnce(),
    ) -> Poll<Option<Result<Message, Error>>> {
        if let Some(message) = self.messages.pop_front() {
            return Poll::Ready(Some(Ok(message)));
        }
        if self.messages.capacity() > KEPT {
            self.messages = VecDeque::new();
        }
        let mut state = inbox.lock();
        state.bytes -= std::mem::take(&mut self.bytes);
        let driver_waits = std::mem::take(&mut state.driver_waits);
        std::mem::swap(&mut state.queue, &mut self.messages);
        self.bytes = state.bytes;
        let next = match self.messages.pop_front() {
            Some(message) => Poll::Ready(Some(Ok(message))),
            None => match &mut state.end {
                Some(error) => Poll::Ready(error.take().map(Err)),
                None => {
                    let same = state.receiver.as_ref().is_some_and(|it| it.will_wake(cx.waker()));
                    if !same {
                        state.receiver = Some(cx.waker().clone());
                    }
                    Poll::Pending
                }
            },
        };
        drop(state);
        if driver_waits {
            wake_driver();
        }
        next
    }
}

/// The room that a message takes, in bytes.
pub(crate) fn cost(message: &Message) -> usize {
    message.len() + OVERHEAD
}
