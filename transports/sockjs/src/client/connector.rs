//! Sessions with a server.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, StatusCode, Uri};
use plimsoll::{
    Capabilities, Connected, Connector, Dial, Error, ErrorKind, Info, Liveness, PeerAddr,
};
#[cfg(feature = "tls")]
use plimsoll_websocket::ClientTls;
use plimsoll_websocket::WebSocketConnector;
use tokio::time::{Instant, timeout};

use super::cookies::Cookies;
use super::http1::{Http, Server};
use super::path::Path;
use super::receiver::Receiver;
use super::requests::{self, Requests};
use super::session::{Session, SessionOptions};
use super::websocket::WebSocket;
use super::xhr::{Xhr, refused};
use crate::codec::Limits;
use crate::codec::base_url::{BaseUrl, INFO_TIMEOUT, SessionUrl, opening_timeout};
use crate::codec::info::ServerInfo;
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

    /// Tries one transport after the other.
    async fn open(&self, place: Place) -> Result<Connected, Error> {
        let mut failure = None;
        for transport in &self.transports {
            let opened = match transport {
                Transport::WebSocket if !place.websocket => continue,
                Transport::WebSocket => timeout(place.limit, self.open_websocket(&place)).await,
                _ => timeout(place.limit, self.open_xhr(&place, *transport)).await,
            };
            match opened {
                Ok(Ok(connected)) => return Ok(connected),
                Ok(Err(error)) => failure = Some(error),
                Err(_) => failure = Some(timed_out("no session was opened in time")),
            }
        }
        Err(failure.unwrap_or_else(|| {
            let message = "the server has WebSocket switched off, and no other may be tried";
            Error::with_message(ErrorKind::Unsupported, message)
        }))
    }

    /// Asks where sessions are, and how.
    async fn find(&self, base: BaseUrl, dial: &Dial) -> Result<Place, Error> {
        let asked = Instant::now();
        let asking = self.ask(&base, &dial.headers);
        let (info, mut cookies) = timeout(INFO_TIMEOUT, asking).await.map_err(|_| {
            timed_out("the server did not answer the request for `/info` in time")
        })??;
        let limit = opening_timeout(asked.elapsed()).max(self.open_timeout);
        let mut headers = dial.headers.clone();
        let base = match &info.base_url {
            None => base,
            Some(url) => {
                let moved = base.moved_to(url)?;
                if !moved.has_host_of(&base) {
                    headers.remove(AUTHORIZATION);
                    headers.remove(COOKIE);
                    cookies = Cookies::default();
                }
                moved
            }
        };
        let uri = uri(dial)?;
        Ok(Place { base, headers, cookies, limit, websocket: info.websocket, uri })
    }

    async fn ask(
        &self,
        base: &BaseUrl,
        headers: &HeaderMap,
    ) -> Result<(ServerInfo, Cookies), Error> {
        let url = requests::parse(&base.info())?;
        let mut http = Http::new(self.server(&url)?);
        let (head, body) = http.send(requests::get(&url, headers)?).await?.into_parts();
        let body = http.read_short(body).await?;
        if head.status != StatusCode::OK {
            return Err(refused(head.status, body));
        }
        let mut cookies = Cookies::default();
        cookies.read(&head.headers);
        Ok((ServerInfo::parse(&body), cookies))
    }

    async fn open_websocket(&self, place: &Place) -> Result<Connected, Error> {
        let mut dial = Dial::new(place.base.session()?.websocket());
        dial.headers = place.headers.clone();
        place.cookies.add_to(&mut dial.headers);
        let Connected { io, info } = self.websocket(self.max_frame).connect(dial).await?;
        let path = Path::WebSocket(WebSocket::new(io));
        self.connected(path, place, info.headers(), info.peer().cloned()).await
    }

    async fn open_xhr(&self, place: &Place, transport: Transport) -> Result<Connected, Error> {
        let session: SessionUrl = place.base.session()?;
        let is_polling = transport == Transport::XhrPolling;
        let receive = if is_polling { session.xhr() } else { session.xhr_streaming() };
        let server = self.server(&requests::parse(&receive)?)?;
        let mut requests = Requests::new(&receive, &session.xhr_send(), place.headers.clone())?;
        requests.set_cookies(&place.cookies);
        let mut http = Http::new(Arc::clone(&server));
        let (head, body) = http.send(requests.receive()).await?.into_parts();
        if head.status != StatusCode::OK {
            return Err(refused(head.status, http.read_short(body).await?));
        }
        let peer = http.peer().cloned();
        let mut cookies = Cookies::default();
        cookies.read(&head.headers);
        requests.set_cookies(&cookies);
        let requests = Arc::new(requests);
        let receiver = Receiver::new(Arc::clone(&requests), http, body, self.max_frame, is_polling);
        let path = Path::Xhr(Box::new(Xhr::new(requests, receiver, Http::new(server))));
        self.connected(path, place, &head.headers, peer).await
    }

    /// Waits for the session that a path leads to.
    async fn connected(
        &self,
        path: Path,
        place: &Place,
        headers: &HeaderMap,
        peer: Option<PeerAddr>,
    ) -> Result<Connected, Error> {
        let capabilities = Capabilities::FULL
            .with_binary(self.binary == Binary::Base64)
            .with_close_reason(matches!(path, Path::WebSocket(_)))
            .with_liveness(Liveness::Builtin)
            .with_answers_pings(true);
        let session = Session::open(path, self.session_options()).await?;
        let info = Info::new(NAME, capabilities, place.uri.clone())
            .with_headers(headers.clone())
            .with_peer(peer);
        Ok(Connected { io: Box::new(session), info })
    }

    /// Opens a WebSocket without framing.
    async fn open_raw(&self, base: &BaseUrl, dial: Dial) -> Result<Connected, Error> {
        let mut raw = Dial::new(base.raw_websocket());
        let uri = uri(&dial)?;
        (raw.headers, raw.protocols) = (dial.headers, dial.protocols);
        let Connected { io, info } = self.websocket(self.max_message).connect(raw).await?;
        let info = Info::new(NAME, info.capabilities(), uri)
            .with_protocol(info.protocol().map(str::to_owned))
            .with_headers(info.headers().clone())
            .with_peer(info.peer().cloned());
        Ok(Connected { io, info })
    }

    fn websocket(&self, max_message: usize) -> WebSocketConnector {
        let mut options = plimsoll_websocket::Options::default();
        options.max_message = max_message;
        options.max_frame = max_message;
        let connector = WebSocketConnector::default().options(options);
        #[cfg(feature = "tls")]
        let connector = connector.tls(self.tls.clone());
        connector
    }

    fn server(&self, url: &Uri) -> Result<Arc<Server>, Error> {
        let server = Server::new(
            url,
            #[cfg(feature = "tls")]
            self.tls.clone(),
        )?;
        Ok(Arc::new(server))
    }

    fn session_options(&self) -> SessionOptions {
        SessionOptions {
            binary: self.binary,
            // The length of a frame bounds them: they are taken out of it one by one.
            limits: Limits { max_message: self.max_message, max_messages: usize::MAX },
            max_silence: self.max_silence,
            send_buffer: self.send_buffer,
        }
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
        let (uri, headers) = (uri(&dial)?, dial.headers);
        let (cookies, limit) = (Cookies::default(), Duration::MAX);
        self.open_websocket(&Place { base, headers, cookies, limit, websocket: true, uri }).await
    }
}

/// Where a session is opened.
struct Place {
    base: BaseUrl,
    headers: HeaderMap,
    cookies: Cookies,
    /// How long a transport may take.
    limit: Duration,
    websocket: bool,
    /// As the application wrote it.
    uri: Uri,
}

fn uri(dial: &Dial) -> Result<Uri, Error> {
    requests::parse(dial.url())
}

fn timed_out(message: &'static str) -> Error {
    Error::with_message(ErrorKind::Timeout, message)
}

/// The transport's name in [`Info::transport`].
const NAME: &str = "sockjs";
/// Of a frame with one message.
const BRACKETS: usize = 5;
