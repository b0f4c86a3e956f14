//! What a connection's handlers do, and what waits for them.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt};
use plimsoll::Message;

use crate::arguments::Arguments;
use crate::dialect::RequestId;
use crate::events::Options;
use crate::handlers::Handlers;
use crate::{Event, Peer};

/// What a connection's handlers do, and what waits for them.
///
/// One queue holds what waits, in its order. An event, or a message, holds up what comes after
/// until it is handled; requests run beside each other, and beside a later event.
pub(crate) struct Work {
    options: Options,
    handlers: Arc<Handlers>,
    peer: Peer,
    queue: VecDeque<(Task, usize)>,
    queued_bytes: usize,
    event: Option<BoxFuture<'static, ()>>,
    requests: FuturesUnordered<BoxFuture<'static, ()>>,
}

pub(crate) enum Task {
    Event(Event),
    Message(Message),
    Request { id: RequestId, name: String, arguments: Arguments },
}

impl Work {
    pub(crate) fn new(options: Options, handlers: Arc<Handlers>, peer: Peer) -> Self {
        Self {
            options,
            handlers,
            peer,
            queue: VecDeque::new(),
            queued_bytes: 0,
            event: None,
            requests: FuturesUnordered::new(),
        }
    }

    /// Puts a task at the end of the queue; `size` is that of its message.
    pub(crate) fn push(&mut self, task: Task, size: usize) {
        let size = size.saturating_add(TASK_BYTES);
        self.queued_bytes = self.queued_bytes.saturating_add(size);
        self.queue.push_back((task, size));
    }

    /// Whether nothing more may be pushed for now.
    pub(crate) fn is_full(&self) -> bool {
        self.queued_bytes >= self.options.queue_bytes
    }

    /// Works until something is done that may have made room. Cancel safe.
    pub(crate) async fn advance(&mut self) {
        poll_fn(|cx| self.poll_advance(cx)).await;
    }

    /// Handles the events that wait, and gives up the requests.
    pub(crate) async fn finish_events(&mut self) {
        self.requests.clear();
        self.queue.retain(|(task, _)| !matches!(task, Task::Request { .. }));
        while self.event.is_some() || !self.queue.is_empty() {
            self.advance().await;
        }
    }

    fn poll_advance(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let started = self.start();
        if self.event.as_mut().is_some_and(|event| event.poll_unpin(cx).is_ready()) {
            self.event = None;
            return Poll::Ready(());
        }
        match self.requests.poll_next_unpin(cx) {
            Poll::Ready(Some(())) => Poll::Ready(()),
            Poll::Ready(None) | Poll::Pending if started => Poll::Ready(()),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }

    /// Starts what may be started. Returns whether there was anything.
    fn start(&mut self) -> bool {
        let mut started = false;
        while self.event.is_none() {
            let busy = self.requests.len() >= self.options.max_running_requests;
            let ready = |(task, _): &(Task, usize)| !busy || !matches!(task, Task::Request { .. });
            if !self.queue.front().is_some_and(ready) {
                break;
            }
            let Some((task, size)) = self.queue.pop_front() else { break };
            self.queued_bytes -= size;
            started = true;
            match task {
                Task::Event(event) => self.event = self.handlers.event(&self.peer, event),
                Task::Message(message) => self.event = self.handlers.message(&self.peer, message),
                Task::Request { id, name, arguments } => {
                    let handling = self.handlers.request(&self.peer, id, &name, arguments);
                    self.requests.push(handling);
                }
            }
        }
        if self.queue.is_empty() && self.queue.capacity() > KEPT {
            self.queue = VecDeque::new();
        }
        started
    }
}

/// What a task counts beyond its message: somewhat more than its place in the queue.
const TASK_BYTES: usize = 160;
const _: () = assert!(size_of::<(Task, usize)>() <= TASK_BYTES);
/// How many tasks an empty queue keeps room for.
const KEPT: usize = 16;

#[cfg(test)]
mod tests {
    use plimsoll::{Capabilities, Info, Socket, SocketOptions};
    use plimsoll_encoding::{AnyCodec, Json};
    use plimsoll_memory::pair;

    use super::*;

    #[tokio::test]
    async fn a_queue_that_was_long_leaves_no_memory_behind() {
        let (io, _other) = pair(plimsoll_memory::Options::default()).unwrap();
        let info = Info::new("memory", Capabilities::FULL, "/".parse().unwrap());
        let socket = Socket::spawn(io, info, SocketOptions::default());
        let options = Options::default();
        let codec = AnyCodec::new(Json);
        let timeout = options.request_timeout;
        let peer = Peer::new(socket.sender().clone(), codec, options.dialect, timeout, 1);
        let mut work = Work::new(options, Arc::default(), peer);
        let mut count = 0;
        while !work.is_full() {
            work.push(Task::Message(Message::from("")), 0);
            count += 1;
        }
        assert!(count > KEPT);
        work.advance().await;
        assert_eq!((work.queue.len(), work.queued_bytes), (0, 0));
        assert!(work.queue.capacity() <= KEPT, "{}", work.queue.capacity());
    }
}
