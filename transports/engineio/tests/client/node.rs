//! Node's `engine.io`.

use std::time::{Duration, Instant};

use http::HeaderValue;
use plimsoll::{CloseCode, Dial, Dialer, Error, ErrorKind, Plugin};

use crate::ground::{Ground, Way, upgraded};
use crate::peer::{ask, recv, within};

everywhere!(Polling, Upgraded, Upgrading, WebSocket);

async fn run(way: Way, scenario: impl AsyncFn(&mut Ground, Way)) {
    if let Some(mut ground) = Ground::node("{}").await {
        scenario(&mut ground, way).await;
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_dead() {
    let Some(ground) = Ground::node(r#"{"pingInterval":100,"pingTimeout":200}"#).await else {
        return;
    };
    for way in WAYS {
        let mut socket = ground.connect(way).await;
        // Pings are answered for longer than the server would wait.
        let until = Instant::now() + Duration::from_millis(500);
        while Instant::now() < until {
            assert_eq!(ask(&mut socket, "still there").await, "still there");
        }
        socket.send("silence").await.unwrap();
        let error = within(socket.recv()).await.expect("an error").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{way:?}");
    }
}

#[tokio::test]
async fn cookies_and_headers_go_along_with_every_request() {
    let Some(ground) = Ground::node("{}").await else { return };
    for way in [Way::Polling, Way::Upgraded] {
        let dialer = Dialer::builder().transport(way.connector()).plugin(Named).build().unwrap();
        let mut socket = dialer.connect(way.url(&ground.address)).await.unwrap();
        if way == Way::Upgraded {
            upgraded(&mut socket).await;
        }
        let headers = ask(&mut socket, "headers").await;
        assert!(headers.contains(r#""x-name":"me""#), "{headers}");
        assert_eq!(ask(&mut socket, "cookies").await, "own=0; 1=1; 2=2");
        assert_eq!(socket.info().headers().get_all("set-cookie").iter().count(), 3);
        assert!(socket.info().peer().unwrap().ip().unwrap().is_loopback());
    }
}

#[tokio::test]
async fn a_move_that_worked_is_remembered() {
    let Some(ground) = Ground::node("{}").await else { return };
    let connector = Way::Upgraded.connector().remember_upgrade(true);
    let dialer = Dialer::builder().transport(connector.clone()).build().unwrap();
    let url = Way::Upgraded.url(&ground.address);
    let mut socket = dialer.connect(&url).await.unwrap();
    upgraded(&mut socket).await;
    let mut socket = dialer.connect(&url).await.unwrap();
    assert_eq!(ask(&mut socket, "transport").await, "websocket", "from the first message on");

    let Some(ground) = Ground::node(r#"{"transports":["polling"]}"#).await else { return };
    let url = Way::Upgraded.url(&ground.address);
    for _ in 0..2 {
        let mut socket = dialer.connect(&url).await.unwrap();
        assert_eq!(ask(&mut socket, "transport").await, "polling");
    }
}

#[tokio::test]
async fn a_session_stays_on_polling_where_websocket_does_not_work() {
    let Some(ground) = Ground::node(r#"{"brokenWebSocket":true}"#).await else { return };
    let mut socket = Way::Upgrading.dialer().connect(Way::Upgrading.url(&ground.address)).await;
    let socket = socket.as_mut().unwrap();
    for i in 0..200 {
        assert_eq!(ask(socket, &i.to_string()).await, i.to_string());
    }
    assert_eq!(ask(socket, "transport").await, "polling");
}

#[tokio::test]
async fn what_is_too_much_for_a_server_ends_the_session() {
    let Some(ground) = Ground::node(r#"{"maxHttpBufferSize":1000}"#).await else { return };
    for way in WAYS {
        let mut socket = ground.connect(way).await;
        // Together they are too much for one request, but not one by one.
        for _ in 0..20 {
            socket.send("x".repeat(700)).await.unwrap();
        }
        for _ in 0..20 {
            assert_eq!(recv(&mut socket).await.len(), 700);
        }
        socket.send("x".repeat(2000)).await.unwrap();
        match within(socket.recv()).await {
            Some(received) => assert_eq!(received.unwrap_err().kind(), ErrorKind::TooLarge),
            None => assert_eq!(socket.sender().closed().await.code, CloseCode::TOO_LARGE),
        }
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_session_that_the_server_closes() {
    for way in WAYS {
        for command in ["leave", "farewell"] {
            let Some(mut ground) = Ground::node("{}").await else { return };
            let mut socket = ground.connect(way).await;
            socket.send(command).await.unwrap();
            if command == "farewell" {
                assert_eq!(recv(&mut socket).await, command.into());
            }
            assert!(within(socket.recv()).await.is_none(), "{way:?}");
            // The server waits 30 seconds for a client that does not do its part.
            ground.ended().await;
        }
    }
}

/// Adds headers of its own.
struct Named;

#[async_trait::async_trait]
impl Plugin for Named {
    async fn dial(&self, dial: &mut Dial) -> Result<(), Error> {
        dial.headers.insert("x-name", HeaderValue::from_static("me"));
        dial.headers.insert("cookie", HeaderValue::from_static("own=0"));
        Ok(())
    }
}

const WAYS: [Way; 4] = [Way::Polling, Way::Upgraded, Way::Upgrading, Way::WebSocket];
