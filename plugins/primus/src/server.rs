//! Primus in an HTTP server.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::UPGRADE;
use http::{Method, Request, Response, StatusCode};
use plimsoll::{Body, Endpoint, Error, HttpTransport, Info, MountPath, Reject};
use plimsoll_encoding::Codec;

use crate::answer;
use crate::dialect::{Dialect, Settings};
use crate::library::Library;
use crate::parser::{Json, Parser};
use crate::transformer::Transformer;

/// Takes Primus clients in an HTTP server, over all their transports at one path.
///
/// Goes into an [`HttpService`](plimsoll::HttpService), where clients expect it at `/primus`,
/// beside other transports of the same endpoint. Besides the transports it answers
/// `/primus/spec`, and `/primus/primus.js` if it has a [library](Self::library).
///
/// Which web pages may connect is up to the [`origins`](plimsoll::HttpServiceBuilder::origins)
/// of the service; those that may can also read the answers and send cookies. By default that is
/// pages of the same host, and no clients outside of browsers.
///
/// ```
/// use std::time::Duration;
///
/// use plimsoll::{HttpTransport, Origins};
/// use plimsoll_primus::Primus;
/// use plimsoll_primus::parser::MessagePack;
/// use plimsoll_websocket::WebSocket;
///
/// let primus = Primus::new()
///     .over(WebSocket::new())
///     .parser(MessagePack)
///     .ping_interval(Duration::from_secs(20));
/// assert!(primus.check().is_ok());
///
/// // The library that Primus generates gives up after 45 s without a ping.
/// let too_rare = primus.ping_interval(Duration::from_secs(60));
/// assert!(too_rare.check().is_err());
/// ```
#[must_use]
pub struct Primus {
    transformers: Vec<Box<dyn Transformer>>,
    settings: Arc<Settings>,
    ping_timeout: Duration,
    library: Option<Library>,
}

impl Primus {
    /// Begins without transports, with the parser [`Json`].
    pub fn new() -> Self {
        let settings = Settings {
            parser: Arc::new(Json),
            ping_interval: Some(PING_INTERVAL),
            generate_id: None,
        };
        Self {
            transformers: Vec::new(),
            settings: Arc::new(settings),
            ping_timeout: PING_TIMEOUT,
            library: None,
        }
    }

    /// Adds a transport. `/spec` recommends the one added first. How long a message may be is an
    /// option of each transport.
    pub fn over(mut self, transformer: impl Transformer) -> Self {
        self.transformers.push(Box::new(transformer));
        self
    }

    /// Sets the format of values, which the client's library must have, too. Default: [`Json`].
    pub fn parser(mut self, parser: impl Parser) -> Self {
        self.settings_mut().parser = Arc::new(parser);
        self
    }

    /// Sets how often each client is pinged, less up to a tenth at random; from 1 ms to two
    /// thirds of the [`ping_timeout`](Self::ping_timeout), at most a day. One that has sent nothing when the
    /// next ping is due is dead: its connection ends in a way that makes it come back. `None` for
    /// clients whose library waits for no pings. Default: 30 s.
    pub fn ping_interval(mut self, interval: impl Into<Option<Duration>>) -> Self {
        self.settings_mut().ping_interval = interval.into();
        self
    }

