//! What the driver of a connection and the handles to it share.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;
use tokio::sync::Notify;

use crate::inbox::Inbox;
use crate::outbox::Outbox;
use crate::{Close, Info, SocketOptions};

pub(crate) struct Shared {
    pub(crate) info: Info,
    pub(crate) outbox: Outbox,
    pub(crate) inbox: Inbox,
    driver: AtomicWaker,
    requested: OnceLock<Close>,
    closed: OnceLock<Close>,
    ended: Notify,
    handler_done: AtomicBool,
    aborted: AtomicBool,
    killed: AtomicBool,
}

impl Shared {
    pub(crate) fn new(info: Info, options: &SocketOptions) -> Self {
        Self {
            info,
            outbox: Outbox::new(options.outbox_capacity()),
            inbox: Inbox::new(options.inbox_bytes),
            driver: AtomicWaker::new(),
            requested: OnceLock::new(),
            closed: OnceLock::new(),
            ended: Notify::new(),
            handler_done: AtomicBool::new(false),
            aborted: AtomicBool::new(false),
            killed: AtomicBool::new(false),
        }
    }

    /// Has the driver close the connection in order. The first reason counts.
    pub(crate) fn request_close(&self, close: Close) {
        if self.requested.set(close).is_ok() {
            self.driver.wake();
        }
    }

    pub(crate) fn requested_close(&self) -> Option<&Close> {
        self.requested.get()
    }

    /// Has the driver close the connection without sending what waits. The first reason counts.
    pub(crate) fn abort(&self, close: Close) {
        self.outbox.close();
        self.outbox.clear();
        self.aborted.store(true, Ordering::Release);
        let _ = self.requested.set(close);
        self.driver.wake();
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.aborted.load(Ordering::Acquire)
    }

    /// Has the driver and the handler dropped at once.
    pub(crate) fn kill(&self) {
        self.killed.store(true, Ordering::Release);
        self.driver.wake();
    }

    pub(crate) fn is_killed(&self) -> bool {
        self.killed.load(Ordering::Acquire)
    }

    pub(crate) fn set_handler_done(&self) {
        self.handler_done.store(true, Ordering::Release);
        self.driver.wake();
    }

    /// Ready once nobody needs the connection's task any more.
    pub(crate) fn poll_released(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.register_driver(cx);
        if self.handler_done.load(Ordering::Acquire) || self.is_killed() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    pub(crate) fn register_driver(&self, cx: &mut Context<'_>) {
        self.driver.register(cx.waker());
    }

    pub(crate) fn wake_driver(&self) {
        self.driver.wake();
    }

    /// The connection has ended. The first reason counts.
    pub(crate) fn finish(&self, close: Close) {
        if self.closed.set(close).is_ok() {
            self.outbox.close();
            self.outbox.clear();
            self.inbox.finish(None);
            self.ended.notify_waiters();
        }
    }

    pub(crate) fn close_reason(&self) -> Option<&Close> {
        self.closed.get()
    }

    pub(crate) async fn closed(&self) -> Close {
        loop {
            let ended = self.ended.notified();
            if let Some(close) = self.closed.get() {
                return close.clone();
            }
            ended.await;
        }
    }
}
