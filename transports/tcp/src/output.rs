//! What waits to be written.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use plimsoll::{Error, Frame};
use tokio::io::AsyncWrite;

use crate::codec;

/// Frames in their wire form. Small payloads are copied together, large ones are kept as they
/// are; a broadcast to many slow peers does not multiply them.
#[derive(Default)]
pub(crate) struct Output {
    /// What goes out before `tail`.
    chunks: VecDeque<Bytes>,
    tail: Vec<u8>,
    /// How much of the first chunk, or of `tail` if there is none, has been written.
    written: usize,
    /// How much has not been written.
    len: usize,
}

impl Output {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn push(&mut self, frame: Frame) -> Result<(), Error> {
        let before = self.tail.len();
        let payload = codec::header(frame, &mut self.tail)?;
        self.len += self.tail.len() - before + payload.len();
        if payload.len() <= COPIED {
            self.tail.extend_from_slice(&payload);
        } else {
            self.chunks.push_back(mem::take(&mut self.tail).into());
            self.chunks.push_back(payload);
        }
        Ok(())
    }

    /// Adds bytes that are in their wire form already.
    pub(crate) fn push_raw(&mut self, bytes: &[u8]) {
        self.tail.extend_from_slice(bytes);
        self.len += bytes.len();
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Writes until no more than `left` bytes wait.
    pub(crate) fn poll_write<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        mut io: &mut W,
        left: usize,
    ) -> Poll<io::Result<()>> {
        while self.len > left {
            let io = Pin::new(&mut io);
            let written = if self.chunks.is_empty() {
                io.poll_write(cx, self.tail.get(self.written..).unwrap_or_default())
            } else {
                let mut slices = [IoSlice::new(&[]); SLICES];
                let count = self.fill(&mut slices);
                io.poll_write_vectored(cx, slices.get(..count).unwrap_or_default())
            };
            match ready!(written)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => self.advance(written),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>; SLICES]) -> usize {
        let chunks = self.chunks.iter().map(|chunk| &**chunk).chain([&*self.tail]);
        let mut skip = self.written;
        let mut count = 0;
        for (slice, chunk) in slices.iter_mut().zip(chunks) {
            *slice = IoSlice::new(chunk.get(skip..).unwrap_or_default());
            skip = 0;
            count += 1;
        }
        count
    }

    fn advance(&mut self, count: usize) {
        self.len = self.len.saturating_sub(count);
        self.written += count;
        while let Some(chunk) = self.chunks.front().filter(|chunk| chunk.len() <= self.written) {
            self.written -= chunk.len();
            self.chunks.pop_front();
        }
        if self.len == 0 {
            self.written = 0;
            self.tail.clear();
            if self.tail.capacity() > KEPT {
                self.tail = Vec::new();
            }
            if self.chunks.capacity() > SLICES {
                self.chunks = VecDeque::new();
            }
        }
    }
}

/// The largest payload that is copied, in bytes.
const COPIED: usize = 4 * 1024;
/// How much room for small frames an idle connection keeps, in bytes.
const KEPT: usize = 4 * 1024;
/// How many chunks are written at once.
const SLICES: usize = 16;
