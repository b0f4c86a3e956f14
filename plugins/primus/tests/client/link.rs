//! A connection that comes back.

use plimsoll::{CloseCode, ErrorKind};
use plimsoll_encoding::{Codec, Json};
use plimsoll_primus::{PrimusEvent, PrimusLink, backoff};
use serde_json::{Value, json};

use crate::ground::{Ground, dialer, within};

async fn event(link: &mut PrimusLink) -> PrimusEvent {
    within(link.next()).await.expect("an event")
}

async fn data(link: &mut PrimusLink) -> Value {
    match event(link).await {
        PrimusEvent::Data(message) => Json.decode(&message).unwrap(),
        event => panic!("{event:?}"),
    }
}

#[tokio::test]
async fn events_tell_what_happens_to_a_connection() {
    let Some(ground) = Ground::node(json!({})).await else { return };
    let mut link = within(PrimusLink::connect(&dialer(), ground.url(), backoff())).await.unwrap();
    assert!(matches!(event(&mut link).await, PrimusEvent::Open));
    let id = within(link.id()).await.unwrap();
    link.write(&1).await.unwrap();
    assert_eq!(data(&mut link).await, 1);

    link.write(&"reconnect").await.unwrap();
    let PrimusEvent::ReconnectScheduled { attempt: 1, delay, .. } = event(&mut link).await else {
        panic!("it was not lost");
    };
    assert_eq!(delay.as_millis(), 500);
    link.write(&"written meanwhile").await.unwrap();
    assert!(matches!(event(&mut link).await, PrimusEvent::Reconnect { attempt: 1 }));
    assert!(matches!(event(&mut link).await, PrimusEvent::Reconnected));
    assert_eq!(data(&mut link).await, "written meanwhile");
    assert_ne!(within(link.id()).await.unwrap(), id);

    link.write(&"end").await.unwrap();
    let PrimusEvent::End { close } = event(&mut link).await else { panic!("it did not end") };
    assert_eq!(close.code, CloseCode::NORMAL);
    assert!(within(link.next()).await.is_none());
}

#[tokio::test]
async fn this_side_may_end_it() {
    let Some(ground) = Ground::node(json!({})).await else { return };
    let mut link = within(PrimusLink::connect(&dialer(), ground.url(), backoff())).await.unwrap();
    link.end();
    assert!(matches!(event(&mut link).await, PrimusEvent::Open));
    assert!(matches!(event(&mut link).await, PrimusEvent::End { .. }));
    assert!(within(link.next()).await.is_none());
}

#[tokio::test]
async fn it_gives_up() {
    let Some(ground) = Ground::node(json!({})).await else { return };
    let few = backoff().first(std::time::Duration::from_millis(1)).attempts(2);
    let mut link = within(PrimusLink::connect(&dialer(), ground.url(), few)).await.unwrap();
    link.write(&"exit").await.unwrap();
    let mut events = Vec::new();
    while let Some(event) = within(link.next()).await {
        events.push(event);
    }
    let [.., PrimusEvent::ReconnectFailed { reason }, PrimusEvent::End { .. }] = &*events else {
        panic!("{events:?}");
    };
    assert_eq!(reason.kind(), ErrorKind::Io);
}
