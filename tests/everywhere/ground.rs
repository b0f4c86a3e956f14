//! The transports, and the stacks of plugins.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use plimsoll::{
    Dialer, DialerBuilder, Endpoint, EndpointBuilder, HttpService, Listener, Origins, Socket,
};
use plimsoll_auth::{Auth, Credential, Denied, Grant, Token};
use plimsoll_encoding::{Codecs, Json, MessagePack};
use plimsoll_engineio::EngineIo;
use plimsoll_heartbeat::Heartbeat;
use plimsoll_http::Server;
use plimsoll_limit::{ConnectionLimit, RateLimit};
use plimsoll_memory::Memory;
use plimsoll_primus::Primus;
use plimsoll_rooms::Rooms;
use plimsoll_sockjs::{SockJs, SockJsConnector};
use plimsoll_tcp::{Tcp, Unix};
use plimsoll_trace::Trace;
use plimsoll_websocket::WebSocket;
use tokio::task::JoinSet;

/// What a connection goes over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Transport {
    /// By polling, and no other way.
    EngineIoPolling,
    /// By polling, then over a WebSocket.
    EngineIoUpgrade,
    EngineIoWebSocket,
    Memory,
    /// Over a WebSocket, with JSON.
    Primus,
    /// Without the framing of SockJS.
    SockJsRaw,
    SockJsWebSocket,
    SockJsXhrPolling,
    SockJsXhrStreaming,
    Tcp,
    Unix,
    WebSocketHttp1,
    WebSocketHttp2,
}

impl Transport {
    pub(crate) const ALL: [Self; 13] = [
        Self::EngineIoPolling,
        Self::EngineIoUpgrade,
        Self::EngineIoWebSocket,
        Self::Memory,
        Self::Primus,
        Self::SockJsRaw,
        Self::SockJsWebSocket,
        Self::SockJsXhrPolling,
        Self::SockJsXhrStreaming,
        Self::Tcp,
        Self::Unix,
        Self::WebSocketHttp1,
        Self::WebSocketHttp2,
    ];

    pub(crate) fn is_http(self) -> bool {
        !matches!(self, Self::Memory | Self::Tcp | Self::Unix)
    }

    fn has_subprotocols(self) -> bool {
        !matches!(self, Self::EngineIoPolling | Self::EngineIoUpgrade | Self::EngineIoWebSocket)
    }
}

/// Which plugins are on both sides.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Stack {
    Full,
    Plain,
}

impl Stack {
    pub(crate) fn endpoint(self) -> EndpointBuilder {
        let endpoint = Endpoint::builder();
        match self {
            Self::Full => endpoint
                .plugin(Trace::new().path(true))
                .plugin(ConnectionLimit::new().total(100).per_address(50))
                .plugin(Auth::new(find_user))
                .plugin(RateLimit::new().messages(100_000, 100_000))
                .plugin(Codecs::new(Json).or(MessagePack))
                .plugin(Heartbeat::every(Duration::from_secs(5)))
                .plugin(Rooms::new()),
            Self::Plain => endpoint,
        }
    }

    pub(crate) fn dialer(self, transport: Transport) -> DialerBuilder {
        match self {
            Self::Full => {
                self.stranger(transport).plugin(Token::new(async || Ok(SECRET.to_owned())))
            }
            Self::Plain => self.stranger(transport),
        }
    }

    /// A client without a credential.
    pub(crate) fn stranger(self, transport: Transport) -> DialerBuilder {
        let dialer = Dialer::builder();
        let codecs = Codecs::new(MessagePack).or(Json);
        match self {
            Self::Full => dialer
                .plugin(if transport.has_subprotocols() { codecs } else { codecs.in_query() })
                .plugin(Heartbeat::every(Duration::from_secs(5))),
            Self::Plain => dialer,
        }
    }
}

async fn find_user(credential: Credential) -> Result<Grant<String>, Denied> {
    match credential.matches(SECRET) {
        true => Ok(Grant::new("ann".to_owned())),
        false => Err(Denied::invalid("unknown token")),
    }
}

/// An endpoint that is served over every transport.
pub(crate) struct Ground {
    pub(crate) endpoint: Endpoint,
    memory: Memory,
    tcp: String,
    unix: PathBuf,
    http: String,
    _servers: JoinSet<()>,
}

