//! Clients that take their time.

use std::time::Duration;

use plimsoll_http::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::common::{App, LONG, closed, get, response, serve, within};
use crate::frames::{self, END_HEADERS, END_STREAM, HEADERS, PING};

const DEADLINE: Duration = Duration::from_millis(500);

#[tokio::test]
async fn clients_that_trickle_their_headers_are_closed_by_the_deadline() {
    let server = serve(Server::new(App::new()).header_timeout(DEADLINE)).await;
    let mut clients = JoinSet::new();
    for _ in 0..250 {
        let mut stream = server.send("GET / HTTP/1.1\r\n").await;
        clients.spawn(async move {
            let mut ticks = interval(Duration::from_millis(20));
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    read = stream.read_u8() => return read.is_err(),
                    _ = ticks.tick() => drop(stream.write_all(b"a").await),
                }
            }
        });
    }
    let ended = within(clients.join_all()).await;
    assert!(ended.into_iter().all(|closed| closed), "none gets an answer");
}

#[tokio::test]
async fn clients_that_say_nothing_are_closed_by_the_deadline() {
    for http2 in [true, false] {
        let server = Server::new(App::new()).header_timeout(DEADLINE).http2(http2);
        let server = serve(server).await;
        let mut clients = Vec::new();
        for begin in ["", "P", "G", "PRI * HTTP/2.0\r\n"] {
            clients.push(server.send(begin).await);
        }
        for client in &mut clients {
            closed(client).await;
        }
    }
}

#[tokio::test]
async fn a_client_that_says_only_the_preface_of_http_2_is_closed_by_the_deadline() {
    let app = App::new();
    let server = serve(Server::new(app.clone()).header_timeout(DEADLINE)).await;
    closed(&mut server.send(frames::preface()).await).await;
    app.requested(0).await;
}

#[tokio::test]
async fn the_headers_of_a_further_request_have_a_deadline_too() {
    let server = serve(Server::new(App::new()).header_timeout(DEADLINE)).await;
    let mut stream = server.send(get("/")).await;
    assert_eq!(response(&mut stream).await.0, 200);
    stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
    assert!(closed(&mut stream).await.is_empty());
}

#[tokio::test]
async fn an_http_1_connection_without_a_further_request_is_closed() {
    let server = serve(Server::new(App::new()).header_timeout(DEADLINE)).await;
    let mut stream = server.send(get("/")).await;
    assert_eq!(response(&mut stream).await.0, 200);
    stream.write_all(get("/").as_bytes()).await.unwrap();
    assert_eq!(response(&mut stream).await.0, 200);
    assert!(closed(&mut stream).await.is_empty());
}

#[tokio::test]
async fn a_client_has_time_to_read_an_answer() {
    let server = serve(Server::new(App::new()).header_timeout(DEADLINE)).await;
    let mut stream = server.send(get("/long")).await;
    sleep(2 * DEADLINE).await;
    let mut answer = vec![0; LONG];
    within(stream.read_exact(&mut answer)).await.expect("all of the answer");
}

#[tokio::test]
async fn an_http_2_client_that_answers_no_pings_is_closed() {
    let server = serve(Server::new(App::new()).header_timeout(DEADLINE)).await;
    let mut stream = server.send(frames::preface()).await;
    stream.write_all(&frames::request(1, END_HEADERS | END_STREAM)).await.unwrap();
    let (mut answered, mut pinged) = (false, false);
    while let Some((kind, _)) = frames::next(&mut stream).await {
        answered |= kind == HEADERS;
        pinged |= kind == PING;
    }
    assert!(answered && pinged);
}

#[tokio::test]
async fn an_http_2_client_that_does_not_finish_its_headers_is_closed() {
    let server = serve(Server::new(App::new()).header_timeout(DEADLINE)).await;
    let mut stream = server.send(frames::preface()).await;
    stream.write_all(&frames::request(1, END_HEADERS | END_STREAM)).await.unwrap();
    stream.write_all(&frames::request(3, END_STREAM)).await.unwrap();
    let mut answers = 0;
    while let Some((kind, _)) = frames::next(&mut stream).await {
        answers += usize::from(kind == HEADERS);
    }
    assert_eq!(answers, 1);
}

#[tokio::test]
async fn the_deadline_is_for_the_client_and_not_for_the_service() {
    let app = App::new();
    let server = serve(Server::new(app.clone()).header_timeout(DEADLINE)).await;
    let mut slow = server.send(get("/slow")).await;
    app.requested(1).await;
    // Comes later, and has waited out the same deadline.
    closed(&mut server.connect().await).await;
    app.answers.add_permits(1);
    assert_eq!(response(&mut slow).await.0, 200);
    // Its own time begins with the end of the answer.
    slow.write_all(get("/").as_bytes()).await.unwrap();
    assert_eq!(response(&mut slow).await.0, 200);
}
