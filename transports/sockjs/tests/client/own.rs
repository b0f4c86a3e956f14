//! Our own server.

use plimsoll_sockjs::Options;

use crate::ground::{Ground, Way};

everywhere!(Framed, Polling, Raw, Streaming, WebSocket);

async fn run(way: Way, scenario: impl AsyncFn(&mut Ground, Way)) {
    scenario(&mut Ground::own(Options::default().response_limit(4096)).await, way).await;
}
