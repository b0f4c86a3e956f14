//! What can be set on a server.

use std::time::Duration;

use plimsoll::{Error, Message};

use crate::{Cookie, Cors, Transport};

/// Times, limits and features of a server. The defaults are those of the reference
/// implementation, as far as it has the option.
///
/// ```
/// use std::time::Duration;
///
/// use plimsoll_engineio::Options;
///
/// let options = Options::default().ping_interval(Duration::from_secs(10)).allow_eio3(true);
/// assert!(options.check().is_ok());
/// assert!(Options::default().ping_timeout(Duration::ZERO).check().is_err());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// How often the server pings a client of protocol 4, and a client of protocol 3 the server;
    /// from 1 ms to 24 h, sent to the client in whole milliseconds. Default: 25 s.
    pub ping_interval: Duration,
    /// How long to wait for the answer to a ping, or for a ping that is due, before the client is
    /// taken for dead; from 1 ms to 24 h. Default: 20 s.
    pub ping_timeout: Duration,
    /// How long a move to WebSocket may take, from 1 ms to 24 h. One that takes longer is given
    /// up; the session goes on by polling. Default: 10 s.
    pub upgrade_timeout: Duration,
    /// How long the body of a request and a message over WebSocket may be, in bytes. A longer
    /// body is answered with 413; a longer message ends the connection with
    /// [`CloseCode::TOO_LARGE`](plimsoll::CloseCode::TOO_LARGE). The client is told at the start.
    /// Default: 1,000,000.
    pub max_payload: usize,
    /// How many packets the body of a request may have. More end the session. Default: 16,384;
    /// a client would have to batch messages of less than 60 bytes to meet it within the default
    /// of [`max_payload`](Self::max_payload).
    pub max_packets: usize,
    /// How many sessions there may be. Handshakes beyond are answered with 503. Default: 100,000.
    pub max_sessions: usize,
    /// How much may wait for a poll, in bytes; a message counts 64 more. It may be exceeded by one
    /// message. What is sent beyond waits in the
    /// [outbox](plimsoll::SocketOptions::outbox_bytes) of the socket. Default: 64 KiB.
    pub outbox_bytes: usize,
    /// How much that requests have brought may wait for the endpoint, in bytes, before a request
    /// has to wait; a message counts 64 more. It may be exceeded by one message. Default: 16 KiB.
    pub inbox_bytes: usize,
    /// Over which transports clients may connect. Default: both.
    pub transports: Vec<Transport>,
    /// Whether clients are offered to move from polling to WebSocket. Default: yes.
    pub allow_upgrades: bool,
    /// Whether clients of protocol 3 are served. Default: no.
    pub allow_eio3: bool,
    /// Whether answers by polling may be scripts, for browsers that know no other way across
    /// origins. Any page can read them, whatever [`cors`](Self::cors) says. Default: no.
    pub jsonp: bool,
    /// The cookie for load balancers, if any. Default: none.
    pub cookie: Option<Cookie>,
    /// Which pages of other origins may read answers. Default: none.
    pub cors: Option<Cors>,
    /// A message that each client receives along with the handshake. Default: none.
    pub initial_packet: Option<Message>,
    /// From which length on answers by polling are compressed, if the client takes that; in
    /// bytes, `None` for never. Default: 1,024.
    pub http_compression: Option<usize>,
}

impl Options {
    /// Sets how often clients are pinged.
    #[must_use]
    pub fn ping_interval(mut self, interval: Duration) -> Self {
        self.ping_interval = interval;
        self
    }

