//! One end of a connection on which a plan of faults is put.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use fastrand::Rng;
use plimsoll::{BoxDuplex, Duplex, Error, ErrorKind, Frame};
use tokio::time::{Instant, Sleep, sleep_until};

/// What a plan decided for one connection.
pub(crate) struct Course {
    pub(crate) random: Rng,
    pub(crate) latency: Duration,
    pub(crate) jitter: Duration,
    /// Bytes per second.
    pub(crate) pace: Option<u64>,
    /// How many frames still pass, if the connection will be lost.
    pub(crate) left: Option<u64>,
}

/// A connection that takes its course.
pub(crate) struct Faulty {
    /// `None` once the connection is lost.
    io: Option<BoxDuplex>,
    course: Course,
    /// What has arrived and is delayed, with the time at which it is handed up.
    held: VecDeque<(Instant, Arrival)>,
    held_bytes: usize,
    /// Nothing more arrives.
    ended: bool,
    /// When the slow reader reads again.
    next_read: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

type Arrival = Option<Result<Frame, Error>>;

impl Faulty {
    pub(crate) fn new(io: BoxDuplex, course: Course) -> Self {
        Self {
            io: Some(io),
            course,
            held: VecDeque::new(),
            held_bytes: 0,
            ended: false,
            next_read: None,
            timer: None,
        }
    }

    /// The connection, unless it is lost or about to be.
    fn io(&mut self) -> Result<&mut BoxDuplex, Error> {
        if self.course.left == Some(0) {
            self.io = None;
            self.held.clear();
        }
        self.io.as_mut().ok_or_else(lost)
    }

    fn count(&mut self) {
        if let Some(left) = &mut self.course.left {
            *left = left.saturating_sub(1);
        }
    }

    /// Takes in what has arrived. Returns when to go on, if the reader is too slow now.
    fn poll_arrivals(&mut self, cx: &mut Context<'_>) -> Result<Option<Instant>, Error> {
        while !self.ended && self.held_bytes < WINDOW {
            let now = Instant::now();
            if let Some(next_read) = self.next_read.filter(|next_read| *next_read > now) {
                return Ok(Some(next_read));
            }
            let Poll::Ready(arrival) = self.io()?.poll_recv(cx) else {
                break;
            };
            let bytes = match &arrival {
                Some(Ok(frame)) => payload(frame),
                Some(Err(_)) | None => {
                    self.ended = true;
                    0
                }
            };
            if let Some(pace) = self.course.pace {
                let micros = (bytes.max(1) as u64).saturating_mul(1_000_000) / pace;
                self.next_read = Some(now + Duration::from_micros(micros));
            }
            let due = now + self.course.delay();
            let due = self.held.back().map_or(due, |(last, _)| due.max(*last));
            self.held_bytes += bytes + OVERHEAD;
            self.held.push_back((due, arrival));
        }
        Ok(None)
    }

    fn take(&mut self) -> Option<Arrival> {
        let (_, arrival) = self.held.pop_front()?;
        let bytes = if let Some(Ok(frame)) = &arrival { payload(frame) } else { 0 };
        self.held_bytes -= bytes + OVERHEAD;
        Some(arrival)
    }

    fn poll_timer(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() != at {
            timer.as_mut().reset(at);
        }
        timer.as_mut().poll(cx)
    }
}

impl Duplex for Faulty {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        loop {
            self.io()?;
            let next_read = self.poll_arrivals(cx)?;
            let due = self.held.front().map(|(due, _)| *due);
            if due.is_some_and(|due| due <= Instant::now())
                && let Some(arrival) = self.take()
            {
                if matches!(arrival, Some(Ok(_))) {
                    self.count();
                }
                return Poll::Ready(arrival);
            }
            match due.into_iter().chain(next_read).min() {
                Some(at) => ready!(self.poll_timer(cx, at)),
                None => return Poll::Pending,
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io()?.poll_ready(cx)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        self.io()?.start_send(frame)?;
        self.count();
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        // Not by `io()`: the last frame before the loss is flushed.
        self.io.as_mut().ok_or_else(lost)?.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.io.as_mut().ok_or_else(lost)?.poll_close(cx)
    }
}

impl Course {
    fn delay(&mut self) -> Duration {
        let jitter = u64::try_from(self.jitter.as_micros()).unwrap_or(u64::MAX);
        if jitter == 0 {
            return self.latency;
        }
        self.latency + Duration::from_micros(self.random.u64(0..=jitter))
    }
}

fn payload(frame: &Frame) -> usize {
    match frame {
        Frame::Message(message) => message.len(),
        Frame::Ping(payload) | Frame::Pong(payload) => payload.len(),
        Frame::Close(close) => close.reason.len(),
        _ => 0,
    }
}

fn lost() -> Error {
    let lost = io::Error::new(io::ErrorKind::ConnectionReset, "lost, as the faults demand");
    Error::with_source(ErrorKind::Io, lost)
}

/// How much may be delayed at once, in bytes; beyond that the peer has to wait.
const WINDOW: usize = 64 * 1024;
/// What a frame counts beside its payload, in bytes.
const OVERHEAD: usize = 64;
