//! Events in the dialects of Primus's plugins, as a server and as a client of Primus. Both do the
//! same with what they receive.

use clap::{Args, ValueEnum};
use plimsoll::{Dialer, Endpoint, Error};
use plimsoll_encoding::{AnyCodec, Codec};
use plimsoll_engineio::{EngineIo, Options};
use plimsoll_events::{Dialect, Events, EventsBuilder, RemoteError};
use plimsoll_primus::{Primus, parser};
use plimsoll_sockjs::SockJs;
use plimsoll_websocket::WebSocket;
use serde_json::{Value, json};

use super::server::Listen;

/// Handles events at `/primus`, over every transport that carries what the parser writes.
#[derive(Args, Debug)]
pub(crate) struct Server {
    #[command(flatten)]
    listen: Listen,
    #[arg(long)]
    dialect: Plugin,
    #[arg(long, default_value = "json")]
    parser: Parser,
}

impl Server {
    pub(crate) async fn run(self) -> Result<(), Error> {
        let events = events(self.dialect)?;
        let endpoint = Endpoint::builder().handle(move |socket| events.clone().serve(socket))?;
        let engineio = EngineIo::new(Options::default());
        let primus = Primus::new().over(WebSocket::new()).over(engineio);
        let primus = match self.parser {
            Parser::Json => primus.over(SockJs::new()).parser(parser::Json),
            Parser::Msgpack => primus.parser(parser::MessagePack),
        };
        self.listen.serve(endpoint, |routes| routes.at("/primus", primus)).await
    }
}

/// Handles the events of a server until that closes the connection.
#[derive(Args, Debug)]
pub(crate) struct Client {
    /// Where the server listens, for example `primus+http://127.0.0.1:8080`.
    #[arg(long)]
    url: String,
    #[arg(long)]
    dialect: Plugin,
}

impl Client {
    pub(crate) async fn run(self) -> Result<(), Error> {
        let events = events(self.dialect)?;
        let dialer = Dialer::builder().transport(Primus::connector()).build()?;
        events.attach(dialer.connect(self.url).await?).run().await
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Plugin {
    Emit,
    Emitter,
    Responder,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Parser {
    Json,
    Msgpack,
}

/// What the tests ask for: see `tests/clients/primus-events.test.mjs`.
fn events(plugin: Plugin) -> Result<Events, Error> {
    // Not as it came: there are messages that end a process of the original.
    let builder = Events::builder().on_message(async |peer, message| {
        let Some(codec) = peer.info().get::<AnyCodec>() else { return };
        let value: Option<Value> = codec.decode(&message).ok();
        if let Ok(message) = codec.encode(&json!({ "seen": value })) {
            let _ = peer.sender().send(message).await;
        }
    });
    match plugin {
        Plugin::Emit => echo(builder.dialect(Dialect::PrimusEmit)),
        Plugin::Emitter => echo(builder.dialect(Dialect::PrimusEmitter))
            .on("ask", async |peer, question: Value| {
                if let Ok(answer) = peer.request::<Vec<Value>, _>("question", &(question,)).await {
                    let _ = peer.emit("answered", &answer).await;
                }
            })
            .on_request("sum", async |_, (left, right): (i64, i64)| Ok(left + right))
            .on_request("list", async |_, list: Vec<Value>| Ok(list))
            .on_request("fail", async |_, (): ()| fail()),
        Plugin::Responder => {
            let name = Dialect::RESPONDER_REQUEST;
            builder.dialect(Dialect::PrimusResponder).on_request(
                name,
                async move |peer, data: Value| match data.as_str() {
                    Some("fail") => fail(),
                    Some("ask") => {
                        let answer = peer.request::<Value, _>(name, "question").await;
                        answer.map_err(|error| RemoteError::new("no_answer", error.to_string()))
                    }
                    _ => Ok(json!({ "echo": data })),
                },
            )
        }
    }
    .build()
}

/// Sends back each event as it came.
fn echo(builder: EventsBuilder) -> EventsBuilder {
    builder.fallback(async |peer, event| {
        if let Ok(arguments) = event.arguments::<Vec<Value>>() {
            let _ = peer.emit(event.name(), &arguments).await;
        }
    })
}

fn fail() -> Result<Value, RemoteError> {
    Err(RemoteError::new("failed", "as it was asked to"))
}
