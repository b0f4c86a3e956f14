//! Sessions in long responses.

use std::time::Duration;

use futures::FutureExt;
use http::StatusCode;
use plimsoll::{Close, Endpoint, Shutdown, Socket};
use tokio::time::Instant;

use crate::ground::{Answer, Ground, options, settle};

/// Each stream: its method and path, what it begins with, and what is around a frame.
const STREAMS: [(&str, &str, &str, &str, &str); 3] = [
    ("POST", "/0/s/xhr_streaming", "hhhhhhhh", "", "\n"),
    ("GET", "/0/s/eventsource", "\r\n", "data: ", "\r\n\r\n"),
    ("GET", "/0/s/htmlfile?c=cb", "<!doctype html>", "<script>\np(\"", "\");\n</script>\r\n"),
];

async fn stream(ground: &Ground) -> Answer {
    ground.ask("POST", "/0/s/xhr_streaming", &[], "").await
}

#[tokio::test(start_paused = true)]
async fn each_frame_is_a_chunk() {
    for (method, path, prelude, before, after) in STREAMS {
        let ground = Ground::new(options());
        let mut answer = ground.ask(method, path, &[], "").await;
        let first = answer.chunk().await.unwrap();
        assert!(first.starts_with(prelude), "{path}: {first}");
        assert_eq!(answer.chunk().await.unwrap(), format!("{before}o{after}"));
        for text in ["1", "2"] {
            ground.post("/0/s/xhr_send", &format!("[{text:?}]")).await;
            let quotes = if path.contains("htmlfile") { "\\\"" } else { "\"" };
            let expected = format!("{before}a[{quotes}{text}{quotes}]{after}");
            assert_eq!(answer.chunk().await.unwrap(), expected);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn proxies_are_asked_not_to_hold_a_stream_back() {
    for (method, path, ..) in STREAMS {
        let answer = Ground::new(options()).ask(method, path, &[], "").await;
        assert_eq!(answer.header("x-accel-buffering"), Some("no"));
        assert!(answer.header("cache-control").unwrap().contains("no-transform"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_one_frame() {
    let ground = Ground::new(options());
    assert_eq!(ground.post("/0/s/xhr", "").await.text().await, "o\n");
    for text in ["1", "2", "3"] {
        ground.post("/0/s/xhr_send", &format!("[{text:?}]")).await;
    }
    settle().await;
    let mut answer = stream(&ground).await;
    assert_eq!(answer.chunk().await.unwrap().len(), 2049);
    assert_eq!(answer.chunk().await.unwrap(), "a[\"1\",\"2\",\"3\"]\n");
}

#[tokio::test(start_paused = true)]
async fn a_response_that_is_long_enough_ends_and_another_goes_on() {
    let ground = Ground::new(options().response_limit(20));
    let mut answer = stream(&ground).await;
    answer.chunk().await.unwrap();
    assert_eq!(answer.chunk().await.unwrap(), "o\n");
    ground.post("/0/s/xhr_send", r#"["0123456789"]"#).await;
    assert_eq!(answer.chunk().await.unwrap(), "a[\"0123456789\"]\n", "18 bytes in all");
    ground.post("/0/s/xhr_send", r#"["a"]"#).await;
    assert_eq!(answer.chunk().await.unwrap(), "a[\"a\"]\n");
    assert_eq!(answer.chunk().await, None);
    ground.post("/0/s/xhr_send", r#"["b"]"#).await;
    let mut answer = stream(&ground).await;
    answer.chunk().await.unwrap();
    assert_eq!(answer.chunk().await.unwrap(), "a[\"b\"]\n");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_closes_ends_its_response() {
    let endpoint = Endpoint::builder()
        .handle(async |socket: Socket| socket.close(Close::new(3000.into(), "Go away!")))
        .unwrap();
    let ground = Ground::with(options(), endpoint);
    for first in [Some("o\n"), None, None] {
        let mut answer = stream(&ground).await;
        answer.chunk().await.unwrap();
        if let Some(first) = first {
            assert_eq!(answer.chunk().await.unwrap(), first);
        }
        assert_eq!(answer.chunk().await.unwrap(), "c[3000,\"Go away!\"]\n");
        assert_eq!(answer.chunk().await, None);
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_ends_the_response_with_a_reason() {
    let ground = Ground::new(options());
    let mut answer = stream(&ground).await;
    answer.chunk().await.unwrap();
    answer.chunk().await.unwrap();
    let shutdown = ground.endpoint.shutdown(Shutdown::default());
    assert_eq!(tokio::join!(shutdown, answer.chunk()).1.unwrap()[..7], *"c[1001,");
    assert_eq!(answer.chunk().await, None);
    let refused = ground.post("/0/other/xhr", "").await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test(start_paused = true)]
async fn a_second_response_is_turned_away_and_the_first_goes_on() {
    for (method, path, prelude, ..) in STREAMS {
        let ground = Ground::new(options());
        let mut first = ground.ask(method, path, &[], "").await;
        first.chunk().await.unwrap();
        first.chunk().await.unwrap();
        let mut second = ground.ask(method, path, &[], "").await;
        assert!(second.chunk().await.unwrap().starts_with(prelude));
        assert!(second.chunk().await.unwrap().contains("c[2010,"));
        assert_eq!(second.chunk().await, None);
        ground.post("/0/s/xhr_send", r#"["still here"]"#).await;
        assert!(first.chunk().await.unwrap().contains("still here"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_response_is_cut_is_interrupted() {
    let ground = Ground::new(options());
    let mut answer = stream(&ground).await;
    answer.chunk().await.unwrap();
    answer.chunk().await.unwrap();
    drop(answer);
    settle().await;
    assert_eq!(ground.endpoint.connections(), 0);
    let late = ground.post("/0/s/xhr", "").await.text().await;
    assert_eq!(late, "c[1002,\"Connection interrupted\"]\n");
}

#[tokio::test(start_paused = true)]
async fn heartbeats_come_after_silence_only() {
    let delay = Duration::from_secs(25);
    let ground = Ground::new(options());
    let mut answer = stream(&ground).await;
    answer.chunk().await.unwrap();
    answer.chunk().await.unwrap();
    tokio::time::sleep(delay / 2).await;
    ground.post("/0/s/xhr_send", r#"["a"]"#).await;
    assert_eq!(answer.chunk().await.unwrap(), "a[\"a\"]\n");
    let mut last = Instant::now();
    for _ in 0..3 {
        assert_eq!(answer.chunk().await.unwrap(), "h\n");
        let silence = last.elapsed();
        assert!(silence >= delay && silence < delay + Duration::from_millis(10), "{silence:?}");
        last = Instant::now();
    }
    assert!(answer.chunk().now_or_never().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_makes_the_handler_wait() {
    let (told, mut sent) = tokio::sync::watch::channel(0);
    let endpoint = Endpoint::builder()
        .handle(move |socket: Socket| {
            let told = told.clone();
            async move {
                while socket.send("x".repeat(1024)).await.is_ok() {
                    told.send_modify(|sent| *sent += 1);
                }
            }
        })
        .unwrap();
    let ground = Ground::with(options().outbox_bytes(4096), endpoint);
    let mut answer = stream(&ground).await;
    answer.chunk().await.unwrap();
    answer.chunk().await.unwrap();
    settle().await;
    let before = *sent.borrow_and_update();
    settle().await;
    assert!(!sent.has_changed().unwrap(), "nobody reads");
    for _ in 0..before {
        answer.chunk().await.unwrap();
        if sent.has_changed().unwrap() {
            return;
        }
        settle().await;
    }
    panic!("reading makes no room");
}