    /// Tells after what time without a ping a client gives up, as its library has it: Primus
    /// makes that one and a half of the `pingInterval` with which it generates the library.
    /// Default: 45 s.
    pub fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.ping_timeout = timeout;
        self
    }

    /// Sets how the id of a connection is made, of what is known of it. Default: see
    /// [`PrimusId`](crate::PrimusId).
    pub fn id_generator(
        mut self,
        generate: impl Fn(&Info) -> String + Send + Sync + 'static,
    ) -> Self {
        self.settings_mut().generate_id = Some(Arc::new(generate));
        self
    }

    /// Serves a client library at `primus.js` below the path. See the
    /// [front page](crate#the-client-library) for how to make one. Default: none.
    pub fn library(mut self, source: impl Into<Bytes>) -> Self {
        self.library = Some(Library::new(source.into()));
        self
    }

    /// The same with a library in a file, which is read now. If that fails,
    /// [`check`](HttpTransport::check) does.
    pub fn library_file(mut self, path: impl AsRef<Path>) -> Self {
        self.library = Some(Library::read(path.as_ref()));
        self
    }

    fn settings_mut(&mut self) -> &mut Settings {
        Arc::make_mut(&mut self.settings)
    }

    /// The answer to a request that is for no transport.
    fn own_answer(&self, request: &Request<Body>, below: &str) -> Option<Response<Body>> {
        if answer::is_preflight(request) {
            return Some(answer::preflight(request.headers()));
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) || is_upgrade(request) {
            return None;
        }
        match below {
            "/primus.js" => Some(self.library.as_ref()?.answer(request.headers())),
            "/spec" => Some(self.spec(request)),
            _ => None,
        }
    }

    fn spec(&self, request: &Request<Body>) -> Response<Body> {
        let names = self.transformers.iter().map(|transformer| transformer.name()).collect();
        let mount = request.extensions().get::<MountPath>().map_or("", MountPath::as_str);
        answer::spec(&self.settings, mount, names)
    }

    /// Has a transport answer, with the dialect beneath the plugins of the endpoint.
    async fn ask(
        &self,
        transformer: &dyn Transformer,
        request: Request<Body>,
        endpoint: &Endpoint,
    ) -> Response<Body> {
        let dialect = Arc::new(Dialect::new(Arc::clone(&self.settings)));
        let endpoint = endpoint.with_plugin_beneath(Arc::clone(&dialect) as _);
        let mut response = transformer.handle(request, &endpoint).await;
        if let Some(reject) = dialect.refusal() {
            answer::refusal(reject, &mut response);
        }
        response
    }
}

impl Default for Primus {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl HttpTransport for Primus {
    fn check(&self) -> Result<(), Error> {
        if self.transformers.is_empty() {
            return Err(Error::config("over", "add a transport, for example `WebSocket::new()`"));
        }
        for (at, transformer) in self.transformers.iter().enumerate() {
            let name = transformer.name();
            if self.transformers[..at].iter().any(|earlier| earlier.name() == name) {
                return Err(Error::config("over", format!("{name} must be added only once")));
            }
            if self.settings.parser.codec().is_binary() && !transformer.carries_binary() {
                let remedy = format!("{name} carries only text; take `parser::Json`");
                return Err(Error::config("parser", remedy));
            }
            transformer.check()?;
        }
        if let Some(interval) = self.settings.ping_interval {
            let longest = (self.ping_timeout / 3 * 2).min(MAX_INTERVAL);
            if !(MIN_INTERVAL..=longest).contains(&interval) {
                let remedy = format!(
                    "must be from 1 ms to {longest:?}, two thirds of the `ping_timeout` of clients, at most a day"
                );
                return Err(Error::config("ping_interval", remedy));
            }
        }
        self.library.as_ref().map_or(Ok(()), Library::check)
    }

    async fn handle(&self, request: Request<Body>, endpoint: &Endpoint) -> Response<Body> {
        let path = request.uri().path();
        let mount = request.extensions().get::<MountPath>();
        let below = mount.and_then(|mount| mount.below(path)).unwrap_or(path);
        let origin = answer::origin(request.headers());
        let mut response = match self.own_answer(&request, below) {
            Some(response) => response,
            None => match self.transformers.iter().find(|it| it.takes(&request, below)) {
                Some(transformer) => self.ask(&**transformer, request, endpoint).await,
                None => Reject::new(StatusCode::NOT_FOUND, "not found").into_response(),
            },
        };
        answer::allow(origin, &mut response);
        response
    }
}

impl fmt::Debug for Primus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.transformers.iter().map(|it| it.name()).collect();
        f.debug_struct("Primus")
            .field("over", &names)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// Whether a request asks for another protocol than HTTP.
fn is_upgrade(request: &Request<Body>) -> bool {
    request.method() == Method::CONNECT || request.headers().contains_key(UPGRADE)
}

/// Those of Primus.
const PING_INTERVAL: Duration = Duration::from_secs(30);
const PING_TIMEOUT: Duration = Duration::from_secs(45);
const MIN_INTERVAL: Duration = Duration::from_millis(1);
/// Longer is a mistake, and what is too long for the clock is a panic.
const MAX_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);
