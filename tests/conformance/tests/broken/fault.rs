//! A connection over memory on which something is wrong.

use std::collections::VecDeque;
use std::task::{Context, Poll, ready};

use plimsoll::{BoxDuplex, Capabilities, Duplex, Error, Frame};
use plimsoll_conformance::Pair;
use plimsoll_memory::{Options, pair};

pub(crate) type Received = Poll<Option<Result<Frame, Error>>>;
pub(crate) type Done = Poll<Result<(), Error>>;

/// What is wrong: how a method differs from that of the connection below.
pub(crate) trait Fault: Send + 'static {
    fn recv(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Received {
        io.poll_recv(cx)
    }

    fn ready(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        io.poll_ready(cx)
    }

    fn send(&mut self, io: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        io.start_send(frame)
    }

    fn flush(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        io.poll_flush(cx)
    }

    fn close(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        io.poll_close(cx)
    }

    fn dropped(&mut self, _: &mut BoxDuplex) {}
}

/// A pair with the same fault at both ends.
pub(crate) fn broken<F: Fault>(fault: impl Fn() -> F) -> Pair {
    let (client, server) = pair(Options::default()).unwrap();
    let end = |io| Broken { io, fault: fault() };
    Pair::new(end(client), end(server))
}

/// As [`broken`], with other capabilities.
pub(crate) fn broken_with<F: Fault>(capabilities: Capabilities, fault: impl Fn() -> F) -> Pair {
    broken(fault).with_capabilities(capabilities)
}

struct Broken<F: Fault> {
    io: BoxDuplex,
    fault: F,
}

impl<F: Fault> Duplex for Broken<F> {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Received {
        self.fault.recv(&mut self.io, cx)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Done {
        self.fault.ready(&mut self.io, cx)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        self.fault.send(&mut self.io, frame)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Done {
        self.fault.flush(&mut self.io, cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Done {
        self.fault.close(&mut self.io, cx)
    }
}

impl<F: Fault> Drop for Broken<F> {
    fn drop(&mut self) {
        self.fault.dropped(&mut self.io);
    }
}

/// A fault of sending.
pub(crate) struct OnSend<F>(pub(crate) F);

impl<F> Fault for OnSend<F>
where
    F: FnMut(&mut BoxDuplex, Frame) -> Result<(), Error> + Send + 'static,
{
    fn send(&mut self, io: &mut BoxDuplex, frame: Frame) -> Result<(), Error> {
        (self.0)(io, frame)
    }
}

/// A fault of receiving.
pub(crate) struct OnRecv<F>(pub(crate) F);

impl<F> Fault for OnRecv<F>
where
    F: FnMut(&mut BoxDuplex, &mut Context<'_>) -> Received + Send + 'static,
{
    fn recv(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Received {
        (self.0)(io, cx)
    }
}

/// A fault of waiting for room.
pub(crate) struct OnReady<F>(pub(crate) F);

impl<F> Fault for OnReady<F>
where
    F: FnMut(&mut BoxDuplex, &mut Context<'_>) -> Done + Send + 'static,
{
    fn ready(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        (self.0)(io, cx)
    }
}

/// Frames that wait for a flush.
#[derive(Default)]
pub(crate) struct Buffer(pub(crate) VecDeque<Frame>);

impl Buffer {
    /// Hands them on until there is no more room.
    pub(crate) fn poll_drain(&mut self, io: &mut BoxDuplex, cx: &mut Context<'_>) -> Done {
        while !self.0.is_empty() {
            ready!(io.poll_ready(cx))?;
            if let Some(frame) = self.0.pop_front() {
                io.start_send(frame)?;
            }
        }
        io.poll_flush(cx)
    }
}