impl Ground {
    pub(crate) async fn serve(endpoint: Endpoint) -> Self {
        let mut servers = JoinSet::new();
        let memory = Memory::new();
        listen(&mut servers, &endpoint, memory.listen("here").unwrap());
        let listener = Tcp::new().bind("127.0.0.1:0").await.unwrap();
        let tcp = listener.local_addr().unwrap().to_string();
        listen(&mut servers, &endpoint, listener);
        let unix = socket_path();
        listen(&mut servers, &endpoint, Unix::new().bind(&unix).unwrap());

        let service = HttpService::builder(endpoint.clone())
            .at("/engine.io/", EngineIo::new(plimsoll_engineio::Options::default()))
            .at("/primus", Primus::new().over(WebSocket::new()))
            .at("/sockjs", SockJs::new())
            .at("/ws", WebSocket::new())
            .origins(Origins::same_host().or_absent())
            .build()
            .unwrap();
        let server = Server::new(service).bind("127.0.0.1:0").await.unwrap();
        let http = server.local_addr().to_string();
        servers.spawn(async move { server.serve().await.unwrap() });
        Self { endpoint, memory, tcp, unix, http, _servers: servers }
    }

    pub(crate) fn url(&self, transport: Transport) -> String {
        match transport {
            Transport::EngineIoPolling | Transport::EngineIoUpgrade => {
                format!("engineio+http://{}/engine.io/", self.http)
            }
            Transport::EngineIoWebSocket => format!("engineio+ws://{}/engine.io/", self.http),
            Transport::Memory => "mem://here/ws".to_owned(),
            Transport::Primus => format!("primus+http://{}/primus", self.http),
            Transport::SockJsRaw => format!("sockjs+ws://{}/sockjs", self.http),
            Transport::SockJsWebSocket
            | Transport::SockJsXhrPolling
            | Transport::SockJsXhrStreaming => format!("sockjs+http://{}/sockjs", self.http),
            Transport::Tcp => format!("tcp://{}/ws", self.tcp),
            Transport::Unix => format!("unix:{}", self.unix.display()),
            Transport::WebSocketHttp1 | Transport::WebSocketHttp2 => {
                format!("ws://{}/ws", self.http)
            }
        }
    }

    pub(crate) fn dialer(&self, transport: Transport, dialer: DialerBuilder) -> Dialer {
        let dialer = match transport {
            Transport::EngineIoPolling => dialer.transport(EngineIo::connector().upgrade(false)),
            Transport::EngineIoUpgrade | Transport::EngineIoWebSocket => {
                dialer.transport(EngineIo::connector())
            }
            Transport::Memory => dialer.transport(self.memory.connector()),
            Transport::Primus => dialer.transport(Primus::connector()),
            Transport::SockJsRaw => dialer.transport(SockJsConnector::new()),
            Transport::SockJsWebSocket => {
                dialer.transport(sockjs(plimsoll_sockjs::Transport::WebSocket))
            }
            Transport::SockJsXhrPolling => {
                dialer.transport(sockjs(plimsoll_sockjs::Transport::XhrPolling))
            }
            Transport::SockJsXhrStreaming => {
                dialer.transport(sockjs(plimsoll_sockjs::Transport::XhrStreaming))
            }
            Transport::Tcp => dialer.transport(Tcp::connector()),
            Transport::Unix => dialer.transport(Unix::connector()),
            Transport::WebSocketHttp1 => dialer.transport(WebSocket::connector()),
            Transport::WebSocketHttp2 => dialer.transport(WebSocket::connector().http2(true)),
        };
        dialer.build().unwrap()
    }

    pub(crate) async fn connect(&self, transport: Transport, stack: Stack) -> Socket {
        let dialer = self.dialer(transport, stack.dialer(transport));
        dialer.connect(self.url(transport)).await.unwrap()
    }
}

fn listen(servers: &mut JoinSet<()>, endpoint: &Endpoint, listener: impl Listener) {
    let endpoint = endpoint.clone();
    servers.spawn(async move { endpoint.listen(listener).await.unwrap() });
}

fn sockjs(transport: plimsoll_sockjs::Transport) -> SockJsConnector {
    // The machine may be busy.
    SockJsConnector::new().transports([transport]).open_timeout(Duration::from_secs(10))
}

fn socket_path() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("plimsoll-{}-{number}.sock", std::process::id()))
}

const SECRET: &str = "s3cret";
