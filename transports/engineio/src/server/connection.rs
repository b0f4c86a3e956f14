//! A session as the endpoint sees it, whatever carries it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use plimsoll::session::{Place, SessionDuplex};
use plimsoll::{Duplex, Error, ErrorKind, Frame};
use tokio::time::{Instant, Sleep, sleep_until};

use super::carrier::Carrier;
use super::client::Client;
use super::heartbeat::{Due, Heartbeat};
use super::probe::Probe;
use super::upgrade::Step;
use super::wire::Wire;
use crate::Options;

/// A session as the endpoint sees it: by polling, over WebSocket, or first one and then the
/// other. It keeps the heartbeat and makes the move to WebSocket, both in the endpoint's task.
pub(super) struct Connection {
    carrier: Carrier,
    client: Arc<Client>,
    upgrade_timeout: Duration,
    heartbeat: Heartbeat,
    timer: Pin<Box<Sleep>>,
    /// The question or answer of the heartbeat that is to be sent: the last one counts.
    beat: Option<Frame>,
    /// A beat was sent that was not flushed.
    unflushed: bool,
    /// All that the client has sent was read.
    drained: bool,
    /// This side has closed the session.
    closing: bool,
    /// The client does not answer: what waits for it need not wait longer.
    dead: bool,
    place: Option<Place<Arc<Client>>>,
}

impl Connection {
    /// A session whose client polls.
    pub(super) fn polling(
        bridge: SessionDuplex,
        client: Arc<Client>,
        place: Place<Arc<Client>>,
        options: &Options,
    ) -> Self {
        Self::new(Carrier::polling(bridge), client, place, options)
    }

    /// A session over a WebSocket that is open.
    pub(super) fn websocket(
        wire: Wire,
        client: Arc<Client>,
        place: Place<Arc<Client>>,
        options: &Options,
    ) -> Self {
        Self::new(Carrier::websocket(wire), client, place, options)
    }

    fn new(
        carrier: Carrier,
        client: Arc<Client>,
        place: Place<Arc<Client>>,
        options: &Options,
    ) -> Self {
        let version = client.dialect().version;
        let heartbeat = Heartbeat::new(version, options.ping_interval, options.ping_timeout);
        Self {
            carrier,
            client,
            upgrade_timeout: options.upgrade_timeout,
            timer: Box::pin(sleep_until(heartbeat.deadline())),
            heartbeat,
            beat: None,
            unflushed: false,
            drained: false,
            closing: false,
            dead: false,
            place: Some(place),
        }
    }

    /// Takes the next steps to a WebSocket, if there is one.
    fn poll_upgrade(&mut self, cx: &mut Context<'_>) {
        loop {
            let Carrier::Polling { probe: slot, .. } = &mut self.carrier else { return };
            let Some(probe) = slot else {
                let Some(opening) = self.client.take_opening() else { return };
                *slot = Some(Box::new(Probe::new(opening, self.upgrade_timeout)));
                continue;
            };
            let Poll::Ready(step) = probe.poll(cx, &self.client) else { return };
            let wire = slot.take().and_then(|probe| probe.into_wire());
            if let (Step::Move, Some(wire)) = (step, wire) {
                self.carrier.move_to(wire, cx);
                self.unflushed = true;
            }
        }
    }

    /// Asks the client for a sign of life when it is time.
    fn poll_heartbeat(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        loop {
            let deadline = self.heartbeat.deadline();
            if self.timer.deadline() != deadline {
                self.timer.as_mut().reset(deadline);
            }
            if self.timer.as_mut().poll(cx).is_pending() {
                return Ok(());
            }
            let now = Instant::now();
            let ask = match self.heartbeat.due() {
                Due::Ping => {
                    self.heartbeat.asked(now);
                    true
                }
                // One that reads still lives, and what it has sent waits.
                Due::Death if !self.drained && self.beat.is_none() && !self.unflushed => {
                    self.heartbeat.forgive(now)
                }
                Due::Death => {
                    self.dead = true;
                    return Err(Error::with_message(ErrorKind::Timeout, "no heartbeat came"));
                }
            };
            if ask {
                self.beat = Some(Frame::Ping(Bytes::new()));
            }
        }
    }

    /// Sends the beat that is due.
    fn poll_beat(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        if self.beat.is_some()
            && self.carrier.poll_ready(cx)?.is_ready()
            && let Some(beat) = self.beat.take()
        {
            self.carrier.start_send(beat, self.client.dialect().version)?;
            self.unflushed = true;
        }
        if self.unflushed && self.carrier.poll_flush(cx)?.is_ready() {
            self.unflushed = false;
        }
        Ok(())
    }
}

impl Duplex for Connection {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        loop {
            self.poll_upgrade(cx);
            let received = self.carrier.poll_recv(cx);
            if let Poll::Ready(Some(Err(error))) = &received {
                self.dead = error.kind() == ErrorKind::Timeout;
                return received;
            }
            self.drained = received.is_pending();
            match &received {
                Poll::Ready(Some(Ok(Frame::Ping(payload)))) => {
                    self.heartbeat.heard(Instant::now());
                    self.beat = Some(Frame::Pong(payload.clone()));
                }
                Poll::Ready(Some(Ok(Frame::Pong(_)))) => self.heartbeat.heard(Instant::now()),
                Poll::Ready(None) if self.closing && self.carrier.poll_taken(cx).is_pending() => {
                    return Poll::Pending;
                }
                Poll::Ready(_) => return received,
                Poll::Pending => break,
            }
        }
        self.poll_heartbeat(cx)?;
        // An error of the sending side shows there, and here once nothing comes any more.
        let _ = self.poll_beat(cx);
        Poll::Pending
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.carrier.poll_ready(cx)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        match frame {
            // The protocol has its own.
            Frame::Ping(_) | Frame::Pong(_) => Ok(()),
            frame => {
                self.closing |= matches!(frame, Frame::Close(_)) && !self.carrier.has_ended();
                self.carrier.start_send(frame, self.client.dialect().version)
            }
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_upgrade(cx);
        // Who has read everything looks at the clock when there is nothing more.
        if !self.drained {
            self.poll_heartbeat(cx)?;
            self.poll_beat(cx)?;
        }
        self.carrier.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_upgrade(cx);
        self.carrier.poll_close(cx)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(place) = self.place.take()
            && (self.dead || !self.carrier.has_unsent())
        {
            place.forget();
        }
    }
}
