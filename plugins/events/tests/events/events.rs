//! Events, and messages that are none.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use plimsoll::{Close, CloseCode, Dialer, Endpoint, ErrorKind};
use plimsoll_events::{Dialect, EventSocket, Events, EventsBuilder, Peer, Request, RequestError};
use plimsoll_memory::Memory;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::ground::{connect, connect_both, next};

#[tokio::test(start_paused = true)]
async fn events_are_handled_one_after_another_in_their_order() {
    let (seen, mut handled) = mpsc::channel(100);
    let right = Events::builder().on("count", move |_, number: u64| {
        let seen = seen.clone();
        async move {
            // The first takes the longest.
            sleep(Duration::from_millis(100 - number)).await;
            seen.send(number).await.unwrap();
        }
    });
    let (right, _left) = connect_both(Events::builder(), right);
    for number in 0..100 {
        right.emit("count", &number).await.unwrap();
    }
    for number in 0..100 {
        assert_eq!(handled.recv().await, Some(number));
    }
}

#[tokio::test]
async fn either_side_sends_events_in_every_dialect_that_has_them() {
    for dialect in [Dialect::Plimsoll, Dialect::PrimusEmit, Dialect::PrimusEmitter] {
        let (seen, mut handled) = mpsc::channel(2);
        let side = |name: &'static str| {
            let seen = seen.clone();
            let hear = move |_, (number, text): (i32, String)| {
                let seen = seen.clone();
                async move { seen.send((name, number, text)).await.unwrap() }
            };
            Events::builder().dialect(dialect).on("news", hear)
        };
        let (right, left) = connect_both(side("left"), side("right"));
        right.emit("news", &(1, "one")).await.unwrap();
        assert_eq!(handled.recv().await, Some(("right", 1, "one".to_owned())), "{dialect:?}");
        left.emit("news", &(2, "two")).await.unwrap();
        assert_eq!(handled.recv().await, Some(("left", 2, "two".to_owned())), "{dialect:?}");
    }
}

#[tokio::test]
async fn a_handler_may_wait_for_the_peers_answer() {
    let right = Events::builder().on("ask", async |peer, (): ()| {
        let answer: u8 = peer.request("question", &()).await.unwrap();
        peer.emit("answer", &answer).await.unwrap();
    });
    let (seen, mut handled) = mpsc::channel(1);
    let left = Events::builder().on_request("question", async |_, (): ()| Ok(42u8)).on(
        "answer",
        move |_, answer: u8| {
            let seen = seen.clone();
            async move { seen.send(answer).await.unwrap() }
        },
    );
    let (right, _left) = connect_both(left, right);
    right.emit("ask", &()).await.unwrap();
    assert_eq!(handled.recv().await, Some(42));
}

