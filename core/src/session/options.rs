use std::time::Duration;

use crate::Error;

/// How much a session holds, and how long it lives without a receiver.
///
/// ```
/// use plimsoll::session::SessionOptions;
///
/// assert!(SessionOptions::default().check().is_ok());
/// assert!(SessionOptions::default().outbox_bytes(0).check().is_err());
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SessionOptions {
    /// How much may wait for a receiver, in bytes; a frame counts its payload and 64 bytes. More
    /// waits above, in the [outbox](crate::SocketOptions::outbox_bytes) of the socket. It may be
    /// exceeded by one frame. Default: 64 KiB.
    pub outbox_bytes: usize,
    /// How much that was received may wait for the endpoint's task, in bytes, before a sender has
    /// to wait. It may be exceeded by one frame. Default: 16 KiB.
    pub inbox_bytes: usize,
    /// How long a session lives without a receiver; `None` if the transport's own heartbeat
    /// notices. Default: `None`.
    pub absence: Option<Duration>,
}

impl SessionOptions {
    /// Sets how much may wait for a receiver, in bytes.
    #[must_use]
    pub fn outbox_bytes(mut self, bytes: usize) -> Self {
        self.outbox_bytes = bytes;
        self
    }

    /// Sets how much that was received may wait for the endpoint's task, in bytes.
    #[must_use]
    pub fn inbox_bytes(mut self, bytes: usize) -> Self {
        self.inbox_bytes = bytes;
        self
    }

    /// Sets how long a session lives without a receiver.
    #[must_use]
    pub fn absence(mut self, limit: Option<Duration>) -> Self {
        self.absence = limit;
        self
    }

    /// Checks the options.
    ///
    /// # Errors
    ///
    /// Names the option that cannot work.
    pub fn check(&self) -> Result<(), Error> {
        if self.outbox_bytes == 0 {
            return Err(Error::config("outbox_bytes", "must be at least 1 byte"));
        }
        if self.inbox_bytes == 0 {
            return Err(Error::config("inbox_bytes", "must be at least 1 byte"));
        }
        if self.absence.is_some_and(|limit| limit.is_zero()) {
            return Err(Error::config("absence", "must be longer than zero"));
        }
        Ok(())
    }
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self { outbox_bytes: 64 * 1024, inbox_bytes: 16 * 1024, absence: None }
    }
}
