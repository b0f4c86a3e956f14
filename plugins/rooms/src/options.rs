//! What can be set.

use plimsoll::{Error, SlowPolicy};

/// How many rooms and members there may be, and what a slow member loses.
///
/// ```
/// use plimsoll::SlowPolicy;
/// use plimsoll_rooms::{Options, Rooms};
///
/// let options = Options::default().max_rooms(10_000).slow_policy(SlowPolicy::DropOldest);
/// assert!(Rooms::with_options(options).is_ok());
/// assert!(Options::default().max_rooms(0).check().is_err());
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Options {
    /// How long the name of a room may be, in bytes. Default: 255.
    pub max_name: usize,
    /// How many rooms a connection may be in at once. Default: 128.
    pub max_rooms_per_connection: usize,
    /// How many rooms there may be at once. Default: 100,000.
    pub max_rooms: usize,
    /// How many members a room may have. Default: 100,000.
    pub max_members: usize,
    /// What is given up when a broadcast meets a member whose outbox is full, unless
    /// [`Target::policy`](crate::Target::policy) says otherwise. Default:
    /// [`SlowPolicy::Close`].
    pub slow_policy: SlowPolicy,
    /// How many events may wait for whoever reads them slowest; at more, that reader misses
    /// some. Rounded up to a power of two. Default: 1024.
    pub events: usize,
}

impl Options {
    /// Sets how long the name of a room may be, in bytes.
    #[must_use]
    pub fn max_name(mut self, bytes: usize) -> Self {
        self.max_name = bytes;
        self
    }

    /// Sets how many rooms a connection may be in at once.
    #[must_use]
    pub fn max_rooms_per_connection(mut self, max: usize) -> Self {
        self.max_rooms_per_connection = max;
        self
    }

    /// Sets how many rooms there may be at once.
    #[must_use]
    pub fn max_rooms(mut self, max: usize) -> Self {
        self.max_rooms = max;
        self
    }

    /// Sets how many members a room may have.
    #[must_use]
    pub fn max_members(mut self, max: usize) -> Self {
        self.max_members = max;
        self
    }

    /// Sets what is given up when a broadcast meets a member whose outbox is full.
    #[must_use]
    pub fn slow_policy(mut self, policy: SlowPolicy) -> Self {
        self.slow_policy = policy;
        self
    }

    /// Sets how many events may wait for whoever reads them slowest.
    #[must_use]
    pub fn events(mut self, capacity: usize) -> Self {
        self.events = capacity;
        self
    }

    /// Checks the options.
    ///
    /// # Errors
    ///
    /// Names the option that cannot work.
    pub fn check(&self) -> Result<(), Error> {
        let counts = [
            ("max_name", self.max_name),
            ("max_rooms_per_connection", self.max_rooms_per_connection),
            ("max_rooms", self.max_rooms),
            ("max_members", self.max_members),
        ];
        for (option, count) in counts {
            if count == 0 {
                return Err(Error::config(option, "must be at least 1"));
            }
        }
        if !(1..=MAX_EVENTS).contains(&self.events) {
            return Err(Error::config("events", "must be from 1 to 1,048,576"));
        }
        Ok(())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_name: 255,
            max_rooms_per_connection: 128,
            max_rooms: 100_000,
            max_members: 100_000,
            slow_policy: SlowPolicy::Close,
            events: 1024,
        }
    }
}

const MAX_EVENTS: usize = 1 << 20;
