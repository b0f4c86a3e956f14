//! A client among hostile servers, and behind proxies.

use plimsoll::{Error, ErrorKind, Socket, SocketOptions};
use plimsoll_websocket::{Proxy, WebSocket};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::raw::{BINARY, CONTINUATION, FIN, Raw, TEXT, header, length, masked, unmasked};
use crate::server::{Running, dialer, echoes, offering};

/// A server for one connection. Returns what the client makes of it, and the server.
async fn meet<F>(
    serve: impl FnOnce(Raw) -> F + Send + 'static,
) -> (Result<Socket, Error>, JoinHandle<Raw>)
where
    F: Future<Output = Raw> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { serve(Raw::accept(&listener).await).await });
    let connected = dialer(WebSocket::connector()).open(offering(url, &["offered"])).await;
    let socket = connected.map(|it| Socket::spawn(it.io, it.info, SocketOptions::default()));
    (socket, server)
}

/// What becomes of a handshake that is answered with `response`.
async fn answered(response: Vec<u8>) -> Error {
    let serve = async move |mut raw: Raw| {
        raw.head().await;
        raw.write(&response).await;
        raw
    };
    let (socket, raw) = meet(serve).await;
    drop(raw);
    socket.expect_err("the answer is bad")
}

#[tokio::test]
async fn an_answer_that_is_no_handshake_is_refused() {
    let switching = "HTTP/1.1 101 Switching Protocols\r\n";
    let upgrade = "Connection: upgrade\r\nUpgrade: websocket\r\n";
    let wrong = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    for response in [
        format!("{switching}{upgrade}{wrong}\r\n"),
        format!("{switching}{upgrade}\r\n"),
        format!("{switching}Connection: upgrade\r\nUpgrade: h2c\r\n{wrong}\r\n"),
        format!("{switching}Upgrade: websocket\r\n{wrong}\r\n"),
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
        "SSH-2.0-server\r\n\r\n".to_owned(),
        format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "x".repeat(20_000)),
        format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(65)),
    ] {
        let error = answered(response.clone().into_bytes()).await;
        assert_eq!(error.kind(), ErrorKind::Protocol, "{response}: {error:?}");
    }
}

#[tokio::test]
async fn what_was_not_offered_is_not_accepted() {
    for headers in [
        "Sec-WebSocket-Protocol: other\r\n",
        "Sec-WebSocket-Protocol: \r\n",
        "Sec-WebSocket-Protocol: offered\r\nSec-WebSocket-Protocol: offered\r\n",
        "Sec-WebSocket-Protocol: offered, offered\r\n",
        "Sec-WebSocket-Extensions: permessage-deflate\r\n",
    ] {
        let serve = async |mut raw: Raw| {
            raw.switch(headers).await;
            raw
        };
        let (socket, _) = meet(serve).await;
        assert_eq!(socket.unwrap_err().kind(), ErrorKind::Protocol, "{headers}");
    }
}

#[tokio::test]
async fn a_redirect_is_a_refusal() {
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let location = format!("ws://{}/", other.local_addr().unwrap());
    let response =
        format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
    let error = answered(response.into_bytes()).await;
    assert_eq!(error.kind(), ErrorKind::Rejected);
    let reject = error.reject().unwrap();
    assert_eq!(reject.status(), 302);
    assert_eq!(reject.headers()["location"], location.as_str());
    let asked = tokio::select! {
        biased;
        _ = other.accept() => true,
        () = tokio::task::yield_now() => false,
    };
    assert!(!asked, "nobody went there");
}

#[tokio::test]
async fn of_a_refusal_without_end_a_part_is_kept() {
    let mut response = b"HTTP/1.1 403 Forbidden\r\n\r\n".to_vec();
    response.resize(1024 * 1024, b'x');
    let error = answered(response).await;
    let reject = error.reject().unwrap();
    assert_eq!((reject.status().as_u16(), reject.body().len()), (403, 8 * 1024));
}

