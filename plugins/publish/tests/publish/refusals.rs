use http::{Method, StatusCode};
use plimsoll::{Endpoint, ErrorKind, Shutdown, Socket};
use plimsoll_publish::{Publish, PublishBuilder};
use plimsoll_rooms::Rooms;

use crate::ground::{BEARER, Ground, JSON};

const GOOD: &str = r#"{"all": true, "text": "ahoy"}"#;

#[tokio::test]
async fn who_shows_no_good_credential_is_told_which_to_show() {
    let mut ground = Ground::new().await;
    let mut ann = ground.connect().await;
    for credential in [None, Some("Bearer wrong"), Some("Basic czNjcmV0"), Some("s3cret")] {
        for method in [Method::POST, Method::GET] {
            let answer = ground.request(method, credential, JSON, GOOD.to_owned()).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{credential:?}");
            let challenges: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
            assert_eq!(challenges.len(), 2);
            assert!(challenges[0].to_str().unwrap().starts_with("Basic realm="));
            assert!(challenges[1].to_str().unwrap().starts_with("Bearer realm="));
            assert!(answer.body["error"].is_string());
        }
    }
    ann.has(&[]).await;
}

#[tokio::test]
async fn only_json_by_post_or_put_is_taken() {
    let ground = Ground::new().await;
    for method in [Method::GET, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let answer = ground.request(method, Some(BEARER), JSON, String::new()).await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers["allow"], "POST, PUT");
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"]
    {
        let answer =
            ground.request(Method::POST, Some(BEARER), content_type, GOOD.to_owned()).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
    }
}

#[tokio::test]
async fn a_bad_request_is_told_what_is_wrong() {
    let mut ground = Ground::new().await;
    let mut ann = ground.connect().await;
    let deep =
        format!(r#"{{"all": true, "value": {}1{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    for (body, hint) in [
        ("", "a JSON object"),
        ("{", "EOF"),
        ("nonsense", "a JSON object"),
        ("null", "a JSON object"),
        (r#"[true, [], [], [], [], [], [], "ahoy"]"#, "a JSON object"),
        ("{}", "say to whom"),
        (r#"{"text": "ahoy"}"#, "say to whom"),
        (r#"{"all": false, "text": "ahoy"}"#, "say to whom"),
        (r#"{"all": true, "rooms": ["a"], "text": "ahoy"}"#, "say to whom"),
        (r#"{"all": true}"#, "say what"),
        (r#"{"all": true, "text": "ahoy", "value": null}"#, "say what"),
        (r#"{"all": true, "text": 1}"#, "a string"),
        (r#"{"all": true, "test": "ahoy"}"#, "`test`"),
        (r#"{"all": true, "text": "a", "text": "b"}"#, "duplicate field"),
        (r#"{"rooms": "a", "text": "ahoy"}"#, "a sequence"),
        (r#"{"connections": [17], "text": "ahoy"}"#, "integer `17`"),
        (r#"{"all": true, "binary": "a"}"#, "Base64"),
        (r#"{"all": true, "text": "ahoy"} {}"#, "trailing"),
        (&deep, "recursion limit"),
    ] {
        let (status, answer) = ground.post(body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains(hint), "{body}: {error}");
    }
    ann.has(&[]).await;
}

#[tokio::test]
async fn nothing_is_taken_while_the_endpoint_shuts_down() {
    let mut ground = Ground::new().await;
    let _peer = ground.connect().await;
    ground.endpoint.shutdown(Shutdown::default()).await;
    let answer = ground.request(Method::POST, Some(BEARER), JSON, GOOD.to_owned()).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers["retry-after"], "1");
}

#[test]
fn a_service_that_cannot_work_or_is_open_to_all_is_not_built() {
    let rooms = Rooms::new();
    let endpoint = Endpoint::builder().plugin(rooms.clone()).handle(async |_: Socket| {}).unwrap();
    type Configure = fn(PublishBuilder) -> PublishBuilder;
    let table: [(&str, Configure); 10] = [
        ("bearer", |builder| builder),
        ("bearer", |builder| builder.bearer("")),
        ("bearer", |builder| builder.bearer("two words")),
        ("basic", |builder| builder.basic("", "supreme")),
        ("basic", |builder| builder.basic("omega", "")),
        ("basic", |builder| builder.basic("ome:ga", "supreme")),
        ("max_body", |builder| builder.bearer("s3cret").max_body(0)),
        ("body_timeout", |builder| builder.bearer("s3cret").body_timeout(Default::default())),
        ("max_names", |builder| builder.bearer("s3cret").max_names(0)),
        ("max_requests", |builder| builder.bearer("s3cret").max_requests(usize::MAX)),
    ];
    for (option, configure) in table {
        let builder = configure(Publish::builder(endpoint.clone(), rooms.clone()));
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(&format!("`{option}`")), "{error}");
    }
}

#[test]
fn credentials_do_not_show_in_debug_output() {
    let rooms = Rooms::new();
    let endpoint = Endpoint::builder().handle(async |_: Socket| {}).unwrap();
    let builder = Publish::builder(endpoint, rooms).bearer("s3cret").basic("omega", "supreme");
    let mut shown = format!("{builder:?}");
    shown += &format!("{:?}", builder.build().unwrap());
    assert!(!shown.contains("s3cret") && !shown.contains("supreme"), "{shown}");
}
