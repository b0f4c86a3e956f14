//! Which request is for whom.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use http::header::UPGRADE;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use plimsoll::session::{Session, Sessions};
use plimsoll::{Body, Endpoint, Error, HttpTransport, Reject};
use plimsoll_websocket::WebSocket;

use super::answer::{self, Wanted};
use super::client::Client;
use super::post::Sent;
use crate::codec::{Query, Refusal, Version};
use crate::{Options, Transport};

/// Takes Engine.IO connections in an HTTP server: by long-polling, over WebSocket, and by the one
/// and then the other.
///
/// Goes into an [`HttpService`](plimsoll::HttpService), where clients expect it at `/engine.io/`;
/// with or without the last slash is the same. Clones share their sessions.
///
/// Which web pages may connect is up to the [`origins`](plimsoll::HttpServiceBuilder::origins) of
/// the service, for polling, too. By default that is pages of the same host; pages of others need
/// to be named there and in [`Options::cors`].
#[derive(Clone)]
pub struct EngineIo {
    pub(super) options: Arc<Options>,
    pub(super) sessions: Sessions<Arc<Client>>,
    pub(super) websocket: WebSocket,
    pub(super) generate_id: Option<GenerateId>,
}

pub(super) type GenerateId = Arc<dyn Fn(&Parts) -> String + Send + Sync>;

impl EngineIo {
    /// Makes the transport.
    pub fn new(options: Options) -> Self {
        let mut limits = plimsoll_websocket::Options::default();
        limits.max_message = options.max_payload;
        limits.max_frame = options.max_payload;
        Self {
            sessions: Sessions::new(options.max_sessions, LINGER),
            websocket: WebSocket::new().options(limits),
            generate_id: None,
            options: Arc::new(options),
        }
    }

    /// Sets how the id of a session is made of its first request. The id is a secret that opens
    /// the session to whoever knows it: it must not be guessed. One that is taken, is empty, is
    /// longer than 256 characters, or has characters other than letters, digits, `-` and `_` is
    /// answered with 400. Default: 128 bits from the operating system, in 22 characters.
    #[must_use]
    pub fn generate_id(
        mut self,
        generate: impl Fn(&Parts) -> String + Send + Sync + 'static,
    ) -> Self {
        self.generate_id = Some(Arc::new(generate));
        self
    }

