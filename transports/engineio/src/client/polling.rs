//! Packets by polling.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use plimsoll::Error;

use super::get::Get;
use super::outbox::Outbox;
use super::post::Post;
use super::requests::Requests;
use super::upgrade::Upgrade;
use crate::codec::{Batch, Dialect, Packet};

/// Packets by polling: one request that waits for packets, and one that brings them.
pub(super) struct Polling {
    requests: Arc<Requests>,
    get: Get,
    post: Post,
    /// How long the body of a request may be, in bytes.
    max_payload: usize,
    /// The server was told that this is the end.
    closed: bool,
}

impl Polling {
    pub(super) fn new(requests: Arc<Requests>, get: Get, post: Post, max_payload: usize) -> Self {
        Self { requests, get, post, max_payload, closed: false }
    }

    /// Whether no request is under way.
    pub(super) fn is_quiet(&self) -> bool {
        self.get.is_idle() && self.post.is_idle()
    }

    /// The next packet; `None` at the end of a session that this side has closed.
    pub(super) fn poll_packet(
        &mut self,
        cx: &mut Context<'_>,
        upgrade: Option<Upgrade>,
    ) -> Poll<Option<Result<Packet, Error>>> {
        loop {
            let packet = ready!(self.get.poll_packet(cx));
            let go_on = !self.closed && upgrade.is_none_or(Upgrade::may_get);
            match packet {
                Some(Err(_)) if self.closed => return Poll::Ready(None),
                Some(packet) => {
                    if go_on && !matches!(packet, Ok(Packet::Close)) {
                        self.get(cx);
                    }
                    return Poll::Ready(Some(packet));
                }
                None if self.closed && self.post.is_idle() => return Poll::Ready(None),
                None if go_on || self.closed => self.get(cx),
                None => return Poll::Pending,
            }
        }
    }

    /// Asks for more as soon as the last request has ended, so that there is always one under
    /// way: by its end the server notices that the client is gone.
    pub(super) fn get(&mut self, cx: &mut Context<'_>) {
        self.get.start(&self.requests, cx);
    }

    /// Sends all that waits.
    pub(super) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        outbox: &mut Outbox,
        upgrade: Option<Upgrade>,
    ) -> Poll<Result<(), Error>> {
        loop {
            ready!(self.post.poll_idle(cx))?;
            if outbox.is_empty() {
                return Poll::Ready(Ok(()));
            }
            if !upgrade.is_none_or(|upgrade| upgrade.may_post(!self.get.is_idle())) {
                return Poll::Pending;
            }
            let batch = self.batch(outbox)?;
            self.post.start(&self.requests, batch.finish().bytes);
        }
    }

    /// Takes as many packets as one request may bring.
    fn batch(&mut self, outbox: &mut Outbox) -> Result<Batch, Error> {
        let mut batch = Batch::new(Dialect::V4, self.max_payload, MAX_PACKETS);
        while let Some(packet) = outbox.pop() {
            if let Some(packet) = batch.push(packet)? {
                outbox.put_back(packet);
                return Ok(batch);
            }
        }
        if let Some(close) = outbox.take_close() {
            match batch.push(Packet::Close)? {
                None => self.closed = true,
                Some(_) => outbox.set_close(close),
            }
        }
        Ok(batch)
    }
}

/// How many packets one request brings: servers have a limit.
const MAX_PACKETS: usize = 1000;
