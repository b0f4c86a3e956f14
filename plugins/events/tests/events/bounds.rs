//! What a connection may hold, whatever its peer does.

use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use plimsoll_events::{Events, RequestError};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use crate::ground::{INBOX, OUTBOX, PIPE, connect, next};

#[tokio::test]
async fn no_more_requests_wait_for_an_answer_than_allowed() {
    let (peer, mut socket, _) = connect(Events::builder().max_pending_requests(2));
    let waiting: Vec<_> =
        (0..2).map(|_| tokio::spawn(peer.request::<u8, _>("sum", &()).into_future())).collect();
    next(&mut socket).await;
    next(&mut socket).await;
    let error = peer.request::<u8, _>("sum", &()).await.unwrap_err();
    assert!(matches!(error, RequestError::TooManyPending), "{error:?}");

    socket.send(r#"{"answer":1,"data":1}"#).await.unwrap();
    socket.send(r#"{"answer":2,"data":2}"#).await.unwrap();
    for (index, waiting) in (1..).zip(waiting) {
        assert_eq!(waiting.await.unwrap().unwrap(), index);
    }
}

#[tokio::test(start_paused = true)]
async fn no_more_requests_run_at_once_than_allowed() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, top) = (running.clone(), most.clone());
    let builder = Events::builder().max_running_requests(3).on_request("work", move |_, (): ()| {
        let (running, most) = (now.clone(), top.clone());
        async move {
            most.fetch_max(running.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_secs(1)).await;
            running.fetch_sub(1, Ordering::Relaxed);
            Ok(())
        }
    });
    let (_peer, mut socket, _) = connect(builder);
    for id in 0..10 {
        socket.send(format!(r#"{{"request":"work","id":{id}}}"#)).await.unwrap();
    }
    for id in 0..10 {
        assert_eq!(next(&mut socket).await, format!(r#"{{"answer":{id},"data":null}}"#));
    }
    assert_eq!(most.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_sends_more_than_is_handled_has_to_wait() {
    const QUEUE: usize = 2048;
    const SIZE: usize = 200;
    let (gate, count) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let (open, counted) = (gate.clone(), count.clone());
    let builder = Events::builder().queue_bytes(QUEUE).on("data", move |_, _: String| {
        let (gate, count) = (gate.clone(), count.clone());
        async move {
            let _permit = gate.acquire().await.unwrap();
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    let (_peer, socket, running) = connect(builder);
    let message = format!(r#"{{"event":"data","data":"{}"}}"#, "x".repeat(SIZE));
    let mut sent = 0;
    while timeout(Duration::from_secs(1), socket.send(message.clone())).await.is_ok() {
        sent += 1;
    }
    let most = OUTBOX + PIPE + INBOX + QUEUE + 4 * message.len();
    assert!(sent * message.len() <= most, "{sent} of {} bytes", message.len());

    open.add_permits(1);
    drop(socket);
    running.await.unwrap().unwrap();
    assert_eq!(counted.load(Ordering::Relaxed), sent);
}

#[tokio::test(start_paused = true)]
async fn an_answer_behind_more_than_may_wait_is_too_late_and_the_rest_goes_on() {
    let (told, mut outcome) = mpsc::channel(1);
    let builder = Events::builder()
        .queue_bytes(2048)
        .on("ask", move |peer, (): ()| {
            let told = told.clone();
            async move { told.send(peer.request::<u8, _>("sum", &()).await).await.unwrap() }
        })
        .on("done", async |peer, (): ()| peer.emit("done", &()).await.unwrap());
    let (_peer, mut socket, _) = connect(builder);
    socket.send(r#"{"event":"ask"}"#).await.unwrap();
    next(&mut socket).await;
    let ignored = "x".repeat(1000);
    for _ in 0..3 {
        socket.send(&*ignored).await.unwrap();
    }
    socket.send(r#"{"answer":1,"data":1}"#).await.unwrap();
    socket.send(r#"{"event":"done"}"#).await.unwrap();

    let outcome = outcome.recv().await.unwrap();
    assert!(matches!(outcome, Err(RequestError::TimedOut)), "{outcome:?}");
    assert_eq!(next(&mut socket).await, r#"{"event":"done","data":null}"#);
}
