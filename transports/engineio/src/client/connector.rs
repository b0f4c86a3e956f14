//! Sessions with a server.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::{HeaderMap, StatusCode};
use plimsoll::{BoxDuplex, Connected, Connector, Dial, Error, ErrorKind, Info, PeerAddr};
#[cfg(feature = "tls")]
use plimsoll_http::client::ClientTls;
use plimsoll_http::client::{Client, Cookies};
use plimsoll_websocket::WebSocketConnector;

use super::decoder::Decoder;
use super::error::{keep, refused, websocket_refused};
use super::get::Get;
use super::path::Path;
use super::polling::Polling;
use super::post::Post;
use super::requests::Requests;
use super::session::{CAPABILITIES, Session};
use super::target::Target;
use super::upgrading::Upgrading;
use super::websocket::{Received, WebSocket};
use crate::codec::{Open, Packet};
use crate::{EngineIo, Transport};

/// Makes sessions with servers that speak protocol 4 of Engine.IO.
///
/// | scheme of the URL | packets travel |
/// |---|---|
/// | `engineio+http`, `engineio+https` | by polling, then over a WebSocket if the server has one |
/// | `engineio+ws`, `engineio+wss` | over a WebSocket |
///
/// The path of the URL is that of the server, `/engine.io/` if it has none. Node's servers want
/// the slash at its end. The query goes along with every request, as do the headers of the
/// [`Dial`], and the cookies that the answer to the handshake sets: load balancers find the
/// session's server by them. Offers of subprotocols are not sent, for polling has none.
///
/// The server pings, and its pings are answered while messages are received. A server that
/// sends none in the time that it announced is taken for dead, with [`ErrorKind::Timeout`]. The
/// time during which the machine is suspended counts.
///
/// A refusal is an error with a [`Reject`](plimsoll::Reject). Where the server cannot serve a
/// request, such as one for a session that it has forgotten, the error has an
/// [`EngineIoError`](crate::EngineIoError).
///
/// ```
/// use plimsoll::Dialer;
/// use plimsoll_engineio::EngineIo;
///
/// # fn main() -> Result<(), plimsoll::Error> {
/// let connector = EngineIo::connector().remember_upgrade(true);
/// let dialer = Dialer::builder().transport(connector).build()?;
/// // dialer.connect("engineio+http://chat.example/engine.io/?room=1").await
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EngineIoConnector {
    max_message: usize,
    remember_upgrade: bool,
    send_buffer: usize,
    upgrade: bool,
    upgrade_timeout: Duration,
    #[cfg(feature = "tls")]
    tls: ClientTls,
    /// The last move to a WebSocket worked.
    upgraded: Arc<AtomicBool>,
}

impl EngineIoConnector {
    /// Makes a connector with the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long a message from the server may be, in bytes. A longer one ends the session
    /// with [`ErrorKind::TooLarge`]. Default: 1,000,000, as long as a server takes by default.
    ///
    /// That bounds what is held of the body of a response, too: it is read packet by packet.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// Sets whether to begin with a WebSocket once a move to one has worked, until one fails.
    /// Then the same attempt to connect goes on by polling. Default: no.
    ///
    /// What is remembered is shared by all clones of the connector.
    #[must_use]
    pub fn remember_upgrade(mut self, remember: bool) -> Self {
        self.remember_upgrade = remember;
        self
    }

    /// Sets how much may wait to be sent before the sender has to wait, in bytes; a message more
    /// may be in it. Default: 64 KiB.
    ///
    /// By polling, what waits while a request is under way goes out with the next.
    #[must_use]
    pub fn send_buffer(mut self, bytes: usize) -> Self {
        self.send_buffer = bytes;
        self
    }

    /// Sets whether a session that begins by polling moves to a WebSocket. Default: yes.
    #[must_use]
    pub fn upgrade(mut self, enabled: bool) -> Self {
        self.upgrade = enabled;
        self
    }

    /// Sets how long a move may take. One that takes longer is given up, and the session goes on
    /// by polling. Default: 10 s.
    #[must_use]
    pub fn upgrade_timeout(mut self, limit: Duration) -> Self {
        self.upgrade_timeout = limit;
        self
    }

