//! How packets travel at present.

use std::task::{Context, Poll, ready};

use plimsoll::Error;

use super::outbox::Outbox;
use super::polling::Polling;
use super::upgrading::Upgrading;
use super::websocket::{Received, WebSocket};
use crate::codec::Packet;

/// How packets travel at present.
pub(super) enum Path {
    Polling(Box<Polling>, Option<Upgrading>),
    WebSocket(WebSocket),
}

impl Path {
    pub(super) fn is_polling(&self) -> bool {
        matches!(self, Self::Polling(..))
    }

    /// What comes next; `None` after the end.
    pub(super) fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
        outbox: &mut Outbox,
    ) -> Poll<Option<Result<Received, Error>>> {
        match self {
            Self::Polling(polling, upgrading) => {
                let upgrade = upgrading.as_ref().map(Upgrading::state);
                let Poll::Ready(packet) = polling.poll_packet(cx, upgrade) else {
                    // Perhaps it was the end of this request that a move waits for.
                    let _ = self.poll_upgrade(cx, outbox);
                    return Poll::Pending;
                };
                Poll::Ready(packet.map(|packet| packet.map(Received::Packet)))
            }
            Self::WebSocket(websocket) => websocket.poll_recv(cx),
        }
    }

    /// Sends all that waits.
    pub(super) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        outbox: &mut Outbox,
    ) -> Poll<Result<(), Error>> {
        loop {
            let sent = match self {
                Self::Polling(polling, upgrading) => {
                    let upgrade = upgrading.as_ref().map(Upgrading::state);
                    polling.poll_send(cx, outbox, upgrade)
                }
                Self::WebSocket(websocket) => websocket.poll_send(cx, outbox),
            };
            if matches!(sent, Poll::Ready(Err(_))) || self.poll_upgrade(cx, outbox).is_pending() {
                return sent;
            }
        }
    }

    /// Ends a WebSocket in order. For polling there is nothing to do that was not sent.
    pub(super) fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self {
            Self::Polling(..) => Poll::Ready(Ok(())),
            Self::WebSocket(websocket) => websocket.poll_close(cx),
        }
    }

    /// Stays on polling, if it has not moved yet.
    pub(super) fn stay(&mut self) {
        if let Self::Polling(_, upgrading) = self {
            *upgrading = None;
        }
    }

    /// Goes on with a move. Ready if another way is open now.
    fn poll_upgrade(&mut self, cx: &mut Context<'_>, outbox: &mut Outbox) -> Poll<()> {
        let Self::Polling(polling, upgrade) = self else { return Poll::Pending };
        let Some(upgrading) = upgrade else { return Poll::Pending };
        match ready!(upgrading.poll(cx, polling.is_quiet())) {
            Some(websocket) => {
                outbox.put_back(Packet::Upgrade);
                *self = Self::WebSocket(websocket);
            }
            None => *upgrade = None,
        }
        // Whoever polled: reading and writing both go on in another way.
        cx.waker().wake_by_ref();
        Poll::Ready(())
    }
}
