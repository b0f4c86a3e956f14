//! The plugin that limits rates, and its options.

use plimsoll::{BoxDuplex, Error, Info, Plugin};

use crate::bucket::Rate;
use crate::metered::Metered;

/// Limits how fast each peer may send: messages, bytes, and control frames.
///
/// Each is a token bucket for each connection: so many in a second on average, and so many at
/// once after a rest. What this side sends is not limited.
///
/// ```
/// use plimsoll::Plugin;
/// use plimsoll_limit::{RateLimit, RatePolicy};
///
/// let limit = RateLimit::new()
///     .messages(20, 40)
///     .bytes(64 * 1024, 256 * 1024)
///     .policy(RatePolicy::Close);
/// assert!(limit.check().is_ok());
/// assert!(RateLimit::new().messages(0, 40).check().is_err());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct RateLimit {
    pub(crate) messages: Option<Rate>,
    pub(crate) bytes: Option<Rate>,
    pub(crate) control: Rate,
    pub(crate) policy: RatePolicy,
}

impl RateLimit {
    /// Limits control frames only, to 10 in a second and 20 at once.
    pub fn new() -> Self {
        let control = Rate::new(CONTROL_PER_SECOND, CONTROL_BURST);
        Self { messages: None, bytes: None, control, policy: RatePolicy::default() }
    }

    /// Sets how many messages may come in a second, from 0.001 to 1e9, and at once, at least 1.
    /// Default: no limit.
    #[must_use]
    pub fn messages(mut self, per_second: impl Into<f64>, burst: u32) -> Self {
        self.messages = Some(Rate::new(per_second, burst));
        self
    }

    /// Sets how many bytes of messages may come in a second, from 0.001 to 1e9, and at once, at
    /// least 1. Default: no limit.
    ///
    /// A message that is larger than the burst waits for as long as its excess takes, or, if the
    /// [policy](Self::policy) is not to wait, never passes: let the burst be at least the size
    /// of the largest message.
    #[must_use]
    pub fn bytes(mut self, per_second: impl Into<f64>, burst: u32) -> Self {
        self.bytes = Some(Rate::new(per_second, burst));
        self
    }

    /// Sets how many control frames, that is pings and pongs, may come in a second, from 0.001
    /// to 1e9, and at once, at least 1. Default: 10 and 20, many times what any client needs.
    #[must_use]
    pub fn control(mut self, per_second: impl Into<f64>, burst: u32) -> Self {
        self.control = Rate::new(per_second, burst);
        self
    }

    /// Sets what happens to a peer that is too fast. Default: [`RatePolicy::Delay`].
    #[must_use]
    pub fn policy(mut self, policy: RatePolicy) -> Self {
        self.policy = policy;
        self
    }
}

impl Default for RateLimit {
    fn default() -> Self {
        Self::new()
    }
}

impl Plugin for RateLimit {
    fn check(&self) -> Result<(), Error> {
        self.messages.map_or(Ok(()), |rate| rate.check("messages"))?;
        self.bytes.map_or(Ok(()), |rate| rate.check("bytes"))?;
        self.control.check("control")
    }

    fn wrap(&self, io: BoxDuplex, _: &mut Info) -> BoxDuplex {
        Box::new(Metered::new(io, self))
    }
}

/// What happens to a peer that is too fast.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum RatePolicy {
    /// The connection is closed with code 4429 and a delay after which to come back: for peers
    /// that know the limit.
    Close,
    /// Nothing is read until the rate allows it: the peer's transport fills up and it has to
    /// wait. Nothing is lost, and an honest peer in a hurry notices nothing but the time.
    #[default]
    Delay,
    /// What is too much is thrown away, without a word: for states of which the next replaces
    /// the last.
    Drop,
}

const CONTROL_PER_SECOND: u32 = 10;
const CONTROL_BURST: u32 = 20;
