//! Headers of answers: CORS, cookies, compression, refusals.

use std::io::Read;

use async_trait::async_trait;
use flate2::read::GzDecoder;
use plimsoll::{Endpoint, Handshake, Plugin, Reject};
use plimsoll_engineio::{Cookie, Cors, EngineIo, Options};

use crate::common::*;

const ORIGIN: &str = "Origin: https://a.example\r\n";

#[tokio::test]
async fn pages_of_other_origins_read_nothing_by_default() {
    let server = TestServer::echo(Options::default()).await;
    for (method, query) in [("GET", POLLING), ("GET", "transport=abc"), ("OPTIONS", POLLING)] {
        let answer = server.ask(method, query, ORIGIN, b"").await;
        let allows = |(name, _): &(String, String)| name.starts_with("access-control");
        assert!(!answer.headers.iter().any(allows), "{answer:?}");
    }
}

#[tokio::test]
async fn pages_of_any_origin_may_be_let_in_without_credentials() {
    let server = TestServer::echo(Options::default().cors(Cors::any())).await;
    for query in [POLLING, "transport=abc"] {
        let answer = server.ask("GET", query, ORIGIN, b"").await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{query}");
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
}

#[tokio::test]
async fn credentials_are_for_listed_origins_only() {
    let cors = Cors::list(["https://a.example"]).with_credentials();
    let server = TestServer::echo(Options::default().cors(cors)).await;
    let answer = server.ask("GET", POLLING, ORIGIN, b"").await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://a.example"));
    assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
    assert_eq!(answer.header("vary"), Some("Origin"));
    let answer = server.ask("GET", POLLING, "Origin: https://b.example\r\n", b"").await;
    assert_eq!(answer.header("access-control-allow-origin"), None);
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(answer.header("vary"), Some("Origin"));
}

#[tokio::test]
async fn a_preflight_is_answered_for_every_path_of_the_transport() {
    let server = TestServer::echo(Options::default().cors(Cors::any())).await;
    let wants = format!(
        "{ORIGIN}Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-a, x-b\r\n"
    );
    for query in [POLLING, "transport=polling&sid=abc", ""] {
        let answer = server.ask("OPTIONS", query, &wants, b"").await;
        assert_eq!(answer.both(), (204, String::new()));
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-methods", "GET,HEAD,PUT,PATCH,POST,DELETE"),
            ("access-control-allow-headers", "x-a, x-b"),
            ("vary", "Access-Control-Request-Headers"),
        ] {
            assert_eq!(answer.header(name), Some(value), "{query}");
        }
    }
    assert_eq!(server.engine.sessions(), 0);
}

#[tokio::test]
async fn the_cookie_comes_with_the_first_answer_only() {
    let server = TestServer::echo(Options::default().cookie(Cookie::default())).await;
    let answer = server.ask("GET", POLLING, "", b"").await;
    let sid = sid(&answer.text());
    let cookie = format!("io={sid}; Path=/; HttpOnly; SameSite=Lax");
    assert_eq!(answer.header("set-cookie"), Some(&*cookie));
    let answer = server.post(&sid, "4a").await;
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(server.poll(&sid).await.header("set-cookie"), None);
    let answer = server.ask("GET", WEBSOCKET, UPGRADE, b"").await;
    assert_eq!((answer.status, answer.header("set-cookie")), (101, None));
}

#[tokio::test]
async fn long_answers_are_compressed_for_clients_that_take_it() {
    let server = TestServer::echo(Options::default()).await;
    let sid = server.open().await;
    let query = format!("{POLLING}&sid={sid}");
    for (length, accepts, coding) in [
        (2000, "Accept-Encoding: gzip, deflate\r\n", Some("gzip")),
        (2000, "Accept-Encoding: deflate\r\n", Some("deflate")),
        (2000, "Accept-Encoding: br\r\n", None),
        (2000, "", None),
        (1022, "Accept-Encoding: gzip\r\n", None),
        (1023, "Accept-Encoding: gzip\r\n", Some("gzip")),
    ] {
        let packet = format!("4{}", "a".repeat(length));
        assert_eq!(server.post(&sid, &packet).await.status, 200);
        let answer = server.ask("GET", &query, accepts, b"").await;
        assert_eq!(answer.header("content-encoding"), coding, "{length} {accepts}");
        match coding {
            None => assert_eq!(answer.text(), packet),
            Some("gzip") => {
                let mut text = String::new();
                GzDecoder::new(&answer.body[..]).read_to_string(&mut text).unwrap();
                assert_eq!(text, packet);
            }
            Some(_) => assert!(answer.body.len() < 100),
        }
    }
}

#[tokio::test]
async fn the_filter_of_internet_explorer_is_off() {
    let server = TestServer::echo(Options::default()).await;
    for (agent, header) in [
        (
            "User-Agent: Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko\r\n",
            Some("0"),
        ),
        ("User-Agent: Mozilla/5.0 (X11; Linux) Chrome/140\r\n", None),
    ] {
        let answer = server.ask("GET", POLLING, agent, b"").await;
        assert_eq!(answer.header("x-xss-protection"), header);
    }
}

struct Refuse(fn() -> Reject);

#[async_trait]
impl Plugin for Refuse {
    async fn handshake(&self, _: &mut Handshake) -> Result<(), Reject> {
        Err((self.0)())
    }
}

#[tokio::test]
async fn a_plugin_refuses_in_the_protocols_own_form() {
    for (refuse, status, message, header) in [
        (
            (|| Reject::unauthorized("Bearer")) as fn() -> Reject,
            401,
            "unauthorized",
            ("www-authenticate", "Bearer"),
        ),
        (
            || Reject::new(http::StatusCode::FORBIDDEN, ""),
            403,
            "Forbidden",
            ("content-type", "application/json"),
        ),
        (|| Reject::unavailable("full", 7), 503, "full", ("retry-after", "7")),
    ] {
        let server =
            TestServer::with(Options::default(), Endpoint::builder().plugin(Refuse(refuse))).await;
        let answer = server.ask("GET", POLLING, "", b"").await;
        assert_eq!(answer.both(), (status, format!(r#"{{"code":4,"message":"{message}"}}"#)));
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header(header.0), Some(header.1));
        let answer = server.ask("GET", WEBSOCKET, UPGRADE, b"").await;
        assert_eq!(answer.both(), (status, message.to_owned()));
        assert_eq!(answer.header("connection"), Some("close"));
        assert_eq!(server.engine.sessions(), 0);
    }
}

#[tokio::test]
async fn an_application_may_make_the_ids() {
    let engine = EngineIo::new(Options::default()).generate_id(|request| {
        let id = request.headers.get("x-id").map(|id| id.to_str().unwrap_or_default());
        id.unwrap_or_default().to_owned()
    });
    let server = TestServer::start(engine, Endpoint::builder().handle(echo).unwrap()).await;
    let answer = server.ask("GET", POLLING, "X-Id: my-own_1\r\n", b"").await;
    assert_eq!(sid(&answer.text()), "my-own_1");
    for id in ["my-own_1", "", "a b", "a\"b", &"a".repeat(257)] {
        let answer = server.ask("GET", POLLING, &format!("X-Id: {id}\r\n"), b"").await;
        assert_eq!(answer.both(), (400, BAD_REQUEST.to_owned()), "{id}");
    }
    assert_eq!(server.post("my-own_1", "4a").await.status, 200);
}