    /// How many sessions there are, with those that are closed and wait up to 30 s for their
    /// client to fetch what was sent.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// Answers a request, with the headers `cors` in any case. What waits holds no more of the
    /// request than it needs: what an HTTP server hands over is a part of its read buffer.
    fn answer<'a>(
        &'a self,
        mut parts: Parts,
        body: Body,
        endpoint: &'a Endpoint,
        cors: Option<HeaderMap>,
    ) -> Answer<'a> {
        let query = Query::parse(parts.uri.query().unwrap_or_default());
        let upgrade = asks_for_websocket(&parts);
        let refuse = |refusal: Refusal| if upgrade { refusal.upgrade() } else { refusal.json() };
        match (self.purpose(&parts, &query, upgrade), &parts.method) {
            (Err(refusal), _) => with(cors, ready(Err(refuse(refusal)))),
            (Ok(Purpose::Open), _) if upgrade => {
                with(cors, async move { self.open_websocket(parts, &query, endpoint).await })
            }
            (Ok(Purpose::Open), _) => {
                with(cors, async move { self.open_polling(parts, &query, endpoint).await })
            }
            (Ok(Purpose::Upgrade(client)), _) if upgrade => {
                with(cors, ready(self.upgrade(&mut parts, &client)))
            }
            (Ok(Purpose::Upgrade(_)), _) => with(cors, ready(Err(refuse(Refusal::BadRequest)))),
            (Ok(Purpose::Session(..)), _) if upgrade => {
                with(cors, ready(Err(refuse(Refusal::BadRequest))))
            }
            (Ok(Purpose::Session(client, session)), &Method::GET) => {
                let wanted = Wanted::new(&query, &parts.headers);
                with(cors, self.poll(client, session, query.dialect(), wanted))
            }
            (Ok(Purpose::Session(client, session)), &Method::POST) => {
                let sent = Sent::new(&query, &parts.headers);
                with(cors, self.post(client, session, sent, body))
            }
            (Ok(Purpose::Session(..)), _) => {
                with(cors, ready(Err(Reject::new(StatusCode::INTERNAL_SERVER_ERROR, ""))))
            }
        }
    }

    /// Checks what does not depend on the kind of the request.
    fn purpose(&self, parts: &Parts, query: &Query, upgrade: bool) -> Result<Purpose, Refusal> {
        let options = &self.options;
        let transport = query.transport.filter(|transport| options.transports.contains(transport));
        let transport = transport.ok_or(Refusal::UnknownTransport)?;
        let fits = upgrade == (transport == Transport::WebSocket);
        if query.jsonp.is_some() && !options.jsonp {
            return Err(Refusal::BadRequest);
        }
        let Some(sid) = &query.sid else {
            if parts.method != Method::GET && !(upgrade && parts.method == Method::CONNECT) {
                return Err(Refusal::BadHandshakeMethod);
            }
            if !fits {
                return Err(Refusal::BadRequest);
            }
            if query.version == Version::V3 && !options.allow_eio3 {
                return Err(Refusal::UnsupportedVersion);
            }
            return Ok(Purpose::Open);
        };
        let client = self.sessions.get(sid).ok_or(Refusal::UnknownSid)?;
        if !fits {
            return Err(Refusal::BadRequest);
        }
        match (transport, client.session()) {
            (Transport::WebSocket, _) if !options.allow_upgrades => Err(Refusal::BadRequest),
            (Transport::WebSocket, _) => Ok(Purpose::Upgrade(client)),
            (Transport::Polling, Some(session)) => Ok(Purpose::Session(client, session)),
            // A WebSocket carries the session.
            (Transport::Polling, None) => Err(Refusal::BadRequest),
        }
    }

    /// Answers a request for a WebSocket of a session that polls. One that comes too late is
    /// opened and closed: clients in the middle of a move take a refusal for an error.
    fn upgrade(&self, parts: &mut Parts, client: &Client) -> Result<Response<Body>, Reject> {
        let upgrade = self.websocket.upgrade(parts)?;
        let (response, opening) = upgrade.accept(HeaderMap::new(), None);
        client.offer(Box::pin(opening));
        Ok(response)
    }
}

/// Without `async_trait`, so that a request that waits is no larger than its own kind is.
impl HttpTransport for EngineIo {
    fn check(&self) -> Result<(), Error> {
        self.options.check()
    }

    fn handle<'a, 'b, 'answer>(
        &'a self,
        request: Request<Body>,
        endpoint: &'b Endpoint,
    ) -> Answer<'answer>
    where
        'a: 'answer,
        'b: 'answer,
        Self: 'answer,
    {
        let (parts, body) = request.into_parts();
        let cors = self.options.cors.as_ref().map(|cors| answer::cors(cors, &parts.headers));
        if cors.is_some() && parts.method == Method::OPTIONS {
            return with(cors, ready(Ok(answer::preflight(&parts.headers))));
        }
        self.answer(parts, body, endpoint, cors)
    }
}

impl fmt::Debug for EngineIo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineIo")
            .field("options", &self.options)
            .field("sessions", &self.sessions())
            .finish_non_exhaustive()
    }
}

type Answer<'a> = Pin<Box<dyn Future<Output = Response<Body>> + Send + 'a>>;

/// Adds headers to an answer.
fn with<'a>(
    cors: Option<HeaderMap>,
    answer: impl Future<Output = Result<Response<Body>, Reject>> + Send + 'a,
) -> Answer<'a> {
    Box::pin(answer.map(move |answer| {
        let mut response = answer.unwrap_or_else(Reject::into_response);
        for (name, value) in cors.iter().flatten() {
            response.headers_mut().append(name, value.clone());
        }
        response
    }))
}

/// What a request is for.
enum Purpose {
    Open,
    Session(Arc<Client>, Session),
    Upgrade(Arc<Client>),
}

fn asks_for_websocket(parts: &Parts) -> bool {
    let protocols = parts.headers.get_all(UPGRADE).iter();
    let mut names = protocols.flat_map(|list| list.as_bytes().split(|byte| *byte == b','));
    parts.method == Method::CONNECT
        || names.any(|name| name.trim_ascii().eq_ignore_ascii_case(b"websocket"))
}

/// How long a session that was closed waits for its client to fetch what was sent.
const LINGER: Duration = Duration::from_secs(30);
