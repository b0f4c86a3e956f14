//! Plugins over Engine.IO: by polling, over WebSocket, and on the way from one to the other.

use std::time::{Duration, Instant};

use plimsoll::{Dialer, DialerBuilder, Endpoint, HttpService, Info, Origins, Socket};
use plimsoll_auth::{Auth, Credential, Denied, Grant, Token};
use plimsoll_encoding::{Codecs, Json, MessagePack, Typed, TypedExt};
use plimsoll_engineio::{EngineIo, Options};
use plimsoll_heartbeat::Heartbeat;
use plimsoll_http::Server;
use plimsoll_limit::RateLimit;
use plimsoll_rooms::Rooms;
use tokio::time::timeout;

#[tokio::test]
async fn auth_refuses_and_lets_in() {
    let endpoint = Endpoint::builder().plugin(Auth::new(find_user)).handle(echo).unwrap();
    let address = serve(endpoint).await;
    for way in WAYS {
        let error = way.dialer().build().unwrap().connect(way.url(&address)).await.unwrap_err();
        let reject = error.reject().unwrap();
        assert_eq!(reject.status(), 401, "{way:?}");
        assert!(reject.headers().contains_key("www-authenticate"), "{way:?}");

        let dialer = way.dialer().plugin(Token::new(async || Ok("s3cret".to_owned())));
        let mut socket = dialer.build().unwrap().connect(way.url(&address)).await.unwrap();
        socket.send("ahoy").await.unwrap();
        assert_eq!(next(&mut socket).await, "ahoy", "{way:?}");
    }
}

#[tokio::test]
async fn heartbeats_stand_down_for_that_of_the_protocol() {
    // As often as this, no peer would live to answer.
    let hectic = || Heartbeat::every(Duration::from_millis(1)).timeout(Duration::from_millis(1));
    let address = serve(Endpoint::builder().plugin(hectic()).handle(echo).unwrap()).await;
    for way in WAYS {
        let dialer = way.dialer().plugin(hectic()).build().unwrap();
        let mut socket = dialer.connect(way.url(&address)).await.unwrap();
        let start = Instant::now();
        while start.elapsed() < Duration::from_millis(200) {
            socket.send("ahoy").await.unwrap();
            assert_eq!(next(&mut socket).await, "ahoy", "{way:?}");
        }
    }
}

#[tokio::test]
async fn members_of_a_room_hear_each_other_whatever_their_way() {
    let rooms = Rooms::new();
    let lobby = rooms.clone();
    let endpoint = Endpoint::builder().plugin(rooms.clone()).handle(move |mut socket: Socket| {
        let lobby = lobby.clone();
        async move {
            lobby.join("lobby", socket.sender()).unwrap();
            socket.send("come in").await.unwrap();
            while let Some(Ok(message)) = socket.recv().await {
                lobby.to("lobby").send(message);
            }
        }
    });
    let address = serve(endpoint.unwrap()).await;
    let mut members = Vec::new();
    for way in WAYS {
        let mut socket = way.dialer().build().unwrap().connect(way.url(&address)).await.unwrap();
        assert_eq!(next(&mut socket).await, "come in");
        members.push(socket);
    }
    for speaker in 0..members.len() {
        let said = format!("from {:?}", WAYS[speaker]);
        members[speaker].send(said.as_str()).await.unwrap();
        for member in &mut members {
            assert_eq!(next(member).await, said);
        }
    }
}

