//! A stream with buffers, and as the protocol library wants it: one that says `WouldBlock`.

use std::cell::Cell;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use plimsoll::Message;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tungstenite::protocol::Role;

use crate::frames::Frames;
use crate::options::Options;
use crate::unfragmented;
use crate::wakers::Wakers;

/// Reads and writes messages of one frame, and lets the protocol library, which reads and writes
/// without waiting, have the rest.
///
/// It reads into memory of the thread and copies what is not taken at once.
///
/// The library gets one frame at a time, so that between two messages it has nothing unread; and
/// what it writes goes behind what is buffered here.
///
/// Reading may have to write, for the answer to a ping, and over HTTP/2 every write may have to
/// read: so each of the two wakes whoever waits for either.
#[derive(Debug)]
pub(crate) struct Io<S> {
    stream: S,
    wakers: Wakers,
    role: Role,
    options: Options,
    /// Follows what the library reads.
    frames: Frames,
    /// Read, but not yet taken. What came with the handshake is a part of the HTTP server's
    /// buffer, and is kept until the first read even if it is empty: that buffer goes only after
    /// all that lasts has its memory. Freed earlier, it leaves a gap too small for the next
    /// connection's.
    unread: Bytes,
    /// Frames to be written.
    out: Vec<u8>,
    /// How much of `out` is written.
    written: usize,
    /// The last write did not go out: what is buffered has to be flushed before more is.
    blocked: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Io<S> {
    pub(crate) fn new(stream: S, early: Bytes, role: Role, options: Options) -> Self {
        Self {
            stream,
            wakers: Wakers::default(),
            role,
            options,
            frames: Frames::new(options.max_fragments),
            unread: early,
            out: Vec::new(),
            written: 0,
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

    /// Whether the library has begun to read no message that it has not ended.
    pub(crate) fn is_between_messages(&self) -> bool {
        self.frames.is_between_messages()
    }

    /// Whether there are no buffers.
    #[cfg(test)]
    pub(crate) fn is_resting(&self) -> bool {
        self.unread.is_empty() && self.out.capacity() == 0
    }

    /// Frees the buffer for writing, in which nothing may be.
    pub(crate) fn rest(&mut self) {
        self.out = Vec::new();
    }

    /// Buffers a message that consists of `parts`, which have `length` bytes together.
    #[inline]
    pub(crate) fn write_message<'a>(
        &mut self,
        is_text: bool,
        length: usize,
        parts: impl Iterator<Item = &'a [u8]>,
    ) -> io::Result<()> {
        unfragmented::write(is_text, length, parts, self.role, &mut self.out);
        if self.out.len() > self.options.write_buffer { self.write_out() } else { Ok(()) }
    }

    /// Throws away what has come, and what is still to come of a frame that has begun.
    pub(crate) fn poll_discard(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let unread = std::mem::take(&mut self.unread);
        self.discard(&unread);
        let mut space = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {
                    self.discard(buffer.filled());
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending if self.frames.is_within_frame() => return Poll::Pending,
                Poll::Pending => return Poll::Ready(()),
            }
        }
    }

    fn discard(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.frames.exceeded() {
            bytes = &bytes[self.frames.follow(bytes)..];
        }
    }
}

impl<S: AsyncRead + Unpin> Io<S> {
    /// Reads what comes next, while the library has begun no message.
    pub(crate) fn poll_next(&mut self) -> Poll<io::Result<Next>> {
        if self.unread.is_empty() {
            return self.poll_read(|io, read| {
                if read.is_empty() {
                    return Next::End;
                }
                let (next, taken) = io.next(read);
                io.unread = Bytes::copy_from_slice(&read[taken..]);
                next
            });
        }
        let (next, taken) = self.next(&self.unread);
        self.unread.advance(taken);
        Poll::Ready(Ok(next))
    }

    fn next(&self, bytes: &[u8]) -> (Next, usize) {
        match unfragmented::read(bytes, self.role, &self.options) {
            Some((message, taken)) => (Next::Message(message), taken),
            None => (Next::Other, 0),
        }
    }

    /// Reads into memory of the thread. There is nothing unread.
    fn poll_read<T>(&mut self, take: impl FnOnce(&mut Self, &[u8]) -> T) -> Poll<io::Result<T>> {
        self.unread = Bytes::new();
        let mut scratch = SCRATCH.take();
        if scratch.len() < self.options.read_buffer {
            scratch.resize(self.options.read_buffer, 0);
        }
        let mut buffer = ReadBuf::new(&mut scratch[..self.options.read_buffer]);
        let mut cx = Context::from_waker(self.wakers.all());
        let read = Pin::new(&mut self.stream).poll_read(&mut cx, &mut buffer);
        let taken = read.map_ok(|()| take(self, buffer.filled()));
        SCRATCH.set(scratch);
        taken
    }
}

impl<S: AsyncWrite + Unpin> Io<S> {
    /// Writes what is buffered.
    fn write_out(&mut self) -> io::Result<()> {
        let mut cx = Context::from_waker(self.wakers.all());
        while self.written < self.out.len() {
            let written = Pin::new(&mut self.stream).poll_write(&mut cx, &self.out[self.written..]);
            self.blocked = written.is_pending();
            match written {
                Poll::Ready(Ok(0)) => return Err(io::ErrorKind::WriteZero.into()),
                Poll::Ready(result) => self.written += result?,
                Poll::Pending => return Err(io::ErrorKind::WouldBlock.into()),
            }
        }
        self.out.clear();
        self.written = 0;
        Ok(())
    }
}

/// What comes next.
pub(crate) enum Next {
    /// The stream has ended.
    End,
    Message(Message),
    /// Something for the library.
    Other,
}

impl<S: AsyncRead + Unpin> Read for Io<S> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            let read = self.poll_read(|io, read| io.unread = Bytes::copy_from_slice(read));
            match read {
                Poll::Ready(result) => result?,
                Poll::Pending => return Err(io::ErrorKind::WouldBlock.into()),
            }
        }
        let most = self.unread.len().min(space.len());
        let taken = self.frames.follow(&self.unread[..most]);
        if self.frames.exceeded() {
            return Err(io::Error::other(TooManyFragments));
        }
        self.unread.copy_to_slice(&mut space[..taken]);
        Ok(taken)
    }
}

impl<S: AsyncWrite + Unpin> Write for Io<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.out.len() > self.options.write_buffer {
            self.write_out()?;
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out()?;
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
