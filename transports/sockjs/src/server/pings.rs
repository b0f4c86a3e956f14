//! Whether the client of a WebSocket lives: no timers, no frames.

use std::time::Duration;

use tokio::time::Instant;

/// When to ask a client for a sign of life, and until when it has to give one.
#[derive(Debug)]
pub(super) struct Pings {
    delay: Duration,
    timeout: Duration,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The client is asked at this time.
    Asks(Instant),
    /// The client has to answer before this time.
    Waits(Instant),
}

/// What is due when the [deadline](Pings::deadline) has passed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Due {
    /// The client does not answer.
    Death,
    Ping,
}

impl Pings {
    pub(super) fn new(delay: Duration, timeout: Duration) -> Self {
        Self { delay, timeout, state: State::Asks(Instant::now() + delay) }
    }

    pub(super) fn deadline(&self) -> Instant {
        match self.state {
            State::Asks(at) | State::Waits(at) => at,
        }
    }

    /// The deadline has passed. With `unread`, something of the client waits to be read: then it
    /// gets more time.
    pub(super) fn expired(&mut self, unread: bool) -> Due {
        let due = match self.state {
            State::Waits(_) if !unread => Due::Death,
            State::Asks(_) | State::Waits(_) => Due::Ping,
        };
        self.state = State::Waits(Instant::now() + self.timeout);
        due
    }

    /// Something came from the client.
    pub(super) fn heard(&mut self) {
        if let State::Waits(_) = self.state {
            self.state = State::Asks(Instant::now() + self.delay);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_secs(25);
    const TIMEOUT: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn a_client_is_asked_a_whole_delay_after_each_answer() {
        let start = Instant::now();
        let mut pings = Pings::new(DELAY, TIMEOUT);
        pings.heard();
        assert_eq!(pings.deadline(), start + DELAY, "nobody asked");
        tokio::time::advance(DELAY).await;
        assert_eq!(pings.expired(false), Due::Ping);
        assert_eq!(pings.deadline(), start + DELAY + TIMEOUT);
        pings.heard();
        assert_eq!(pings.deadline(), start + DELAY * 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_answer_is_dead_unless_it_was_not_read() {
        let mut pings = Pings::new(DELAY, TIMEOUT);
        tokio::time::advance(DELAY).await;
        assert_eq!(pings.expired(false), Due::Ping);
        tokio::time::advance(TIMEOUT).await;
        assert_eq!(pings.expired(true), Due::Ping);
        tokio::time::advance(TIMEOUT).await;
        assert_eq!(pings.expired(false), Due::Death);
    }
}
