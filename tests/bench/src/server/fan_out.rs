//! What fan-out needs at the least: a bounded queue for each subscriber.
//!
//! It is the yardstick for ours, so there is nothing in it but the queue and its waker.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

/// The subscribers.
pub(super) struct FanOut<M> {
    members: Mutex<Vec<Arc<Outbox<M>>>>,
}

impl<M: Clone> FanOut<M> {
    pub(super) fn new() -> Self {
        Self { members: Mutex::new(Vec::new()) }
    }

    /// Adds a subscriber, until [`Self::leave`].
    pub(super) fn join(&self) -> Arc<Outbox<M>> {
        let outbox = Arc::new(Outbox { state: Mutex::default() });
        self.members.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&outbox));
        outbox
    }

    pub(super) fn leave(&self, outbox: &Arc<Outbox<M>>) {
        let mut members = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        members.retain(|member| !Arc::ptr_eq(member, outbox));
    }

    /// Puts the message in all queues. A subscriber whose queue is full loses it.
    pub(super) fn publish(&self, message: &M) {
        for member in &*self.members.lock().unwrap_or_else(PoisonError::into_inner) {
            member.push(message.clone());
        }
    }
}

/// What a subscriber has yet to send.
pub(super) struct Outbox<M> {
    state: Mutex<State<M>>,
}

struct State<M> {
    queue: VecDeque<M>,
    waker: Option<Waker>,
}

impl<M> Outbox<M> {
    /// Moves everything there is to `batch`, which must be empty.
    pub(super) fn poll_take(&self, cx: &mut Context<'_>, batch: &mut VecDeque<M>) -> Poll<()> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.queue.is_empty() {
            std::mem::swap(&mut state.queue, batch);
            return Poll::Ready(());
        }
        if !state.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            state.waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    fn push(&self, message: M) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.queue.len() < CAPACITY {
            state.queue.push_back(message);
        }
        if let Some(waker) = &state.waker {
            waker.wake_by_ref();
        }
    }
}

impl<M> Default for State<M> {
    fn default() -> Self {
        Self { queue: VecDeque::new(), waker: None }
    }
}

const CAPACITY: usize = 256;
