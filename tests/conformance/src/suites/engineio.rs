//! Engine.IO: an echo server for the suite of the protocol, and the server that the suite of the
//! JavaScript client expects.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use clap::Args;
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use plimsoll::{Body, Endpoint, Error, Handshake, HttpTransport, Message, Plugin, Reject, Socket};
use plimsoll_engineio::{Cors, EngineIo, Options};

use super::server::{Listen, echo};

/// Echoes at `/engine.io/`, with a fast heartbeat.
#[derive(Args, Debug)]
pub(crate) struct Server {
    #[command(flatten)]
    listen: Listen,
}

impl Server {
    pub(crate) async fn run(self) -> Result<(), Error> {
        let endpoint = Endpoint::builder().handle(echo)?;
        let options = Options::default()
            .ping_interval(Duration::from_millis(300))
            .ping_timeout(Duration::from_millis(200))
            .max_payload(1_000_000)
            .allow_eio3(true)
            .jsonp(true)
            .cors(Cors::any());
        let transport = EngineIo::new(options);
        self.listen.serve(endpoint, |routes| routes.at(PATH, transport)).await
    }
}

/// Does what the tests of the JavaScript client ask for.
#[derive(Args, Debug)]
pub(crate) struct ClientSuite {
    #[command(flatten)]
    listen: Listen,
}

impl ClientSuite {
    pub(crate) async fn run(self) -> Result<(), Error> {
        let last_post = LastPost::default();
        let headers = last_post.clone();
        let endpoint = Endpoint::builder()
            .plugin(Doorkeeper)
            .handle(move |socket| answer(socket, headers.clone()))?;
        let options = Options::default()
            .ping_interval(Duration::from_millis(500))
            .ping_timeout(Duration::from_secs(20))
            .max_payload(100)
            .allow_eio3(true)
            .jsonp(true)
            .cors(Cors::any());
        let transport = Recorder { transport: EngineIo::new(options), last_post };
        self.listen.serve(endpoint, |routes| routes.at(PATH, transport)).await
    }
}

async fn answer(mut socket: Socket, last_post: LastPost) {
    let mut next = Some(Message::from("hi"));
    while let Some(message) = next {
        if socket.send(message).await.is_err() {
            break;
        }
        let received = socket.recv().await.and_then(Result::ok);
        next = received.map(|message| match message.as_text() {
            Some("give binary") => Message::from(vec![0, 1, 2, 3, 4]),
            Some("give utf8") => Message::from("пойду спать всем спокойной ночи"),
            Some("sendHeaders") => Message::from(last_post.json()),
            _ => message,
        });
    }
}

/// Turns some away, and gives cookies to others.
struct Doorkeeper;

#[async_trait]
impl Plugin for Doorkeeper {
    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        if handshake.info().query("deny").is_some() {
            return Err(Reject::new(StatusCode::FORBIDDEN, ""));
        }
        let now = httpdate::fmt_http_date(SystemTime::now());
        for cookie in [
            "1=1; Max-Age=86400",
            "2=2; SameSite=Strict; Path=/; HttpOnly; Secure",
            "3=3; Max-Age=0",
            &format!("4=4; Expires={now}"),
        ] {
            if let Ok(cookie) = HeaderValue::from_str(cookie) {
                handshake.response_headers_mut().append(SET_COOKIE, cookie);
            }
        }
        Ok(())
    }
}

/// Remembers the headers of the last POST: the suite's tests run one after another.
struct Recorder {
    transport: EngineIo,
    last_post: LastPost,
}

#[async_trait]
impl HttpTransport for Recorder {
    fn check(&self) -> Result<(), Error> {
        self.transport.check()
    }

    async fn handle(&self, request: Request<Body>, endpoint: &Endpoint) -> Response<Body> {
        if request.method() == Method::POST {
            self.last_post.set(request.headers().clone());
        }
        self.transport.handle(request, endpoint).await
    }
}

#[derive(Clone, Default)]
struct LastPost(Arc<Mutex<HeaderMap>>);

impl LastPost {
    fn set(&self, headers: HeaderMap) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = headers;
    }

    fn json(&self) -> String {
        let headers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let headers: BTreeMap<_, _> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), String::from_utf8_lossy(value.as_bytes())))
            .collect();
        serde_json::to_string(&headers).unwrap_or_default()
    }
}

const PATH: &str = "/engine.io/";
