//! Ends, in order and not.

use std::time::Duration;

use http::Request;
use plimsoll_http::Server;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::common::{App, closed, get, response, serve, within};

/// Longer than a test takes.
const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn requests_in_progress_are_finished_and_idle_connections_are_closed() {
    let app = App::new();
    let mut server = serve(Server::new(app.clone()).header_timeout(LONG)).await;
    let mut idle = server.send(get("/")).await;
    assert_eq!(response(&mut idle).await.0, 200);
    let mut silent = server.connect().await;
    let mut busy = server.send(get("/slow")).await;
    app.requested(2).await;

    server.handle.shutdown(LONG);
    closed(&mut idle).await;
    closed(&mut silent).await;
    assert!(TcpStream::connect(server.addr).await.is_err(), "nobody listens any more");

    app.answers.add_permits(1);
    assert_eq!(response(&mut busy).await.0, 200);
    assert!(closed(&mut busy).await.is_empty());
    server.ended().await;
}

#[tokio::test]
async fn requests_that_outlast_the_grace_are_dropped() {
    let app = App::new();
    let mut server = serve(Server::new(app.clone())).await;
    let mut busy = server.send(get("/slow")).await;
    app.requested(1).await;
    server.handle.shutdown(Duration::from_millis(50));
    server.handle.shutdown(LONG);
    server.ended().await;
    assert!(closed(&mut busy).await.is_empty());
}

#[tokio::test]
async fn headers_that_never_end_do_not_outlast_the_grace() {
    let mut server = serve(Server::new(App::new()).header_timeout(LONG)).await;
    let mut stream = server.send(get("/") + "GET / HTTP/1.1\r\nhost").await;
    assert_eq!(response(&mut stream).await.0, 200);
    server.handle.shutdown(Duration::from_millis(50));
    server.ended().await;
    closed(&mut stream).await;
}

#[tokio::test]
async fn streams_of_http_2_are_finished() {
    let app = App::new();
    let mut server = serve(Server::new(app.clone())).await;
    let (client, connection) = h2::client::handshake(server.connect().await).await.unwrap();
    let connection = tokio::spawn(connection);
    let mut client = client.ready().await.unwrap();
    let request = || Request::get("http://localhost/slow").body(()).unwrap();
    let (answer, _) = client.send_request(request(), true).unwrap();
    app.requested(1).await;
    server.handle.shutdown(LONG);
    // The client learns of it by a GOAWAY, and may open no more streams.
    let refused = async {
        loop {
            if let Err(error) = futures::future::poll_fn(|cx| client.poll_ready(cx)).await {
                return error;
            }
            tokio::task::yield_now().await;
        }
    };
    within(refused).await;
    app.answers.add_permits(1);
    assert_eq!(within(answer).await.unwrap().status(), 200);
    drop(client);
    within(connection).await.unwrap().unwrap();
    server.ended().await;
}

#[tokio::test]
async fn whoever_drops_the_server_ends_all_connections() {
    let app = App::new();
    let mut server = serve(Server::new(app.clone()).header_timeout(LONG)).await;
    let mut busy = server.send(get("/slow")).await;
    app.requested(1).await;
    let mut silent = server.connect().await;
    silent.write_all(b"GET").await.unwrap();
    server.abort().await;
    assert!(closed(&mut busy).await.is_empty());
    assert!(closed(&mut silent).await.is_empty());
}
