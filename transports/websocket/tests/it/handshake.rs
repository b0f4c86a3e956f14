//! The opening handshake: what a server takes, and what it answers.

use std::sync::Arc;

use async_trait::async_trait;
use plimsoll::{Dialer, Endpoint, Handshake, Plugin, Reject};
use plimsoll_websocket::WebSocket;

use crate::raw::{HANDSHAKE, Raw, header};
use crate::server::{Running, dialer, echo, echoes, offering};

/// Each request with the status that it deserves.
#[tokio::test]
async fn a_request_that_is_no_handshake_is_refused() {
    let server = Running::echo().await;
    for (from, to, status) in [
        ("", "", 101),
        ("GET", "POST", 405),
        ("GET", "CONNECT", 405),
        ("GET", "BREW", 405),
        ("/ws", "/", 404),
        ("/ws", "/wsx", 404),
        ("/ws", "/ws/below?and=more", 101),
        ("HTTP/1.1", "HTTP/1.0", 400),
        ("Upgrade: websocket", "Upgrade: WebSocket", 101),
        ("Upgrade: websocket", "Upgrade: h2c, websocket", 101),
        ("Upgrade: websocket", "Upgrade: websockets", 426),
        ("Upgrade: websocket", "Upgrade: ", 426),
        ("Upgrade: websocket\r\n", "", 426),
        ("Connection: Upgrade", "Connection: keep-alive, upgrade", 101),
        ("Connection: Upgrade", "Connection: close", 400),
        ("Connection: Upgrade\r\n", "", 400),
        ("Version: 13", "Version: 12", 426),
        ("Version: 13", "Version: 13, 12", 426),
        ("Version: 13", "Version: ", 426),
        ("Sec-WebSocket-Version: 13\r\n", "", 426),
        ("Sec-WebSocket-Version", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version", 426),
        ("dGhlIHNhbXBsZSBub25jZQ==", "", 400),
        ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j", 400),
        ("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=A", 400),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400),
        ("Sec-WebSocket-Key", "Sec-WebSocket-Key: AAAA\r\nSec-WebSocket-Key", 400),
        ("Host", "Content-Length: 3\r\nHost", 400),
        ("Host", "Transfer-Encoding: chunked\r\nHost", 400),
        ("Host", "Content-Length: 0\r\nHost", 101),
    ] {
        let request = HANDSHAKE.replacen(from, to, 1);
        let head = Raw::connect(server.addr).await.request(request.as_bytes()).await;
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status} "))
                || head.starts_with(&format!("HTTP/1.0 {status} ")),
            "{request}\n{head}"
        );
        if from.starts_with("Version") && status == 426 {
            assert_eq!(header(&head, "sec-websocket-version"), Some("13"), "{request}");
        }
    }
}

#[tokio::test]
async fn the_answer_is_that_of_the_specification() {
    let server = Running::echo().await;
    let head = Raw::connect(server.addr).await.request(HANDSHAKE.as_bytes()).await;
    assert_eq!(header(&head, "sec-websocket-accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    assert_eq!(header(&head, "upgrade"), Some("websocket"));
    assert_eq!(header(&head, "connection"), Some("upgrade"));
    assert_eq!(header(&head, "sec-websocket-protocol"), None);
    assert_eq!(header(&head, "sec-websocket-extensions"), None);
    assert_eq!(header(&head, "access-control-allow-origin"), None);
}

#[tokio::test]
async fn odd_header_values_harm_nobody() {
    let server = Running::echo().await;
    for name in [
        "Connection",
        "Content-Length",
        "Host",
        "Origin",
        "Sec-WebSocket-Extensions",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Version",
        "Transfer-Encoding",
        "Upgrade",
        "X-Forwarded-For",
    ] {
        for value in [&b""[..], b"\xff\xfe", "é, ü".as_bytes(), b",,,", b"\t", b"\"", b"\xc3("] {
            for in_front in [false, true] {
                let line = [name.as_bytes(), b": ", value, b"\r\n"].concat();
                let (first, rest) = HANDSHAKE.split_once("\r\n").unwrap();
                let rest = if in_front { rest.to_owned() } else { without(rest, name) };
                let request = [first.as_bytes(), b"\r\n", &line, rest.as_bytes()].concat();
                let head = Raw::connect(server.addr).await.request(&request).await;
                let status = head.get(9..10);
                assert!(matches!(status, Some("1" | "4")), "{name}: {value:?}: {head}");
            }
        }
    }
    echoes(&mut server.connect().await).await;
    assert_eq!(server.endpoint.panics(), 0);
}

/// The headers without those of a name.
fn without(headers: &str, name: &str) -> String {
    let lines = headers.split_inclusive("\r\n");
    lines.filter(|line| !line.starts_with(&format!("{name}:"))).collect()
}

struct Speaks(&'static str);

#[async_trait]
impl Plugin for Speaks {
    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        handshake.select_protocol(self.0);
        Ok(())
    }
}

#[tokio::test]
async fn the_subprotocol_is_one_that_was_offered_or_none() {
    for (speaks, offered, chosen) in [
        ("b", vec!["a", "b"], Some("b")),
        ("c", vec!["a", "b"], None),
        ("b", vec![], None),
        ("B", vec!["b"], None),
    ] {
        let endpoint = Endpoint::builder().plugin(Speaks(speaks)).handle(echo).unwrap();
        let server = Running::with(WebSocket::new(), endpoint).await;
        for http2 in [false, true] {
            let dialer = dialer(WebSocket::connector().http2(http2));
            let connected = dialer.open(offering(server.url(), &offered)).await.unwrap();
            assert_eq!(connected.info.protocol(), chosen, "{speaks} of {offered:?}");
        }
    }
}

#[tokio::test]
async fn what_cannot_be_a_subprotocol_is_not_offered() {
    let server = Running::echo().await;
    let dialer: Arc<Dialer> = Arc::new(dialer(WebSocket::connector()));
    for name in ["", "a b", "a,b", "é", "a\r\nb"] {
        let error = dialer.open(offering(server.url(), &[name])).await.unwrap_err();
        assert_eq!(error.kind(), plimsoll::ErrorKind::Config, "{name:?}");
    }
}
