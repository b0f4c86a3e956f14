//! Who asks whom for a sign of life, and until when: no timers, no packets.

use std::time::Duration;

use tokio::time::Instant;

use crate::codec::Version;

/// The heartbeat of a session, as the server sees it. In version 4 the server asks, in version 3
/// the client.
#[derive(Debug)]
pub(super) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    state: State,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// The server asks at this time.
    Asks(Instant),
    /// The client has to ask before this time.
    Listens(Instant),
    /// The client has to answer before this time.
    Waits(Instant),
}

/// What is due when the [deadline](Heartbeat::deadline) has passed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Due {
    /// The client may be dead.
    Death,
    Ping,
}

impl Heartbeat {
    pub(super) fn new(version: Version, interval: Duration, timeout: Duration) -> Self {
        let now = Instant::now();
        let state = match version {
            Version::V3 => State::Listens(now + interval + timeout),
            Version::V4 => State::Asks(now + interval),
        };
        Self { interval, timeout, state }
    }

    pub(super) fn deadline(&self) -> Instant {
        match self.state {
            State::Asks(at) | State::Listens(at) | State::Waits(at) => at,
        }
    }

    pub(super) fn due(&self) -> Due {
        match self.state {
            State::Asks(_) => Due::Ping,
            State::Listens(_) | State::Waits(_) => Due::Death,
        }
    }

    /// The server asks.
    pub(super) fn asked(&mut self, now: Instant) {
        self.state = State::Waits(now + self.timeout);
    }

    /// The client has asked or answered.
    pub(super) fn heard(&mut self, now: Instant) {
        self.state = match self.state {
            // An answer that nobody asked for changes nothing.
            State::Asks(at) => State::Asks(at),
            State::Listens(_) => State::Listens(now + self.interval + self.timeout),
            State::Waits(_) => State::Asks(now + self.interval),
        };
    }

    /// What the client has sent may still be unread. Returns whether to ask again, so that the
    /// client for its part does not take the server for dead.
    pub(super) fn forgive(&mut self, now: Instant) -> bool {
        let later = now + self.timeout;
        match &mut self.state {
            State::Asks(_) => false,
            State::Listens(until) => {
                *until = later;
                false
            }
            State::Waits(until) => {
                *until = later;
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(25);
    const TIMEOUT: Duration = Duration::from_secs(20);

    #[tokio::test(start_paused = true)]
    async fn in_version_4_the_server_asks_a_whole_interval_after_each_answer() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(Version::V4, INTERVAL, TIMEOUT);
        assert_eq!((heartbeat.due(), heartbeat.deadline()), (Due::Ping, start + INTERVAL));
        heartbeat.heard(start + TIMEOUT);
        assert_eq!(heartbeat.deadline(), start + INTERVAL, "nobody asked");
        let asked = start + INTERVAL;
        heartbeat.asked(asked);
        assert_eq!((heartbeat.due(), heartbeat.deadline()), (Due::Death, asked + TIMEOUT));
        heartbeat.heard(asked + TIMEOUT / 2);
        let next = asked + TIMEOUT / 2 + INTERVAL;
        assert_eq!((heartbeat.due(), heartbeat.deadline()), (Due::Ping, next));
    }

    #[tokio::test(start_paused = true)]
    async fn in_version_3_the_client_asks_in_time() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(Version::V3, INTERVAL, TIMEOUT);
        let deadline = start + INTERVAL + TIMEOUT;
        assert_eq!((heartbeat.due(), heartbeat.deadline()), (Due::Death, deadline));
        heartbeat.heard(start + INTERVAL);
        assert_eq!(heartbeat.deadline(), deadline + INTERVAL);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_not_read_gets_more_time() {
        let now = Instant::now();
        let mut heartbeat = Heartbeat::new(Version::V4, INTERVAL, TIMEOUT);
        heartbeat.asked(now);
        assert!(heartbeat.forgive(now + TIMEOUT), "and is asked again");
        assert_eq!(heartbeat.deadline(), now + TIMEOUT * 2);
        let mut heartbeat = Heartbeat::new(Version::V3, INTERVAL, TIMEOUT);
        assert!(!heartbeat.forgive(now + INTERVAL + TIMEOUT));
        assert_eq!(heartbeat.deadline(), now + INTERVAL + TIMEOUT * 2);
    }
}
