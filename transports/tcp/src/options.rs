//! What can be set, for both sides and both kinds of sockets.

use std::time::Duration;

use plimsoll::Error;

use crate::codec::MAX_LEN;

/// Limits and buffers of connections.
///
/// ```
/// use plimsoll_tcp::Options;
///
/// let options = Options::default().max_message(1024 * 1024);
/// assert!(options.check().is_ok());
/// assert!(Options::default().max_message(0).check().is_err());
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Options {
    /// How large a message from the peer may be, in bytes. A larger one ends the connection
    /// with [`CloseCode::TOO_LARGE`](plimsoll::CloseCode::TOO_LARGE) as soon as its length is
    /// known. Default: 64 KiB.
    pub max_message: usize,
    /// How much is read at once while messages are small, in bytes. An idle connection keeps
    /// this much. Default: 4 KiB.
    pub read_buffer: usize,
    /// How much may wait for the network before the sender has to wait, in bytes. It may be
    /// exceeded by one message. Memory for it is taken as it is needed. Default: 64 KiB.
    pub write_buffer: usize,
    /// After what silence the system probes whether the peer still exists; `None` for never.
    /// For TCP only. Default: 60 s.
    pub keepalive: Option<Duration>,
}

impl Options {
    /// Sets how large a message from the peer may be, in bytes.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// Sets how much is read at once while messages are small, in bytes.
    #[must_use]
    pub fn read_buffer(mut self, bytes: usize) -> Self {
        self.read_buffer = bytes;
        self
    }

    /// Sets how much may wait for the network, in bytes.
    #[must_use]
    pub fn write_buffer(mut self, bytes: usize) -> Self {
        self.write_buffer = bytes;
        self
    }

    /// Sets after what silence the system probes the peer.
    #[must_use]
    pub fn keepalive(mut self, silence: Option<Duration>) -> Self {
        self.keepalive = silence;
        self
    }

    /// Checks the options.
    ///
    /// # Errors
    ///
    /// Names the option that cannot work.
    pub fn check(&self) -> Result<(), Error> {
        if self.max_message == 0 || self.max_message > MAX_LEN {
            return Err(Error::config("max_message", "must be from 1 byte to 4 GiB less one"));
        }
        if !(MIN_READ..=MAX_READ).contains(&self.read_buffer) {
            return Err(Error::config("read_buffer", "must be from 64 bytes to 1 MiB"));
        }
        if self.write_buffer == 0 {
            return Err(Error::config("write_buffer", "must be at least 1 byte"));
        }
        if self.keepalive.is_some_and(|silence| silence < Duration::from_secs(1)) {
            return Err(Error::config("keepalive", "must be at least a second, or none"));
        }
        Ok(())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_message: 64 * 1024,
            read_buffer: 4 * 1024,
            write_buffer: 64 * 1024,
            keepalive: Some(Duration::from_secs(60)),
        }
    }
}

const MIN_READ: usize = 64;
/// More is a mistake: each connection keeps this much.
const MAX_READ: usize = 1024 * 1024;
