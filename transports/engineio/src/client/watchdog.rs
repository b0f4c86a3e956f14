//! Notices a server that fell silent.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use tokio::time::{Instant, Sleep, sleep};

/// Expires if no sign of life comes within a limit.
///
/// On most systems timers stand still while the machine is suspended. So the clock on the wall
/// counts too: after a suspension a lost connection is noticed at the next occasion.
pub(super) struct Watchdog {
    limit: Duration,
    timer: Pin<Box<Sleep>>,
    deadline: Instant,
    wall: Option<SystemTime>,
    /// There was a sign of life that `deadline` knows nothing of.
    fed: bool,
}

impl Watchdog {
    pub(super) fn new(limit: Duration) -> Self {
        Self {
            limit,
            timer: Box::pin(sleep(limit)),
            deadline: Instant::now() + limit,
            wall: SystemTime::now().checked_add(limit),
            fed: false,
        }
    }

    /// Takes a sign of life.
    pub(super) fn feed(&mut self) {
        self.fed = true;
    }

    /// Ready if there was none for too long. To be asked when there is nothing more to read: what
    /// waits to be read is a sign of life, too.
    pub(super) fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::take(&mut self.fed) {
            self.deadline = Instant::now() + self.limit;
            self.wall = SystemTime::now().checked_add(self.limit);
        }
        if self.is_overdue(SystemTime::now()) {
            return Poll::Ready(());
        }
        loop {
            ready!(self.timer.as_mut().poll(cx));
            if Instant::now() >= self.deadline {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(self.deadline);
        }
    }

    /// Whether the clock on the wall says that there was none for too long.
    pub(super) fn is_overdue(&self, now: SystemTime) -> bool {
        self.wall.is_some_and(|wall| now > wall)
    }

    /// Makes it see a clock that went on while timers stood still.
    #[cfg(test)]
    pub(super) fn suspend(&mut self, time: Duration) {
        self.wall = self.wall.and_then(|wall| wall.checked_sub(time));
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::time::advance;

    use super::*;

    async fn is_expired(watchdog: &mut Watchdog) -> bool {
        poll_fn(|cx| Poll::Ready(watchdog.poll_expired(cx).is_ready())).await
    }

    #[tokio::test(start_paused = true)]
    async fn it_expires_after_the_last_sign_of_life() {
        let limit = Duration::from_secs(45);
        let mut watchdog = Watchdog::new(limit);
        for _ in 0..3 {
            advance(Duration::from_secs(30)).await;
            watchdog.feed();
            assert!(!is_expired(&mut watchdog).await);
        }
        let fed = Instant::now();
        poll_fn(|cx| watchdog.poll_expired(cx)).await;
        assert!(fed.elapsed() >= limit);
    }

    #[tokio::test(start_paused = true)]
    async fn the_clock_on_the_wall_counts_while_timers_stand_still() {
        let mut watchdog = Watchdog::new(Duration::from_secs(45));
        assert!(!watchdog.is_overdue(SystemTime::now()));
        assert!(watchdog.is_overdue(SystemTime::now() + Duration::from_secs(46)));
        watchdog.suspend(Duration::from_secs(46));
        assert!(is_expired(&mut watchdog).await);
        watchdog.feed();
        assert!(!is_expired(&mut watchdog).await);
    }
}
