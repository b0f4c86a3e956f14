//! Requests of every kind, over both versions of HTTP.

use h2::ext::Protocol;
use http::{Method, Request, StatusCode};
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

use crate::raw::Raw;
use crate::server::{Running, echoes};

#[tokio::test]
async fn every_request_over_http_1_has_an_answer_of_its_own() {
    let server = Running::echo().await;
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT"] {
        for path in ["/", "/ws", "/ws/", "/ws/..", "/wsx", "/%00", "//ws", "*"] {
            for version in ["HTTP/1.0", "HTTP/1.1"] {
                for upgrade in ["", "websocket", "h2c", "TLS/1.0, websocket"] {
                    let upgrade = match upgrade {
                        "" => String::new(),
                        name => format!("Connection: upgrade\r\nUpgrade: {name}\r\n"),
                    };
                    let request =
                        format!("{method} {path} {version}\r\nHost: localhost\r\n{upgrade}\r\n");
                    let head = Raw::connect(server.addr).await.request(request.as_bytes()).await;
                    assert_eq!(head.get(9..10), Some("4"), "{request}{head}");
                }
            }
        }
    }
    echoes(&mut server.connect().await).await;
    assert_eq!(server.endpoint.panics(), 0);
}

#[tokio::test]
async fn every_request_over_http_2_has_an_answer_of_its_own() {
    let server = Running::echo().await;
    let stream = TcpStream::connect(server.addr).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let methods = [Method::GET, Method::POST, Method::HEAD, Method::OPTIONS, Method::CONNECT];
    for method in &methods {
        for path in ["/", "/ws", "/ws/below", "/wsx"] {
            for protocol in [None, Some("websocket"), Some("WebSocket"), Some("connect-udp")] {
                for version in [None, Some("13"), Some("8")] {
                    if (method == Method::CONNECT) != protocol.is_some() {
                        continue; // no request at all, for HTTP/2
                    }
                    let mut request =
                        Request::builder().method(method).uri(format!("http://localhost{path}"));
                    if let Some(protocol) = protocol {
                        request = request.extension(Protocol::from(protocol));
                    }
                    if let Some(version) = version {
                        request = request.header("sec-websocket-version", version);
                    }
                    let request = request.body(()).unwrap();
                    let (response, _stream) = client.send_request(request, false).unwrap();
                    let status = response.await.unwrap().status();
                    let valid = (protocol, version) == (Some("websocket"), Some("13"));
                    if valid && path.starts_with("/ws") && path != "/wsx" {
                        assert_eq!(status, StatusCode::OK, "{path}");
                    } else {
                        assert!(status.is_client_error(), "{method} {path} {protocol:?}");
                    }
                    client = client.ready().await.unwrap();
                }
            }
        }
    }
    drop(client);
    connection.abort();
    echoes(&mut server.connect().await).await;
}

/// Lines that are a request at first sight.
fn request() -> impl Strategy<Value = Vec<u8>> {
    let name = prop::sample::select(vec![
        "Host",
        "Connection",
        "Upgrade",
        "Origin",
        "Content-Length",
        "Transfer-Encoding",
        "Sec-WebSocket-Key",
        "Sec-WebSocket-Version",
        "Sec-WebSocket-Protocol",
        "Sec-WebSocket-Extensions",
        "X-Forwarded-For",
        "Expect",
    ]);
    let value = prop_oneof![
        Just(b"websocket".to_vec()),
        Just(b"upgrade".to_vec()),
        Just(b"13".to_vec()),
        Just(b"dGhlIHNhbXBsZSBub25jZQ==".to_vec()),
        Just(b"100-continue".to_vec()),
        vec(any::<u8>(), 0..30),
    ];
    let line =
        (name, value).prop_map(|(name, value)| [name.as_bytes(), b": ", &value, b"\r\n"].concat());
    let first = prop_oneof![
        4 => Just("GET /ws HTTP/1.1\r\n"),
        1 => Just("POST /ws HTTP/1.1\r\n"),
        1 => Just("GET /ws HTTP/1.0\r\n"),
        1 => Just("PRI * HTTP/2.0\r\n"),
    ];
    (first, vec(line, 0..10)).prop_map(|(first, lines)| {
        let lines = lines.concat();
        [first.as_bytes(), &lines, b"\r\n"].concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_request_is_the_servers_fault(
        requests in vec(prop_oneof![4 => request(), 1 => vec(any::<u8>(), 0..200)], 1..20),
    ) {
        Runtime::new().unwrap().block_on(async {
            let server = Running::echo().await;
            for request in requests {
                let mut raw = Raw::connect(server.addr).await;
                raw.write(&request).await;
                raw.finish().await;
                let head = raw.text().await;
                assert_ne!(head.get(9..10), Some("5"), "{head}");
            }
            echoes(&mut server.connect().await).await;
            assert_eq!(server.endpoint.panics(), 0);
        });
    }
}
