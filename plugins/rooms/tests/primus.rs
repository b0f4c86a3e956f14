//! The same conversation with npm's primus-rooms and with its counterpart here: a client cannot
//! tell which of the two has the rooms.

use std::path::Path;
use std::process::Stdio;

use plimsoll::{Close, Dialer, Endpoint, HttpService, Origins, Sender, Socket};
use plimsoll_http::Server;
use plimsoll_rooms::Rooms;
use plimsoll_websocket::WebSocket;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::sync::{mpsc, watch};

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
async fn clients_are_in_the_rooms_of_node() {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients");
    if !clients.join("node_modules/primus-rooms").exists() {
        assert!(std::env::var_os("CI").is_none(), "npm ci --prefix tests/clients");
        eprintln!("skipped: needs `npm ci --prefix tests/clients`");
        return;
    }
    let mut node = Command::new("node")
        .arg(clients.join("servers/primus-rooms.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node can be started");
    let mut lines = BufReader::new(node.stdout.take().unwrap()).lines();
    let line = lines.next_line().await.unwrap().expect("a line");
    let mut ann = converse(line.strip_prefix("listening on ").expect("an address")).await;
    // Who does not answer one ping gets no other.
    ann.pings.wait_for(|count| *count > 2).await.unwrap();
    assert_eq!(ann.ask(&["join", "a"]).await, json!(["a"]));
}

#[tokio::test]
async fn clients_are_in_the_same_rooms_here() {
    let rooms = Rooms::new();
    let endpoint = Endpoint::builder().plugin(rooms.clone()).handle(move |mut socket: Socket| {
        let rooms = rooms.clone();
        async move {
            while let Some(Ok(message)) = socket.recv().await {
                let order: Vec<String> = serde_json::from_slice(message.as_bytes()).unwrap();
                let order: Vec<_> = order.iter().map(String::as_str).collect();
                if let Some(answer) = obey(&rooms, socket.sender(), &order) {
                    socket.send(answer.to_string()).await.unwrap();
                }
            }
        }
    });
    let service = HttpService::builder(endpoint.unwrap())
        .at("/primus", WebSocket::new())
        .origins(Origins::same_host().or_absent())
        .build()
        .unwrap();
    let server = Server::new(service).bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().to_string();
    tokio::spawn(server.serve());
    converse(&address).await;
}

/// Does what `tests/clients/servers/primus-rooms.mjs` does.
fn obey(rooms: &Rooms, member: &Sender, order: &[&str]) -> Option<Value> {
    let id = member.info().id();
    match *order {
        ["join", names] => {
            rooms.join_each(names.split(' '), [member]).unwrap();
        }
        ["leave", names] => {
            rooms.leave_each(names.split(' '), [id]);
        }
        ["leaveAll"] => {
            rooms.leave_all(id);
        }
        ["say", names, text] => {
            let target =
                names.split(' ').fold(rooms.to_each([]), |target, name| target.to_topic(name));
            target.send(json!(text).to_string());
            return None;
        }
        ["others", names, text] => {
            rooms.to_each(names.split(' ')).except(id).send(json!(text).to_string());
            return None;
        }
        ["each", name, text] => {
            rooms.to(name).send_with(|member| {
                let count = rooms.of(member.info().id()).len();
                Some(json!(format!("{count} {text}")).to_string().into())
            });
            return None;
        }
        ["members", name] => return Some(rooms.len(name).into()),
        ["empty", name] => {
            rooms.clear(name);
            return Some(rooms.is_empty(name).into());
        }
        _ => panic!("{order:?}"),
    }
    let mut names = rooms.of(id);
    names.sort();
    Some(names.into())
}

/// Three clients join, talk and leave. Returns one that stays.
async fn converse(address: &str) -> Client {
    let mut ann = Client::connect(address).await;
    let mut bob = Client::connect(address).await;
    let mut eve = Client::connect(address).await;
    assert_eq!(ann.ask(&["join", "a b"]).await, json!(["a", "b"]));
    assert_eq!(bob.ask(&["join", "b c"]).await, json!(["b", "c"]));
    assert_eq!(eve.ask(&["join", "user:*"]).await, json!(["user:*"]));
    assert_eq!(ann.ask(&["members", "b"]).await, json!(2));
    assert_eq!(ann.ask(&["members", "nowhere"]).await, json!(0));

    ann.tell(&["say", "a", "only ann"]).await;
    ann.tell(&["say", "a b c", "once each"]).await;
    ann.tell(&["others", "a b", "not ann"]).await;
    ann.tell(&["say", "user:7", "by pattern"]).await;
    ann.tell(&["each", "b", "rooms"]).await;
    ann.heard(&["only ann", "once each", "2 rooms"]).await;
    bob.heard(&["once each", "not ann", "2 rooms"]).await;
    eve.heard(&["by pattern"]).await;

    assert_eq!(bob.ask(&["leave", "c nowhere"]).await, json!(["b"]));
    bob.tell(&["say", "b", "still there"]).await;
    bob.heard(&["still there"]).await;
    ann.heard(&["still there"]).await;
    assert_eq!(ann.ask(&["empty", "b"]).await, json!(true));
    assert_eq!(bob.ask(&["members", "b"]).await, json!(0));
    assert_eq!(bob.ask(&["join", "a"]).await, json!(["a"]));
    assert_eq!(ann.ask(&["leaveAll"]).await, json!([]));
    ann.tell(&["say", "a", "bob alone"]).await;
    bob.heard(&["bob alone"]).await;

    bob.sender.close(Close::normal());
    while eve.ask(&["members", "a"]).await != json!(0) {}
    ann.heard(&[]).await;
    ann
}

/// A client that knows of Primus only what a client must: to answer pings.
struct Client {
    sender: Sender,
    values: mpsc::Receiver<Value>,
    pings: watch::Receiver<usize>,
}

impl Client {
    async fn connect(address: &str) -> Self {
        let dialer = Dialer::builder().transport(WebSocket::connector()).build().unwrap();
        let socket = dialer.connect(&format!("ws://{address}/primus")).await.unwrap();
        let sender = socket.sender().clone();
        let (heard, values) = mpsc::channel(64);
        let (pinged, pings) = watch::channel(0);
        tokio::spawn(listen(socket, heard, pinged));
        Self { sender, values, pings }
    }

    async fn tell(&self, order: &[&str]) {
        self.sender.send(json!(order).to_string()).await.unwrap();
    }

    async fn ask(&mut self, order: &[&str]) -> Value {
        self.tell(order).await;
        self.values.recv().await.unwrap()
    }

    /// Asserts that these texts came, and nothing else.
    async fn heard(&mut self, texts: &[&str]) {
        for text in texts {
            assert_eq!(self.values.recv().await.unwrap(), json!(text));
        }
        assert_eq!(self.ask(&["members", "nobody's"]).await, json!(0));
    }
}

async fn listen(mut socket: Socket, heard: mpsc::Sender<Value>, pinged: watch::Sender<usize>) {
    while let Some(Ok(message)) = socket.recv().await {
        let value: Value = serde_json::from_slice(message.as_bytes()).unwrap();
        match value.as_str().and_then(|text| text.strip_prefix("primus::ping::")) {
            Some(time) => {
                let pong = json!(format!("primus::pong::{time}"));
                socket.send(pong.to_string()).await.unwrap();
                pinged.send_modify(|count| *count += 1);
            }
            None => heard.send(value).await.unwrap(),
        }
    }
}
