//! Tasks with an owner.

use std::future::Future;

use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// Owns tasks: they end at the latest when it is dropped.
#[derive(Debug)]
pub(crate) struct Tasks {
    spawner: Spawner,
    _end: DropGuard,
}

impl Tasks {
    pub(crate) fn new() -> Self {
        let spawner = Spawner { tracker: TaskTracker::new(), end: CancellationToken::new() };
        Self { _end: spawner.end.clone().drop_guard(), spawner }
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
}

impl Spawner {
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let end = self.end.clone();
        self.tracker.spawn(async move {
            end.run_until_cancelled(task).await;
        });
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
