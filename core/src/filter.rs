//! The easy way to write a plugin's data path.

use std::collections::VecDeque;
use std::mem::discriminant;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::{BoxDuplex, Duplex, Error, ErrorKind, Frame};

/// Sees every frame of one connection, and may change, drop or add frames.
///
/// A filter does no input or output of its own and has no `Context`, `Pin` or waker to handle:
/// [`filter`] runs it on a connection, and a test can call it directly. A filter that panics
/// costs its own connection, which is closed with
/// [`CloseCode::INTERNAL`](crate::CloseCode::INTERNAL).
///
/// ```
/// use plimsoll::{Error, Filter, Flow, Frame, Message};
///
/// struct Shout;
///
/// impl Filter for Shout {
///     fn outbound(&mut self, frame: Frame, _: &mut Flow) -> Result<Option<Frame>, Error> {
///         Ok(Some(match frame {
///             Frame::Message(message) => match message.as_text() {
///                 Some(text) => text.to_uppercase().into(),
///                 None => message.into(),
///             },
///             control => control,
///         }))
///     }
/// }
///
/// let shouted = Shout.outbound("ahoy".into(), &mut Flow::default()).unwrap();
/// assert_eq!(shouted, Some("AHOY".into()));
/// ```
pub trait Filter: Send + 'static {
    /// A frame from the peer, on its way to the application. `None` swallows it.
    ///
    /// # Errors
    ///
    /// Ends the connection with the error's [close](Error::close).
    fn inbound(&mut self, frame: Frame, flow: &mut Flow) -> Result<Option<Frame>, Error> {
        let _ = flow;
        Ok(Some(frame))
    }

    /// A frame from the application, on its way to the peer. `None` swallows it.
    ///
    /// # Errors
    ///
    /// Ends the connection with the error's [close](Error::close).
    fn outbound(&mut self, frame: Frame, flow: &mut Flow) -> Result<Option<Frame>, Error> {
        let _ = flow;
        Ok(Some(frame))
    }

    /// When [`expired`](Self::expired) wants to be called next, if ever.
    fn deadline(&self) -> Option<Instant> {
        None
    }

    /// The deadline has passed. Sets a later one, or none.
    ///
    /// It is called on time even while the application reads nothing;
    /// [`Flow::is_caught_up`] tells whether frames of the peer may wait unread.
    ///
    /// # Errors
    ///
    /// Ends the connection with the error's [close](Error::close).
    fn expired(&mut self, now: Instant, flow: &mut Flow) -> Result<(), Error> {
        let _ = (now, flow);
        Ok(())
    }
}

/// What a [`Filter`] has at hand: frames to add, and the time.
#[derive(Debug, Default)]
pub struct Flow {
    to_app: VecDeque<Frame>,
    to_peer: VecDeque<Frame>,
    caught_up: bool,
    now: Option<Instant>,
}

impl Flow {
    /// Sends a frame to the peer. A ping or pong takes the place of one that still waits to go
    /// out: only the last one counts.
    ///
    /// While more than 16 frames of a filter's own wait to go out, nothing is read from the
    /// peer: one that asks but does not read the answers does not fill the memory. Nor does one
    /// for which a timer makes frames: if more than 1,024 wait when a
    /// [deadline](Filter::deadline) passes, the connection ends with
    /// [`ErrorKind::SlowConsumer`].
    pub fn send(&mut self, frame: impl Into<Frame>) {
        let frame = frame.into();
        let waiting = match &frame {
            Frame::Ping(_) | Frame::Pong(_) => {
                self.to_peer.iter_mut().find(|it| discriminant(*it) == discriminant(&frame))
            }
            Frame::Message(_) | Frame::Close(_) => None,
        };
        match waiting {
            Some(waiting) => *waiting = frame,
            None => self.to_peer.push_back(frame),
        }
    }

    /// Hands a frame to the application. It waits here while the application does not read: a
    /// filter that delivers at each deadline does so only while it is
    /// [caught up](Self::is_caught_up).
    pub fn deliver(&mut self, frame: impl Into<Frame>) {
        self.to_app.push_back(frame.into());
    }

    /// Whether all that the peer sent so far has been read: a peer whose frames wait unread is
    /// not silent.
    pub fn is_caught_up(&self) -> bool {
        self.caught_up
    }

    /// The time at which the present batch of frames began: cheaper than [`Instant::now`] for
    /// each frame.
    pub fn now(&mut self) -> Instant {
        *self.now.get_or_insert_with(Instant::now)
    }
}

/// Runs `filter` on `io`.
pub fn filter(io: BoxDuplex, filter: impl Filter) -> BoxDuplex {
    Box::new(Filtered {
        io,
        filter,
        flow: Flow::default(),
        timer: None,
        failed: false,
        unflushed: false,
        announced: false,
    })
}

