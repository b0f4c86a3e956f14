//! Tasks with an owner.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::FutureExt;
use pin_project::pin_project;
use tokio_util::task::TaskTracker;

use crate::handle::Handle;
use crate::signal::Signal;

/// Owns tasks: they end at the latest when it is dropped.
#[derive(Debug)]
pub(crate) struct Tasks {
    spawner: Spawner,
}

impl Tasks {
    /// `handle` counts the tasks that panic.
    pub(crate) fn new(handle: Handle) -> Self {
        Self { spawner: Spawner { tracker: TaskTracker::new(), end: Signal::default(), handle } }
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

impl Drop for Tasks {
    fn drop(&mut self) {
        self.spawner.end.raise();
    }
}

/// Starts tasks that belong to the [`Tasks`] it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Spawner {
    tracker: TaskTracker,
    end: Signal,
    handle: Handle,
}

impl Spawner {
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let Self { end, handle, .. } = self.clone();
        // A task shares nothing with others that a panic could leave half done.
        let task = AssertUnwindSafe(task).catch_unwind().map(move |ended| {
            if ended.is_err() {
                handle.count_panic();
            }
        });
        self.tracker.spawn(Until { end: async move { end.raised().await }, task });
    }
}

/// A task until its end or that of its owner. By hand, since an `async` block would hold the task
/// as often as it moves it.
#[pin_project]
struct Until<E, T> {
    #[pin]
    end: E,
    #[pin]
    task: T,
}

impl<E: Future<Output = ()>, T: Future<Output = ()>> Future for Until<E, T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = self.project();
        if this.end.poll(cx).is_ready() { Poll::Ready(()) } else { this.task.poll(cx) }
    }
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
