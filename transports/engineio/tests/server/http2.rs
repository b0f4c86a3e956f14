//! Over HTTP/2: all that a client does travels on one connection.

use bytes::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use http::{Method, Request};
use plimsoll_engineio::Options;
use tokio::net::TcpStream;

use self::websocket::WebSocket;
use crate::common::*;

#[path = "../../../../tests/clients/http2.rs"]
mod websocket;

#[tokio::test]
async fn a_session_polls_over_http_2() {
    let server = TestServer::echo(Options::default()).await;
    let client = Client::connect(&server).await;
    let session = client.open().await;
    assert_eq!(client.post(&session, "4a\u{1e}bAQID").await, "ok");
    let mut packets = Vec::new();
    while packets.len() < 2 {
        let answer = client.get(&session).await;
        packets.extend(answer.split('\u{1e}').map(str::to_owned));
    }
    assert_eq!(packets, ["4a", "bAQID"]);
}

#[tokio::test]
async fn polls_of_many_sessions_wait_on_one_connection() {
    let server = TestServer::echo(Options::default()).await;
    let client = Client::connect(&server).await;
    let mut sessions = Vec::new();
    for _ in 0..20 {
        sessions.push(client.open().await);
    }
    let polls = sessions.iter().map(|session| client.get(session));
    let posts = async {
        for (number, session) in sessions.iter().enumerate().rev() {
            assert_eq!(client.post(session, &format!("4{number}")).await, "ok");
        }
    };
    let (answers, ()) = tokio::join!(futures::future::join_all(polls), posts);
    for (number, answer) in answers.iter().enumerate() {
        assert_eq!(*answer, format!("4{number}"));
    }
}

#[tokio::test]
async fn a_stream_that_is_reset_ends_its_session_only() {
    let server = TestServer::echo(Options::default()).await;
    let client = Client::connect(&server).await;
    let (stays, goes) = (client.open().await, client.open().await);
    server.becomes(2).await;
    drop(client.send(Method::GET, &goes, "").await);
    server.becomes(1).await;
    assert_eq!(client.get(&goes).await, UNKNOWN_SID);
    assert_eq!(client.post(&stays, "4a").await, "ok");
    assert_eq!(client.get(&stays).await, "4a");
}

#[tokio::test]
async fn a_session_goes_over_a_websocket_over_http_2() {
    let server = TestServer::echo(Options::default()).await;
    let client = Client::connect(&server).await;
    let mut websocket = client.websocket(WEBSOCKET).await;
    assert!(websocket.text().await.starts_with("0{"));
    websocket.send("4a");
    assert_eq!(websocket.text().await, "4a");
}

#[tokio::test]
async fn a_session_moves_to_a_websocket_over_http_2() {
    let server = TestServer::echo(Options::default()).await;
    let client = Client::connect(&server).await;
    let session = client.open().await;
    let query = session.replace("polling", "websocket");
    let mut websocket = client.websocket(&query).await;
    websocket.send("2probe");
    assert_eq!(websocket.text().await, "3probe");
    assert_eq!(client.get(&session).await, "6");
    websocket.send("5");
    websocket.send("4a");
    assert_eq!(websocket.text().await, "4a");
    server.becomes(1).await;
}

/// A connection to a server.
struct Client {
    requests: SendRequest<Bytes>,
    origin: String,
}

impl Client {
    async fn connect(server: &TestServer) -> Self {
        let stream = TcpStream::connect(server.address).await.unwrap();
        let (requests, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let client = Self { requests, origin: format!("http://{}", server.address) };
        // By now the server has said what it can.
        assert!(client.get("EIO=4").await.contains("Transport unknown"));
        client
    }

    /// Opens a session that polls; returns the query for its requests.
    async fn open(&self) -> String {
        format!("{POLLING}&sid={}", sid(&self.get(POLLING).await))
    }

    async fn get(&self, query: &str) -> String {
        rest(self.send(Method::GET, query, "").await.await.unwrap().into_body()).await
    }

    async fn post(&self, query: &str, body: &str) -> String {
        rest(self.send(Method::POST, query, body).await.await.unwrap().into_body()).await
    }

    /// Makes a request, whose answer is to be waited for.
    async fn send(&self, method: Method, query: &str, body: &str) -> h2::client::ResponseFuture {
        let mut requests = self.requests.clone().ready().await.unwrap();
        let request = self.request(method, query);
        let (response, mut sent) = requests.send_request(request, body.is_empty()).unwrap();
        if !body.is_empty() {
            sent.send_data(body.to_owned().into(), true).unwrap();
        }
        response
    }

    fn request(&self, method: Method, query: &str) -> Request<()> {
        let url = format!("{}/engine.io/?{query}", self.origin);
        Request::builder().method(method).uri(url).body(()).unwrap()
    }

    async fn websocket(&self, query: &str) -> WebSocket {
        WebSocket::open(&self.requests, format!("{}/engine.io/?{query}", self.origin)).await
    }
}

async fn rest(mut body: RecvStream) -> String {
    let mut bytes = Vec::new();
    while let Some(data) = body.data().await {
        bytes.extend_from_slice(&data.unwrap());
    }
    String::from_utf8(bytes).unwrap()
}
