//! Clients that break the rules, or have others break them.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::{Request, StatusCode};
use http_body::Frame;
use http_body_util::StreamBody;
use plimsoll::{Body, Endpoint, HttpService};
use plimsoll_sockjs::{Options, SockJs};
use proptest::prelude::*;
use tower_service::Service as _;

use crate::ground::{Ground, echo, options, settle};

const PATHS: [&str; 13] = [
    "",
    "/info",
    "/iframe.html",
    "/websocket",
    "/0/s/websocket",
    "/0/s/xhr",
    "/0/s/xhr_send",
    "/0/s/xhr_streaming",
    "/0/s/eventsource",
    "/0/s/htmlfile?c=f",
    "/0/s/jsonp?c=f",
    "/0/s/jsonp_send",
    "/0/s/nothing",
];

#[tokio::test(start_paused = true)]
async fn an_upgrade_where_there_is_none_harms_nobody() {
    let ground = Ground::new(options());
    for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "PATCH", "BREW"] {
        for path in PATHS {
            for (upgrade, version) in [("websocket", "13"), ("websocket", "1"), ("h2c", "13")] {
                let headers = [
                    ("connection", "upgrade"),
                    ("upgrade", upgrade),
                    ("sec-websocket-version", version),
                    ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
                ];
                let answer = ground.ask(method, path, &headers, "").await;
                assert_ne!(answer.status(), StatusCode::SWITCHING_PROTOCOLS, "{method} {path}");
                drop(answer);
                settle().await;
            }
        }
    }
    assert_eq!(ground.endpoint.panics(), 0);
}

#[tokio::test(start_paused = true)]
async fn scripts_do_not_get_into_callbacks() {
    let ground = Ground::new(options());
    for callback in [
        "%3Cscript%3E",
        "a%3Balert(1)",
        "a(b)",
        "a%0Ab",
        "a-b",
        "%22",
        "%2F**%2F",
        "%E2%80%A8",
        "a%00",
        "%ff",
        "x".repeat(65).as_str(),
        "",
    ] {
        for receiver in ["htmlfile", "jsonp"] {
            for parameter in ["c", "callback"] {
                let path = format!("/0/s/{receiver}?{parameter}={callback}");
                let answer = ground.get(&path).await;
                assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{path}");
                assert_eq!(answer.text().await, "invalid \"callback\" parameter");
            }
        }
    }
    assert_eq!(ground.sockjs.sessions(), 0);
}

#[tokio::test(start_paused = true)]
async fn transports_that_run_scripts_are_off_by_default() {
    let ground = Ground::new(Options::default());
    for path in ["/0/s/htmlfile?c=f", "/0/s/jsonp?c=f"] {
        assert_eq!(ground.get(path).await.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(ground.post("/0/s/jsonp_send", "").await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn pages_of_other_origins_learn_nothing_by_default() {
    let endpoint = Endpoint::builder().handle(echo).unwrap();
    let service = HttpService::builder(endpoint).at("/echo", SockJs::new().options(options()));
    let service = service.build().unwrap();
    for path in PATHS {
        for method in ["GET", "POST", "OPTIONS"] {
            let request = Request::builder()
                .method(method)
                .uri(format!("/echo{path}"))
                .header("host", "a.example")
                .header("origin", "https://evil-a.example")
                .body(Body::empty())
                .unwrap();
            let answer = service.clone().call(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{method} {path}");
            let mut names = answer.headers().keys();
            assert!(!names.any(|name| name.as_str().starts_with("access-control-")));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_without_end_is_read_up_to_the_bound() {
    let ground = Ground::new(options());
    assert_eq!(ground.post("/0/s/xhr", "").await.text().await, "o\n");
    let chunks =
        stream::repeat_with(|| Ok::<_, Infallible>(Frame::data(Bytes::from_static(&[b' '; 1024]))));
    let request = Request::builder()
        .method("POST")
        .uri("/echo/0/s/xhr_send")
        .body(Body::new(StreamBody::new(chunks)))
        .unwrap();
    let answer = ground.call(request).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(answer.text().await, "Payload too large.");
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_holds_up_its_session_for_a_time() {
    let ground = Ground::new(options().disconnect_delay(Duration::from_secs(60)));
    assert_eq!(ground.post("/0/s/xhr", "").await.text().await, "o\n");
    let silence = stream::pending::<Result<Frame<Bytes>, Infallible>>();
    let request = Request::post("/echo/0/s/xhr_send").body(Body::new(StreamBody::new(silence)));
    let stalled = ground.call(request.unwrap());
    let (stalled, next) = tokio::join!(stalled, ground.post("/0/s/xhr_send", r#"["next"]"#));
    assert_eq!(stalled.status(), StatusCode::REQUEST_TIMEOUT);
    assert_eq!(next.status(), StatusCode::NO_CONTENT);
    assert_eq!(ground.post("/0/s/xhr", "").await.text().await, "a[\"next\"]\n");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_bad_bodies_do_not_disturb_others() {
    let ground = Ground::new(options());
    for session in ["good", "bad"] {
        let open = ground.post(&format!("/0/{session}/xhr"), "").await;
        assert_eq!(open.text().await, "o\n");
    }
    for round in 0..1000 {
        let bad = ["[\"", "\u{0}", "[\"\\ud800\\ud8", "{\"a\":[", "[[[[[[[["][round % 5];
        let answer = ground.post("/0/bad/xhr_send", bad).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        if round % 100 == 0 {
            ground.post("/0/good/xhr_send", r#"["a"]"#).await;
            settle().await;
            assert_eq!(ground.post("/0/good/xhr", "").await.text().await, "a[\"a\"]\n");
        }
    }
    assert_eq!(ground.endpoint.panics(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whole_requests_of_any_kind_are_answered(
        requests in prop::collection::vec(
            (
                "(GET|POST|OPTIONS|PUT)",
                "/(0|info|websocket|iframe[a-z.]{0,6})(/(s|t|%20|\\.|é)(/(xhr|xhr_send|xhr_streaming|eventsource|\
                 htmlfile|jsonp|jsonp_send|websocket)/{0,2})?)?(\\?(c|callback)=[a-z<;%0-9]{0,8})?",
                "(text/plain|application/x-www-form-urlencoded|application/json|\\PC{0,8})",
                "(d=)?\\[?(\"[a-z\\\\ud8]{0,8}\",?){0,3}\\]?",
            ),
            1..6,
        ),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let ground = Ground::new(options());
            for (method, path, content_type, body) in requests {
                let request = Request::builder()
                    .method(&*method)
                    .uri(format!("/echo{path}"))
                    .header("content-type", content_type)
                    .body(Body::from(Bytes::from(body)));
                // What is no request at all is the HTTP server's to refuse.
                let Ok(request) = request else { continue };
                let mut answer = ground.call(request).await;
                assert!(answer.status().as_u16() <= 500);
                let _ = answer.chunk().await;
            }
            assert_eq!(ground.endpoint.panics(), 0);
        });
    }
}
