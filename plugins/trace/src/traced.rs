//! A connection that is watched.

use std::task::{Context, Poll};

use plimsoll::{BoxDuplex, CloseCode, Duplex, Error, Frame};
use tokio::time::Instant;
use tracing::{Span, info, trace};

use crate::meters::{Direction, Meters};
use crate::seen::{Kind, Seen};

/// Counts the frames of a connection, and runs it in its span.
///
/// It exists as long as the connection does, whatever ends it, so its end is the connection's.
pub(crate) struct Traced {
    io: BoxDuplex,
    span: Span,
    meters: Meters,
    opened: Instant,
    /// Of the first close in either direction.
    code: Option<CloseCode>,
}

impl Traced {
    pub(crate) fn new(io: BoxDuplex, span: Span, transport: &'static str) -> Self {
        info!(parent: &span, "opened");
        Self { io, span, meters: Meters::open(transport), opened: Instant::now(), code: None }
    }
}

impl Duplex for Traced {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        let Self { io, span, meters, code, .. } = self;
        let _entered = span.enter();
        let received = io.poll_recv(cx);
        if let Poll::Ready(Some(Ok(frame))) = &received {
            record(frame.into(), &mut meters.received, code);
        }
        received
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let _entered = self.span.enter();
        self.io.poll_ready(cx)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        let Self { io, span, meters, code, .. } = self;
        let _entered = span.enter();
        let seen = Seen::from(&frame);
        io.start_send(frame)?;
        record(seen, &mut meters.sent, code);
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let _entered = self.span.enter();
        self.io.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let _entered = self.span.enter();
        self.io.poll_close(cx)
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        let code = self.code.unwrap_or(CloseCode::ABNORMAL);
        self.meters.close(code);
        info!(
            parent: &self.span,
            code = u16::from(code),
            seconds = self.opened.elapsed().as_secs_f64(),
            received = self.meters.received.messages,
            sent = self.meters.sent.messages,
            "closed"
        );
    }
}

fn record(seen: Seen, direction: &mut Direction, code: &mut Option<CloseCode>) {
    let Seen { kind, bytes } = seen;
    trace!(direction = direction.name, kind = kind.name(), bytes, "frame");
    direction.count(seen);
    if let Kind::Close(seen) = kind {
        code.get_or_insert(seen);
    }
}
