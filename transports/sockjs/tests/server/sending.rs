//! Requests that bring messages.

use std::sync::Arc;

use futures::FutureExt;
use http::StatusCode;
use plimsoll::{Endpoint, Socket};
use plimsoll_sockjs::{Binary, Transport};
use tokio::sync::Notify;

use crate::ground::{Ground, options, settle};

#[tokio::test(start_paused = true)]
async fn what_is_sent_to_nobody_is_not_found() {
    let ground = Ground::new(options());
    for path in ["/0/s/xhr_send", "/0/s/jsonp_send"] {
        let answer = ground.post(path, r#"["a"]"#).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        assert_eq!(answer.text().await, "404 Error: Page not found\n");
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_sends_too() {
    let ground = Ground::new(options());
    assert_eq!(ground.get("/0/s/jsonp?c=f").await.text().await, "/**/f(\"o\");\r\n");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let answer = ground.ask("POST", "/0/s/jsonp_send", &form, "d=%5B%22a%22%5D").await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.content_type(), Some("text/plain; charset=UTF-8"));
    assert_eq!(answer.text().await, "ok");
    settle().await;
    let answer = ground.get("/0/s/jsonp?callback=f").await;
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.text().await, "/**/f(\"a[\\\"a\\\"]\");\r\n");
}

#[tokio::test(start_paused = true)]
async fn a_bad_body_costs_nothing_but_its_request() {
    let ground = Ground::new(options().max_message(64).max_messages(4).max_body(256));
    assert_eq!(ground.post("/0/s/xhr", "").await.text().await, "o\n");
    let long = format!("[{:?}]", "x".repeat(65));
    let longer = " ".repeat(257);
    for (body, status) in [
        ("", 500),
        ("[\"a", 500),
        ("[\"a\", 1]", 500),
        ("{}", 500),
        (&long, 413),
        ("[\"\",\"\",\"\",\"\",\"\"]", 413),
        (&longer, 413),
    ] {
        assert_eq!(ground.post("/0/s/xhr_send", body).await.status(), status, "{body}");
    }
    ground.post("/0/s/xhr_send", r#"["fine"]"#).await;
    settle().await;
    assert_eq!(ground.post("/0/s/xhr", "").await.text().await, "a[\"fine\"]\n");
}

#[tokio::test(start_paused = true)]
async fn requests_that_send_wait_for_the_handler_and_for_each_other() {
    let go = Arc::new(Notify::new());
    let endpoint = Endpoint::builder()
        .socket(plimsoll::SocketOptions::default().inbox_bytes(1))
        .handle({
            let go = Arc::clone(&go);
            move |mut socket: Socket| {
                let go = Arc::clone(&go);
                async move {
                    go.notified().await;
                    while let Some(Ok(message)) = socket.recv().await {
                        socket.send(message).await.unwrap();
                    }
                }
            }
        })
        .unwrap();
    let ground = Ground::with(options().inbox_bytes(1), endpoint);
    assert_eq!(ground.post("/0/s/xhr", "").await.text().await, "o\n");
    let sent: Vec<_> = ["[\"1\",\"2\",\"3\"]", "[\"4\"]", "[\"5\"]"]
        .into_iter()
        .map(|body| {
            let ground = ground.clone();
            tokio::spawn(async move { ground.post("/0/s/xhr_send", body).await.status() })
        })
        .collect();
    settle().await;
    assert!(sent.iter().all(|request| !request.is_finished()));
    go.notify_one();
    for request in sent {
        assert_eq!(request.await.unwrap(), StatusCode::NO_CONTENT);
    }
    settle().await;
    let all = ground.post("/0/s/xhr", "").await.text().await;
    assert_eq!(all, "a[\"1\",\"2\",\"3\",\"4\",\"5\"]\n");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_cut_while_it_hands_over_ends_the_session() {
    let endpoint = Endpoint::builder()
        .socket(plimsoll::SocketOptions::default().inbox_bytes(1))
        .handle(async |socket: Socket| {
            let _ = socket.sender().closed().await;
        })
        .unwrap();
    let ground = Ground::with(options().inbox_bytes(1), endpoint);
    assert_eq!(ground.post("/0/s/xhr", "").await.text().await, "o\n");
    let mut sending = Box::pin(ground.post("/0/s/xhr_send", r#"["1","2","3","4","5"]"#));
    for _ in 0..20 {
        assert!(sending.as_mut().now_or_never().is_none());
        settle().await;
    }
    drop(sending);
    let late = ground.post("/0/s/xhr", "").await.text().await;
    assert_eq!(late, "c[1002,\"Connection interrupted\"]\n");
}

#[tokio::test(start_paused = true)]
async fn binary_travels_as_text_if_both_sides_say_so() {
    let ground = Ground::new(options().binary(Binary::Base64));
    assert_eq!(ground.post("/0/s/xhr", "").await.text().await, "o\n");
    ground.post("/0/s/xhr_send", r#"["\u0000AQI="]"#).await;
    settle().await;
    assert_eq!(ground.post("/0/s/xhr", "").await.text().await, "a[\"\\u0000AQI=\"]\n");
    assert_eq!(ground.post("/0/s/xhr_send", r#"["\u0000!"]"#).await.status(), 500);
    settle().await;
    let closed = ground.post("/0/s/xhr", "").await.text().await;
    assert!(closed.starts_with("c[1007,"), "{closed}");
}

#[tokio::test(start_paused = true)]
async fn binary_is_refused_with_a_clear_error() {
    let (told, mut results) = tokio::sync::mpsc::channel(1);
    let endpoint = Endpoint::builder()
        .handle(move |socket: Socket| {
            let told = told.clone();
            async move {
                assert!(!socket.info().capabilities().binary);
                let sent = socket.send(vec![1]).await;
                let _ = told.send(sent.map_err(|error| error.kind())).await;
                socket.send("still here").await.unwrap();
                let _ = socket.sender().closed().await;
            }
        })
        .unwrap();
    let ground = Ground::with(options(), endpoint);
    assert_eq!(ground.post("/0/s/xhr", "").await.text().await, "o\n");
    assert_eq!(results.recv().await, Some(Err(plimsoll::ErrorKind::Unsupported)));
    assert_eq!(ground.post("/0/s/xhr", "").await.text().await, "a[\"still here\"]\n");
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_is_off_is_not_found() {
    let ground = Ground::new(options().transports([Transport::XhrPolling]));
    for (method, path) in [
        ("GET", "/websocket"),
        ("GET", "/0/s/websocket"),
        ("POST", "/0/s/xhr_streaming"),
        ("OPTIONS", "/0/s/xhr_streaming"),
        ("GET", "/0/s/eventsource"),
        ("GET", "/0/s/htmlfile?c=f"),
        ("GET", "/0/s/jsonp?c=f"),
        ("POST", "/0/s/jsonp_send"),
    ] {
        assert_eq!(ground.ask(method, path, &[], "").await.status(), 404, "{path}");
    }
    assert!(ground.get("/info").await.text().await.starts_with("{\"websocket\":false,"));
    assert_eq!(ground.post("/0/s/xhr", "").await.text().await, "o\n");
}
