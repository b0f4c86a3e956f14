//! Over HTTP/2: all that a client does travels on one connection.

use bytes::Bytes;
use h2::client::SendRequest;
use h2::{Reason, RecvStream};
use http::{Method, Request, StatusCode};
use tokio::net::TcpStream;

use self::websocket::WebSocket;
use crate::ground::{Ground, options};

#[path = "../../../../tests/clients/http2.rs"]
mod websocket;

/// A connection to a server.
struct Client {
    requests: SendRequest<Bytes>,
    origin: String,
}

impl Client {
    async fn connect(ground: &Ground) -> Self {
        let address = ground.serve().await;
        let stream = TcpStream::connect(address).await.unwrap();
        let (requests, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let client = Self { requests, origin: format!("http://{address}") };
        // By now the server has said what it can.
        assert_eq!(client.ask(Method::GET, "", "").await.rest().await, "Welcome to SockJS!\n");
        client
    }

    fn request(&self, method: Method, path: &str) -> Request<()> {
        let url = format!("{}/echo{path}", self.origin);
        Request::builder().method(method).uri(url).body(()).unwrap()
    }

    async fn post(&self, path: &str, body: &'static str) -> Answer {
        self.ask(Method::POST, path, body).await
    }

    async fn ask(&self, method: Method, path: &str, body: &'static str) -> Answer {
        let mut requests = self.requests.clone().ready().await.unwrap();
        let request = self.request(method, path);
        let (response, mut sent) = requests.send_request(request, false).unwrap();
        sent.send_data(body.into(), true).unwrap();
        let (head, body) = response.await.unwrap().into_parts();
        Answer { status: head.status, body, text: String::new() }
    }

    /// A response that has opened a session.
    async fn stream(&self, session: &str) -> Answer {
        let mut answer = self.post(&format!("/0/{session}/xhr_streaming"), "").await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.line().await.unwrap(), "h".repeat(2048));
        answer
    }

    /// Sends messages to a session.
    async fn send(&self, session: &str, messages: &'static str) {
        let answer = self.post(&format!("/0/{session}/xhr_send"), messages).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
        assert_eq!(answer.rest().await, "");
    }

    async fn websocket(&self, path: &str) -> WebSocket {
        WebSocket::open(&self.requests, format!("{}/echo{path}", self.origin)).await
    }
}

struct Answer {
    status: StatusCode,
    body: RecvStream,
    /// What was received of the next lines.
    text: String,
}

impl Answer {
    /// The next line; `None` at the end.
    async fn line(&mut self) -> Option<String> {
        while !self.text.contains('\n') {
            let data = self.body.data().await?.unwrap();
            self.body.flow_control().release_capacity(data.len()).unwrap();
            self.text.push_str(str::from_utf8(&data).unwrap());
        }
        let rest = self.text.split_off(self.text.find('\n')? + 1);
        let line = std::mem::replace(&mut self.text, rest);
        Some(line.trim_end().to_owned())
    }

    async fn rest(mut self) -> String {
        while let Some(data) = self.body.data().await {
            self.text.push_str(str::from_utf8(&data.unwrap()).unwrap());
        }
        self.text
    }
}

const CLOSE: u8 = 8;

#[tokio::test]
async fn a_session_streams_over_http_2() {
    let client = Client::connect(&Ground::new(options().response_limit(10))).await;
    let mut answer = client.stream("s").await;
    assert_eq!(answer.line().await.unwrap(), "o");
    client.send("s", r#"["a"]"#).await;
    assert_eq!(answer.line().await.unwrap(), r#"a["a"]"#);
    client.send("s", r#"["long enough"]"#).await;
    assert_eq!(answer.line().await.unwrap(), r#"a["long enough"]"#);
    assert_eq!(answer.line().await, None);
    client.send("s", r#"["b"]"#).await;
    assert_eq!(client.stream("s").await.line().await.unwrap(), r#"a["b"]"#);
}

#[tokio::test]
async fn a_session_polls_over_http_2() {
    let client = Client::connect(&Ground::new(options())).await;
    let poll = async || client.post("/0/s/xhr", "").await.rest().await;
    assert_eq!(poll().await, "o\n");
    let (answer, ()) = tokio::join!(poll(), client.send("s", r#"["a","b"]"#));
    let mut answers = vec![answer];
    while answers.concat().matches('"').count() < 4 {
        answers.push(poll().await);
    }
    let messages = answers.concat().replace("\"]\na[\"", "\",\"");
    assert_eq!(messages, "a[\"a\",\"b\"]\n");
}

#[tokio::test]
async fn a_session_goes_over_a_websocket_over_http_2() {
    let client = Client::connect(&Ground::new(options())).await;
    let mut websocket = client.websocket("/0/s/websocket").await;
    assert_eq!(websocket.text().await, "o");
    websocket.send(r#"["a","b"]"#);
    assert_eq!(websocket.text().await, r#"a["a"]"#);
    assert_eq!(websocket.text().await, r#"a["b"]"#);
    websocket.send("broken");
    let (opcode, payload) = websocket.frame().await;
    assert_eq!((opcode, &payload[2..]), (CLOSE, &b"Broken framing."[..]));
}

#[tokio::test]
async fn a_raw_websocket_over_http_2_has_no_framing() {
    let client = Client::connect(&Ground::new(options())).await;
    let mut websocket = client.websocket("/websocket").await;
    websocket.send(r#"["a"]"#);
    assert_eq!(websocket.text().await, r#"["a"]"#);
}

#[tokio::test]
async fn sessions_on_one_connection_do_not_disturb_each_other() {
    let ground = Ground::new(options());
    let client = Client::connect(&ground).await;
    let mut cut = client.websocket("/0/cut/websocket").await;
    assert_eq!(cut.text().await, "o");
    let mut answers = Vec::new();
    for session in SESSIONS {
        let mut answer = client.stream(session).await;
        assert_eq!(answer.line().await.unwrap(), "o");
        answers.push(answer);
    }
    // The client goes, from one of them and from the WebSocket.
    drop(answers.remove(0));
    cut.send.send_reset(Reason::CANCEL);
    assert!(cut.recv.data().await.is_none_or(|data| data.is_err()));
    for (session, answer) in SESSIONS[1..].iter().zip(&mut answers) {
        client.send(session, r#"["still here"]"#).await;
        assert_eq!(answer.line().await.unwrap(), r#"a["still here"]"#);
    }
    while ground.endpoint.connections() > answers.len() {
        tokio::task::yield_now().await;
    }
    let late = client.post(&format!("/0/{}/xhr_send", SESSIONS[0]), r#"["a"]"#).await;
    assert_eq!(late.status, StatusCode::NO_CONTENT, "what is sent to it is thrown away");
}

const SESSIONS: [&str; 10] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
