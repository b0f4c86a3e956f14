//! A WebSocket over HTTP/2 (RFC 8441), by hand: the tests of Engine.IO and of SockJS include this
//! file.

use bytes::Bytes;
use h2::client::SendRequest;
use h2::ext::Protocol;
use h2::{RecvStream, SendStream};
use http::{Method, Request, StatusCode};

pub(crate) struct WebSocket {
    pub(crate) send: SendStream<Bytes>,
    pub(crate) recv: RecvStream,
    bytes: Vec<u8>,
}

impl WebSocket {
    /// Opens one at `url`, on a connection that has heard what the server can.
    pub(crate) async fn open(requests: &SendRequest<Bytes>, url: String) -> Self {
        let mut requests = requests.clone().ready().await.unwrap();
        assert!(requests.is_extended_connect_protocol_enabled());
        let mut request = Request::builder().method(Method::CONNECT).uri(url).body(()).unwrap();
        request.extensions_mut().insert(Protocol::from_static("websocket"));
        request.headers_mut().insert("sec-websocket-version", "13".parse().unwrap());
        let (response, send) = requests.send_request(request, false).unwrap();
        let response = response.await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Self { send, recv: response.into_body(), bytes: Vec::new() }
    }

    /// Sends a short text, masked with zeros.
    pub(crate) fn send(&mut self, text: &str) {
        let head = [FIN | TEXT, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
        self.send.send_data([&head, text.as_bytes()].concat().into(), false).unwrap();
    }

    /// The opcode and the payload of the next frame, which is a whole message of less than
    /// 64 KiB.
    pub(crate) async fn frame(&mut self) -> (u8, Vec<u8>) {
        let head = self.bytes(2).await;
        assert_eq!(head[0] & !OPCODE, FIN);
        let length = match head[1] {
            126 => {
                let length = self.bytes(2).await;
                u16::from_be_bytes([length[0], length[1]]).into()
            }
            length => length.into(),
        };
        (head[0] & OPCODE, self.bytes(length).await)
    }

    pub(crate) async fn text(&mut self) -> String {
        let (opcode, payload) = self.frame().await;
        assert_eq!(opcode, TEXT);
        String::from_utf8(payload).unwrap()
    }

    async fn bytes(&mut self, count: usize) -> Vec<u8> {
        while self.bytes.len() < count {
            self.bytes.extend_from_slice(&self.recv.data().await.unwrap().unwrap());
        }
        let rest = self.bytes.split_off(count);
        std::mem::replace(&mut self.bytes, rest)
    }
}

const FIN: u8 = 0x80;
const OPCODE: u8 = 0xf;
const TEXT: u8 = 1;
