//! The move of a session from polling to a WebSocket.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use plimsoll::{BoxDuplex, Error};
use tokio::time::{Sleep, sleep};

use super::outbox::Outbox;
use super::upgrade::{Action, Event, Upgrade};
use super::websocket::{Received, WebSocket};
use crate::codec::Packet;

/// The move of a session from polling to a WebSocket: the [`Upgrade`] with its input and output.
pub(super) struct Upgrading {
    state: Upgrade,
    link: Link,
    /// The probe.
    outbox: Outbox,
    deadline: Pin<Box<Sleep>>,
    /// Where to note that it worked.
    worked: Arc<AtomicBool>,
}

enum Link {
    Opening(BoxFuture<'static, Result<BoxDuplex, Error>>),
    Open(WebSocket),
    None,
}

impl Upgrading {
    /// Begins with opening a WebSocket to the session.
    pub(super) fn new(
        open: impl Future<Output = Result<BoxDuplex, Error>> + Send + 'static,
        limit: Duration,
        worked: Arc<AtomicBool>,
    ) -> Self {
        Self {
            state: Upgrade::Opening,
            link: Link::Opening(open.boxed()),
            outbox: Outbox::default(),
            deadline: Box::pin(sleep(limit)),
            worked,
        }
    }

    pub(super) fn state(&self) -> Upgrade {
        self.state
    }

    /// Ready with the WebSocket that the session has moved to, or without one if it stays on
    /// polling. `quiet` tells that no request is under way.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, quiet: bool) -> Poll<Option<WebSocket>> {
        loop {
            let event = match self.deadline.as_mut().poll(cx) {
                Poll::Ready(()) => Event::Lost,
                Poll::Pending => ready!(self.poll_event(cx, quiet)),
            };
            match self.state.on(event) {
                Action::Nothing => {}
                Action::Probe => self.outbox.push(Packet::Ping(Packet::PROBE)),
                Action::GiveUp => return Poll::Ready(None),
                Action::Move => {
                    self.worked.store(true, Ordering::Relaxed);
                    return Poll::Ready(match std::mem::replace(&mut self.link, Link::None) {
                        Link::Open(websocket) => Some(websocket),
                        Link::Opening(_) | Link::None => None,
                    });
                }
            }
        }
    }

    fn poll_event(&mut self, cx: &mut Context<'_>, quiet: bool) -> Poll<Event> {
        match &mut self.link {
            Link::Opening(open) => Poll::Ready(match ready!(open.poll_unpin(cx)) {
                Ok(io) => {
                    self.link = Link::Open(WebSocket::new(io));
                    Event::Opened
                }
                Err(_) => Event::Lost,
            }),
            Link::Open(websocket) => {
                if let Poll::Ready(received) = websocket.poll_recv(cx) {
                    return Poll::Ready(match received {
                        Some(Ok(Received::Packet(packet))) => Event::received(&packet),
                        Some(Ok(Received::Close(_)) | Err(_)) | None => Event::Lost,
                    });
                }
                match websocket.poll_send(cx, &mut self.outbox) {
                    Poll::Ready(Err(_)) => Poll::Ready(Event::Lost),
                    Poll::Ready(Ok(())) if quiet && self.state == Upgrade::Pausing => {
                        Poll::Ready(Event::Quiet)
                    }
                    Poll::Ready(Ok(())) | Poll::Pending => Poll::Pending,
                }
            }
            Link::None => Poll::Pending,
        }
    }
}
