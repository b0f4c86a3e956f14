//! What can be set on a server.

mod check;

use std::time::Duration;

use crate::codec::{Limits, SendFormat};
use crate::{Binary, Transport};

/// How a server speaks SockJS. The defaults are those of the reference server, except that the
/// transports that work by scripts are off, and that everything is bounded.
///
/// ```
/// use plimsoll_sockjs::{Options, Transport};
///
/// let options = Options::default().transports([Transport::WebSocket, Transport::XhrPolling]);
/// assert!(options.check().is_ok());
/// assert!(Options::default().transports([]).check().is_err());
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The transports that are on. Default: all but [`Transport::HtmlFile`] and
    /// [`Transport::JsonpPolling`], which run what they carry as scripts in the page.
    pub transports: Vec<Transport>,
    /// Where the frames of old browsers load the client's script from, which must be the version
    /// that the page uses. It becomes a part of a page, so it has no quotation marks, angle
    /// brackets or spaces. Default: the address of the client 1 on jsDelivr.
    pub sockjs_url: String,
    /// The URL that clients use for all but the first request; `None` for that of the first.
    /// Default: `None`.
    pub base_url: Option<String>,
    /// Whether pages of other origins may read the answers. Who may ask at all is up to the
    /// [`Origins`](plimsoll::Origins) of the HTTP service: those that may also send cookies.
    /// Default: yes.
    pub cors: bool,
    /// Whether to set the cookie JSESSIONID, for load balancers that stick to it. Default: no.
    pub jsessionid: bool,
    /// How long a streaming response gets before it ends and the client asks for another, in
    /// bytes of frames: browsers keep all of a response. Default: 128 KiB.
    pub response_limit: usize,
    /// How long a session lives without a receiving request, and how long a closed one tells
    /// clients why. Default: 5 s.
    pub disconnect_delay: Duration,
    /// After what silence a session sends a heartbeat, so that proxies do not cut the response.
    /// Default: 25 s.
    pub heartbeat_delay: Duration,
    /// How long a client has to answer a ping over WebSocket. Default: 10 s.
    pub pong_timeout: Duration,
    /// What becomes of binary messages. Default: sending one fails.
    pub binary: Binary,
    /// How long a message from a client may be, in bytes. Default: 64 KiB.
    pub max_message: usize,
    /// How many messages may come in one request or one WebSocket message. Default: 16,384.
    pub max_messages: usize,
    /// How long the body of a request or a WebSocket message may be, in bytes, with all that is
    /// escaped in it: JSON makes up to six bytes of one. Browsers put all that waits to be sent into
    /// one request. Default: 256 KiB.
    pub max_body: usize,
    /// How many sessions there may be, with those that have closed and tell why. Default:
    /// 100,000.
    pub max_sessions: usize,
    /// How much may wait for a receiving request, in bytes; a message counts 64 more. It may be
    /// exceeded by one message. Default: 64 KiB.
    pub outbox_bytes: usize,
    /// How much that was received may wait for the endpoint, in bytes, before a request has to
    /// wait. It may be exceeded by one message. Default: 16 KiB.
    pub inbox_bytes: usize,
}

impl Options {
    /// Sets the transports that are on.
    #[must_use]
    pub fn transports(mut self, transports: impl IntoIterator<Item = Transport>) -> Self {
        self.transports = transports.into_iter().collect();
        self
    }

    /// Sets where the frames of old browsers load the client's script from.
    #[must_use]
    pub fn sockjs_url(mut self, url: impl Into<String>) -> Self {
        self.sockjs_url = url.into();
        self
    }

    /// Sets the URL that clients use for all but the first request.
    #[must_use]
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = Some(url.into());
        self
    }

    /// Sets whether pages of other origins may read the answers.
    #[must_use]
    pub fn cors(mut self, enabled: bool) -> Self {
        self.cors = enabled;
        self
    }

    /// Sets whether to set the cookie JSESSIONID.
    #[must_use]
    pub fn jsessionid(mut self, enabled: bool) -> Self {
        self.jsessionid = enabled;
        self
    }

    /// Sets how long a streaming response gets, in bytes.
    #[must_use]
    pub fn response_limit(mut self, bytes: usize) -> Self {
        self.response_limit = bytes;
        self
    }

    /// Sets how long a session lives without a receiving request.
    #[must_use]
    pub fn disconnect_delay(mut self, delay: Duration) -> Self {
        self.disconnect_delay = delay;
        self
    }

    /// Sets after what silence a session sends a heartbeat.
    #[must_use]
    pub fn heartbeat_delay(mut self, delay: Duration) -> Self {
        self.heartbeat_delay = delay;
        self
    }

    /// Sets how long a client has to answer a ping over WebSocket.
    #[must_use]
    pub fn pong_timeout(mut self, timeout: Duration) -> Self {
        self.pong_timeout = timeout;
        self
    }

    /// Sets what becomes of binary messages.
    #[must_use]
    pub fn binary(mut self, binary: Binary) -> Self {
        self.binary = binary;
        self
    }

    /// Sets how long a message from a client may be, in bytes.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// Sets how many messages may come at once.
    #[must_use]
    pub fn max_messages(mut self, messages: usize) -> Self {
        self.max_messages = messages;
        self
    }

    /// Sets how long the body of a request or a WebSocket message may be, in bytes.
    ///
    /// A body that has not come whole after 30 s is given up, with status 408.
    #[must_use]
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// Sets how many sessions there may be.
    #[must_use]
    pub fn max_sessions(mut self, sessions: usize) -> Self {
        self.max_sessions = sessions;
        self
    }

    /// Sets how much may wait for a receiving request, in bytes.
    #[must_use]
    pub fn outbox_bytes(mut self, bytes: usize) -> Self {
        self.outbox_bytes = bytes;
        self
    }

    /// Sets how much that was received may wait for the endpoint, in bytes.
    #[must_use]
    pub fn inbox_bytes(mut self, bytes: usize) -> Self {
        self.inbox_bytes = bytes;
        self
    }

    /// Whether a transport is on.
    pub(crate) fn has(&self, transport: Transport) -> bool {
        self.transports.contains(&transport)
    }

    /// Whether a transport is on whose clients send like this.
    pub(crate) fn has_format(&self, format: SendFormat) -> bool {
        self.transports.iter().any(|transport| match transport {
            Transport::JsonpPolling => format == SendFormat::Form,
            Transport::EventSource
            | Transport::HtmlFile
            | Transport::XhrPolling
            | Transport::XhrStreaming => format == SendFormat::Json,
            Transport::WebSocket => false,
        })
    }

    /// What one request or WebSocket message may hold.
    pub(crate) fn limits(&self) -> Limits {
        Limits { max_message: self.max_message, max_messages: self.max_messages }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            transports: vec![
                Transport::EventSource,
                Transport::WebSocket,
                Transport::XhrPolling,
                Transport::XhrStreaming,
            ],
            sockjs_url: SOCKJS_URL.to_owned(),
            base_url: None,
            cors: true,
            jsessionid: false,
            response_limit: 128 * 1024,
            disconnect_delay: Duration::from_secs(5),
            heartbeat_delay: Duration::from_secs(25),
            pong_timeout: Duration::from_secs(10),
            binary: Binary::Refuse,
            max_message: 64 * 1024,
            max_messages: 16_384,
            max_body: 256 * 1024,
            max_sessions: 100_000,
            outbox_bytes: 64 * 1024,
            inbox_bytes: 16 * 1024,
        }
    }
}

const SOCKJS_URL: &str = "https://cdn.jsdelivr.net/npm/sockjs-client@1/dist/sockjs.min.js";
