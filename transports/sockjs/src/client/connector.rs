//! Sessions with a server.

mod opening;

use std::time::Duration;

use async_trait::async_trait;
#[cfg(doc)]
use plimsoll::ErrorKind;
use plimsoll::{Connected, Connector, Dial, Error};
#[cfg(feature = "tls")]
use plimsoll_http::client::ClientTls;

use self::opening::Place;
use crate::codec::base_url::BaseUrl;
use crate::{Binary, Transport};

/// Makes sessions with SockJS servers.
///
/// | scheme of the URL | what it does |
/// |---|---|
/// | `sockjs+http`, `sockjs+https` | asks for `/info`, then tries one transport after the other |
/// | `sockjs+ws`, `sockjs+wss` | opens a WebSocket without the framing of SockJS |
///
/// The path of the URL is that of the service. The query goes along with every request, as do
/// the headers of the [`Dial`] and the cookies that the server sets: load balancers find the
/// session's server by them. A server may name another URL for sessions; to another host go
/// neither cookies nor `Authorization`. Offers of subprotocols are sent without framing only.
///
/// # Trying
///
/// A transport that has not opened the session within the time that follows from how long
/// `/info` took, and is at least [`open_timeout`](Self::open_timeout), is given up for the next.
/// If none is left, the error is that of the last, which needs least of what is between. The
/// deadline of the dialer, [`connect_timeout`](plimsoll::DialerBuilder::connect_timeout), is for
/// all together.
///
/// # Sessions
///
/// A server that is silent for too long is taken for dead, with
/// [`ErrorKind::Timeout`]: see [`max_silence`](Self::max_silence). Over HTTP, a close ends the
/// session without a code: the server sees only that nobody receives any more.
///
/// Of headers of a response 16 KiB and 64 in number are read, of its body 8 KiB if it brings no
/// frames; of the cookies that it sets 32 are kept.
///
/// Without framing it is a WebSocket like any other: binary messages are carried, pings are left
/// to plugins, and of the options only [`max_message`](Self::max_message) counts.
///
/// ```
/// use plimsoll::Dialer;
/// use plimsoll_sockjs::{SockJsConnector, Transport};
///
/// # fn main() -> Result<(), plimsoll::Error> {
/// let connector = SockJsConnector::new()
///     .transports([Transport::WebSocket, Transport::XhrPolling]);
/// let dialer = Dialer::builder().transport(connector).build()?;
/// // dialer.connect("sockjs+http://chat.example/echo?room=1").await
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SockJsConnector {
    binary: Binary,
    framed: bool,
    max_frame: usize,
    max_message: usize,
    max_silence: Duration,
    open_timeout: Duration,
    send_buffer: usize,
    transports: Vec<Transport>,
    #[cfg(feature = "tls")]
    tls: ClientTls,
}

impl SockJsConnector {
    /// Makes a connector with the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what becomes of binary messages. Default: sending one fails.
    #[must_use]
    pub fn binary(mut self, binary: Binary) -> Self {
        self.binary = binary;
        self
    }

    /// Sets whether `sockjs+ws` opens a session, with the framing of SockJS, heartbeats and
    /// closes. Default: no.
    #[must_use]
    pub fn framed(mut self, enabled: bool) -> Self {
        self.framed = enabled;
        self
    }

    /// Sets how long a frame from the server may be, in bytes: all that waits for a client goes
    /// into one. A longer one ends the session with [`ErrorKind::TooLarge`]. Default: 4 MiB.
    #[must_use]
    pub fn max_frame(mut self, bytes: usize) -> Self {
        self.max_frame = bytes;
        self
    }

    /// Sets how long a message from the server may be, in bytes. A longer one ends the session
    /// with [`ErrorKind::TooLarge`]. Default: 64 KiB.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// Sets how long the server may send nothing, not even a heartbeat. Default: 60 s, for
    /// servers send one every 25 s unless set otherwise.
    #[must_use]
    pub fn max_silence(mut self, limit: Duration) -> Self {
        self.max_silence = limit;
        self
    }

    /// Sets the least time that a transport gets to open a session. Default: 0, for twice the
    /// retransmission timeout that follows from the time that `/info` took, at least 600 ms.
    #[must_use]
    pub fn open_timeout(mut self, least: Duration) -> Self {
        self.open_timeout = least;
        self
    }

    /// Sets how much may wait to be sent before the sender has to wait, in bytes; a message more
    /// may be in it. Default: 64 KiB.
    ///
    /// Over HTTP, what waits while a request is under way goes out with the next.
    #[must_use]
    pub fn send_buffer(mut self, bytes: usize) -> Self {
        self.send_buffer = bytes;
        self
    }

    /// Sets which transports to try, in which order: of [`Transport::WebSocket`],
    /// [`Transport::XhrStreaming`] and [`Transport::XhrPolling`]. Default: these, in this order.
    #[must_use]
    pub fn transports(mut self, transports: impl IntoIterator<Item = Transport>) -> Self {
        self.transports = transports.into_iter().collect();
        self
    }

    /// Sets whom to trust, for `https` and `wss`. Default: the roots that Mozilla trusts.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: ClientTls) -> Self {
        self.tls = tls;
        self
    }
}

impl Default for SockJsConnector {
    fn default() -> Self {
        Self {
            binary: Binary::Refuse,
            framed: false,
            max_frame: 4 * 1024 * 1024,
            max_message: 64 * 1024,
            max_silence: Duration::from_secs(60),
            open_timeout: Duration::ZERO,
            send_buffer: 64 * 1024,
            transports: vec![Transport::WebSocket, Transport::XhrStreaming, Transport::XhrPolling],
            #[cfg(feature = "tls")]
            tls: ClientTls::default(),
        }
    }
}

#[async_trait]
impl Connector for SockJsConnector {
    fn schemes(&self) -> &[&'static str] {
        if cfg!(feature = "tls") {
            &["sockjs+http", "sockjs+https", "sockjs+ws", "sockjs+wss"]
        } else {
            &["sockjs+http", "sockjs+ws"]
        }
    }

    fn check(&self) -> Result<(), Error> {
        let usable = [Transport::WebSocket, Transport::XhrStreaming, Transport::XhrPolling];
        if self.transports.is_empty() || self.transports.iter().any(|it| !usable.contains(it)) {
            let remedy = "must be some of WebSocket, XhrStreaming and XhrPolling";
            return Err(Error::config("transports", remedy));
        }
        for (option, bytes) in
            [("max_message", self.max_message), ("send_buffer", self.send_buffer)]
        {
            if bytes == 0 {
                return Err(Error::config(option, "must be at least 1"));
            }
        }
        if self.max_frame < self.max_message.saturating_add(BRACKETS) {
            return Err(Error::config("max_frame", "must be at least `max_message` and 5 bytes"));
        }
        if self.max_silence.is_zero() {
            return Err(Error::config("max_silence", "must be longer than zero"));
        }
        Ok(())
    }

    async fn connect(&self, dial: Dial) -> Result<Connected, Error> {
        let base = BaseUrl::parse(dial.url())?;
        if !base.is_websocket_only() {
            return self.open(self.find(base, &dial).await?).await;
        }
        if !self.framed {
            return self.open_raw(&base, dial).await;
        }
        self.open_websocket(&Place::at(base, dial)?).await
    }
}

/// Of a frame with one message.
const BRACKETS: usize = 5;