struct Filtered<F> {
    io: BoxDuplex,
    filter: F,
    flow: Flow,
    timer: Option<Pin<Box<Sleep>>>,
    /// Frames of the filter's own have not been flushed: nobody else knows of them.
    unflushed: bool,
    /// The reader was woken for what waits for it, and has not come yet.
    announced: bool,
    /// The filter panicked or gave an error. It is not called again, and only a close, with
    /// which it has nothing to do any more, still passes.
    failed: bool,
}

impl<F: Filter> Filtered<F> {
    fn call<T>(
        &mut self,
        call: impl FnOnce(&mut F, &mut Flow) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Self { filter, flow, .. } = self;
        let result = catch_unwind(AssertUnwindSafe(|| call(filter, flow)))
            .unwrap_or_else(|_| Err(Error::with_message(ErrorKind::Internal, PANICKED)));
        self.failed |= result.is_err();
        result
    }

    fn fail(&mut self, kind: ErrorKind, message: &'static str) -> Error {
        self.failed = true;
        Error::with_message(kind, message)
    }

    /// Gives the filter's own frames to the connection below.
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while !self.flow.to_peer.is_empty() {
            ready!(self.io.poll_ready(cx))?;
            if let Some(frame) = self.flow.to_peer.pop_front() {
                self.unflushed = true;
                self.io.start_send(frame)?;
            }
        }
        if self.unflushed {
            self.unflushed = self.io.poll_flush(cx)?.is_pending();
        }
        Poll::Ready(Ok(()))
    }

    /// Calls the filter if its deadline has passed, and has the task woken at the next one.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> Result<(), Error> {
        while let Some(deadline) = self.filter.deadline().filter(|_| !self.failed) {
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
            if timer.deadline() != deadline {
                timer.as_mut().reset(deadline);
            }
            if timer.as_mut().poll(cx).is_pending() {
                return Ok(());
            }
            if self.flow.to_peer.len() > MAX_WAITING {
                let message = "the peer does not read what a plugin sends";
                return Err(self.fail(ErrorKind::SlowConsumer, message));
            }
            let now = Instant::now().max(deadline);
            self.call(|filter, flow| filter.expired(now, flow))?;
            if self.filter.deadline().is_some_and(|next| next <= now) {
                let message = "a filter must set a later deadline when one has passed";
                return Err(self.fail(ErrorKind::Internal, message));
            }
        }
        Ok(())
    }
}

impl<F: Filter> Duplex for Filtered<F> {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        self.announced = false;
        loop {
            let drained = self.poll_drain(cx)?;
            let blocked = drained.is_pending() && self.flow.to_peer.len() > MAX_UNSENT;
            if blocked {
                self.flow.caught_up = false;
                self.poll_timer(cx)?;
            }
            if let Some(frame) = self.flow.to_app.pop_front() {
                return Poll::Ready(Some(Ok(frame)));
            }
            if blocked {
                return Poll::Pending;
            }
            match self.io.poll_recv(cx)? {
                Poll::Ready(Some(frame)) => {
                    self.flow.caught_up = false;
                    if self.failed {
                        match frame {
                            Frame::Close(_) => return Poll::Ready(Some(Ok(frame))),
                            Frame::Message(_) | Frame::Ping(_) | Frame::Pong(_) => continue,
                        }
                    }
                    if let Some(frame) = self.call(|filter, flow| filter.inbound(frame, flow))? {
                        return Poll::Ready(Some(Ok(frame)));
                    }
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => {
                    self.flow.caught_up = true;
                    self.flow.now = None;
                    self.poll_timer(cx)?;
                    if self.flow.to_app.is_empty() && self.flow.to_peer.is_empty() {
                        return Poll::Pending;
                    }
                    if self.poll_drain(cx)?.is_pending() && self.flow.to_app.is_empty() {
                        return Poll::Pending;
                    }
                }
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_drain(cx))?;
        self.io.poll_ready(cx)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        if self.failed {
            return match frame {
                Frame::Close(_) => self.io.start_send(frame),
                Frame::Message(_) | Frame::Ping(_) | Frame::Pong(_) => Ok(()),
            };
        }
        match self.call(|filter, flow| filter.outbound(frame, flow))? {
            Some(frame) => self.io.start_send(frame),
            None => Ok(()),
        }
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        // Also for a deadline that a frame on its way out has set.
        self.poll_timer(cx)?;
        if !self.flow.to_app.is_empty() && !self.announced {
            self.announced = true;
            cx.waker().wake_by_ref();
        }
        ready!(self.poll_drain(cx))?;
        self.io.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_drain(cx))?;
        self.io.poll_close(cx)
    }
}

/// How many frames of its own a filter may have unsent before nothing more is read.
const MAX_UNSENT: usize = 16;
/// How many may be unsent when its deadline passes before the connection ends.
const MAX_WAITING: usize = 1024;
const PANICKED: &str = "a plugin panicked";
