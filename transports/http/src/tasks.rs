//! Tasks with an owner.

use std::future::{Future, poll_fn};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::task::{Poll, Waker};

use futures::FutureExt;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::handle::Handle;

/// Owns tasks: they end at the latest when it is dropped.
#[derive(Debug)]
pub(crate) struct Tasks {
    spawner: Spawner,
    _end: DropGuard,
}

impl Tasks {
    /// `handle` counts the tasks that panic.
    pub(crate) fn new(handle: Handle) -> Self {
        let end = CancellationToken::new();
        let spawner = Spawner { tracker: TaskTracker::new(), end: end.clone(), handle };
        Self { spawner, _end: end.drop_guard() }
    }

    pub(crate) fn spawner(&self) -> &Spawner {
        &self.spawner
    }

    /// Waits until all tasks have ended. Cancel safe.
    pub(crate) async fn finished(&self) {
        self.spawner.tracker.close();
        self.spawner.tracker.wait().await;
    }
}

/// Starts tasks that belong to the [`Tasks`] it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Spawner {
    tracker: TaskTracker,
    end: CancellationToken,
    handle: Handle,
}

impl Spawner {
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let Self { end, handle, .. } = self.clone();
        self.tracker.spawn(async move {
            // A task shares nothing with others that a panic could leave half done.
            let task = AssertUnwindSafe(task).catch_unwind();
            tokio::select! {
                biased;
                () = cancelled(&end) => {}
                ended = task => if ended.is_err() {
                    handle.count_panic();
                }
            }
        });
    }
}

/// Waits for a token. As the token's own future, except that a task may poll this one again at
/// next to no cost: connections do so with each message.
pub(crate) async fn cancelled(token: &CancellationToken) {
    let mut cancelled = pin!(token.cancelled());
    let mut registered: Option<Waker> = None;
    poll_fn(|cx| {
        let is_registered = registered.as_ref().is_some_and(|it| it.will_wake(cx.waker()));
        if is_registered && !token.is_cancelled() {
            return Poll::Pending;
        }
        registered = Some(cx.waker().clone());
        cancelled.as_mut().poll(cx)
    })
    .await;
}

/// For the streams of HTTP/2.
impl<F> hyper::rt::Executor<F> for Spawner
where
    F: Future<Output: Send> + Send + 'static,
{
    fn execute(&self, future: F) {
        self.spawn(async move {
            future.await;
        });
    }
}
