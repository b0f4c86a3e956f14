//! Sending as the futures ecosystem does it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::Sink;

use crate::{Close, Error, Message, Sender, Socket};

/// What a sink waits for.
#[derive(Default)]
pub(crate) struct Waiting {
    room: Option<SyncFuture<Result<(), Error>>>,
    end: Option<SyncFuture<Close>>,
}

type SyncFuture<T> = Pin<Box<dyn Future<Output = T> + Send + Sync>>;

impl Sink<Message> for Sender {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Self { shared, waiting } = &mut *self;
        let waits = waiting.as_ref().is_some_and(|waiting| waiting.room.is_some());
        if !waits && (shared.outbox.has_room() || shared.outbox.is_closed()) {
            return Poll::Ready(Ok(()));
        }
        let room = &mut waiting.get_or_insert_default().room;
        let pending = room.get_or_insert_with(|| {
            let shared = Arc::clone(shared);
            Box::pin(async move { shared.outbox.ready().await })
        });
        let result = ready!(pending.as_mut().poll(cx));
        *room = None;
        Poll::Ready(result)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        self.send_over(message)
    }

    /// Ready at once: the driver flushes by itself.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    /// Closes the connection with [`CloseCode::NORMAL`](crate::CloseCode::NORMAL) after what was
    /// sent has gone out, and waits for its end.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let Self { shared, waiting } = &mut *self;
        shared.request_close(Close::normal());
        let end = &mut waiting.get_or_insert_default().end;
        let pending = end.get_or_insert_with(|| {
            let shared = Arc::clone(shared);
            Box::pin(async move { shared.closed().await })
        });
        ready!(pending.as_mut().poll(cx));
        *end = None;
        Poll::Ready(Ok(()))
    }
}

/// The sink of its [`Sender`].
impl Sink<Message> for Socket {
    type Error = Error;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.sender).poll_ready(cx)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        Pin::new(&mut self.sender).start_send(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.sender).poll_flush(cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.sender).poll_close(cx)
    }
}
