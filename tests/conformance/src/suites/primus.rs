//! Primus: the server that the tests of its unmodified clients expect.

use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use clap::{Args, ValueEnum};
use http::{Request, Response, StatusCode};
use plimsoll::{
    Body, Close, CloseCode, Endpoint, Error, Handshake, HttpTransport, Message, Plugin, Reject,
    SlowPolicy, Socket,
};
use plimsoll_engineio::EngineIo;
use plimsoll_primus::Primus;
use plimsoll_primus::parser::{BinaryPack, Json, MessagePack};
use plimsoll_sockjs::SockJs;
use plimsoll_websocket::WebSocket;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::server::Listen;

/// Serves Primus at `/primus`: answers `{"echo": x}` with x, sends the x of `{"broadcast": x}` to
/// all, and sends back what is neither.
///
/// In the query of a client, `end` ends the connection after 100 ms, `reconnect` does so in a
/// way that makes it come back, and `deny` turns it away.
#[derive(Args, Debug)]
pub(crate) struct Server {
    #[command(flatten)]
    listen: Listen,
    /// The transports, the first of which `/spec` tells first. May be given several times.
    #[arg(long, required = true)]
    transformer: Vec<Transformer>,
    #[arg(long, default_value = "json")]
    parser: Parser,
    /// How often clients are pinged, in milliseconds.
    #[arg(long, default_value_t = 30_000)]
    ping_interval: u64,
    /// The file of the client's library.
    #[arg(long)]
    library: Option<std::path::PathBuf>,
}

impl Server {
    pub(crate) async fn run(self) -> Result<(), Error> {
        let endpoint = Endpoint::builder().plugin(Doorkeeper).handle(answer)?;
        ENDPOINT.get_or_init(|| endpoint.clone());
        let mut primus = Primus::new().ping_interval(Duration::from_millis(self.ping_interval));
        for transformer in self.transformer {
            primus = match transformer {
                Transformer::Websockets => primus.over(websocket()),
                Transformer::EngineIo => primus.over(engine_io()),
                Transformer::Sockjs => primus.over(sockjs()),
            };
        }
        primus = match self.parser {
            Parser::Binary => primus.parser(BinaryPack),
            Parser::Json => primus.parser(Json),
            Parser::Msgpack => primus.parser(MessagePack),
        };
        if let Some(path) = self.library {
            primus = primus.library_file(path);
        }
        let routes = |routes: plimsoll::HttpServiceBuilder| {
            routes.at("/primus", primus).at("/", OriginalListener)
        };
        self.listen.serve(endpoint, routes).await
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Transformer {
    Websockets,
    #[value(name = "engine.io")]
    EngineIo,
    Sockjs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Parser {
    Binary,
    Json,
    Msgpack,
}

async fn answer(mut socket: Socket) {
    let info = socket.info();
    let ending = match (info.query("end"), info.query("reconnect")) {
        (Some(_), _) => Some(Close::normal()),
        (None, Some(_)) => Some(Close::new(CloseCode::SERVICE_RESTART, "")),
        (None, None) => None,
    };
    if let Some(close) = ending {
        let sender = socket.sender().clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            sender.close(close);
        });
    }
    while let Some(Ok(message)) = socket.recv().await {
        let answer = match Packet::read(&message) {
            Packet::Echo(echo) => echo,
            Packet::Broadcast(message) => {
                if let Some(endpoint) = ENDPOINT.get() {
                    endpoint.broadcast(message, SlowPolicy::Close);
                }
                continue;
            }
            Packet::Other => message,
        };
        if socket.send(answer).await.is_err() {
            break;
        }
    }
}

/// What a client wants, with values as they were encoded.
enum Packet {
    Echo(Message),
    Broadcast(Message),
    Other,
}

impl Packet {
    fn read(message: &Message) -> Self {
        match message.as_text() {
            Some(text) => Self::read_json(text),
            None => Self::read_message_pack(message.as_bytes()).unwrap_or(Self::Other),
        }
    }

    fn read_json(text: &str) -> Self {
        #[derive(Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Json<'a> {
            #[serde(borrow)]
            Broadcast(&'a RawValue),
            #[serde(borrow)]
            Echo(&'a RawValue),
        }
        match serde_json::from_str(text) {
            Ok(Json::Broadcast(value)) => Self::Broadcast(value.get().into()),
            Ok(Json::Echo(value)) => Self::Echo(value.get().into()),
            Err(_) => Self::Other,
        }
    }

    fn read_message_pack(bytes: &[u8]) -> Option<Self> {
        let packet = rmpv::decode::read_value(&mut &*bytes).ok()?;
        let (key, value) = packet.as_map()?.first()?;
        let mut encoded = Vec::new();
        rmpv::encode::write_value(&mut encoded, value).ok()?;
        match key.as_str()? {
            "echo" => Some(Self::Echo(encoded.into())),
            "broadcast" => Some(Self::Broadcast(encoded.into())),
            _ => None,
        }
    }
}

/// Turns away who asks for it.
struct Doorkeeper;

#[async_trait]
impl Plugin for Doorkeeper {
    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        match handshake.info().query("deny") {
            Some(_) => Err(Reject::unauthorized("Basic realm=\"ship\"")),
            None => Ok(()),
        }
    }
}

/// What was there before Primus.
struct OriginalListener;

#[async_trait]
impl HttpTransport for OriginalListener {
    async fn handle(&self, request: Request<Body>, _: &Endpoint) -> Response<Body> {
        match request.uri().path() {
            "/nothrow" => Response::new(Body::from(Bytes::from_static(b"original listener"))),
            _ => Reject::new(StatusCode::NOT_FOUND, "not found").into_response(),
        }
    }
}

fn websocket() -> WebSocket {
    let mut options = plimsoll_websocket::Options::default();
    options.max_message = MAX_LENGTH;
    options.max_frame = MAX_LENGTH;
    WebSocket::new().options(options)
}

fn engine_io() -> EngineIo {
    EngineIo::new(plimsoll_engineio::Options::default().max_payload(MAX_LENGTH))
}

fn sockjs() -> SockJs {
    let options = plimsoll_sockjs::Options::default();
    SockJs::new().options(options.max_message(MAX_LENGTH).max_body(2 * MAX_LENGTH))
}

/// For who sends to all: the handler that does is made before it.
static ENDPOINT: OnceLock<Endpoint> = OnceLock::new();
/// Primus's default of `maxLength`.
const MAX_LENGTH: usize = 10 * 1024 * 1024;
