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
    /// How much may wait for the network before the sender has to wait, in bytes. It may be
    /// exceeded by one message. Memory for it is taken as it is needed. Default: 64 KiB.
    pub write_buffer: usize,
    /// After what silence the system probes whether the peer still exists, from 1 s to 9 h;
    /// `None` for never. For TCP only. Default: 60 s.
    pub keepalive: Option<Duration>,
    /// How long the peer may leave what was sent unacknowledged, or take no more of it, before
    /// the system ends the connection (the user timeout of RFC 5482), from 1 s to 24 h; `None`
    /// for the system's own limit, which is many minutes. For TCP on Linux only. Default: 60 s.
    pub user_timeout: Option<Duration>,
}

impl Options {
    /// Sets how large a message from the peer may be, in bytes.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
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

    /// Sets how long the peer may leave what was sent unacknowledged.
    #[must_use]
    pub fn user_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.user_timeout = timeout;
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
        if self.write_buffer == 0 {
            return Err(Error::config("write_buffer", "must be at least 1 byte"));
        }
        if self.keepalive.is_some_and(|silence| !(SECOND..=MAX_KEEPALIVE).contains(&silence)) {
            return Err(Error::config("keepalive", "must be from 1 s to 9 h, or none"));
        }
        if self.user_timeout.is_some_and(|limit| !(SECOND..=MAX_USER_TIMEOUT).contains(&limit)) {
            return Err(Error::config("user_timeout", "must be from 1 s to 24 h, or none"));
        }
        Ok(())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_message: 64 * 1024,
            write_buffer: 64 * 1024,
            keepalive: Some(Duration::from_secs(60)),
            user_timeout: Some(Duration::from_secs(60)),
        }
    }
}

const SECOND: Duration = Duration::from_secs(1);
/// Linux takes at most 32,767 s.
const MAX_KEEPALIVE: Duration = Duration::from_secs(9 * 60 * 60);
const MAX_USER_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use plimsoll::ErrorKind;

    use super::*;

    #[test]
    fn an_option_that_cannot_work_is_named() {
        type Spoil = fn(&mut Options);
        let cases: [(&str, Spoil); 7] = [
            ("max_message", |options| options.max_message = 0),
            ("max_message", |options| options.max_message = MAX_LEN + 1),
            ("write_buffer", |options| options.write_buffer = 0),
            ("keepalive", |options| options.keepalive = Some(Duration::ZERO)),
            ("keepalive", |options| options.keepalive = Some(Duration::MAX)),
            ("user_timeout", |options| options.user_timeout = Some(Duration::ZERO)),
            ("user_timeout", |options| options.user_timeout = Some(Duration::MAX)),
        ];
        for (name, spoil) in cases {
            let mut options = Options::default();
            assert!(options.check().is_ok());
            spoil(&mut options);
            let error = options.check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
        }
    }
}
