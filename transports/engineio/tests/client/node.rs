//! Node's `engine.io`.

use crate::ground::{Ground, Way};

everywhere!(Polling, Upgraded, Upgrading, WebSocket);

async fn run(way: Way, scenario: impl AsyncFn(&mut Ground, Way)) {
    if let Some(mut ground) = Ground::node("{}").await {
        scenario(&mut ground, way).await;
    }
}