#[tokio::test]
async fn frames_over_a_limit_end_the_connection() {
    let oversize = length(FIN | BINARY, 0, (1 << 63) - 1);
    let endless = [unmasked(BINARY, &[0; 1024]), unmasked(CONTINUATION, &[0; 1024]).repeat(64)];
    let fragments = [unmasked(BINARY, b""), unmasked(CONTINUATION, b"").repeat(16_384)];
    for (bytes, kind, code) in [
        (oversize, ErrorKind::TooLarge, 1009),
        (endless.concat(), ErrorKind::TooLarge, 1009),
        (fragments.concat(), ErrorKind::TooLarge, 1009),
        (masked(FIN | TEXT, b"masked"), ErrorKind::Protocol, 1002),
        (unmasked(FIN | TEXT, b"\xff"), ErrorKind::Codec, 1007),
    ] {
        let serve = async move |mut raw: Raw| {
            raw.switch("").await;
            raw.write(&bytes).await;
            raw
        };
        let (socket, raw) = meet(serve).await;
        let mut socket = socket.unwrap();
        assert_eq!(socket.recv().await.unwrap().unwrap_err().kind(), kind);
        assert_eq!(raw.await.unwrap().close_code().await, Some(code));
    }
}

#[tokio::test]
async fn a_frame_that_comes_with_the_answer_is_read() {
    let serve = async |mut raw: Raw| {
        raw.switch("").await;
        raw.write(&unmasked(FIN | TEXT, b"early")).await;
        raw
    };
    let (socket, _raw) = meet(serve).await;
    let message = socket.unwrap().recv().await.unwrap().unwrap();
    assert_eq!(message.as_text(), Some("early"));
}

/// A proxy for one connection. Returns what it was asked.
async fn proxy(answer: &'static str) -> (Proxy, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let task = tokio::spawn(async move {
        let mut raw = Raw::accept(&listener).await;
        let head = raw.head().await;
        raw.write(answer.as_bytes()).await;
        let target = head.split(' ').nth(1).unwrap();
        if answer.contains("200") {
            let mut server = TcpStream::connect(target).await.unwrap();
            let _ = copy_bidirectional(&mut raw.into_stream(), &mut server).await;
        }
        head
    });
    let proxy = Proxy::new(&address)
        .unwrap()
        .header("proxy-authorization".parse().unwrap(), "Basic YTpi".parse().unwrap());
    (proxy, task)
}

#[tokio::test]
async fn a_proxy_is_asked_for_a_tunnel() {
    let server = Running::echo().await;
    for http2 in [false, true] {
        let (proxy, task) = proxy("HTTP/1.1 200 Connection established\r\n\r\n").await;
        let connector = WebSocket::connector().proxy(proxy).http2(http2);
        let mut socket = dialer(connector).connect(server.url()).await.unwrap();
        echoes(&mut socket).await;
        drop(socket);
        let head = task.await.unwrap();
        assert!(head.starts_with(&format!("CONNECT {} HTTP/1.1\r\n", server.addr)), "{head}");
        assert_eq!(header(&head, "host"), Some(&*server.addr.to_string()));
        assert_eq!(header(&head, "proxy-authorization"), Some("Basic YTpi"));
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_is_told_apart() {
    for (answer, kind) in [
        ("HTTP/1.1 407 Auth\r\nContent-Length: 4\r\n\r\nwho?", ErrorKind::Rejected),
        ("HTTP/1.1 101 Switching\r\n\r\n", ErrorKind::Protocol),
        ("HTTP/1.1 204 Fine\r\n\r\n", ErrorKind::Protocol),
        ("nonsense\r\n\r\n", ErrorKind::Protocol),
    ] {
        let (proxy, _) = proxy(answer).await;
        let connector = WebSocket::connector().proxy(proxy);
        let error = dialer(connector).connect("ws://server.invalid/").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{answer}: {error:?}");
    }
}

#[tokio::test]
async fn a_url_that_cannot_work_is_refused() {
    let dialer = dialer(WebSocket::connector());
    for url in [
        "ws://",
        "ws:///path",
        "ws://user@host/",
        "ws://host:99999/",
        "ws://host:/",
        "ws://[::1/",
        "ws://a b/",
        "ws:",
    ] {
        let error = dialer.connect(url).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{url}");
    }
}
