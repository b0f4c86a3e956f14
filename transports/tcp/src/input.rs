//! What has been read and waits to be decoded.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use plimsoll::Error;
use tokio::io::AsyncRead;
use tokio_util::io::poll_read_buf;

use crate::codec::{self, Decoded, Kind, Phase};

/// The buffer of a reader. It grows with what arrives, not with what is announced.
pub(crate) struct Input {
    buffer: BytesMut,
    /// How much is read at once while packets are small.
    chunk: usize,
    /// The buffer is larger than a chunk.
    grown: bool,
}

impl Input {
    pub(crate) fn new(chunk: usize) -> Self {
        Self { buffer: BytesMut::new(), chunk, grown: false }
    }

    /// The next packet; `None` where the stream ends between two packets.
    pub(crate) fn poll_packet<R: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut R,
        phase: Phase,
    ) -> Poll<Result<Option<(Kind, Bytes)>, Error>> {
        loop {
            let missing = match codec::take(&mut self.buffer, phase)? {
                Decoded::Packet(kind, payload) => return Poll::Ready(Ok(Some((kind, payload)))),
                Decoded::Missing(missing) => missing,
            };
            self.make_room(missing);
            match poll_read_buf(Pin::new(&mut *io), cx, &mut self.buffer)? {
                Poll::Ready(0) if self.buffer.is_empty() => return Poll::Ready(Ok(None)),
                Poll::Ready(0) => {
                    return Poll::Ready(Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()));
                }
                Poll::Ready(_) => {}
                Poll::Pending => {
                    self.shrink();
                    return Poll::Pending;
                }
            }
        }
    }

    /// Throws away what has arrived, up to a bound, without waiting for more.
    pub(crate) fn discard<R: AsyncRead + Unpin>(&mut self, cx: &mut Context<'_>, io: &mut R) {
        for _ in 0..DISCARDED_CHUNKS {
            self.buffer.clear();
            self.make_room(1);
            if !matches!(poll_read_buf(Pin::new(&mut *io), cx, &mut self.buffer), Poll::Ready(Ok(1..)))
            {
                break;
            }
        }
        self.buffer = BytesMut::new();
    }

    fn make_room(&mut self, missing: usize) {
        let len = self.buffer.len();
        let spare = self.buffer.capacity() - len;
        if spare < missing || spare < self.chunk / 8 {
            let most = self.chunk.max(GROWTH).max(len);
            let room = missing.clamp(self.chunk, most);
            self.grown |= len + room > self.chunk;
            self.buffer.reserve(room);
        }
    }

    /// Gives back what an idle connection does not need.
    fn shrink(&mut self) {
        if self.grown && self.buffer.is_empty() {
            self.buffer = BytesMut::new();
            self.grown = false;
        }
    }
}

/// By how much a buffer grows at first, in bytes; later by what it holds.
const GROWTH: usize = 16 * 1024;
/// How much is thrown away at most before a connection is dropped.
const DISCARDED_CHUNKS: usize = 64;
