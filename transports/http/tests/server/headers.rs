//! How large and how many headers may be.

use http::{Request, StatusCode};
use plimsoll_http::Server;
use tokio::io::AsyncWriteExt;

use crate::common::{App, closed, get, response, serve, within};

fn with_headers(headers: &str) -> String {
    format!("GET / HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n")
}

#[tokio::test]
async fn headers_over_the_limit_get_431() {
    let app = App::new();
    let server = serve(Server::new(app.clone())).await;
    let large = |bytes| with_headers(&format!("x: {}\r\n", "y".repeat(bytes)));
    // The name `host` counts, too.
    let many = |count: usize| with_headers(&"x: y\r\n".repeat(count - 1));
    for (request, expected) in [
        (large(8000), StatusCode::OK),
        (large(8192), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        (large(100_000), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        (many(64), StatusCode::OK),
        (many(65), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        (many(1000), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
    ] {
        let mut stream = server.connect().await;
        // The server need not read all of it.
        let _ = stream.write_all(request.as_bytes()).await;
        assert_eq!(response(&mut stream).await.0, expected, "{} bytes", request.len());
    }
    app.requested(2).await;
}

#[tokio::test]
async fn the_limits_can_be_set() {
    let server = Server::new(App::new()).max_header_bytes(64 * 1024).max_headers(1000);
    let server = serve(server).await;
    let line = format!("x: {}\r\n", "y".repeat(50));
    for (count, expected) in
        [(900, StatusCode::OK), (1100, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)]
    {
        let mut stream = server.send(with_headers(&line.repeat(count))).await;
        assert_eq!(response(&mut stream).await.0, expected);
    }
}

#[tokio::test]
async fn headers_over_the_limit_get_431_over_http_2() {
    let app = App::new();
    let server = serve(Server::new(app.clone())).await;
    let (client, connection) = h2::client::handshake(server.connect().await).await.unwrap();
    tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    for (bytes, expected) in [
        (7000, StatusCode::OK),
        (8192, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE),
        (7000, StatusCode::OK),
    ] {
        let request = Request::get("http://localhost/").header("x", "y".repeat(bytes));
        let (answer, _) = client.send_request(request.body(()).unwrap(), true).unwrap();
        assert_eq!(within(answer).await.unwrap().status(), expected, "{bytes} bytes");
    }
    app.requested(2).await;
}

#[tokio::test]
async fn what_is_no_http_gets_400_and_is_closed() {
    let app = App::new();
    let server = serve(Server::new(app.clone())).await;
    for request in ["\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/1.1\r\nbad name: x\r\n\r\n"] {
        let mut stream = server.send(request).await;
        assert_eq!(response(&mut stream).await.0, 400, "{request:?}");
        closed(&mut stream).await;
    }
    let mut stream = server.send(get("/")).await;
    assert_eq!(response(&mut stream).await.0, 200);
}