    /// Sets how long a client may leave a ping unanswered.
    #[must_use]
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.ping_timeout = timeout;
        self
    }

    /// Sets how long a move to WebSocket may take.
    #[must_use]
    pub fn upgrade_timeout(mut self, timeout: Duration) -> Self {
        self.upgrade_timeout = timeout;
        self
    }

    /// Sets how long a body or a message may be, in bytes.
    #[must_use]
    pub fn max_payload(mut self, bytes: usize) -> Self {
        self.max_payload = bytes;
        self
    }

    /// Sets how many packets a body may have.
    #[must_use]
    pub fn max_packets(mut self, packets: usize) -> Self {
        self.max_packets = packets;
        self
    }

    /// Sets how many sessions there may be.
    #[must_use]
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.max_sessions = sessions;
        self
    }

    /// Sets how much may wait for a poll, in bytes.
    #[must_use]
    pub fn outbox_bytes(mut self, bytes: usize) -> Self {
        self.outbox_bytes = bytes;
        self
    }

    /// Sets how much that requests have brought may wait for the endpoint, in bytes.
    #[must_use]
    pub fn inbox_bytes(mut self, bytes: usize) -> Self {
        self.inbox_bytes = bytes;
        self
    }

    /// Sets over which transports clients may connect.
    #[must_use]
    pub fn transports(mut self, transports: impl IntoIterator<Item = Transport>) -> Self {
        self.transports = transports.into_iter().collect();
        self
    }

    /// Sets whether clients are offered to move to WebSocket.
    #[must_use]
    pub fn allow_upgrades(mut self, allow: bool) -> Self {
        self.allow_upgrades = allow;
        self
    }

    /// Sets whether clients of protocol 3 are served.
    #[must_use]
    pub fn allow_eio3(mut self, allow: bool) -> Self {
        self.allow_eio3 = allow;
        self
    }

    /// Sets whether answers by polling may be scripts.
    #[must_use]
    pub fn jsonp(mut self, allow: bool) -> Self {
        self.jsonp = allow;
        self
    }

    /// Sets a cookie for load balancers.
    #[must_use]
    pub fn cookie(mut self, cookie: Cookie) -> Self {
        self.cookie = Some(cookie);
        self
    }

    /// Sets which pages of other origins may read answers.
    #[must_use]
    pub fn cors(mut self, cors: Cors) -> Self {
        self.cors = Some(cors);
        self
    }

    /// Sets a message that each client receives along with the handshake.
    #[must_use]
    pub fn initial_packet(mut self, message: impl Into<Message>) -> Self {
        self.initial_packet = Some(message.into());
        self
    }

    /// Sets from which length on answers are compressed, in bytes.
    #[must_use]
    pub fn http_compression(mut self, threshold: Option<usize>) -> Self {
        self.http_compression = threshold;
        self
    }

    /// Checks the options.
    ///
    /// # Errors
    ///
    /// Names the option that cannot work.
    pub fn check(&self) -> Result<(), Error> {
        for (option, time) in [
            ("ping_interval", self.ping_interval),
            ("ping_timeout", self.ping_timeout),
            ("upgrade_timeout", self.upgrade_timeout),
        ] {
            if !(MIN_TIME..=MAX_TIME).contains(&time) {
                return Err(Error::config(option, "must be from 1 ms to 24 h"));
            }
        }
        for (option, limit) in [
            ("max_payload", self.max_payload),
            ("max_packets", self.max_packets),
            ("max_sessions", self.max_sessions),
            ("outbox_bytes", self.outbox_bytes),
            ("inbox_bytes", self.inbox_bytes),
        ] {
            if limit == 0 {
                return Err(Error::config(option, "must be at least 1"));
            }
        }
        if self.transports.is_empty() {
            return Err(Error::config("transports", "name at least one"));
        }
        if self.allow_upgrades && !self.transports.contains(&Transport::WebSocket) {
            let remedy = "needs `Transport::WebSocket` among the transports, or must be false";
            return Err(Error::config("allow_upgrades", remedy));
        }
        let initial = self.initial_packet.as_ref().and_then(Message::as_text);
        if initial.is_some_and(|text| text.contains('\u{1e}')) {
            let remedy = "must be text without the character U+001E, or binary";
            return Err(Error::config("initial_packet", remedy));
        }
        if let Some(cookie) = &self.cookie {
            cookie.check()?;
        }
        if let Some(cors) = &self.cors {
            cors.check()?;
        }
        Ok(())
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
            upgrade_timeout: Duration::from_secs(10),
            max_payload: 1_000_000,
            max_packets: 16_384,
            max_sessions: 100_000,
            outbox_bytes: 64 * 1024,
            inbox_bytes: 16 * 1024,
            transports: vec![Transport::Polling, Transport::WebSocket],
            allow_upgrades: true,
            allow_eio3: false,
            jsonp: false,
            cookie: None,
            cors: None,
            initial_packet: None,
            http_compression: Some(1_024),
        }
    }
}

/// The unit in which a client is told.
const MIN_TIME: Duration = Duration::from_millis(1);
const MAX_TIME: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use plimsoll::ErrorKind;

    use super::*;

    #[test]
    fn an_option_that_cannot_work_is_named() {
        type Spoil = fn(Options) -> Options;
        let cases: [(&str, Spoil); 15] = [
            ("ping_interval", |options| options.ping_interval(Duration::ZERO)),
            ("ping_interval", |options| options.ping_interval(Duration::MAX)),
            ("ping_timeout", |options| options.ping_timeout(Duration::from_micros(999))),
            ("upgrade_timeout", |options| options.upgrade_timeout(Duration::ZERO)),
            ("max_payload", |options| options.max_payload(0)),
            ("max_packets", |options| options.max_packets(0)),
            ("max_sessions", |options| options.max_sessions(0)),
            ("outbox_bytes", |options| options.outbox_bytes(0)),
            ("inbox_bytes", |options| options.inbox_bytes(0)),
            ("transports", |options| options.transports([])),
            ("allow_upgrades", |options| options.transports([Transport::Polling])),
            ("initial_packet", |options| options.initial_packet("a\u{1e}b")),
            ("cookie", |options| options.cookie(Cookie::new(""))),
            ("cors", |options| options.cors(Cors::list(["*"]))),
            ("cors", |options| options.cors(Cors::any().with_credentials())),
        ];
        for (name, spoil) in cases {
            assert!(Options::default().check().is_ok());
            let error = spoil(Options::default()).check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
        }
    }

    #[test]
    fn a_server_may_have_one_transport() {
        for transport in [Transport::Polling, Transport::WebSocket] {
            let options = Options::default().transports([transport]).allow_upgrades(false);
            assert!(options.check().is_ok());
        }
        assert!(Options::default().transports([Transport::WebSocket]).check().is_ok());
    }
}
