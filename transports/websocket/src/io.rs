//! A stream as the protocol library wants it: one that says `WouldBlock`.

use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::frames::Frames;

/// Lets the protocol library, which reads and writes without waiting, use an asynchronous
/// stream.
///
/// One task polls the whole connection, so one waker serves both directions.
#[derive(Debug)]
pub(crate) struct Io<S> {
    stream: S,
    waker: Waker,
    frames: Frames,
    /// The last write did not go out: what is buffered has to be flushed before more is.
    blocked: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Io<S> {
    pub(crate) fn new(stream: S, frames: Frames) -> Self {
        Self { stream, waker: Waker::noop().clone(), frames, blocked: false }
    }

    /// Sets whom to wake when a read or write that would block no longer would.
    pub(crate) fn set_waker(&mut self, cx: &Context<'_>) {
        if !self.waker.will_wake(cx.waker()) {
            self.waker.clone_from(cx.waker());
        }
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked
    }

    /// Ends the sending direction.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    /// Takes what has come without looking at it, up to a bound.
    ///
    /// A connection that is closed while something is unread is reset, and a reset may overtake
    /// the close frame that says why.
    pub(crate) fn discard(&mut self, cx: &mut Context<'_>) {
        let mut space = [0; 4096];
        for _ in 0..MAX_DISCARDED / space.len() {
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                _ => return,
            }
        }
    }
}

impl<S: AsyncRead + Unpin> Read for Io<S> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.frames.exceeded() {
            return Err(io::Error::other(TooManyFragments));
        }
        let mut buffer = ReadBuf::new(space);
        let mut cx = Context::from_waker(&self.waker);
        match Pin::new(&mut self.stream).poll_read(&mut cx, &mut buffer) {
            Poll::Ready(result) => result?,
            Poll::Pending => return Err(io::ErrorKind::WouldBlock.into()),
        }
        let read = self.frames.follow(buffer.filled());
        if read == 0 && self.frames.exceeded() {
            return Err(io::Error::other(TooManyFragments));
        }
        Ok(read)
    }
}

impl<S: AsyncWrite + Unpin> Write for Io<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut cx = Context::from_waker(&self.waker);
        let written = Pin::new(&mut self.stream).poll_write(&mut cx, bytes);
        self.blocked = written.is_pending();
        match written {
            Poll::Ready(result) => result,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut cx = Context::from_waker(&self.waker);
        match Pin::new(&mut self.stream).poll_flush(&mut cx) {
            Poll::Ready(result) => result,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

/// The peer sent a message in more frames than `max_fragments`.
#[derive(Debug)]
pub(crate) struct TooManyFragments;

impl std::error::Error for TooManyFragments {}

impl std::fmt::Display for TooManyFragments {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a message came in more frames than `max_fragments`")
    }
}

/// How much of what a failed peer has sent is read and thrown away, in bytes.
const MAX_DISCARDED: usize = 256 * 1024;
