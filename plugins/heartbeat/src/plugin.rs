//! The plugin and its options.

use std::time::Duration;

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue};
use plimsoll::{BoxDuplex, Dial, Error, Handshake, Info, Liveness, Plugin, Reject, filter};

use crate::pulse::{Pulse, Wire};
use crate::round_trip::RoundTrip;

/// Asks the peer for a sign of life at regular times, and ends the connection if none comes.
///
/// A dead peer is noticed at most `interval` plus `timeout` after its last frame.
///
/// ```
/// use std::time::Duration;
///
/// use plimsoll::Plugin;
/// use plimsoll_heartbeat::Heartbeat;
///
/// assert!(Heartbeat::default().check().is_ok());
///
/// let impatient = Heartbeat::every(Duration::from_secs(10)).timeout(Duration::from_secs(11));
/// assert!(impatient.check().unwrap_err().to_string().contains("`timeout`"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Heartbeat {
    pub(crate) interval: Duration,
    pub(crate) timeout: Duration,
    pub(crate) jitter: f64,
}

impl Heartbeat {
    /// Asks once in each `interval`, from 1 ms to one day.
    ///
    /// The default is 25 s: less than the 30 s after which the strictest of the usual proxies
    /// take a silent connection for dead. The [timeout](Self::timeout) becomes 20 s, or the
    /// interval if that is shorter.
    pub fn every(interval: Duration) -> Self {
        Self { interval, timeout: interval.min(TIMEOUT), jitter: JITTER }
    }

    /// Sets how long the peer may stay silent after it was asked: at least 1 ms, and at most
    /// the interval, so that the question of one interval is settled before the next.
    /// Default: 20 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets by how much intervals are shortened at random, as a part of their length, from 0 up
    /// to but not including 1, so that connections made together do not ask together.
    /// Default: 0.1.
    #[must_use]
    pub fn jitter(mut self, fraction: f64) -> Self {
        self.jitter = fraction;
        self
    }
}

impl Default for Heartbeat {
    /// Asks every 25 s and waits for 20 s.
    fn default() -> Self {
        Self::every(INTERVAL)
    }
}

#[async_trait]
impl Plugin for Heartbeat {
    fn check(&self) -> Result<(), Error> {
        if !(MIN_INTERVAL..=MAX_INTERVAL).contains(&self.interval) {
            return Err(Error::config("interval", "must be from 1 ms to 24 h"));
        }
        if !(MIN_INTERVAL..=self.interval).contains(&self.timeout) {
            let remedy = "must be at least 1 ms and not longer than the interval";
            return Err(Error::config("timeout", remedy));
        }
        if !(0.0..1.0).contains(&self.jitter) {
            return Err(Error::config("jitter", "must be from 0 up to, not including, 1"));
        }
        Ok(())
    }

    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        let info = handshake.info();
        if info.capabilities().liveness == Liveness::None && is_announced(info.headers()) {
            handshake.response_headers_mut().insert(HEADER, VERSION);
        }
        Ok(())
    }

    async fn dial(&self, dial: &mut Dial) -> Result<(), Error> {
        dial.headers.insert(HEADER, VERSION);
        Ok(())
    }

    fn wrap(&self, io: BoxDuplex, info: &mut Info) -> BoxDuplex {
        let wire = match info.capabilities().liveness {
            Liveness::PingPong => Wire::Native,
            Liveness::None if is_announced(info.headers()) => Wire::InBand,
            _ => return io,
        };
        let round_trip = RoundTrip::default();
        info.insert(round_trip.clone());
        filter(io, Pulse::new(self, wire, round_trip))
    }
}

fn is_announced(headers: &HeaderMap) -> bool {
    headers.get(HEADER) == Some(&VERSION)
}

const INTERVAL: Duration = Duration::from_secs(25);
const TIMEOUT: Duration = Duration::from_secs(20);
const JITTER: f64 = 0.1;
const MIN_INTERVAL: Duration = Duration::from_millis(1);
const MAX_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
const HEADER: HeaderName = HeaderName::from_static("plimsoll-heartbeat");
const VERSION: HeaderValue = HeaderValue::from_static("1");
