//! A stream as the protocol library wants it: one that says `WouldBlock`.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::frames::Frames;
use crate::options::Options;
use crate::wakers::Wakers;

/// Lets the protocol library, which reads and writes without waiting, use an asynchronous
/// stream.
///
/// It reads into memory of the thread and copies: what the library is given to read into it
/// clears before each attempt, and keeps for as long as the connection lasts.
///
/// Reading may have to write, for the answer to a ping, and over HTTP/2 every write may have to
/// read: so each of the two wakes whoever waits for either.
#[derive(Debug)]
pub(crate) struct Io<S> {
    stream: S,
    wakers: Wakers,
    frames: Frames,
    /// How much is read at a time.
    read_buffer: usize,
    /// Read, but not yet taken by the library.
    unread: Bytes,
    /// The last write did not go out: what is buffered has to be flushed before more is.
    blocked: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Io<S> {
    pub(crate) fn new(stream: S, options: &Options) -> Self {
        Self {
            stream,
            wakers: Wakers::default(),
            frames: Frames::new(options.max_fragments),
            read_buffer: options.read_buffer,
            unread: Bytes::new(),
            blocked: false,
        }
    }

    /// Sets whom to wake when there may be something to read.
    pub(crate) fn set_reader(&mut self, cx: &Context<'_>) {
        self.wakers.set_reader(cx.waker());
    }

    /// Sets whom to wake when there may be room to write.
    pub(crate) fn set_writer(&mut self, cx: &Context<'_>) {
        self.wakers.set_writer(cx.waker());
    }

    pub(crate) fn is_blocked(&self) -> bool {
        self.blocked
    }

    #[cfg(test)]
    pub(crate) fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Ends the sending direction.
    pub(crate) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    /// Counts the frames of what was read elsewhere. Returns what may be read of it.
    pub(crate) fn follow<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[..self.frames.follow(bytes)]
    }

    /// Whether the peer has begun no message that it has not ended.
    pub(crate) fn is_between_messages(&self) -> bool {
        self.frames.is_between_messages()
    }

    /// Throws away what has come, and what is still to come of a frame that has begun.
    pub(crate) fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut space = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.frames.follow(buffer.filled());
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending if self.frames.is_within_frame() => return Poll::Pending,
                Poll::Pending => return Poll::Ready(()),
            }
        }
    }
}

impl<S: AsyncRead + Unpin> Io<S> {
    /// Reads into `scratch`, gives the library what it has space for and keeps the rest.
    fn read_ahead(&mut self, scratch: &mut [u8], space: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(scratch);
        let mut cx = Context::from_waker(self.wakers.all());
        match Pin::new(&mut self.stream).poll_read(&mut cx, &mut buffer) {
            Poll::Ready(result) => result?,
            Poll::Pending => return Err(io::ErrorKind::WouldBlock.into()),
        }
        let read = &buffer.filled()[..self.frames.follow(buffer.filled())];
        if read.is_empty() && self.frames.exceeded() {
            return Err(io::Error::other(TooManyFragments));
        }
        let (taken, rest) = read.split_at(read.len().min(space.len()));
        space[..taken.len()].copy_from_slice(taken);
        if !rest.is_empty() {
            self.unread = Bytes::copy_from_slice(rest);
        }
        Ok(taken.len())
    }
}

impl<S: AsyncRead + Unpin> Read for Io<S> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if !self.unread.is_empty() {
            let taken = self.unread.len().min(space.len());
            self.unread.copy_to_slice(&mut space[..taken]);
            if self.unread.is_empty() {
                self.unread = Bytes::new();
            }
            return Ok(taken);
        }
        if self.frames.exceeded() {
            return Err(io::Error::other(TooManyFragments));
        }
        let mut scratch = SCRATCH.take();
        if scratch.len() < self.read_buffer {
            scratch.resize(self.read_buffer, 0);
        }
        let read = self.read_ahead(&mut scratch[..self.read_buffer], space);
        SCRATCH.set(scratch);
        read
    }
}

impl<S: AsyncWrite + Unpin> Write for Io<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut cx = Context::from_waker(self.wakers.all());
        let written = Pin::new(&mut self.stream).poll_write(&mut cx, bytes);
        self.blocked = written.is_pending();
        match written {
            Poll::Ready(result) => result,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut cx = Context::from_waker(self.wakers.all());
        match Pin::new(&mut self.stream).poll_flush(&mut cx) {
            Poll::Ready(result) => result,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

thread_local! {
    /// Taken while it is in use: a stream may be a WebSocket in a WebSocket.
    static SCRATCH: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
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
