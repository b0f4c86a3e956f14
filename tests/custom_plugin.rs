//! A plugin written outside of this workspace: short, and the same over every transport.

use std::time::Duration;

use plimsoll::{Dialer, Endpoint, Socket};
use plimsoll_memory::Memory;
use tokio::time::advance;

#[path = "../examples/custom_plugin.rs"]
#[expect(dead_code, reason = "the example's `main`")]
mod custom_plugin;

use custom_plugin::SlowMode;

#[test]
fn a_plugin_takes_less_than_40_lines() {
    assert!(include_str!("../examples/custom_plugin.rs").lines().count() < 40);
}

#[tokio::test(start_paused = true)]
async fn what_comes_too_soon_is_dropped() {
    let second = Duration::from_secs(1);
    let (mut one, mut other) = (connect(second).await, connect(second).await);
    for text in ["first", "too soon", "too soon"] {
        one.send(text).await.unwrap();
    }
    assert_eq!(next(&mut one).await, "first");
    other.send("of another peer").await.unwrap();
    assert_eq!(next(&mut other).await, "of another peer");

    advance(second).await;
    one.send("second").await.unwrap();
    assert_eq!(next(&mut one).await, "second");
}

#[tokio::test(start_paused = true)]
async fn a_close_passes_at_any_time() {
    let mut socket = connect(Duration::from_secs(1)).await;
    socket.send("first").await.unwrap();
    assert_eq!(next(&mut socket).await, "first");
    socket.close(plimsoll::Close::going_away());
    assert!(socket.recv().await.is_none());
    assert_eq!(socket.sender().closed().await.code, plimsoll::CloseCode::GOING_AWAY);
}

/// Connects to an echo in slow mode.
async fn connect(pause: Duration) -> Socket {
    let endpoint =
        Endpoint::builder().plugin(SlowMode(pause)).handle(async |mut socket: Socket| {
            while let Some(Ok(message)) = socket.recv().await {
                let _ = socket.send(message).await;
            }
        });
    let (memory, endpoint) = (Memory::new(), endpoint.unwrap());
    let listener = memory.listen("here").unwrap();
    tokio::spawn(async move { endpoint.listen(listener).await });
    let dialer = Dialer::builder().transport(memory.connector()).build().unwrap();
    dialer.connect("mem://here").await.unwrap()
}

async fn next(socket: &mut Socket) -> String {
    socket.recv().await.unwrap().unwrap().as_text().unwrap().to_owned()
}