    /// Sets whom to trust, for `https` and `wss`. Default: the roots that Mozilla trusts.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: ClientTls) -> Self {
        self.tls = tls;
        self
    }

    /// Opens a session over a WebSocket.
    async fn open_websocket(&self, target: &Target, dial: &Dial) -> Result<Connected, Error> {
        let Connected { io, info } = self.websocket(target, None, dial.headers.clone()).await?;
        let mut websocket = WebSocket::new(io);
        let open = match poll_fn(|cx| websocket.poll_recv(cx)).await {
            Some(Ok(Received::Packet(packet))) => read_open(&packet)?,
            Some(Err(error)) => return Err(error),
            Some(Ok(Received::Close(_))) | None => return Err(no_session()),
        };
        let session = Session::new(Path::WebSocket(websocket), &open, self.send_buffer);
        Ok(connected(session, target, info.headers(), info.peer().cloned()))
    }

    /// Opens a session by polling, and begins to move it.
    async fn open_polling(&self, target: &Target, dial: &Dial) -> Result<Connected, Error> {
        let origin = target.origin.clone();
        #[cfg(feature = "tls")]
        let origin = origin.tls(self.tls.clone());
        let mut requests = Requests::new(target, dial.headers.clone())?;
        let mut client = Client::new(origin.clone());
        let (head, body) = client.send(requests.get()).await?.into_parts();
        if head.status != StatusCode::OK {
            return Err(refused(&head, client.read_short(body).await?));
        }
        let peer = client.peer().cloned();
        let mut get = Get::new(client, body, Decoder::new(self.max_message));
        let open = match poll_fn(|cx| get.poll_packet(cx)).await {
            Some(packet) => read_open(&packet?)?,
            None => return Err(no_session()),
        };
        let mut cookies = Cookies::default();
        cookies.read(&head.headers, SystemTime::now());
        let upgrading =
            (self.upgrade && open.upgrades.contains(&Transport::WebSocket)).then(|| {
                let (connector, target, sid) = (self.clone(), target.clone(), open.sid.clone());
                let mut headers = dial.headers.clone();
                cookies.add_to(&mut headers, SystemTime::now());
                let opened =
                    async move { Ok(connector.websocket(&target, Some(&sid), headers).await?.io) };
                Upgrading::new(opened, self.upgrade_timeout, Arc::clone(&self.upgraded))
            });
        requests.join(target, &open.sid, cookies)?;
        let max_payload = open.max_payload.unwrap_or(usize::MAX);
        let post = Post::new(Client::new(origin));
        let mut polling = Polling::new(Arc::new(requests), get, post, max_payload);
        poll_fn(|cx| {
            polling.get(cx);
            Poll::Ready(())
        })
        .await;
        let path = Path::Polling(Box::new(polling), upgrading);
        let session = Session::new(path, &open, self.send_buffer);
        Ok(connected(session, target, &head.headers, peer))
    }

    /// Opens a WebSocket to a session, or to a new one.
    async fn websocket(
        &self,
        target: &Target,
        sid: Option<&str>,
        headers: HeaderMap,
    ) -> Result<Connected, Error> {
        let mut options = plimsoll_websocket::Options::default();
        // With the digit before a text, and with the packet that opens a session.
        options.max_message = self.max_message.saturating_add(1).max(MIN_MESSAGE);
        options.max_frame = options.max_message;
        let connector = WebSocketConnector::default().options(options);
        #[cfg(feature = "tls")]
        let connector = connector.tls(self.tls.clone());
        let mut dial = Dial::new(target.websocket(sid));
        dial.headers = headers;
        connector.connect(dial).await.map_err(websocket_refused)
    }
}

impl EngineIo {
    /// Makes a connector with the default options: the client of this transport.
    pub fn connector() -> EngineIoConnector {
        EngineIoConnector::new()
    }
}

impl Default for EngineIoConnector {
    fn default() -> Self {
        Self {
            max_message: 1_000_000,
            remember_upgrade: false,
            send_buffer: 64 * 1024,
            upgrade: true,
            upgrade_timeout: Duration::from_secs(10),
            #[cfg(feature = "tls")]
            tls: ClientTls::default(),
            upgraded: Arc::default(),
        }
    }
}

#[async_trait]
impl Connector for EngineIoConnector {
    fn schemes(&self) -> &[&'static str] {
        if cfg!(feature = "tls") {
            &["engineio+http", "engineio+https", "engineio+ws", "engineio+wss"]
        } else {
            &["engineio+http", "engineio+ws"]
        }
    }

    fn check(&self) -> Result<(), Error> {
        if self.max_message == 0 {
            return Err(Error::config("max_message", "must be at least 1"));
        }
        if self.send_buffer == 0 {
            return Err(Error::config("send_buffer", "must be at least 1"));
        }
        if self.upgrade_timeout.is_zero() {
            return Err(Error::config("upgrade_timeout", "must be longer than zero"));
        }
        if self.remember_upgrade && !self.upgrade {
            return Err(Error::config("remember_upgrade", "needs `upgrade`"));
        }
        Ok(())
    }

    async fn connect(&self, dial: Dial) -> Result<Connected, Error> {
        let target = Target::parse(dial.url())?;
        if target.transport == Transport::WebSocket {
            return self.open_websocket(&target, &dial).await;
        }
        if self.remember_upgrade && self.upgraded.load(Ordering::Relaxed) {
            match self.open_websocket(&target, &dial).await {
                Ok(connected) => return Ok(connected),
                // Polling may still work, and tells more of a refusal.
                Err(_) => self.upgraded.store(false, Ordering::Relaxed),
            }
        }
        self.open_polling(&target, &dial).await
    }
}

fn connected(
    session: Session,
    target: &Target,
    headers: &HeaderMap,
    peer: Option<PeerAddr>,
) -> Connected {
    let info = Info::new(NAME, CAPABILITIES, target.uri.clone())
        .with_headers(keep(headers))
        .with_peer(peer);
    let io: BoxDuplex = Box::new(session);
    Connected { io, info }
}

fn read_open(packet: &Packet) -> Result<Open, Error> {
    match packet {
        Packet::Open(json) => Open::parse(json),
        _ => Err(no_session()),
    }
}

fn no_session() -> Error {
    Error::with_message(ErrorKind::Protocol, "the server did not open a session")
}

/// The transport's name in [`Info::transport`].
const NAME: &str = "engineio";
/// The packet that opens a session fits in, whatever the length of messages, in bytes.
const MIN_MESSAGE: usize = 16 * 1024;
