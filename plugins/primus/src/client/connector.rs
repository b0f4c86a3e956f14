//! Connections to servers that speak Primus.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll::{Connected, Connector, Dial, Error, ErrorKind, Liveness, filter};
use plimsoll_engineio::{EngineIo, EngineIoConnector};
use plimsoll_sockjs::SockJsConnector;
#[cfg(feature = "tls")]
use plimsoll_websocket::ClientTls;
use plimsoll_websocket::{Options, WebSocket, WebSocketConnector};

use super::announced::Announced;
use super::dialect::Dialect;
use super::ids::Ids;
use super::spec::{self, Spec};
use super::target::Target;
use crate::Primus;
use crate::parser::{BinaryPack, Json, MessagePack, Parser};

/// Connects to servers that speak Primus: those of Node, and [`Primus`](crate::Primus).
///
/// | scheme of the URL | what it does |
/// |---|---|
/// | `primus+http`, `primus+https` | reads `/spec`, then connects as it says |
/// | `primus+ws`, `primus+wss` | connects over a WebSocket at once |
///
/// The path of the URL is that of Primus, `/primus` if it has none. The query goes along with
/// the connection, and so do the headers of the [`Dial`]. Of the transports that `/spec` may name
/// there are `websockets`, `uws` and `faye` (all are WebSockets), `engine.io` and `sockjs`; of
/// the parsers `json`, `ejson`, `binary`, `msgpack`, and that of [`parser`](Self::parser).
///
/// Messages are what the server's parser makes of values: `socket.typed()` of `plimsoll-encoding`
/// reads and writes them. Strings that begin with `primus::` mean something to Primus itself;
/// those of them that an application may not send are in the documentation of the crate.
///
/// Pings of the server are answered, and one that sends nothing at all for its
/// [`ping_timeout`](Self::ping_timeout) is taken for dead, with [`ErrorKind::Timeout`]. A server
/// that says `primus::server::close` closes the connection for good: with the code that follows,
/// if that says so too, otherwise with
/// [`CloseCode::NORMAL`](plimsoll::CloseCode::NORMAL). Any other close is one after which
/// [`Dialer::keep_connected`](plimsoll::Dialer::keep_connected) comes back, unless its code says
/// that this side broke a rule.
///
/// ```
/// use plimsoll::Dialer;
/// use plimsoll_primus::{Primus, backoff};
///
/// # async fn connect() -> Result<(), plimsoll::Error> {
/// let dialer = Dialer::builder().transport(Primus::connector()).build()?;
/// let (socket, status) =
///     dialer.keep_connected("primus+http://chat.example/primus?room=1", backoff()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct PrimusConnector {
    engineio: EngineIoConnector,
    parser: Arc<dyn Parser>,
    ping_timeout: Option<Duration>,
    sockjs: SockJsConnector,
    websocket: WebSocketConnector,
    #[cfg(feature = "tls")]
    tls: ClientTls,
}

impl PrimusConnector {
    /// Makes a connector with the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the connector for Engine.IO. Default: one with its default options, but messages of
    /// up to 10 MiB.
    #[must_use]
    pub fn engineio(mut self, connector: EngineIoConnector) -> Self {
        self.engineio = connector;
        self
    }

    /// Sets the parser for `primus+ws`, and for servers whose `/spec` names it. Default: JSON.
    #[must_use]
    pub fn parser(mut self, parser: impl Parser) -> Self {
        self.parser = Arc::new(parser);
        self
    }

    /// Sets how long a server may be silent if it is not asked for its `/spec`; otherwise it is
    /// half as long again as its `pingInterval`, and without an end if that is `false`. `None`
    /// has no end. Default: 45 s.
    #[must_use]
    pub fn ping_timeout(mut self, limit: Option<Duration>) -> Self {
        self.ping_timeout = limit;
        self
    }

    /// Sets the connector for SockJS. Default: one with its default options, but messages of up
    /// to 10 MiB.
    #[must_use]
    pub fn sockjs(mut self, connector: SockJsConnector) -> Self {
        self.sockjs = connector;
        self
    }

