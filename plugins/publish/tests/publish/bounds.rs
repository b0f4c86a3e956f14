use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::ground::{BEARER, Ground};

/// Begins a request whose body is yet to come, and waits until the service waits for it.
async fn begin(ground: &Ground, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&ground.address).await.unwrap();
    let request = format!(
        "POST / HTTP/1.1\r\nhost: {}\r\nauthorization: {BEARER}\r\nexpect: 100-continue\r\n\
         content-type: application/json\r\n{headers}\r\n\r\n",
        ground.address
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 100 "), "{}", answer.escape_ascii());
    stream
}

async fn status(stream: &mut TcpStream) -> StatusCode {
    let mut answer = [0; "HTTP/1.1 200".len()];
    stream.read_exact(&mut answer).await.unwrap();
    StatusCode::from_bytes(&answer["HTTP/1.1 ".len()..]).unwrap()
}

#[tokio::test]
async fn a_body_as_large_as_the_limit_is_taken_and_no_larger_one() {
    let request = |len: usize| {
        let frame = json!({"all": true, "text": ""}).to_string().len();
        json!({"all": true, "text": "x".repeat(len - frame)}).to_string()
    };
    let ground = Ground::new().await;
    assert_eq!(ground.post(&request(64 * 1024)).await.0, StatusCode::OK);
    let (status, answer) = ground.post(&request(64 * 1024 + 1)).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer["error"].as_str().unwrap().contains("65536"));
}

#[tokio::test]
async fn a_body_of_unknown_length_is_read_up_to_the_limit() {
    let ground = Ground::with(|builder| builder.max_body(100)).await;
    let mut stream = begin(&ground, "transfer-encoding: chunked").await;
    for _ in 0..11 {
        stream.write_all(b"a\r\n          \r\n").await.unwrap();
    }
    assert_eq!(status(&mut stream).await, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let ground = Ground::with(|builder| builder.body_timeout(Duration::from_millis(10))).await;
    let mut stream = begin(&ground, "content-length: 10").await;
    assert_eq!(status(&mut stream).await, StatusCode::REQUEST_TIMEOUT);
}

#[tokio::test]
async fn requests_at_once_are_counted_and_make_room_again() {
    let ground = Ground::with(|builder| builder.max_requests(1)).await;
    let body = r#"{"all": true, "text": "ahoy"}"#;
    let mut stream = begin(&ground, &format!("content-length: {}", body.len())).await;
    assert_eq!(ground.post(body).await.0, StatusCode::SERVICE_UNAVAILABLE);
    stream.write_all(body.as_bytes()).await.unwrap();
    assert_eq!(status(&mut stream).await, StatusCode::OK);
    assert_eq!(ground.post(body).await.0, StatusCode::OK);
}

#[tokio::test]
async fn names_and_patterns_are_counted() {
    let ground = Ground::with(|builder| builder.max_names(3).max_patterns(1)).await;
    for (request, expected) in [
        (json!({"rooms": ["a", "b"], "except_rooms": ["c"], "text": ""}), StatusCode::OK),
        (json!({"rooms": ["a", "b", "c", "d"], "text": ""}), StatusCode::BAD_REQUEST),
        (
            json!({"rooms": ["a", "b"], "except_connections": ["0", "1"], "text": ""}),
            StatusCode::BAD_REQUEST,
        ),
        (json!({"patterns": ["*"], "text": ""}), StatusCode::OK),
        (json!({"patterns": ["*", "*"], "text": ""}), StatusCode::BAD_REQUEST),
        (json!({"patterns": ["*"], "topics": ["a"], "text": ""}), StatusCode::BAD_REQUEST),
    ] {
        assert_eq!(ground.post(&request.to_string()).await.0, expected, "{request}");
    }
}
