use http::{Method, StatusCode};
use plimsoll::Capabilities;
use plimsoll_encoding::{Codec, MessagePack};
use serde_json::json;

use crate::ground::{BASIC, BEARER, Ground, JSON};

#[tokio::test]
async fn a_text_goes_to_those_whom_the_request_names_each_once() {
    let mut ground = Ground::new().await;
    let (mut ann, mut bob) = (ground.connect().await, ground.connect().await);
    let mut eve = ground.connect().await;
    ground.rooms.join_each(["team:1", "crew"], [&ann.sender]).unwrap();
    ground.rooms.join_each(["team:2", "sea:*"], [&bob.sender]).unwrap();
    for (request, sent) in [
        (json!({"all": true, "text": "1"}), 3),
        (json!({"rooms": ["team:1", "crew"], "text": "2"}), 1),
        (json!({"patterns": ["team:*"], "text": "3"}), 2),
        (json!({"connections": [eve.id(), eve.id()], "text": "4"}), 1),
        (json!({"rooms": ["crew"], "connections": [ann.id(), bob.id()], "text": "5"}), 2),
        (json!({"all": true, "except_rooms": ["crew"], "text": "6"}), 2),
        (json!({"all": true, "except_connections": [ann.id(), "0"], "text": "7"}), 2),
        (json!({"topics": ["sea:north", "crew"], "text": "8"}), 2),
        (json!({"rooms": ["team:*"], "text": "a star in a name is only a star"}), 0),
    ] {
        let expected = json!({"sent": sent, "dropped": 0, "closed": 0});
        assert_eq!(
            ground.post(&request.to_string()).await,
            (StatusCode::OK, expected),
            "{request}"
        );
    }
    ann.has(&["1", "2", "3", "5", "8"]).await;
    bob.has(&["1", "3", "5", "6", "7", "8"]).await;
    eve.has(&["1", "4", "6", "7"]).await;
}

#[tokio::test]
async fn each_credential_and_method_will_do() {
    let mut ground = Ground::new().await;
    let mut ann = ground.connect().await;
    for (method, credential, content_type) in
        [(Method::POST, BEARER, JSON), (Method::PUT, BASIC, "Application/JSON; charset=utf-8")]
    {
        let body = r#"{"all": true, "text": "ahoy"}"#.to_owned();
        let answer = ground.request(method, Some(credential), content_type, body).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    ann.has(&["ahoy", "ahoy"]).await;
}

#[tokio::test]
async fn a_value_goes_out_in_the_codec_of_each_connection() {
    let mut ground = Ground::new().await;
    let mut ann = ground.connect().await;
    let mut bob = ground.connect_to("/?codec=msgpack", Capabilities::FULL).await;
    for value in [json!({"a": [1, null, "é"]}), json!(null), json!(0), json!("")] {
        let request = json!({"all": true, "value": value});
        let (status, answer) = ground.post(&request.to_string()).await;
        assert_eq!((status, &answer["sent"]), (StatusCode::OK, &json!(2)));
        assert_eq!(ann.text().await, value.to_string());
        let message = bob.recv().await;
        assert!(message.is_binary());
        assert_eq!(MessagePack.decode::<serde_json::Value>(&message).unwrap(), value);
    }
}

#[tokio::test]
async fn binary_messages_reach_those_whose_transport_can_carry_them() {
    let mut ground = Ground::new().await;
    let mut ann = ground.connect().await;
    let mut bob = ground.connect_to("/", Capabilities::FULL.with_binary(false)).await;
    let (status, answer) = ground.post(r#"{"all": true, "binary": "AP/+"}"#).await;
    let expected = json!({"sent": 1, "dropped": 1, "closed": 0});
    assert_eq!((status, answer), (StatusCode::OK, expected));
    let message = ann.recv().await;
    assert!(message.is_binary());
    assert_eq!(message.as_bytes(), [0, 255, 254]);
    bob.has(&[]).await;
}

#[tokio::test]
async fn connections_that_are_not_there_are_told() {
    let mut ground = Ground::new().await;
    let mut ann = ground.connect().await;
    let request = json!({"connections": ["0", ann.id(), "ann"], "text": "ahoy"});
    let expected = json!({"sent": 1, "dropped": 0, "closed": 0, "unknown": ["0", "ann"]});
    assert_eq!(ground.post(&request.to_string()).await, (StatusCode::OK, expected));
    ann.has(&["ahoy"]).await;

    let (status, answer) = ground.post(r#"{"connections": ["0"], "text": "ahoy"}"#).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(answer["error"].is_string());
    let request = r#"{"connections": ["0"], "rooms": ["empty"], "text": "ahoy"}"#;
    assert_eq!(ground.post(request).await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_application_has_ids_of_its_own() {
    let mut ground = Ground::with(|builder| {
        builder.find_connection(|id| id.strip_prefix("user-")?.parse().ok())
    })
    .await;
    let mut ann = ground.connect().await;
    let (bare, own) = (ann.id(), format!("user-{}", ann.id()));
    let request = json!({"connections": [bare, own], "text": "ahoy"});
    let (_, answer) = ground.post(&request.to_string()).await;
    assert_eq!((&answer["sent"], &answer["unknown"]), (&json!(1), &json!([bare])));
    ann.has(&["ahoy"]).await;
}
