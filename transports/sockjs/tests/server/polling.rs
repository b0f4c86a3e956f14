//! Sessions in responses of one frame each.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use http::StatusCode;
use http::header::{HeaderName, HeaderValue};
use plimsoll::{Close, Endpoint, Handshake, Info, Plugin, Reject, Socket};
use tokio::sync::mpsc;

use crate::ground::{Ground, echo, options, settle};

const DELAY: Duration = Duration::from_secs(5);

async fn poll(ground: &Ground) -> String {
    ground.post("/0/s/xhr", "").await.text().await
}

#[tokio::test(start_paused = true)]
async fn a_session_opens_and_echoes() {
    let ground = Ground::new(options());
    assert_eq!(poll(&ground).await, "o\n");
    let sent = ground.post("/0/s/xhr_send", r#"["a","b"]"#).await;
    assert_eq!(sent.status(), StatusCode::NO_CONTENT);
    assert_eq!(sent.content_type(), Some("text/plain; charset=UTF-8"));
    settle().await;
    assert_eq!(poll(&ground).await, "a[\"a\",\"b\"]\n");
}

#[tokio::test(start_paused = true)]
async fn the_server_part_of_a_path_is_for_load_balancers_only() {
    let ground = Ground::new(options());
    assert_eq!(ground.post("/000/s/xhr", "").await.text().await, "o\n");
    let sent = ground.post("/999/s/xhr_send", r#"["a"]"#).await;
    assert_eq!(sent.status(), StatusCode::NO_CONTENT);
    settle().await;
    assert_eq!(ground.post("/%20/s/xhr/", "").await.text().await, "a[\"a\"]\n");
}

#[tokio::test(start_paused = true)]
async fn a_poll_waits_for_what_is_sent() {
    let ground = Ground::new(options());
    assert_eq!(poll(&ground).await, "o\n");
    let waiting = tokio::spawn({
        let ground = ground.clone();
        async move { poll(&ground).await }
    });
    settle().await;
    ground.post("/0/s/xhr_send", r#"["a"]"#).await;
    assert_eq!(waiting.await.unwrap(), "a[\"a\"]\n");
}

#[tokio::test(start_paused = true)]
async fn a_silent_session_answers_polls_with_heartbeats() {
    let ground = Ground::new(options());
    assert_eq!(poll(&ground).await, "o\n");
    for _ in 0..3 {
        assert_eq!(poll(&ground).await, "h\n");
    }
    assert_eq!(ground.sockjs.sessions(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_second_poll_is_turned_away_and_the_first_goes_on() {
    let ground = Ground::new(options());
    assert_eq!(poll(&ground).await, "o\n");
    let first = tokio::spawn({
        let ground = ground.clone();
        async move { poll(&ground).await }
    });
    settle().await;
    assert_eq!(poll(&ground).await, "c[2010,\"Another connection still open\"]\n");
    ground.post("/0/s/xhr_send", r#"["a"]"#).await;
    assert_eq!(first.await.unwrap(), "a[\"a\"]\n");
}

#[tokio::test(start_paused = true)]
async fn a_session_whose_poll_is_cut_is_interrupted() {
    let ground = Ground::new(options());
    assert_eq!(poll(&ground).await, "o\n");
    settle().await;
    assert_eq!(ground.endpoint.connections(), 1);
    assert!(poll(&ground).now_or_never().is_none());
    settle().await;
    assert_eq!(ground.endpoint.connections(), 0);
    for _ in 0..2 {
        assert_eq!(poll(&ground).await, "c[1002,\"Connection interrupted\"]\n");
    }
    tokio::time::sleep(DELAY * 2).await;
    assert_eq!(ground.sockjs.sessions(), 0);
    assert_eq!(poll(&ground).await, "o\n");
}

#[tokio::test(start_paused = true)]
async fn a_session_without_receivers_ends_after_its_delay() {
    let (ended, mut endings) = mpsc::channel(1);
    let endpoint = Endpoint::builder()
        .handle(move |socket| {
            let ended = ended.clone();
            async move {
                echo(socket).await;
                let _ = ended.send(tokio::time::Instant::now()).await;
            }
        })
        .unwrap();
    let ground = Ground::with(options(), endpoint);
    let opened = tokio::time::Instant::now();
    assert_eq!(poll(&ground).await, "o\n");
    let lived = endings.recv().await.unwrap() - opened;
    assert!(lived >= DELAY && lived < DELAY * 2, "{lived:?}");
    tokio::time::sleep(DELAY * 2).await;
    assert_eq!(ground.sockjs.sessions(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_close_is_told_to_every_late_request() {
    let endpoint = Endpoint::builder()
        .handle(async |socket: Socket| {
            socket.send("a").await.unwrap();
            socket.close(Close::new(3000.into(), "Go away!"));
        })
        .unwrap();
    let ground = Ground::with(options(), endpoint);
    assert_eq!(poll(&ground).await, "o\n");
    settle().await;
    assert_eq!(poll(&ground).await, "a[\"a\"]\n");
    for _ in 0..3 {
        assert_eq!(poll(&ground).await, "c[3000,\"Go away!\"]\n");
    }
    let jsonp = ground.get("/0/s/jsonp?c=f").await.text().await;
    assert_eq!(jsonp, "/**/f(\"c[3000,\\\"Go away!\\\"]\");\r\n");
    let sent = ground.post("/0/s/xhr_send", r#"["a"]"#).await;
    assert_eq!(sent.status(), StatusCode::NO_CONTENT);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_returns_closes_normally() {
    let endpoint = Endpoint::builder().handle(async |_: Socket| {}).unwrap();
    let ground = Ground::with(options(), endpoint);
    assert_eq!(poll(&ground).await, "o\n");
    settle().await;
    assert_eq!(poll(&ground).await, "c[1000,\"Normal closure\"]\n");
}

#[tokio::test(start_paused = true)]
async fn services_do_not_share_sessions() {
    let (one, other) = (Ground::new(options()), Ground::new(options()));
    assert_eq!(poll(&one).await, "o\n");
    assert_eq!(poll(&other).await, "o\n");
    assert_eq!((one.sockjs.sessions(), other.sockjs.sessions()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn beyond_the_bound_no_session_is_opened() {
    struct Book(mpsc::UnboundedSender<StatusCode>);

    impl Plugin for Book {
        fn refused(&self, _: &Info, reject: &Reject) {
            let _ = self.0.send(reject.status());
        }
    }

    let (book, mut entries) = mpsc::unbounded_channel();
    let endpoint = Endpoint::builder().plugin(Book(book)).handle(echo).unwrap();
    let ground = Ground::with(options().max_sessions(1), endpoint);
    assert_eq!(poll(&ground).await, "o\n");
    let full = ground.post("/0/other/xhr", "").await;
    assert_eq!(full.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(full.header("retry-after"), Some("1"));
    assert_eq!(entries.try_recv(), Ok(StatusCode::SERVICE_UNAVAILABLE));
    settle().await;
    assert_eq!(ground.endpoint.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_plugin_sees_the_request_but_not_the_id_of_the_session() {
    struct Doorkeeper(mpsc::UnboundedSender<(String, String)>);

    #[async_trait]
    impl Plugin for Doorkeeper {
        async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
            let info = handshake.info();
            let _ = self.0.send((info.transport().to_owned(), info.uri().to_string()));
            if info.query("token").is_none() {
                let name = HeaderName::from_static("x-why");
                let reject = Reject::new(StatusCode::FORBIDDEN, "no token");
                return Err(reject.with_header(name, HeaderValue::from_static("token")));
            }
            let headers = handshake.response_headers_mut();
            headers.insert("x-seen", HeaderValue::from_static("yes"));
            Ok(())
        }
    }

    let (seen, mut all_seen) = mpsc::unbounded_channel();
    let endpoint = Endpoint::builder().plugin(Doorkeeper(seen)).handle(echo).unwrap();
    let ground = Ground::with(options(), endpoint);
    for receiver in ["xhr", "xhr_streaming"] {
        let refused = ground.post(&format!("/0/secret/{receiver}"), "").await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        assert_eq!(refused.header("x-why"), Some("token"));
        assert_eq!(refused.header("access-control-allow-origin"), Some("*"));
        assert_eq!(refused.text().await, "no token");
        assert_eq!(all_seen.recv().await.unwrap(), ("sockjs".into(), "/echo".into()));
    }
    assert_eq!(ground.sockjs.sessions(), 0);
    let opened = ground.post("/0/secret/xhr?token=1", "").await;
    assert_eq!(opened.header("x-seen"), Some("yes"));
    assert_eq!(opened.text().await, "o\n");
    assert_eq!(all_seen.recv().await.unwrap().1, "/echo?token=1");
}

#[tokio::test(start_paused = true)]
async fn two_first_requests_open_one_session() {
    struct Slow(Arc<tokio::sync::Barrier>);

    #[async_trait]
    impl Plugin for Slow {
        async fn handshake(&self, _: &mut Handshake) -> Result<(), Reject> {
            self.0.wait().await;
            Ok(())
        }
    }

    let both = Arc::new(tokio::sync::Barrier::new(2));
    let endpoint = Endpoint::builder().plugin(Slow(both)).handle(echo).unwrap();
    let ground = Ground::with(options(), endpoint);
    let (first, second) = tokio::join!(poll(&ground), poll(&ground));
    let mut answers = [first, second];
    answers.sort();
    assert_eq!(answers, ["h\n", "o\n"]);
    assert_eq!((ground.sockjs.sessions(), ground.endpoint.connections()), (1, 1));
}
