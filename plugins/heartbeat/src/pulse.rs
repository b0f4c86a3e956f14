//! What is done for one connection.

use std::time::Duration;

use bytes::Bytes;
use plimsoll::{Error, ErrorKind, Filter, Flow, Frame, Message};
use tokio::time::Instant;

use crate::Heartbeat;
use crate::in_band::{self, Received};
use crate::round_trip::RoundTrip;

/// How the peer is asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Wire {
    InBand,
    Native,
}

/// Asks, listens, and gives up.
///
/// What arrives only sets a flag: the clock is read when the deadline has passed, not for each
/// frame.
///
/// Twice in each timeout it looks whether frames of the peer wait unread here. Then the peer's
/// own questions may be among them, and since they cannot be answered, asking is what tells the
/// peer that this side lives.
pub(crate) struct Pulse {
    options: Heartbeat,
    wire: Wire,
    state: State,
    deadline: Instant,
    /// Something has arrived since the peer was asked.
    heard: bool,
    round_trip: RoundTrip,
}

enum State {
    /// The peer has shown life and is not asked until then.
    Resting { until: Instant },
    /// The peer was asked. The question is gone once it was answered.
    Waiting { sent: Instant, question: Option<u64> },
}

impl Pulse {
    pub(crate) fn new(options: &Heartbeat, wire: Wire, round_trip: RoundTrip) -> Self {
        let (options, now) = (*options, Instant::now());
        let state = State::Resting { until: now + rest(&options) };
        let mut pulse = Self { options, wire, state, deadline: now, heard: false, round_trip };
        pulse.look_again(now);
        pulse
    }

    fn ask(&mut self, now: Instant, flow: &mut Flow) {
        let question = fastrand::u64(..);
        flow.send(match self.wire {
            Wire::InBand => Frame::Message(in_band::ping(question)),
            Wire::Native => Frame::Ping(Bytes::copy_from_slice(&question.to_be_bytes())),
        });
        self.state = State::Waiting { sent: now, question: Some(question) };
        self.heard = false;
    }

    /// Sets the next deadline.
    fn look_again(&mut self, now: Instant) {
        let end = match self.state {
            State::Resting { until } => until,
            State::Waiting { sent, .. } => sent + self.options.timeout,
        };
        self.deadline = end.min(now + self.options.timeout / 2);
    }

    /// Whether `answer` is the one that was asked for.
    fn is_answered(&mut self, answer: Option<u64>) -> bool {
        let State::Waiting { sent, question } = &mut self.state else { return false };
        if answer.is_none() || *question != answer {
            return false;
        }
        *question = None;
        self.round_trip.set(sent.elapsed());
        true
    }

    fn inbound_message(
        &mut self,
        message: Message,
        flow: &mut Flow,
    ) -> Result<Option<Frame>, Error> {
        Ok(match in_band::receive(message)? {
            Received::Message(message) => Some(message.into()),
            Received::Ping(question) => {
                flow.send(in_band::pong(question));
                None
            }
            Received::Pong(answer) => {
                self.is_answered(Some(answer));
                None
            }
        })
    }
}

impl Filter for Pulse {
    fn inbound(&mut self, frame: Frame, flow: &mut Flow) -> Result<Option<Frame>, Error> {
        self.heard = true;
        match frame {
            Frame::Message(message) if self.wire == Wire::InBand => {
                self.inbound_message(message, flow)
            }
            Frame::Pong(payload) => {
                let answer = payload.as_ref().try_into().map(u64::from_be_bytes);
                let is_ours = self.is_answered(answer.ok());
                Ok((!is_ours).then_some(Frame::Pong(payload)))
            }
            frame => Ok(Some(frame)),
        }
    }

    fn outbound(&mut self, frame: Frame, _: &mut Flow) -> Result<Option<Frame>, Error> {
        Ok(Some(match frame {
            Frame::Message(message) if self.wire == Wire::InBand => {
                in_band::IN_BAND.outbound(message).into()
            }
            frame => frame,
        }))
    }

    fn deadline(&self) -> Option<Instant> {
        Some(self.deadline)
    }

    fn expired(&mut self, now: Instant, flow: &mut Flow) -> Result<(), Error> {
        if let State::Waiting { sent, .. } = self.state {
            if self.heard {
                self.state = State::Resting { until: sent + rest(&self.options) };
            } else if flow.is_caught_up() && now >= sent + self.options.timeout {
                return Err(Error::with_message(ErrorKind::Timeout, "no sign of life"));
            }
        }
        let rested = matches!(self.state, State::Resting { until } if now >= until);
        if rested || !flow.is_caught_up() {
            self.ask(now, flow);
        }
        self.look_again(now);
        Ok(())
    }
}

/// An interval, shortened at random.
fn rest(options: &Heartbeat) -> Duration {
    options.interval.mul_f64(1.0 - options.jitter * fastrand::f64())
}
