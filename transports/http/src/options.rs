//! The limits of a server, in one place.

use std::time::Duration;

use plimsoll::Error;

#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) header_timeout: Duration,
    pub(crate) http2: bool,
    pub(crate) keep_alive: bool,
    pub(crate) max_connections: usize,
    pub(crate) max_header_bytes: usize,
    pub(crate) max_headers: usize,
    pub(crate) max_local_resets: usize,
    pub(crate) max_pending_resets: usize,
    pub(crate) max_streams: u32,
    pub(crate) tls_timeout: Duration,
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let times = [("header_timeout", self.header_timeout), ("tls_timeout", self.tls_timeout)];
        for (option, limit) in times {
            if limit.is_zero() || limit > MAX_TIMEOUT {
                return Err(Error::config(option, "must be longer than zero, at most a day"));
            }
        }
        let positive = [
            ("max_connections", self.max_connections),
            ("max_headers", self.max_headers),
            ("max_streams", usize::try_from(self.max_streams).unwrap_or(usize::MAX)),
        ];
        for (option, limit) in positive {
            if limit == 0 {
                return Err(Error::config(option, "must be at least 1"));
            }
        }
        if self.max_connections > tokio::sync::Semaphore::MAX_PERMITS {
            let most = tokio::sync::Semaphore::MAX_PERMITS;
            return Err(Error::config("max_connections", format!("must be at most {most}")));
        }
        if !(MIN_HEADER_BYTES..=MAX_HEADER_BYTES).contains(&self.max_header_bytes) {
            let remedy = format!("must be from {MIN_HEADER_BYTES} to {MAX_HEADER_BYTES} bytes");
            return Err(Error::config("max_header_bytes", remedy));
        }
        Ok(())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            header_timeout: Duration::from_secs(10),
            http2: true,
            keep_alive: true,
            max_connections: 100_000,
            max_header_bytes: 8 * 1024,
            max_headers: 64,
            max_local_resets: 1024,
            max_pending_resets: 20,
            max_streams: 200,
            tls_timeout: Duration::from_secs(10),
        }
    }
}

/// Longer is a mistake, and what is too long for the clock is a panic in hyper.
const MAX_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);
/// What hyper buffers at least.
const MIN_HEADER_BYTES: usize = 8 * 1024;
/// More is a mistake: a client can have the server buffer this much at each connection.
const MAX_HEADER_BYTES: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_that_cannot_work_is_named() {
        type Spoil = fn(&mut Options);
        let table: [(&str, Spoil); 9] = [
            ("header_timeout", |options| options.header_timeout = Duration::ZERO),
            ("header_timeout", |options| options.header_timeout = Duration::MAX),
            ("tls_timeout", |options| options.tls_timeout = Duration::ZERO),
            ("tls_timeout", |options| options.tls_timeout = Duration::MAX),
            ("max_connections", |options| options.max_connections = 0),
            ("max_connections", |options| options.max_connections = usize::MAX),
            ("max_headers", |options| options.max_headers = 0),
            ("max_streams", |options| options.max_streams = 0),
            ("max_header_bytes", |options| options.max_header_bytes = 100),
        ];
        for (name, spoil) in table {
            let mut options = Options::default();
            assert!(options.check().is_ok());
            spoil(&mut options);
            let error = options.check().unwrap_err();
            assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
        }
    }
}