#[tokio::test]
async fn what_has_no_handler_goes_to_the_fallback() {
    let builder = Events::builder()
        .fallback(async |peer, event| {
            let arguments: Value = event.arguments().unwrap();
            peer.emit("unknown", &json!({ event.name(): arguments })).await.unwrap();
        })
        .on("known", async |peer, number: i32| peer.emit("known", &number).await.unwrap());
    let (_peer, mut socket, _) = connect(builder);
    socket.send(r#"{"event":"known","data":1}"#).await.unwrap();
    socket.send(r#"{"event":"news","data":[1]}"#).await.unwrap();
    assert_eq!(next(&mut socket).await, r#"{"event":"known","data":1}"#);
    assert_eq!(next(&mut socket).await, r#"{"event":"unknown","data":{"news":[1]}}"#);
}

#[tokio::test]
async fn arguments_that_do_not_fit_are_told_and_ignored() {
    let builder = Events::builder()
        .on("number", async |peer, number: i32| peer.emit("number", &number).await.unwrap())
        .on_invalid(|peer, event, error| {
            assert_eq!((event.name(), error.kind()), ("number", ErrorKind::Codec));
            peer.sender().try_send("invalid").unwrap();
        });
    let (_peer, mut socket, _) = connect(builder);
    for data in ["\"one\"", "null", "[1]", "4000000000"] {
        socket.send(format!(r#"{{"event":"number","data":{data}}}"#)).await.unwrap();
        assert_eq!(next(&mut socket).await, "invalid", "{data}");
    }
    socket.send(r#"{"event":"number","data":1}"#).await.unwrap();
    assert_eq!(next(&mut socket).await, r#"{"event":"number","data":1}"#);
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_no_events_keep_their_place_among_them() {
    let log = Arc::new(Mutex::new(Vec::new()));
    let (events, messages) = (log.clone(), log.clone());
    let builder = Events::builder()
        .on("event", move |_, number: u64| {
            let log = events.clone();
            async move {
                sleep(Duration::from_millis(10)).await;
                log.lock().unwrap().push(number.to_string());
            }
        })
        .on_message(move |_, message| {
            messages.lock().unwrap().push(message.as_text().unwrap().to_owned());
            async {}
        });
    let (_peer, socket, running) = connect(builder);
    for message in [r#"{"event":"event","data":1}"#, "two", r#"{"event":"event","data":3}"#] {
        socket.send(message).await.unwrap();
    }
    drop(socket);
    running.await.unwrap().unwrap();
    assert_eq!(*log.lock().unwrap(), ["1", "two", "3"]);
}

#[tokio::test(start_paused = true)]
async fn what_came_before_the_end_is_handled() {
    let (seen, mut handled) = mpsc::channel(10);
    let builder = Events::builder().on("count", move |_, number: u64| {
        let seen = seen.clone();
        async move {
            sleep(Duration::from_secs(1)).await;
            seen.send(number).await.unwrap();
        }
    });
    let (_peer, socket, running) = connect(builder);
    for number in 0..10 {
        socket.send(format!(r#"{{"event":"count","data":{number}}}"#)).await.unwrap();
    }
    drop(socket);
    running.await.unwrap().unwrap();
    for number in 0..10 {
        assert_eq!(handled.recv().await, Some(number));
    }
}

#[tokio::test]
async fn the_end_of_the_connection_is_the_end_of_the_run() {
    let (peer, socket, running) = connect(Events::builder());
    socket.close(Close::new(CloseCode::from(4000), "enough"));
    running.await.unwrap().unwrap();
    assert_eq!(peer.sender().closed().await.code, CloseCode::from(4000));
    let error = peer.emit("news", &()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Close);
}

#[tokio::test]
async fn a_handler_that_panics_ends_its_own_connection_only() {
    let memory = Memory::new();
    let events = Events::builder()
        .on("panic", async |_, (): ()| panic!("as asked"))
        .on_request("live", async |_, (): ()| Ok(true))
        .build()
        .unwrap();
    let served = events.clone();
    let endpoint = Endpoint::builder().handle(move |socket| served.clone().serve(socket)).unwrap();
    let listener = memory.listen("here").unwrap();
    let listening = endpoint.clone();
    tokio::spawn(async move { listening.listen(listener).await });
    let dialer = Dialer::builder().transport(memory.connector()).build().unwrap();
    let victim = dialer.connect("mem://here").await.unwrap();
    let other = events.attach(dialer.connect("mem://here").await.unwrap());

    victim.send(r#"{"event":"panic"}"#).await.unwrap();
    assert_eq!(victim.sender().closed().await.code, CloseCode::INTERNAL);
    let peer = other.peer().clone();
    tokio::spawn(other.run());
    assert!(peer.request::<bool, _>("live", &()).await.unwrap());
}

#[test]
fn what_cannot_work_is_said_when_it_is_built() {
    let on = |dialect, name: &'static str| {
        Events::builder().dialect(dialect).on(name, async |_, (): ()| {})
    };
    let on_request = |dialect, name: &'static str| {
        Events::builder().dialect(dialect).on_request(name, async |_, (): ()| Ok(()))
    };
    let fails = |builder: EventsBuilder, words: &str| {
        let error = builder.build().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(words), "{error}");
    };
    fails(on(Dialect::Plimsoll, "a").on("a", async |_, (): ()| {}), "\"a\"");
    fails(on_request(Dialect::Plimsoll, "a").on_request("a", async |_, (): ()| Ok(())), "\"a\"");
    fails(on(Dialect::PrimusEmit, "end"), "reserves");
    fails(on(Dialect::PrimusEmitter, "incoming::end"), "reserves");
    fails(on(Dialect::PrimusResponder, "news"), "no events");
    fails(on_request(Dialect::PrimusEmit, "sum"), "no requests");
    fails(on_request(Dialect::PrimusEmitter, "error"), "reserves");
    fails(on_request(Dialect::PrimusResponder, "sum"), "`request`");
    fails(Events::builder().request_timeout(Duration::ZERO), "request_timeout");
    fails(Events::builder().max_pending_requests(0), "max_pending_requests");
    fails(Events::builder().max_running_requests(0), "max_running_requests");
    fails(Events::builder().queue_bytes(0), "queue_bytes");
    assert!(on(Dialect::Plimsoll, "a").on_request("a", async |_, (): ()| Ok(())).build().is_ok());
}

#[test]
fn handles_may_be_anywhere() {
    fn is_send_and_sync<T: Send + Sync>() {}
    fn is_send<T: Send>() {}
    is_send_and_sync::<Events>();
    is_send_and_sync::<Peer>();
    is_send_and_sync::<RequestError>();
    is_send::<EventSocket>();
    is_send::<Request<std::rc::Rc<()>>>();
}
