//! Which pages may connect, through real handshakes.

use plimsoll::{Endpoint, Origins};
use plimsoll_websocket::WebSocket;

use crate::raw::{HANDSHAKE, Raw, header};
use crate::server::{Running, echo};

#[tokio::test]
async fn by_default_only_pages_of_the_same_host_connect() {
    let server = start(Origins::default()).await;
    for (host, origin, status) in [
        ("example.com", Some("https://example.com"), 101),
        ("example.com", Some("http://EXAMPLE.com:80"), 101),
        ("example.com:8080", Some("http://example.com:8080"), 101),
        ("example.com", None, 403),
        ("example.com", Some("null"), 403),
        ("example.com", Some(""), 403),
        ("example.com", Some("https://evil-example.com"), 403),
        ("example.com", Some("https://example.com.evil.net"), 403),
        ("example.com", Some("https://sub.example.com"), 403),
        ("example.com", Some("https://example.com:8443"), 403),
        ("example.com:8080", Some("http://example.com"), 403),
        ("example.com", Some("https://example.com@evil.net"), 403),
        ("example.com", Some("https://exämple.com"), 403),
        ("example.com", Some("https://example.com\r\nOrigin: https://evil.net"), 403),
        ("", Some("https://"), 403),
    ] {
        assert_eq!(ask(&server, host, origin).await, status, "{origin:?} at {host}");
    }
}

#[tokio::test]
async fn a_list_names_whole_origins() {
    let server = start(Origins::list(["https://a.example", "http://b.example:8080"])).await;
    for (origin, status) in [
        (Some("https://a.example"), 101),
        (Some("http://b.example:8080"), 101),
        (Some("http://a.example"), 403),
        (Some("https://evil-a.example"), 403),
        (Some("null"), 403),
        (None, 403),
    ] {
        assert_eq!(ask(&server, "c.example", origin).await, status, "{origin:?}");
    }
}

#[tokio::test]
async fn clients_without_an_origin_connect_by_option() {
    let server = start(Origins::same_host().or_absent()).await;
    assert_eq!(ask(&server, "example.com", None).await, 101);
    assert_eq!(ask(&server, "example.com", Some("https://evil.net")).await, 403);
}

async fn start(origins: Origins) -> Running {
    let endpoint = Endpoint::builder().handle(echo).unwrap();
    Running::with_origins(WebSocket::new(), endpoint, origins).await
}

/// The status of the answer, which gives no page more rights.
async fn ask(server: &Running, host: &str, origin: Option<&str>) -> u16 {
    let mut lines = format!("Host: {host}\r\n");
    if let Some(origin) = origin {
        lines += &format!("Origin: {origin}\r\n");
    }
    let request = HANDSHAKE.replace("Host: localhost\r\n", &lines);
    let head = Raw::connect(server.addr).await.request(request.as_bytes()).await;
    assert_eq!(header(&head, "access-control-allow-origin"), None);
    assert_eq!(header(&head, "access-control-allow-credentials"), None);
    head[9..12].parse().unwrap()
}
