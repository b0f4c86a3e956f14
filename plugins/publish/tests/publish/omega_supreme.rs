use std::path::Path;
use std::process::Stdio;

use http::{Method, StatusCode};
use plimsoll_publish::Dialect;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::ground::{Answer, BASIC, Ground, JSON};

async fn put(ground: &Ground, body: &Value) -> Answer {
    ground.request(Method::PUT, Some(BASIC), JSON, body.to_string()).await
}

#[tokio::test]
async fn a_message_goes_to_one_or_several_or_all() {
    let mut ground = Ground::with(|builder| builder.dialect(Dialect::OmegaSupreme)).await;
    let (mut ann, mut bob) = (ground.connect().await, ground.connect().await);
    for (request, send) in [
        (json!({"msg": 1}), 2),
        (json!({"msg": 2, "sparks": ""}), 2),
        (json!({"msg": 3, "sparks": null}), 2),
        (json!({"msg": {"four": null}, "sparks": ann.id()}), 1),
        (json!({"msg": 5, "sparks": [ann.id(), bob.id(), "none"]}), 2),
        (json!({"msg": 6, "sparks": []}), 0),
        (json!({"msg": 7, "sparks": "none"}), 0),
        (json!({"msg": null, "sparks": [bob.id()], "more": true}), 1),
    ] {
        let answer = put(&ground, &request).await;
        let expected = json!({"ok": true, "send": send});
        assert_eq!((answer.status, answer.body), (StatusCode::OK, expected), "{request}");
    }
    ann.has(&["1", "2", "3", r#"{"four":null}"#, "5"]).await;
    bob.has(&["1", "2", "3", "5", "null"]).await;
}

#[tokio::test]
async fn what_is_refused_has_a_reason() {
    let mut ground = Ground::with(|builder| builder.dialect(Dialect::OmegaSupreme)).await;
    let mut ann = ground.connect().await;
    for request in [json!({}), json!([1]), json!(null), json!({"msg": 1, "sparks": 17})] {
        let answer = put(&ground, &request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{request}");
        assert_eq!(answer.body["ok"], false);
        assert!(answer.body["reason"].as_str().unwrap().contains("invalid data structure"));
    }
    let answer = ground.request(Method::PUT, None, JSON, r#"{"msg": 1}"#.to_owned()).await;
    assert_eq!((answer.status, &answer.body["ok"]), (StatusCode::UNAUTHORIZED, &json!(false)));
    let answer = ground.request(Method::POST, Some(BASIC), JSON, r#"{"msg": 1}"#.to_owned()).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.headers["allow"], "PUT");
    ann.has(&[]).await;
}

#[tokio::test]
async fn node_forwards_to_connections_of_this_process() {
    let Some(script) = script() else { return };
    let mut ground = Ground::with(|builder| builder.dialect(Dialect::OmegaSupreme)).await;
    let (mut ann, mut bob) = (ground.connect().await, ground.connect().await);
    for (message, sparks, expected) in [
        (json!({"a": "é"}), json!(""), json!({"ok": true, "send": 2})),
        (json!("one"), json!(bob.id()), json!({"ok": true, "send": 1})),
        (json!([1]), json!([ann.id(), bob.id(), "none"]), json!({"ok": true, "send": 2})),
        (json!(""), json!({}), json!({"status": 400})),
    ] {
        let url = format!("http://{}", ground.address);
        let output = Command::new("node")
            .arg(&script)
            .args([url, message.to_string(), sparks.to_string()])
            .stderr(Stdio::inherit())
            .output()
            .await
            .expect("node can be started");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(answer, expected, "{message} to {sparks}");
    }
    ann.has(&[r#"{"a":"é"}"#, "[1]"]).await;
    bob.has(&[r#"{"a":"é"}"#, r#""one""#, "[1]"]).await;
}

/// What calls `primus.forward` of npm's omega-supreme, or tells why that is not done.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn script() -> Option<std::path::PathBuf> {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients");
    if !clients.join("node_modules/omega-supreme").exists() {
        assert!(std::env::var_os("CI").is_none(), "npm ci --prefix tests/clients");
        eprintln!("skipped: needs `npm ci --prefix tests/clients`");
        return None;
    }
    Some(clients.join("servers/omega-supreme.mjs"))
}
