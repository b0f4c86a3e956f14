//! Channels with stacks of plugins of their own, over each transport.

use plimsoll::{Dialer, Endpoint, ErrorKind, HttpService, Listener, Origins, Socket};
use plimsoll_auth::{Auth, Credential, Denied, Grant, Identity, Token};
use plimsoll_encoding::{AnyCodec, Codec, Codecs, Json, MessagePack, TypedExt};
use plimsoll_engineio::EngineIo;
use plimsoll_events::Events;
use plimsoll_http::Server;
use plimsoll_limit::RateLimit;
use plimsoll_memory::Memory;
use plimsoll_multiplex::{Channel, Channels, Multiplex};
use plimsoll_sockjs::{SockJs, SockJsConnector, Transport};
use plimsoll_tcp::Tcp;
use plimsoll_websocket::WebSocket;
use tokio::task::JoinSet;

#[tokio::test]
async fn a_channel_carries_a_stack_of_its_own_over_every_transport() {
    let ground = Ground::serve().await;
    for url in ground.urls() {
        let channels = ground.connect(&url).await;
        // The formats differ, and one of them is binary.
        let (chat, numbers) = (chat(&channels), numbers(&channels));
        tokio::join!(chat, numbers);
    }
}

/// Events in MessagePack, for who has a token.
async fn chat(channels: &Channels) {
    let dialer = Dialer::builder()
        .transport(channels.connector())
        .plugin(Codecs::new(MessagePack).or(Json))
        .plugin(Token::new(async || Ok(SECRET.to_owned())))
        .build()
        .unwrap();
    let (heard, mut welcomed) = tokio::sync::mpsc::channel(1);
    let events = Events::builder()
        .on("welcome", move |_, text: String| {
            let heard = heard.clone();
            async move { drop(heard.send(text).await) }
        })
        .build()
        .unwrap();
    let socket = events.attach(dialer.connect("channel:chat").await.unwrap());
    assert_eq!(socket.info().get::<AnyCodec>().unwrap().name(), MessagePack.name());
    let server = socket.peer().clone();
    let running = tokio::spawn(socket.run());
    server.emit("hello", "again").await.unwrap();
    assert_eq!(welcomed.recv().await.unwrap(), "hello again, ann, in the chat");
    let sum: i64 = server.request("sum", &(40, 2)).await.unwrap();
    assert_eq!(sum, 42);
    running.abort();
}

/// Values in JSON, for everybody.
async fn numbers(channels: &Channels) {
    let dialer = Dialer::builder()
        .transport(channels.connector())
        .plugin(Codecs::new(Json))
        .build()
        .unwrap();
    let mut numbers = dialer.connect("channel:numbers").await.unwrap().typed::<i64, i64>();
    for number in 0..100 {
        numbers.send(number).await.unwrap();
        assert_eq!(numbers.recv().await.unwrap().unwrap(), number * 2);
    }
    let error = dialer.connect("channel:chat").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Rejected, "{error:?}");
}

/// What runs on the channel `chat`.
fn chat_endpoint() -> Endpoint {
    let events = Events::builder()
        .on("hello", async |peer, text: String| {
            let user = peer.info().get::<Identity<String>>().unwrap().now();
            let name = peer.info().get::<Channel>().unwrap().name();
            let _ = peer.emit("welcome", &format!("hello {text}, {user}, in the {name}")).await;
        })
        .on_request("sum", async |_, (left, right): (i64, i64)| Ok(left + right))
        .build()
        .unwrap();
    Endpoint::builder()
        .plugin(Auth::new(find_user))
        .plugin(RateLimit::new().messages(100_000, 100_000))
        .plugin(Codecs::new(Json).or(MessagePack))
        .handle(move |socket| events.clone().serve(socket))
        .unwrap()
}

/// What runs on the channel `numbers`.
fn numbers_endpoint() -> Endpoint {
    Endpoint::builder()
        .plugin(Codecs::new(Json))
        .handle(async |socket: Socket| {
            let mut socket = socket.typed::<i64, i64>();
            while let Some(Ok(number)) = socket.recv().await {
                if socket.send(number * 2).await.is_err() {
                    break;
                }
            }
        })
        .unwrap()
}

async fn find_user(credential: Credential) -> Result<Grant<String>, Denied> {
    match credential.matches(SECRET) {
        true => Ok(Grant::new("ann".to_owned())),
        false => Err(Denied::invalid("unknown token")),
    }
}

/// An endpoint whose connections have channels, served over every transport.
struct Ground {
    memory: Memory,
    tcp: String,
    http: String,
    _servers: JoinSet<()>,
}

impl Ground {
    async fn serve() -> Self {
        let (chat, numbers) = (chat_endpoint(), numbers_endpoint());
        let endpoint = Endpoint::builder().handle(move |socket: Socket| {
            let (chat, numbers) = (chat.clone(), numbers.clone());
            async move {
                let channels = Multiplex::own().accept(socket).unwrap();
                let choose = |name: &str| match name {
                    "chat" => Some(chat.clone()),
                    "numbers" => Some(numbers.clone()),
                    _ => None,
                };
                channels.serve(choose).await;
            }
        });
        let endpoint = endpoint.unwrap();
        let mut servers = JoinSet::new();
        let memory = Memory::new();
        listen(&mut servers, &endpoint, memory.listen("here").unwrap());
        let listener = Tcp::new().bind("127.0.0.1:0").await.unwrap();
        let tcp = listener.local_addr().unwrap().to_string();
        listen(&mut servers, &endpoint, listener);
        let service = HttpService::builder(endpoint)
            .at("/engine.io/", EngineIo::new(plimsoll_engineio::Options::default()))
            .at("/sockjs", SockJs::new())
            .at("/ws", WebSocket::new())
            .origins(Origins::same_host().or_absent())
            .build()
            .unwrap();
        let server = Server::new(service).bind("127.0.0.1:0").await.unwrap();
        let http = server.local_addr().to_string();
        servers.spawn(async move { server.serve().await.unwrap() });
        Self { memory, tcp, http, _servers: servers }
    }

    fn urls(&self) -> [String; 7] {
        let Self { tcp, http, .. } = self;
        [
            "mem://here".to_owned(),
            format!("tcp://{tcp}"),
            format!("ws://{http}/ws"),
            format!("engineio+http://{http}/engine.io/"),
            format!("engineio+ws://{http}/engine.io/"),
            format!("sockjs+http://{http}/sockjs"),
            format!("sockjs+ws://{http}/sockjs"),
        ]
    }

    async fn connect(&self, url: &str) -> Channels {
        let dialer = Dialer::builder()
            .transport(self.memory.connector())
            .transport(Tcp::connector())
            .transport(WebSocket::connector())
            .transport(EngineIo::connector())
            .transport(SockJsConnector::new().transports([Transport::XhrPolling]))
            .build()
            .unwrap();
        Multiplex::own().connect(dialer.connect(url).await.unwrap()).unwrap()
    }
}

fn listen(servers: &mut JoinSet<()>, endpoint: &Endpoint, listener: impl Listener) {
    let endpoint = endpoint.clone();
    servers.spawn(async move { endpoint.listen(listener).await.unwrap() });
}

const SECRET: &str = "s3cret";
