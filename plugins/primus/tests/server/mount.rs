//! Which requests are whose, and what is answered.

use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::BodyExt;
use plimsoll::{Body, Endpoint, Error, HttpService, HttpTransport, Origins, Socket};
use plimsoll_engineio::EngineIo;
use plimsoll_primus::Primus;
use plimsoll_primus::parser::{BinaryPack, MessagePack};
use plimsoll_sockjs::SockJs;
use plimsoll_websocket::WebSocket;
use tower_service::Service;

fn engine_io() -> EngineIo {
    EngineIo::new(plimsoll_engineio::Options::default())
}

fn service(primus: Primus) -> HttpService {
    let endpoint = Endpoint::builder().handle(async |_: Socket| {}).unwrap();
    let builder = HttpService::builder(endpoint).at("/primus", primus);
    builder.origins(Origins::any()).build().unwrap()
}

async fn get(service: &HttpService, path: &str) -> Response<Body> {
    let request = Request::builder().uri(path).header("host", "ship.example");
    service.clone().call(request.body(Body::empty()).unwrap()).await.unwrap()
}

async fn text(response: Response<Body>) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn each_request_finds_its_transport() {
    let all = Primus::new().over(WebSocket::new()).over(engine_io()).over(SockJs::new());
    let service = service(all);
    for (path, status, body) in [
        ("/primus", 426, "this is for WebSocket clients"),
        ("/primus/?foo=bar", 426, "this is for WebSocket clients"),
        ("/primus/?EIO=4&transport=none", 400, "{\"code\":0,\"message\":\"Transport unknown\"}"),
        ("/primus/000/session/none", 404, ""),
        ("/primusfoo", 404, "not found"),
        ("/primus/primus.js", 404, ""),
    ] {
        let response = get(&service, path).await;
        assert_eq!(response.status(), status, "{path}");
        assert!(text(response).await.starts_with(body), "{path}");
    }
    let info = get(&service, "/primus/info").await;
    assert!(text(info).await.contains("\"websocket\":true"));
}

#[tokio::test]
async fn a_request_for_a_transport_that_is_not_there_is_not_found() {
    let service = service(Primus::new().over(SockJs::new()));
    for path in ["/primus", "/primus/?EIO=4&transport=polling"] {
        assert_eq!(get(&service, path).await.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn no_request_is_answered_with_an_error_of_the_server() {
    let all = Primus::new().over(WebSocket::new()).over(engine_io()).over(SockJs::new());
    let service = service(all.library("script"));
    let paths = [
        "/primus",
        "/primus/",
        "/primus/?EIO=4&transport=websocket",
        "/primus/?EIO=4&transport=polling&sid=none",
        "/primus/primus.js",
        "/primus/spec",
        "/primus/websocket",
        "/primus/000/session/websocket",
        "/primus/000/session/xhr_send",
        "/primus/%00/%ff/",
    ];
    for path in paths {
        for method in ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "CONNECT", "BREW"] {
            for upgrade in [None, Some("websocket"), Some("h2c"), Some("")] {
                let mut request = Request::builder().uri(path).method(method);
                if let Some(protocol) = upgrade {
                    request = request.header("upgrade", protocol);
                }
                let request = request.body(Body::empty()).unwrap();
                let status = service.clone().call(request).await.unwrap().status();
                assert!(!status.is_server_error(), "{method} {path} {upgrade:?}: {status}");
            }
        }
    }
    assert_eq!(service.endpoint().panics(), 0);
}

#[tokio::test]
async fn the_specification_names_what_was_chosen() {
    let primus = Primus::new().over(engine_io()).over(WebSocket::new());
    let service = service(primus.parser(MessagePack).ping_interval(None));
    let spec = text(get(&service, "/primus/spec").await).await;
    let expected = concat!(
        "{\"pingInterval\":false,\"pathname\":\"/primus\",\"version\":\"8.0.9\",",
        "\"parser\":\"msgpack\",\"transformer\":\"engine.io\",",
        "\"transformers\":[\"engine.io\",\"websockets\"]}",
    );
    assert_eq!(spec, expected);
}

#[tokio::test]
async fn a_library_is_sent_to_those_that_do_not_have_it() {
    let service = service(Primus::new().over(WebSocket::new()).library("script"));
    let response = get(&service, "/primus/primus.js").await;
    assert_eq!(response.headers()["content-type"], "text/javascript; charset=utf-8");
    let etag = response.headers()["etag"].clone();
    assert_eq!(text(response).await, "script");
    let known = Request::builder().uri("/primus/primus.js").header("if-none-match", etag);
    let response = service.clone().call(known.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(text(response).await, "");
}

#[test]
fn an_option_that_cannot_work_is_named() {
    let websocket = || Primus::new().over(WebSocket::new());
    let mut limits = plimsoll_websocket::Options::default();
    limits.max_message = 0;
    let cases: [(&str, Primus); 10] = [
        ("over", Primus::new()),
        ("over", websocket().over(WebSocket::new())),
        ("parser", websocket().over(SockJs::new()).parser(MessagePack)),
        ("parser", websocket().over(SockJs::new()).parser(BinaryPack)),
        ("ping_interval", websocket().ping_interval(Duration::ZERO)),
        ("ping_interval", websocket().ping_interval(Duration::from_secs(31))),
        ("ping_interval", websocket().ping_timeout(Duration::MAX).ping_interval(Duration::MAX / 2)),
        ("library", websocket().library("")),
        ("library_file", websocket().library_file("/nowhere/primus.js")),
        ("max_message", Primus::new().over(WebSocket::new().options(limits))),
    ];
    for (option, primus) in cases {
        let error: Error = primus.check().unwrap_err();
        assert!(error.to_string().contains(&format!("`{option}`")), "{option}: {error}");
    }
    assert!(websocket().check().is_ok());
    let slow = websocket().ping_timeout(Duration::from_secs(90));
    assert!(slow.ping_interval(Duration::from_secs(60)).check().is_ok());
}
