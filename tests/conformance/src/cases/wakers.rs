//! Who waits is woken.

use std::future::poll_fn;
use std::task::{Context, Poll};

use futures::task::noop_waker_ref;
use plimsoll::{Duplex, Error, Frame, Message};
use tokio::sync::oneshot;

use crate::kit::bench::{Bench, cases};
use crate::kit::end::End;
use crate::kit::failure::Failure;
use crate::kit::together::together;

cases![
    a_waiting_reader_is_woken,
    a_reader_that_moved_to_another_task_is_woken,
    a_waiting_reader_is_woken_by_the_end,
];

async fn a_waiting_reader_is_woken(bench: &Bench<'_>) -> Result<(), Failure> {
    bench.each_way(wake_by_message).await
}

/// It waited somewhere else before: the last waker counts.
async fn a_reader_that_moved_to_another_task_is_woken(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |from, mut to| {
            let nowhere = &mut Context::from_waker(noop_waker_ref());
            for _ in 0..2 {
                if let Poll::Ready(received) = to.io.poll_recv(nowhere) {
                    return Err(to.got("silence", &received));
                }
            }
            wake_by_message(from, to).await
        })
        .await
}

async fn a_waiting_reader_is_woken_by_the_end(bench: &Bench<'_>) -> Result<(), Failure> {
    bench
        .each_way(async |from, mut to| {
            let (waits, waited_for) = oneshot::channel();
            let reader = async move {
                match recv(&mut to, waits).await {
                    None | Some(Err(_)) => Ok(()),
                    other => Err(to.got("the end or an error", &other)),
                }
            };
            let other = async move {
                let _ = waited_for.await;
                drop(from);
                Ok(())
            };
            together(reader, other).await?;
            Ok(())
        })
        .await
}

async fn wake_by_message(mut from: End, mut to: End) -> Result<(), Failure> {
    let (waits, waited_for) = oneshot::channel();
    let reader = async move {
        let received = recv(&mut to, waits).await;
        to.check(&Message::from("wake up"), &received)?;
        Ok(to)
    };
    let writer = async move {
        let _ = waited_for.await;
        from.send("wake up").await?;
        Ok(from)
    };
    together(reader, writer).await?;
    Ok(())
}

/// Receives, and tells `waits` after the first poll.
async fn recv(to: &mut End, waits: oneshot::Sender<()>) -> Option<Result<Frame, Error>> {
    let _waiting = to.waits.note(to.name, "a frame");
    let mut waits = Some(waits);
    poll_fn(|cx| {
        let received = to.io.poll_recv(cx);
        if let Some(waits) = waits.take() {
            let _ = waits.send(());
        }
        received
    })
    .await
}
