//! Requests in both directions.

use std::time::Duration;

use plimsoll::{Close, ErrorKind};
use plimsoll_events::{Dialect, Events, RemoteError, RequestError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};

use crate::ground::{connect, connect_both, next, sockets};

#[tokio::test]
async fn either_side_asks_in_every_dialect_that_has_requests() {
    for (dialect, name) in [
        (Dialect::Plimsoll, "sum"),
        (Dialect::PrimusEmitter, "sum"),
        (Dialect::PrimusResponder, Dialect::RESPONDER_REQUEST),
    ] {
        let side = || {
            let sum = async |_, (left, right): (i64, i64)| Ok(left + right);
            Events::builder().dialect(dialect).on_request(name, sum)
        };
        let (right, left) = connect_both(side(), side());
        assert_eq!(right.request::<i64, _>(name, &(2, 3)).await.unwrap(), 5, "{dialect:?}");
        assert_eq!(left.request::<i64, _>(name, &(-2, 3)).await.unwrap(), 1, "{dialect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_come_as_they_are_ready() {
    let builder = Events::builder().on_request("wait", async |_, seconds: u64| {
        sleep(Duration::from_secs(seconds)).await;
        Ok(seconds)
    });
    let (_peer, mut socket, _) = connect(builder);
    for (id, seconds) in [(1, 3), (2, 1), (3, 2)] {
        let request = format!(r#"{{"request":"wait","id":{id},"data":{seconds}}}"#);
        socket.send(request).await.unwrap();
    }
    assert_eq!(next(&mut socket).await, r#"{"answer":2,"data":1}"#);
    assert_eq!(next(&mut socket).await, r#"{"answer":3,"data":2}"#);
    assert_eq!(next(&mut socket).await, r#"{"answer":1,"data":3}"#);
}

#[tokio::test(start_paused = true)]
async fn a_request_starts_after_the_events_before_it() {
    let name = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let (set, get) = (name.clone(), name);
    let builder = Events::builder()
        .on("name", move |_, name: String| {
            let set = set.clone();
            async move {
                sleep(Duration::from_secs(1)).await;
                *set.lock().unwrap() = name;
            }
        })
        .on_request("name", move |_, (): ()| {
            let name = get.lock().unwrap().clone();
            async move { Ok(name) }
        });
    let (right, _left) = connect_both(Events::builder(), builder);
    right.emit("name", "ann").await.unwrap();
    assert_eq!(right.request::<String, _>("name", &()).await.unwrap(), "ann");
}

#[tokio::test]
async fn an_error_of_the_peers_is_a_value() {
    let builder = Events::builder().on_request("buy", async |_, tickets: u32| match tickets {
        1..=4 => Ok(tickets),
        _ => Err(RemoteError::new("sold_out", "there are 4")),
    });
    let (right, _left) = connect_both(Events::builder(), builder);
    assert_eq!(right.request::<u32, _>("buy", &4).await.unwrap(), 4);
    let error = right.request::<u32, _>("buy", &5).await.unwrap_err();
    assert_eq!(error.remote(), Some(&RemoteError::new("sold_out", "there are 4")));

    let error = right.request::<u32, _>("buy", "five").await.unwrap_err();
    assert_eq!(error.remote().unwrap().code(), RemoteError::BAD_ARGUMENTS);
    assert!(error.remote().unwrap().message().contains("u32"), "{error:?}");
    let error = right.request::<u32, _>("sell", &5).await.unwrap_err();
    assert_eq!(error.remote().unwrap().code(), RemoteError::UNKNOWN_REQUEST);
    let error = right.request::<String, _>("buy", &4).await.unwrap_err();
    assert!(matches!(error, RequestError::Failed(error) if error.kind() == ErrorKind::Codec));
}

#[tokio::test]
async fn an_answer_that_cannot_be_encoded_is_an_error() {
    let builder = Events::builder()
        .on_request("map", async |_, (): ()| Ok(std::collections::HashMap::from([(vec![1], 2)])));
    let (right, _left) = connect_both(Events::builder(), builder);
    let error = right.request::<(), _>("map", &()).await.unwrap_err();
    assert_eq!(error.remote().unwrap().code(), RemoteError::INTERNAL);
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_for_its_time_and_no_longer() {
    let (peer, mut socket, _) = connect(Events::builder());
    let start = Instant::now();
    let error = peer.request::<(), _>("sleep", &()).await.unwrap_err();
    assert!(matches!(error, RequestError::TimedOut), "{error:?}");
    assert_eq!(start.elapsed().as_secs(), 30);

    let limit = Duration::from_secs(2);
    let error = peer.request::<(), _>("sleep", &()).timeout(limit).await.unwrap_err();
    assert!(matches!(error, RequestError::TimedOut), "{error:?}");
    assert_eq!(start.elapsed().as_secs(), 32);
    assert_eq!(plimsoll::Error::from(error).kind(), ErrorKind::Timeout);

    // Late answers meet nobody.
    for id in [1, 2, 2] {
        socket.send(format!(r#"{{"answer":{id},"data":null}}"#)).await.unwrap();
    }
    let answer = async {
        loop {
            let request = next(&mut socket).await;
            if request.contains("still there") {
                break socket.send(r#"{"answer":3,"data":true}"#).await.unwrap();
            }
        }
    };
    let asked = peer.request::<bool, _>("still there", &());
    let (asked, ()) = tokio::join!(asked.into_future(), answer);
    assert!(asked.unwrap());
}

#[tokio::test]
async fn only_the_first_answer_counts() {
    let (peer, mut socket, _) = connect(Events::builder());
    let answer = async {
        assert_eq!(next(&mut socket).await, r#"{"request":"sum","id":1,"data":null}"#);
        socket.send(r#"{"answer":2,"data":0}"#).await.unwrap();
        socket.send(r#"{"answer":1,"data":1}"#).await.unwrap();
        socket.send(r#"{"answer":1,"data":2}"#).await.unwrap();
        socket.send(r#"{"error":1,"code":"late"}"#).await.unwrap();
    };
    let (asked, ()) = tokio::join!(peer.request::<u8, _>("sum", &()).into_future(), answer);
    assert_eq!(asked.unwrap(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_dropped_is_forgotten() {
    let (peer, mut socket, _) = connect(Events::builder().max_pending_requests(1));
    let dropped = peer.request::<u8, _>("sum", &()).into_future();
    assert!(timeout(Duration::from_secs(1), dropped).await.is_err());
    assert_eq!(next(&mut socket).await, r#"{"request":"sum","id":1,"data":null}"#);

    let answer = async {
        assert_eq!(next(&mut socket).await, r#"{"request":"sum","id":2,"data":null}"#);
        socket.send(r#"{"answer":1,"data":1}"#).await.unwrap();
        socket.send(r#"{"answer":2,"data":2}"#).await.unwrap();
    };
    let (asked, ()) = tokio::join!(peer.request::<u8, _>("sum", &()).into_future(), answer);
    assert_eq!(asked.unwrap(), 2);
}

#[tokio::test]
async fn nothing_is_sent_before_a_request_is_awaited() {
    let (peer, mut socket, _) = connect(Events::builder());
    let request = peer.request::<u8, _>("late", &());
    peer.emit("soon", &()).await.unwrap();
    assert_eq!(next(&mut socket).await, r#"{"event":"soon","data":null}"#);
    drop(request);
    peer.close(Close::normal());
    assert!(socket.recv().await.is_none());
}

#[tokio::test]
async fn requests_fail_when_the_connection_ends() {
    let (peer, mut socket, _) = connect(Events::builder());
    let close = async {
        next(&mut socket).await;
        drop(socket);
    };
    let (asked, ()) = tokio::join!(peer.request::<u8, _>("sum", &()).into_future(), close);
    let is_closed =
        |error| matches!(error, RequestError::Failed(error) if error.kind() == ErrorKind::Close);
    assert!(is_closed(asked.unwrap_err()));
    assert!(is_closed(peer.request::<u8, _>("sum", &()).await.unwrap_err()));

    let (ours, _theirs) = sockets();
    let socket = Events::builder().build().unwrap().attach(ours);
    let peer = socket.peer().clone();
    let asked = tokio::spawn(peer.request::<u8, _>("sum", &()).into_future());
    tokio::task::yield_now().await;
    drop(socket);
    assert!(is_closed(asked.await.unwrap().unwrap_err()));
}

#[tokio::test]
async fn a_peers_requests_are_dropped_when_the_connection_ends() {
    struct Told(Option<oneshot::Sender<()>>);
    impl Drop for Told {
        fn drop(&mut self) {
            let _ = self.0.take().unwrap().send(());
        }
    }
    let (seen, mut started) = mpsc::channel(1);
    let builder = Events::builder().on_request("forever", move |_, (): ()| {
        let seen = seen.clone();
        async move {
            let (told, dropped) = oneshot::channel();
            let _told = Told(Some(told));
            seen.send(dropped).await.unwrap();
            std::future::pending::<()>().await;
            Ok(())
        }
    });
    let (_peer, socket, running) = connect(builder);
    socket.send(r#"{"request":"forever","id":1}"#).await.unwrap();
    let dropped = started.recv().await.unwrap();
    drop(socket);
    running.await.unwrap().unwrap();
    assert_eq!(dropped.await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn where_there_are_no_errors_a_failed_request_has_no_answer() {
    let builder = Events::builder()
        .dialect(Dialect::PrimusEmitter)
        .on_request("fail", async |_, (): ()| Err::<(), _>(RemoteError::new("no", "no")));
    let (right, _left) = connect_both(Events::builder().dialect(Dialect::PrimusEmitter), builder);
    for name in ["fail", "unknown"] {
        let error = right.request::<(), _>(name, &()).await.unwrap_err();
        assert!(matches!(error, RequestError::TimedOut), "{error:?}");
    }
}

#[tokio::test]
async fn what_the_dialect_does_not_have_fails_at_once() {
    let (peer, _socket, _) = connect(Events::builder().dialect(Dialect::PrimusEmit));
    let error = peer.request::<(), _>("sum", &()).await.unwrap_err();
    assert!(matches!(error, RequestError::Failed(error) if error.kind() == ErrorKind::Unsupported));
    let error = peer.emit("incoming::data", &()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