    /// Sets whom to trust when `/spec` is asked for over `https`. Default: the roots that Mozilla
    /// trusts. The connectors for the transports have settings of their own.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn tls(mut self, tls: ClientTls) -> Self {
        self.tls = tls;
        self
    }

    /// Sets the connector for WebSocket. Default: one with its default options, but messages of up
    /// to 10 MiB.
    #[must_use]
    pub fn websocket(mut self, connector: WebSocketConnector) -> Self {
        self.websocket = connector;
        self
    }

    async fn spec(&self, target: &Target, dial: &Dial) -> Result<Spec, Error> {
        let origin = target.origin.clone();
        #[cfg(feature = "tls")]
        let origin = origin.tls(self.tls.clone());
        spec::ask(origin, &target.spec(), &dial.headers).await
    }

    /// The parser of this name.
    fn find(&self, name: &str) -> Result<Arc<dyn Parser>, Error> {
        Ok(match name.to_ascii_lowercase().as_str() {
            name if name == self.parser.name() => Arc::clone(&self.parser),
            "json" | "ejson" => Arc::new(Json),
            "msgpack" => Arc::new(MessagePack),
            "binary" => Arc::new(BinaryPack),
            // Primus tells no name of a parser that is not its own.
            "custom" => Arc::clone(&self.parser),
            _ => return Err(unsupported("parser", name)),
        })
    }

    /// Who connects over the transport of this name, and where to.
    fn transport(&self, name: &str, target: &Target) -> Result<(&dyn Connector, String), Error> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "websockets" | "uws" | "faye" => (&self.websocket, target.url("ws", false)),
            "engine.io" => (&self.engineio, target.url("engineio+http", true)),
            "sockjs" => (&self.sockjs, target.url("sockjs+http", false)),
            _ => return Err(unsupported("transformer", name)),
        })
    }
}

impl Primus {
    /// Makes a connector with the default options.
    pub fn connector() -> PrimusConnector {
        PrimusConnector::new()
    }
}

#[async_trait]
impl Connector for PrimusConnector {
    fn schemes(&self) -> &[&'static str] {
        match cfg!(feature = "tls") {
            true => &["primus+http", "primus+https", "primus+ws", "primus+wss"],
            false => &["primus+http", "primus+ws"],
        }
    }

    fn check(&self) -> Result<(), Error> {
        if self.ping_timeout.is_some_and(|timeout| timeout.is_zero()) {
            return Err(Error::config("ping_timeout", "must be longer than zero, or none"));
        }
        let transports: [&dyn Connector; 3] = [&self.websocket, &self.engineio, &self.sockjs];
        transports.iter().try_for_each(|transport| transport.check())
    }

    async fn connect(&self, dial: Dial) -> Result<Connected, Error> {
        let target = Target::parse(dial.url())?;
        let (transport, parser, ping_timeout) = if target.is_websocket {
            ("websockets".to_owned(), Arc::clone(&self.parser), self.ping_timeout)
        } else {
            let spec = self.spec(&target, &dial).await?;
            let (parser, ping_timeout) = (self.find(&spec.parser)?, spec.ping_timeout());
            (spec.transformer, parser, ping_timeout)
        };
        let (connector, url) = self.transport(&transport, &target)?;
        let mut below = Dial::new(url);
        below.headers = dial.headers;
        below.extensions = dial.extensions;
        let ids = below.extensions.get::<Ids>().cloned().unwrap_or_else(Ids::new);
        let Connected { io, mut info } = connector.connect(below).await?;
        info.insert(parser.codec());
        info.insert(ids.clone());
        if ping_timeout.is_some() {
            info.set_liveness(Liveness::Builtin);
        }
        let io = filter(io, Dialect::new(parser, ids, ping_timeout));
        Ok(Connected { io: Box::new(Announced::new(io)), info })
    }
}

impl Default for PrimusConnector {
    fn default() -> Self {
        let mut options = Options::default();
        (options.max_message, options.max_frame) = (MAX_LENGTH, MAX_LENGTH);
        Self {
            engineio: EngineIo::connector().max_message(MAX_LENGTH),
            parser: Arc::new(Json),
            ping_timeout: Some(Duration::from_secs(45)),
            sockjs: SockJsConnector::new().max_message(MAX_LENGTH).max_frame(2 * MAX_LENGTH),
            websocket: WebSocket::connector().options(options),
            #[cfg(feature = "tls")]
            tls: ClientTls::default(),
        }
    }
}

impl fmt::Debug for PrimusConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrimusConnector")
            .field("parser", &self.parser.name())
            .field("ping_timeout", &self.ping_timeout)
            .finish_non_exhaustive()
    }
}

fn unsupported(what: &str, name: &str) -> Error {
    let message = format!("the server's {what} `{name}` is not known here");
    Error::with_message(ErrorKind::Unsupported, message)
}

/// How long a message may be that a server of Primus sends by default.
const MAX_LENGTH: usize = 10 * 1024 * 1024;
