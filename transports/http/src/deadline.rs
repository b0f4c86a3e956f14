//! The time that a client has for the headers of its next request.
//!
//! hyper has such a deadline for HTTP/1.1, too, but it begins only once the client has shown
//! which HTTP it speaks, and costs a timer and one more attempt to read with each request. This
//! one moves its timer only when that has expired.
//!
//! It begins when hyper has taken the last of an answer. How much of that the client has read
//! nobody tells, so a client has the time for it, too, as if it read at [`SLOWEST`].

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body::{Body, Frame, SizeHint};
use hyper::body::Buf;
use pin_project::pin_project;
use tokio::task::coop::has_budget_remaining;
use tokio::time::{Instant, Sleep, sleep};

/// What is known of the requests of a connection.
#[derive(Default)]
pub(crate) struct Requests {
    begun: AtomicU32,
    ended: AtomicU32,
    multiplexed: AtomicBool,
    /// How many bytes of answers there were since the deadline last began.
    answered: AtomicU64,
}

impl Requests {
    /// Counts a request, until what this returns is dropped. Over HTTP/2, which looks after its
    /// clients by pings, there is no deadline after the first.
    pub(crate) fn begin(self: &Arc<Self>, version: http::Version) -> Request {
        self.begun.fetch_add(1, Ordering::Relaxed);
        if version == http::Version::HTTP_2 {
            self.multiplexed.store(true, Ordering::Relaxed);
        }
        Request(Arc::clone(self))
    }
}

/// A request that is being answered.
pub(crate) struct Request(Arc<Requests>);

impl Request {
    /// Ends the request with the body of its answer; `None` is an empty one.
    pub(crate) fn until_end_of<B>(self, body: Option<B>) -> Answer<B> {
        Answer { body, request: self }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// The body of an answer.
#[pin_project]
pub(crate) struct Answer<B> {
    #[pin]
    body: Option<B>,
    request: Request,
}

impl<B: Body> Body for Answer<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let Some(body) = this.body.as_pin_mut() else { return Poll::Ready(None) };
        let polled = body.poll_frame(cx);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            this.request.0.answered.fetch_add(data.remaining() as u64, Ordering::Relaxed);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or(SizeHint::with_exact(0), Body::size_hint)
    }
}

/// Passes when a client has taken too long for the headers of a request. Polled after each poll
/// of the connection, in the same task.
pub(crate) struct Deadline {
    requests: Arc<Requests>,
    timeout: Duration,
    /// How many requests had ended when `until` was set.
    ended: u32,
    until: Instant,
    timer: Pin<Box<Sleep>>,
    /// The timer wakes the task.
    registered: bool,
}

impl Deadline {
    pub(crate) fn new(requests: Arc<Requests>, timeout: Duration) -> Self {
        let timer = Box::pin(sleep(timeout));
        Self { requests, timeout, ended: 0, until: timer.deadline(), timer, registered: false }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let ended = self.requests.ended.load(Ordering::Relaxed);
        let in_progress = self.requests.begun.load(Ordering::Relaxed) != ended;
        if in_progress || self.requests.multiplexed.load(Ordering::Relaxed) {
            return Poll::Pending;
        }
        if self.ended != ended {
            self.ended = ended;
            let answered = self.requests.answered.swap(0, Ordering::Relaxed);
            let reading = Duration::from_millis(answered.saturating_mul(1000) / SLOWEST);
            self.until = Instant::now() + self.timeout + reading;
        }
        if self.registered && !self.timer.is_elapsed() {
            return Poll::Pending;
        }
        if self.timer.deadline() != self.until {
            self.timer.as_mut().reset(self.until);
        }
        // Without a budget, what is polled only wakes itself.
        self.registered = has_budget_remaining();
        self.timer.as_mut().poll(cx)
    }
}

/// How many bytes of answers in a second a client has to read.
const SLOWEST: u64 = 8 * 1024;