#[tokio::test]
async fn clients_name_their_codec_in_the_query() {
    let codecs = Codecs::new(Json).or(MessagePack);
    let endpoint = Endpoint::builder().plugin(codecs).handle(async |socket: Socket| {
        let mut socket: Typed<u32, u32> = socket.typed();
        while let Some(Ok(number)) = socket.recv().await {
            let _ = socket.send(number + 1).await;
        }
    });
    let address = serve(endpoint.unwrap()).await;
    for way in WAYS {
        for codecs in [Codecs::new(Json), Codecs::new(MessagePack)] {
            let dialer = way.dialer().plugin(codecs.in_query()).build().unwrap();
            let socket = dialer.connect(way.url(&address)).await.unwrap();
            let mut socket: Typed<u32, u32> = socket.typed();
            socket.send(41).await.unwrap();
            assert_eq!(timeout(PATIENCE, socket.recv()).await.unwrap().unwrap().unwrap(), 42);
        }
    }
}

#[tokio::test]
async fn messages_come_no_faster_than_the_rate() {
    let rate = RateLimit::new().messages(20, 1);
    let address = serve(Endpoint::builder().plugin(rate).handle(echo).unwrap()).await;
    for way in WAYS {
        let dialer = way.dialer().build().unwrap();
        let mut socket = dialer.connect(way.url(&address)).await.unwrap();
        let start = Instant::now();
        for _ in 0..5 {
            socket.send("ahoy").await.unwrap();
        }
        for _ in 0..5 {
            next(&mut socket).await;
        }
        // The first is free, and each of the others waits for the 20th part of a second.
        assert!(start.elapsed() > Duration::from_millis(190), "{way:?}: {:?}", start.elapsed());
    }
}

#[tokio::test]
async fn the_peer_behind_a_proxy_is_known() {
    let endpoint = Endpoint::builder().handle(async |socket: Socket| {
        let _ = socket.send(peer(socket.info())).await;
    });
    let address = serve(endpoint.unwrap()).await;
    for way in WAYS {
        let dialer = way.dialer().plugin(Forwarded).build().unwrap();
        let mut socket = dialer.connect(way.url(&address)).await.unwrap();
        assert_eq!(next(&mut socket).await, "203.0.113.7", "{way:?}");
    }
}

/// Adds what a proxy would.
struct Forwarded;

#[async_trait::async_trait]
impl plimsoll::Plugin for Forwarded {
    async fn dial(&self, dial: &mut plimsoll::Dial) -> Result<(), plimsoll::Error> {
        let address = http::HeaderValue::from_static("203.0.113.7");
        dial.headers.insert("x-forwarded-for", address);
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    Polling,
    Upgrading,
    WebSocket,
}

impl Way {
    fn dialer(self) -> DialerBuilder {
        Dialer::builder().transport(EngineIo::connector().upgrade(self != Self::Polling))
    }

    fn url(self, address: &str) -> String {
        let scheme = if self == Self::WebSocket { "engineio+ws" } else { "engineio+http" };
        format!("{scheme}://{address}/engine.io/")
    }
}

async fn serve(endpoint: Endpoint) -> String {
    let service = HttpService::builder(endpoint)
        .at("/engine.io/", EngineIo::new(Options::default()))
        .origins(Origins::same_host().or_absent())
        .trusted_proxies(["127.0.0.1".parse().unwrap()])
        .build()
        .unwrap();
    let server = Server::new(service).bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().to_string();
    tokio::spawn(server.serve());
    address
}

async fn echo(mut socket: Socket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            break;
        }
    }
}

async fn find_user(credential: Credential) -> Result<Grant<String>, Denied> {
    match credential.matches("s3cret") {
        true => Ok(Grant::new("ann".to_owned())),
        false => Err(Denied::invalid("unknown token")),
    }
}

async fn next(socket: &mut Socket) -> String {
    let message = timeout(PATIENCE, socket.recv()).await.expect("it comes in time");
    message.expect("a message").unwrap().as_text().expect("a text").to_owned()
}

fn peer(info: &Info) -> String {
    info.peer().and_then(|peer| peer.ip()).map(|ip| ip.to_string()).unwrap_or_default()
}

const WAYS: [Way; 3] = [Way::Polling, Way::Upgrading, Way::WebSocket];
const PATIENCE: Duration = Duration::from_secs(20);
