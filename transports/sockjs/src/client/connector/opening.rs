//! How a session is found and opened.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::{AUTHORIZATION, COOKIE};
use http::{HeaderMap, StatusCode, Uri};
use plimsoll::{
    Capabilities, Connected, Connector, Dial, Error, ErrorKind, Info, Liveness, PeerAddr,
};
use plimsoll_http::client::{Client, Cookies, Origin};
use plimsoll_websocket::WebSocketConnector;
use tokio::time::{Instant, timeout};

use super::SockJsConnector;
use crate::client::path::Path;
use crate::client::receiver::Receiver;
use crate::client::requests::{self, Requests};
use crate::client::session::{Session, SessionOptions};
use crate::client::websocket::WebSocket;
use crate::client::xhr::{Xhr, refused};
use crate::codec::Limits;
use crate::codec::base_url::{BaseUrl, INFO_TIMEOUT, opening_timeout};
use crate::codec::info::ServerInfo;
use crate::{Binary, Transport};

impl SockJsConnector {
    /// Tries one transport after the other.
    pub(super) async fn open(&self, place: Place) -> Result<Connected, Error> {
        let mut failure = None;
        for transport in &self.transports {
            let opened = match transport {
                Transport::WebSocket if !place.websocket => continue,
                Transport::WebSocket => timeout(place.limit, self.open_websocket(&place)).await,
                Transport::EventSource
                | Transport::HtmlFile
                | Transport::JsonpPolling
                | Transport::XhrPolling
                | Transport::XhrStreaming => {
                    timeout(place.limit, self.open_xhr(&place, *transport)).await
                }
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
    pub(super) async fn find(&self, base: BaseUrl, dial: &Dial) -> Result<Place, Error> {
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
        let mut client = Client::new(self.origin(&url)?);
        let (head, body) = client.send(requests::get(&url, headers)?).await?.into_parts();
        let body = client.read_short(body).await?;
        if head.status != StatusCode::OK {
            return Err(refused(head.status, body));
        }
        let mut cookies = Cookies::default();
        cookies.read(&head.headers, SystemTime::now());
        Ok((ServerInfo::parse(&body), cookies))
    }

    pub(super) async fn open_websocket(&self, place: &Place) -> Result<Connected, Error> {
        let mut dial = Dial::new(place.base.session()?.websocket());
        dial.headers = place.headers.clone();
        place.cookies.add_to(&mut dial.headers, SystemTime::now());
        let Connected { io, info } = self.websocket(self.max_frame).connect(dial).await?;
        let path = Path::WebSocket(WebSocket::new(io));
        self.connected(path, place, info.headers(), info.peer().cloned()).await
    }

    async fn open_xhr(&self, place: &Place, transport: Transport) -> Result<Connected, Error> {
        let session = place.base.session()?;
        let is_polling = transport == Transport::XhrPolling;
        let receive = if is_polling { session.xhr() } else { session.xhr_streaming() };
        let origin = self.origin(&requests::parse(&receive)?)?;
        let mut requests = Requests::new(&receive, &session.xhr_send(), place.headers.clone())?;
        requests.set_cookies(&place.cookies);
        let mut client = Client::new(origin.clone());
        let (head, body) = client.send(requests.receive()).await?.into_parts();
        if head.status != StatusCode::OK {
            return Err(refused(head.status, client.read_short(body).await?));
        }
        let peer = client.peer().cloned();
        let mut cookies = Cookies::default();
        cookies.read(&head.headers, SystemTime::now());
        requests.set_cookies(&cookies);
        let requests = Arc::new(requests);
        let receiver =
            Receiver::new(Arc::clone(&requests), client, body, self.max_frame, is_polling);
        let path = Path::Xhr(Box::new(Xhr::new(requests, receiver, Client::new(origin))));
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
    pub(super) async fn open_raw(&self, base: &BaseUrl, dial: Dial) -> Result<Connected, Error> {
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

    fn origin(&self, url: &Uri) -> Result<Origin, Error> {
        let origin = Origin::new(url, url.scheme_str() == Some("https"))?;
        #[cfg(feature = "tls")]
        let origin = origin.tls(self.tls.clone());
        Ok(origin)
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

/// Where a session is opened.
pub(super) struct Place {
    base: BaseUrl,
    headers: HeaderMap,
    cookies: Cookies,
    /// How long a transport may take.
    limit: Duration,
    websocket: bool,
    /// As the application wrote it.
    uri: Uri,
}

impl Place {
    /// Where nothing is asked before.
    pub(super) fn at(base: BaseUrl, dial: Dial) -> Result<Self, Error> {
        let (uri, headers) = (uri(&dial)?, dial.headers);
        let (cookies, limit) = (Cookies::default(), Duration::MAX);
        Ok(Self { base, headers, cookies, limit, websocket: true, uri })
    }
}

fn uri(dial: &Dial) -> Result<Uri, Error> {
    requests::parse(dial.url())
}

fn timed_out(message: &'static str) -> Error {
    Error::with_message(ErrorKind::Timeout, message)
}

/// The transport's name in [`Info::transport`].
const NAME: &str = "sockjs";
