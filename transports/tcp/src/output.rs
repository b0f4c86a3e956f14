//! What waits to be written.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use plimsoll::{Error, Frame};
use tokio::io::AsyncWrite;

use crate::codec;

/// Frames in their wire form. Small payloads are copied together, large ones are kept as they
/// are; a broadcast to many slow peers does not multiply them.
#[derive(Default)]
pub(crate) struct Output {
    /// What goes out before `tail`.
    chunks: VecDeque<Bytes>,
    tail: BytesMut,
    /// How much waits in both.
    len: usize,
}

impl Output {
    pub(crate) fn push(&mut self, frame: Frame) -> Result<(), Error> {
        let before = self.tail.len();
        let payload = codec::header(frame, &mut self.tail)?;
        self.len += self.tail.len() - before + payload.len();
        if payload.len() <= COPIED {
            self.tail.extend_from_slice(&payload);
        } else {
            self.chunks.push_back(self.tail.split().freeze());
            self.chunks.push_back(payload);
        }
        Ok(())
    }

    /// Forgets all. An output that holds nothing takes no memory.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Writes until no more than `left` bytes wait.
    pub(crate) fn poll_write<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut W,
        left: usize,
    ) -> Poll<io::Result<()>> {
        while self.len > left {
            let io = Pin::new(&mut *io);
            let written = if self.chunks.is_empty() {
                io.poll_write(cx, &self.tail)
            } else {
                let mut slices = [IoSlice::new(&[]); SLICES];
                let chunks = self.chunks.iter().map(|chunk| &**chunk).chain([&*self.tail]);
                for (slice, chunk) in slices.iter_mut().zip(chunks) {
                    *slice = IoSlice::new(chunk);
                }
                io.poll_write_vectored(cx, &slices)
            };
            match ready!(written)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.advance(written),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, mut written: usize) {
        self.len -= written;
        if self.len == 0 {
            return self.clear();
        }
        while let Some(chunk) = self.chunks.front_mut() {
            if written < chunk.len() {
                return chunk.advance(written);
            }
            written -= chunk.len();
            self.chunks.pop_front();
        }
        self.tail.advance(written);
    }
}

/// The largest payload that is copied, in bytes.
const COPIED: usize = 4 * 1024;
/// How many chunks are written at once.
const SLICES: usize = 16;

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use plimsoll::Message;
    use tokio::io::{AsyncReadExt, duplex};

    use super::*;

    async fn poll_write(output: &mut Output, io: &mut (impl AsyncWrite + Unpin)) -> Poll<()> {
        poll_fn(|cx| Poll::Ready(output.poll_write(cx, io, 0).map(Result::unwrap))).await
    }

    #[tokio::test]
    async fn what_is_written_in_parts_arrives_whole() {
        let (mut peer, mut io) = duplex(777);
        let mut output = Output::default();
        let mut expected = Vec::new();
        for size in [0, 1, 100, COPIED, COPIED + 1, 3, 20_000, 20_000, 5] {
            let payload = vec![size as u8; size];
            expected.extend_from_slice(&(size as u32).to_be_bytes());
            expected.push(2);
            expected.extend_from_slice(&payload);
            output.push(Message::from(payload).into()).unwrap();
            let _ = poll_write(&mut output, &mut io).await;
        }
        let mut received = vec![0; expected.len()];
        let write = poll_fn(|cx| output.poll_write(cx, &mut io, 0));
        let (written, read) = tokio::join!(write, peer.read_exact(&mut received));
        written.unwrap();
        read.unwrap();
        assert!(received == expected);
        assert_eq!((output.len, output.tail.capacity(), output.chunks.capacity()), (0, 0, 0));
    }

    #[tokio::test]
    async fn a_peer_that_reads_steadily_but_never_all_costs_no_more_and_more() {
        let (mut peer, mut io) = duplex(1024);
        let mut output = Output::default();
        for _ in 0..10_000 {
            // A pipe of tokio makes a task pause that uses it for long.
            tokio::task::yield_now().await;
            while output.len < 8 * 1024 {
                output.push(Message::from(vec![0; 100]).into()).unwrap();
            }
            assert!(poll_write(&mut output, &mut io).await.is_pending());
            peer.read_exact(&mut [0; 1000]).await.unwrap();
            assert!(output.tail.capacity() < 64 * 1024, "{}", output.tail.capacity());
        }
    }
}
