//! What needs no session, and the headers of all answers.

use http::StatusCode;
use serde_json::Value;

use crate::ground::{Ground, options};

const NO_CACHE: &str = "no-store, no-cache, no-transform, must-revalidate, max-age=0";
const CACHED: &str = "public, max-age=31536000";

#[tokio::test]
async fn the_greeting_is_at_the_base() {
    let ground = Ground::new(options().jsessionid(true));
    for path in ["", "/"] {
        let answer = ground.get(path).await;
        assert_eq!(answer.content_type(), Some("text/plain; charset=UTF-8"));
        assert_eq!(answer.header("set-cookie"), None);
        assert_eq!(answer.text().await, "Welcome to SockJS!\n");
    }
}

#[tokio::test]
async fn information_is_fresh_each_time() {
    let ground = Ground::new(options().jsessionid(true).base_url("https://a.example/"));
    let first = ground.get("/info").await;
    assert_eq!(first.content_type(), Some("application/json; charset=UTF-8"));
    assert_eq!(first.header("cache-control"), Some(NO_CACHE));
    assert_eq!(first.header("set-cookie"), None);
    let first: Value = serde_json::from_str(&first.text().await).unwrap();
    assert_eq!((&first["websocket"], &first["cookie_needed"]), (&true.into(), &true.into()));
    assert_eq!(first["base_url"], "https://a.example/");
    let second: Value = serde_json::from_str(&ground.get("/info").await.text().await).unwrap();
    assert_ne!(first["entropy"], second["entropy"]);
}

#[tokio::test]
async fn the_iframe_is_kept_by_clients() {
    let ground = Ground::new(options());
    let page = ground.get("/iframe-1.6.1.html?t=1").await;
    assert_eq!(page.content_type(), Some("text/html; charset=UTF-8"));
    assert_eq!(page.header("cache-control"), Some(CACHED));
    assert!(page.header("expires").is_some() && page.header("last-modified").is_none());
    let etag = page.header("etag").unwrap().to_owned();
    assert!(page.text().await.contains("SockJS.bootstrap_iframe();"));
    let known = ground.ask("GET", "/iframe.html", &[("if-none-match", &etag)], "").await;
    assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(known.content_type(), None);
    assert_eq!(known.header("etag"), Some(&*etag));
    assert_eq!(known.text().await, "");
}

#[tokio::test]
async fn pages_of_other_origins_may_ask_first() {
    let ground = Ground::new(options().jsessionid(true));
    for (path, methods) in [
        ("/info", "OPTIONS, GET"),
        ("/0/s/xhr", "OPTIONS, POST"),
        ("/0/s/xhr_send", "OPTIONS, POST"),
        ("/0/s/xhr_streaming", "OPTIONS, POST"),
    ] {
        let headers = [
            ("origin", "https://a.example"),
            ("access-control-request-headers", "x-a, x-b"),
            ("cookie", "JSESSIONID=abc"),
        ];
        let answer = ground.ask("OPTIONS", path, &headers, "").await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT, "{path}");
        for (name, value) in [
            ("access-control-allow-origin", "https://a.example"),
            ("access-control-allow-credentials", "true"),
            ("access-control-allow-headers", "x-a, x-b"),
            ("access-control-max-age", "31536000"),
            ("cache-control", CACHED),
            ("set-cookie", "JSESSIONID=abc; path=/"),
            ("vary", "Origin"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{path}: {name}");
        }
        assert_eq!(answer.header("access-control-allow-methods"), Some(methods));
        assert_eq!(answer.text().await, "");
    }
    assert_eq!(ground.sockjs.sessions(), 0);
}

#[tokio::test]
async fn who_may_read_an_answer_is_said_with_it() {
    let receivers = [
        ("POST", "xhr", true),
        ("POST", "xhr_streaming", true),
        ("POST", "xhr_send", true),
        ("GET", "eventsource", true),
        ("GET", "htmlfile?c=f", false),
        ("GET", "jsonp?c=f", false),
        ("POST", "jsonp_send", false),
    ];
    for (number, (method, name, readable)) in receivers.into_iter().enumerate() {
        for (origin, allowed) in [(None, "*"), (Some("https://a.example"), "https://a.example")] {
            let ground = Ground::new(options().jsessionid(true));
            let headers: Vec<_> = origin.map(|origin| ("origin", origin)).into_iter().collect();
            let answer = ground.ask(method, &format!("/0/{number}/{name}"), &headers, "").await;
            let expected = readable.then_some(allowed);
            assert_eq!(answer.header("access-control-allow-origin"), expected, "{name}");
            let credentials = (readable && origin.is_some()).then_some("true");
            assert_eq!(answer.header("access-control-allow-credentials"), credentials, "{name}");
            assert_eq!(answer.header("cache-control"), Some(NO_CACHE));
            assert_eq!(answer.header("set-cookie"), Some("JSESSIONID=dummy; path=/"));
        }
    }
}

#[tokio::test]
async fn nobody_else_may_read_without_cors() {
    let ground = Ground::new(options().cors(false));
    let origin = [("origin", "https://a.example")];
    for (method, path) in [
        ("GET", "/info"),
        ("OPTIONS", "/info"),
        ("OPTIONS", "/0/s/xhr"),
        ("POST", "/0/s/xhr"),
        ("GET", "/0/t/eventsource"),
    ] {
        let answer = ground.ask(method, path, &origin, "").await;
        let names = answer.headers().keys().map(|name| name.as_str());
        assert!(!names.into_iter().any(|name| name.starts_with("access-control-")), "{path}");
    }
}
