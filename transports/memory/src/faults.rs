//! What goes wrong on a network, on demand and repeatably.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fastrand::Rng;
use plimsoll::{BoxDuplex, Error, Info, Plugin};

use crate::faulty::{Course, Faulty};

/// A plan of what goes wrong with connections, repeatable from a seed.
///
/// The n-th connection that a plan is put on has the same delays and the same end in every run;
/// clones of a plan count together. Order is kept, whatever the delays. Time is tokio's, so that
/// a test with paused time does not wait.
///
/// A plan goes into the [`Options`](crate::Options) of this transport, where it is put on both
/// ends, or as a [`Plugin`] on a dialer or an endpoint, or by [`wrap`](Self::wrap) on any
/// connection. It delays and slows down what that end receives; put it on both ends for both
/// directions.
///
/// ```
/// use std::time::Duration;
/// use plimsoll::{Dialer, Endpoint, Message, Socket};
/// use plimsoll_memory::{Faults, Memory, Options};
/// use tokio::time::Instant;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), plimsoll::Error> {
/// let faults = Faults::seeded(1).latency(Duration::from_millis(50));
/// let memory = Memory::with_options(Options::default().faults(faults))?;
/// let endpoint = Endpoint::builder().handle(async |mut socket: Socket| {
///     while let Some(Ok(message)) = socket.recv().await {
///         if socket.send(message).await.is_err() {
///             break;
///         }
///     }
/// })?;
/// let listener = memory.listen("far-away")?;
/// tokio::spawn(async move { endpoint.listen(listener).await });
///
/// let dialer = Dialer::builder().transport(memory.connector()).build()?;
/// let mut socket = dialer.connect("mem://far-away").await?;
/// let start = Instant::now();
/// socket.send("ahoy").await?;
/// socket.recv().await;
/// assert!(start.elapsed() >= Duration::from_millis(100));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Faults {
    seed: u64,
    latency: Duration,
    jitter: Duration,
    lose_after: Option<RangeInclusive<u64>>,
    slow_reader: Option<u64>,
    connections: Arc<AtomicU64>,
}

impl Faults {
    /// Makes a plan in which nothing goes wrong yet.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            latency: Duration::ZERO,
            jitter: Duration::ZERO,
            lose_after: None,
            slow_reader: None,
            connections: Arc::default(),
        }
    }

    /// Delays what is received, by at most a day. Default: zero.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// Delays each received frame by up to this much more, at most a day. Default: zero.
    #[must_use]
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.jitter = jitter;
        self
    }

    /// Loses the connection after `frames` frames in both directions together: this end fails
    /// with [`ErrorKind::Io`](plimsoll::ErrorKind::Io), the other finds it gone. Default: never.
    #[must_use]
    pub fn lose_after(self, frames: u64) -> Self {
        self.lose_within(frames..=frames)
    }

    /// As [`lose_after`](Self::lose_after), after a number of frames in this range, another one
    /// for each connection.
    #[must_use]
    pub fn lose_within(mut self, frames: RangeInclusive<u64>) -> Self {
        self.lose_after = Some(frames);
        self
    }

    /// Reads no more than this many bytes of payload in a second, so that the peer has to wait.
    /// A frame counts one byte at least. Default: no limit.
    #[must_use]
    pub fn slow_reader(mut self, bytes_per_second: u64) -> Self {
        self.slow_reader = Some(bytes_per_second);
        self
    }

    /// Puts the plan on one end of a connection.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`](plimsoll::ErrorKind::Config) if a setting cannot work.
    pub fn wrap(&self, io: BoxDuplex) -> Result<BoxDuplex, Error> {
        self.check()?;
        Ok(self.put_on(io))
    }

    /// Checks the settings.
    ///
    /// # Errors
    ///
    /// Names the setting that cannot work.
    pub fn check(&self) -> Result<(), Error> {
        if self.latency > MAX_DELAY {
            return Err(Error::config("latency", "must be at most a day"));
        }
        if self.jitter > MAX_DELAY {
            return Err(Error::config("jitter", "must be at most a day"));
        }
        if self.lose_after.as_ref().is_some_and(RangeInclusive::is_empty) {
            return Err(Error::config("lose_within", "must be a range that is not empty"));
        }
        if self.slow_reader == Some(0) {
            return Err(Error::config("slow_reader", "must be at least 1 byte per second"));
        }
        Ok(())
    }

    /// Puts the plan on one end of a connection. The settings have been checked.
    pub(crate) fn put_on(&self, io: BoxDuplex) -> BoxDuplex {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        // Spread, so that neighbours have nothing in common.
        let mut random = Rng::with_seed(self.seed ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let left = self.lose_after.clone().map(|frames| random.u64(frames));
        let Self { latency, jitter, slow_reader: pace, .. } = *self;
        Box::new(Faulty::new(io, Course { random, latency, jitter, pace, left }))
    }
}

impl Plugin for Faults {
    fn check(&self) -> Result<(), Error> {
        Self::check(self)
    }

    fn wrap(&self, io: BoxDuplex, _: &mut Info) -> BoxDuplex {
        self.put_on(io)
    }
}

const MAX_DELAY: Duration = Duration::from_secs(24 * 60 * 60);
