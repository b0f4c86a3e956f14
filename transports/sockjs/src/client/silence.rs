use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

/// Measures how long the server has been silent.
pub(super) struct Silence {
    limit: Duration,
    timer: Pin<Box<Sleep>>,
    broken: bool,
}

impl Silence {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit, timer: Box::pin(sleep(limit)), broken: false }
    }

    /// Takes a sign of life, or begins anew because the server was not listened to.
    pub(super) fn end(&mut self) {
        self.broken = true;
    }

    /// Ready if there was no sign of life for too long. To be asked when there is nothing more to
    /// read: what waits to be read is a sign of life, too.
    pub(super) fn poll_too_long(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::take(&mut self.broken) {
            self.timer.as_mut().reset(Instant::now() + self.limit);
        }
        self.timer.as_mut().poll(cx)
    }
}
