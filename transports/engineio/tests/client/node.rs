//! Node's `engine.io`.

use crate::ground::{Ground, Way};
use crate::scenarios;

macro_rules! scenarios {
    ($($name:ident),+ $(,)?) => {
        mod polling {
            $(#[tokio::test] async fn $name() { super::run(super::Way::Polling, super::scenarios::$name).await; })+
        }
        mod websocket {
            $(#[tokio::test] async fn $name() { super::run(super::Way::WebSocket, super::scenarios::$name).await; })+
        }
        mod upgrade {
            $(#[tokio::test] async fn $name() { super::run(super::Way::Upgrade, super::scenarios::$name).await; })+
        }
    };
}

scenarios! {
    messages_of_all_kinds_come_back,
    many_messages_keep_their_order,
    a_server_may_send_far_more_than_it_is_sent,
    sessions_do_not_mix,
    the_server_closes,
    the_client_closes,
}

async fn run(way: Way, scenario: impl AsyncFn(&Ground, Way)) {
    if let Some(ground) = Ground::node("{}").await {
        scenario(&ground, way).await;
    }
}
