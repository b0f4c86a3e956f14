//! HTTP/2: what it offers, and clients that abuse it.

use http::Request;
use plimsoll_http::Server;
use tokio::io::AsyncWriteExt;

use crate::common::{App, Running, get, response, serve, within};
use crate::frames::{
    self, CANCEL, CONTINUATION, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, RST_STREAM,
    WINDOW_UPDATE,
};

/// Shows that the server still serves others.
async fn answers_others(server: &Running) {
    let mut other = server.send(get("/")).await;
    assert_eq!(response(&mut other).await.0, 200);
}

#[tokio::test]
async fn the_server_says_how_many_streams_it_takes_and_that_they_may_be_websockets() {
    for (server, streams) in
        [(Server::new(App::new()), 200), (Server::new(App::new()).max_streams(7), 7)]
    {
        let server = serve(server).await;
        let (client, connection) = h2::client::handshake(server.connect().await).await.unwrap();
        tokio::spawn(connection);
        let mut client = client.ready().await.unwrap();
        let request = Request::get("http://localhost/").body(()).unwrap();
        let (answer, _) = client.send_request(request, true).unwrap();
        assert_eq!(within(answer).await.unwrap().status(), 200);
        assert_eq!(client.current_max_send_streams(), streams);
        assert!(client.is_extended_connect_protocol_enabled());
    }
}

#[tokio::test]
async fn a_client_that_resets_its_streams_at_once_is_sent_away() {
    for (server, enough) in
        [(Server::new(App::new()), 100), (Server::new(App::new()).max_pending_resets(5), 10)]
    {
        let server = serve(server).await;
        let mut flood = frames::preface();
        for i in 0..enough {
            let stream = 2 * i + 1;
            flood.extend(frames::request(stream, END_HEADERS | END_STREAM));
            flood.extend(frames::frame(RST_STREAM, 0, stream, &CANCEL.to_be_bytes()));
        }
        let mut client = server.send(flood).await;
        assert_eq!(frames::goaway(&mut client).await, Some(ENHANCE_YOUR_CALM));
        answers_others(&server).await;
    }
}

#[tokio::test]
async fn a_client_that_makes_the_server_reset_streams_is_sent_away() {
    for (server, enough) in
        [(Server::new(App::new()), 1100), (Server::new(App::new()).max_local_resets(10), 20)]
    {
        let server = serve(server).await;
        let mut client = server.send(frames::preface()).await;
        let mut flood = Vec::new();
        for i in 0..enough {
            let stream = 2 * i + 1;
            flood.extend(frames::request(stream, END_HEADERS));
            // A window beyond 2^31 - 1 is an error of the stream (RFC 9113, section 6.9.1).
            flood.extend(frames::frame(WINDOW_UPDATE, 0, stream, &i32::MAX.to_be_bytes()));
        }
        let _ = client.write_all(&flood).await;
        assert_eq!(frames::goaway(&mut client).await, Some(ENHANCE_YOUR_CALM));
        answers_others(&server).await;
    }
}

#[tokio::test]
async fn a_client_whose_headers_never_end_is_sent_away() {
    let app = App::new();
    let server = serve(Server::new(app.clone())).await;
    let mut client = server.send(frames::preface()).await;
    client.write_all(&frames::request(1, END_STREAM)).await.unwrap();
    // A header without indexing, again and again (RFC 7541, section 6.2.2).
    let part = b"\x00\x01x\x01y".repeat(1000);
    for _ in 0..1000 {
        if client.write_all(&frames::frame(CONTINUATION, 0, 1, &part)).await.is_err() {
            break;
        }
    }
    assert_eq!(frames::goaway(&mut client).await, Some(ENHANCE_YOUR_CALM));
    app.requested(0).await;
    answers_others(&server).await;
}
