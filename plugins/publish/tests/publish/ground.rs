//! A service in an HTTP server, an endpoint with rooms, and peers that connect to it.

use std::net::SocketAddr;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, Method, Request, StatusCode, Uri, response};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use plimsoll::{
    BoxDuplex, Capabilities, DuplexExt, Endpoint, Frame, Handshake, Message, Sender, Socket,
};
use plimsoll_encoding::{Codecs, Json, MessagePack};
use plimsoll_http::Server;
use plimsoll_memory::{Options, pair};
use plimsoll_publish::{Publish, PublishBuilder};
use plimsoll_rooms::Rooms;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

pub(crate) const JSON: &str = "application/json";
pub(crate) const BEARER: &str = "Bearer s3cret";
/// Of `omega:supreme`.
pub(crate) const BASIC: &str = "Basic b21lZ2E6c3VwcmVtZQ==";

pub(crate) struct Ground {
    pub(crate) endpoint: Endpoint,
    pub(crate) rooms: Rooms,
    pub(crate) address: String,
    opened: mpsc::Receiver<Sender>,
}

impl Ground {
    pub(crate) async fn new() -> Self {
        Self::with(|builder| builder).await
    }

    pub(crate) async fn with(configure: impl FnOnce(PublishBuilder) -> PublishBuilder) -> Self {
        let rooms = Rooms::new();
        let (handled, opened) = mpsc::channel(16);
        let builder = Endpoint::builder().plugin(Codecs::new(Json).or(MessagePack));
        let endpoint = builder.plugin(rooms.clone()).handle(move |mut socket: Socket| {
            let _ = handled.try_send(socket.sender().clone());
            async move { while let Some(Ok(_)) = socket.recv().await {} }
        });
        let endpoint = endpoint.unwrap();
        let builder = Publish::builder(endpoint.clone(), rooms.clone());
        let publish = configure(builder.bearer("s3cret").basic("omega", "supreme"));
        let server = Server::new(publish.build().unwrap()).bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().to_string();
        tokio::spawn(server.serve());
        Self { endpoint, rooms, address, opened }
    }

    pub(crate) async fn connect(&mut self) -> Peer {
        self.connect_to("/", Capabilities::FULL).await
    }

    pub(crate) async fn connect_to(&mut self, uri: &'static str, can: Capabilities) -> Peer {
        let (io, peer) = pair(Options::default()).unwrap();
        let handshake = Handshake::new("memory", can, Uri::from_static(uri));
        let admission = self.endpoint.admit(handshake).await.unwrap();
        admission.spawn(async { Some(io) });
        Peer { sender: self.opened.recv().await.unwrap(), io: peer }
    }

    /// Posts a request as one should.
    pub(crate) async fn post(&self, body: &str) -> (StatusCode, Value) {
        let answer = self.request(Method::POST, Some(BEARER), JSON, body.to_owned()).await;
        (answer.status, answer.body)
    }

    pub(crate) async fn request(
        &self,
        method: Method,
        authorization: Option<&str>,
        content_type: &str,
        body: String,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri("/publish")
            .header("host", &self.address)
            .header("content-type", content_type);
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let (head, body) = exchange(&self.address, request).await;
        assert_eq!(head.headers["content-type"], JSON);
        let body = serde_json::from_slice(&body).unwrap();
        Answer { status: head.status, headers: head.headers, body }
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

/// The far end of a connection.
pub(crate) struct Peer {
    pub(crate) sender: Sender,
    io: BoxDuplex,
}

impl Peer {
    pub(crate) fn id(&self) -> String {
        self.sender.info().id().to_string()
    }

    pub(crate) async fn recv(&mut self) -> Message {
        match self.io.recv().await.unwrap().unwrap() {
            Frame::Message(message) => message,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn text(&mut self) -> String {
        self.recv().await.as_text().unwrap().to_owned()
    }

    /// Asserts that these texts came, and nothing else.
    pub(crate) async fn has(&mut self, texts: &[&str]) {
        self.sender.send("that was all").await.unwrap();
        for text in texts.iter().chain(&["that was all"]) {
            assert_eq!(self.text().await, *text);
        }
    }
}

/// Makes a request to any server.
pub(crate) async fn status_of(
    address: SocketAddr,
    method: Method,
    path: &str,
    body: &str,
) -> StatusCode {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", address.to_string())
        .header("content-type", JSON)
        .header(AUTHORIZATION, BEARER)
        .body(Full::new(Bytes::from(body.to_owned())))
        .unwrap();
    exchange(&address.to_string(), request).await.0.status
}

async fn exchange(address: &str, request: Request<Full<Bytes>>) -> (response::Parts, Bytes) {
    let stream = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (mut client, connection) = http1::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let (head, body) = client.send_request(request).await.unwrap().into_parts();
    (head, body.collect().await.unwrap().to_bytes())
}
