//! A WebSocket that is tried out for a session that polls.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

use super::client::{Client, Opening};
use super::upgrade::{Event, Step};
use super::wire::Wire;
use crate::codec::Packet;

/// Takes the steps of an [`Upgrade`](super::upgrade::Upgrade) on a WebSocket.
pub(super) struct Probe {
    socket: Socket,
    timer: Pin<Box<Sleep>>,
    /// The probe still has to be answered.
    owes_answer: bool,
}

enum Socket {
    Opening(Opening),
    Open(Wire),
}

impl Probe {
    pub(super) fn new(opening: Opening, timeout: Duration) -> Self {
        let timer = Box::pin(sleep(timeout));
        Self { socket: Socket::Opening(opening), timer, owes_answer: false }
    }

    /// Ready with [`Step::Move`] if this WebSocket carries the session from now on, and with
    /// [`Step::Close`] if it will not.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>, client: &Client) -> Poll<Step> {
        let end = match self.timer.as_mut().poll(cx) {
            Poll::Ready(()) => None,
            Poll::Pending => ready!(self.poll_steps(cx, client)),
        };
        Poll::Ready(end.unwrap_or_else(|| client.on(Event::Lost)))
    }

    /// The WebSocket, if it was opened.
    pub(super) fn into_wire(self) -> Option<Wire> {
        match self.socket {
            Socket::Opening(_) => None,
            Socket::Open(wire) => Some(wire),
        }
    }

    /// Ready with the last step, or with `None` if the WebSocket is lost.
    fn poll_steps(&mut self, cx: &mut Context<'_>, client: &Client) -> Poll<Option<Step>> {
        loop {
            let wire = match &mut self.socket {
                Socket::Open(wire) => wire,
                Socket::Opening(opening) => {
                    let Some(io) = ready!(opening.as_mut().poll(cx)) else {
                        return Poll::Ready(None);
                    };
                    self.socket = Socket::Open(Wire::new(io, client.dialect()));
                    continue;
                }
            };
            if self.owes_answer {
                let answer = Packet::Pong(Packet::PROBE);
                let ready = ready!(wire.poll_ready(cx));
                if ready.and_then(|()| wire.start_send_packet(&answer)).is_err() {
                    return Poll::Ready(None);
                }
                self.owes_answer = false;
            }
            if ready!(wire.poll_flush(cx)).is_err() {
                return Poll::Ready(None);
            }
            let Some(packet) = ready!(wire.poll_packet(cx)) else { return Poll::Ready(None) };
            match client.on(Event::Packet(&packet)) {
                Step::Answer => self.owes_answer = true,
                step @ (Step::Accept | Step::Close | Step::Move) => {
                    return Poll::Ready(Some(step));
                }
            }
        }
    }
}
