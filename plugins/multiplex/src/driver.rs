//! The one task that holds the connection beneath.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use plimsoll::{Close, CloseCode, Error, Receiver, Sender, Socket};
use tokio::time::timeout;

use crate::shared::Shared;
use crate::table::{Ending, Table};

/// Moves messages between the connection and its channels, until one of the sides ends it.
pub(crate) async fn drive(socket: Socket, shared: Arc<Shared>) {
    let (mut sender, mut receiver) = socket.split();
    let watched = sender.clone();
    let mut closed = pin!(watched.closed());
    let ending = poll_fn(|cx| poll_open(cx, &mut sender, &mut receiver, closed.as_mut(), &shared));
    let ending = ending.await;
    match ending {
        Ended::Here(close) => {
            let drained = poll_fn(|cx| poll_outbound(cx, &mut sender, &shared));
            // What has not gone out by then is lost.
            let _ = timeout(DRAIN, drained).await;
            sender.close(close);
        }
        Ended::There(ending) => {
            if let Ending::Failed(error) = &ending
                && let Some(close) = error.close()
            {
                sender.close(close);
            }
            shared.with(|table| table.finish(&ending));
        }
    }
    shared.with(Table::clear_outgoing);
}

enum Ended {
    Here(Close),
    There(Ending),
}

/// Local work comes first: what the channels have to say goes out before more is read.
fn poll_open(
    cx: &mut Context<'_>,
    sender: &mut Sender,
    receiver: &mut Receiver,
    mut closed: Pin<&mut impl Future<Output = Close>>,
    shared: &Shared,
) -> Poll<Ended> {
    for _ in 0..BATCH {
        let (closing, may_read) = shared.with(|table| {
            table.driver = Some(cx.waker().clone());
            (table.closing.clone(), table.may_read())
        });
        if let Some(close) = closing {
            return Poll::Ready(Ended::Here(close));
        }
        // A connection that can send no more says why when it is read.
        let sent = poll_outbound(cx, sender, shared);
        if !may_read && !shared.with(|table| table.may_read()) {
            let over = matches!(sent, Poll::Ready(Err(_))) || closed.as_mut().poll(cx).is_ready();
            if !over {
                return Poll::Pending;
            }
            shared.with(|table| table.last_words = true);
        }
        let received = match ready!(receiver.poll_next_unpin(cx)) {
            Some(Ok(message)) => shared.with(|table| table.receive(message)),
            Some(Err(error)) => Err(error),
            None => return Poll::Ready(Ended::There(ending(sender.close_reason()))),
        };
        if let Err(error) = received {
            return Poll::Ready(Ended::There(Ending::Failed(error)));
        }
    }
    cx.waker().wake_by_ref();
    Poll::Pending
}

/// Ready once the channels have nothing more to say.
fn poll_outbound(
    cx: &mut Context<'_>,
    sender: &mut Sender,
    shared: &Shared,
) -> Poll<Result<(), Error>> {
    loop {
        if shared.with(|table| table.refusals.is_empty() && table.turns.is_empty()) {
            return Poll::Ready(Ok(()));
        }
        ready!(sender.poll_ready_unpin(cx))?;
        if let Some(message) = shared.with(Table::next_outgoing) {
            sender.start_send_unpin(message)?;
        }
    }
}

fn ending(close: Option<Close>) -> Ending {
    match close {
        Some(close) if close.code != CloseCode::ABNORMAL => Ending::Close(close),
        Some(_) | None => Ending::Lost,
    }
}

/// How many messages are read before other tasks get a turn.
const BATCH: usize = 64;
/// How long what the channels have sent may take to go out at the end.
const DRAIN: Duration = Duration::from_secs(5);
