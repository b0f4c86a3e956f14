//! Our own server.

use plimsoll_engineio::Options;

use crate::ground::{Ground, Way};

everywhere!(Polling, Upgrading, WebSocket);

async fn run(way: Way, scenario: impl AsyncFn(&mut Ground, Way)) {
    scenario(&mut Ground::own(Options::default()).await, way).await;
}
