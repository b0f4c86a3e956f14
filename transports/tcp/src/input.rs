//! What has been read and waits to be decoded.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use plimsoll::Error;
use tokio::io::{AsyncRead, ReadBuf};
use tokio_util::io::poll_read_buf;

use crate::codec::{self, Decoded, Kind, Phase};

/// The buffer of a reader. It grows with what arrives, not with what is announced, and takes no
/// memory while nothing is there.
#[derive(Default)]
pub(crate) struct Input {
    buffer: BytesMut,
}

impl Input {
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
            match self.poll_read(cx, io, missing)? {
                Poll::Ready(0) if self.buffer.is_empty() => return Poll::Ready(Ok(None)),
                Poll::Ready(0) => {
                    return Poll::Ready(Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()));
                }
                Poll::Ready(_) => {}
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Throws away what has arrived, up to a bound, without waiting for more.
    pub(crate) fn discard<R: AsyncRead + Unpin>(&mut self, cx: &mut Context<'_>, io: &mut R) {
        self.buffer = BytesMut::new();
        for _ in 0..DISCARDED_CHUNKS {
            if !matches!(poll_chunk(cx, io, |_| {}), Poll::Ready(Ok(1..))) {
                break;
            }
        }
    }

    /// Reads at least a byte, or finds the end of the stream.
    fn poll_read<R: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        io: &mut R,
        missing: usize,
    ) -> Poll<io::Result<usize>> {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::new();
        }
        let spare = self.buffer.capacity() - self.buffer.len();
        if missing <= CHUNK && missing != spare {
            return poll_chunk(cx, io, |chunk| self.buffer.extend_from_slice(chunk));
        }
        if spare == 0 {
            self.grow(missing);
        }
        poll_read_buf(Pin::new(io), cx, &mut self.buffer)
    }

    /// Makes room for a large packet, and for nothing behind it: its payload keeps all of the
    /// buffer in memory.
    fn grow(&mut self, missing: usize) {
        let len = self.buffer.len();
        let mut grown = BytesMut::with_capacity(len + missing.min(len.max(GROWTH)));
        grown.extend_from_slice(&self.buffer);
        self.buffer = grown;
    }
}

/// Reads over the stack: what waits for a packet needs no memory, and what has been read is kept
/// in no larger a buffer than it needs.
fn poll_chunk<R: AsyncRead + Unpin>(
    cx: &mut Context<'_>,
    io: &mut R,
    keep: impl FnOnce(&[u8]),
) -> Poll<io::Result<usize>> {
    let mut chunk = [MaybeUninit::uninit(); CHUNK];
    let mut chunk = ReadBuf::uninit(&mut chunk);
    ready!(Pin::new(io).poll_read(cx, &mut chunk))?;
    keep(chunk.filled());
    Poll::Ready(Ok(chunk.filled().len()))
}

/// How much is read at once while packets are small, in bytes.
const CHUNK: usize = 8 * 1024;
/// By how much the buffer for a large packet grows at first, in bytes; later by what it holds.
const GROWTH: usize = 64 * 1024;
/// How much is thrown away at most before a connection is dropped.
const DISCARDED_CHUNKS: usize = 32;

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;

    const PHASE: Phase = Phase::Open { max_message: usize::MAX };

    #[tokio::test]
    async fn a_buffer_grows_with_what_arrives() {
        let (mut peer, mut io) = duplex(64 * 1024);
        peer.write_all(b"\xFF\xFF\xFF\xFF\x02x").await.unwrap();
        let mut input = Input::default();
        poll_fn(|cx| {
            assert!(input.poll_packet(cx, &mut io, PHASE).is_pending());
            Poll::Ready(())
        })
        .await;
        assert!(input.buffer.capacity() <= 6 + GROWTH, "{}", input.buffer.capacity());
    }

    #[tokio::test]
    async fn a_buffer_that_holds_nothing_takes_no_memory() {
        let (mut peer, mut io) = duplex(1024 * 1024);
        let mut input = Input::default();
        for len in [3, 100_000_u32] {
            peer.write_all(&len.to_be_bytes()).await.unwrap();
            peer.write_all(b"\x02").await.unwrap();
            peer.write_all(&vec![7; len as usize]).await.unwrap();
            let (_, payload) =
                poll_fn(|cx| input.poll_packet(cx, &mut io, PHASE)).await.unwrap().unwrap();
            assert_eq!(payload.len(), len as usize);
            poll_fn(|cx| {
                assert!(input.poll_packet(cx, &mut io, PHASE).is_pending());
                Poll::Ready(())
            })
            .await;
            assert_eq!(input.buffer.capacity(), 0);
        }
    }

    #[tokio::test]
    async fn a_large_packet_takes_no_more_than_it_needs() {
        let (mut peer, mut io) = duplex(1024 * 1024);
        let packet = [&b"\0\x01\0\0\x02"[..], &[7; 64 * 1024]].concat();
        peer.write_all(&packet.repeat(3)).await.unwrap();
        let mut input = Input::default();
        for _ in 0..3 {
            poll_fn(|cx| input.poll_packet(cx, &mut io, PHASE)).await.unwrap().unwrap();
            assert_eq!(input.buffer.capacity(), 0);
        }
    }

    #[tokio::test]
    async fn a_stream_may_end_only_between_packets() {
        for (bytes, ends_well) in [(&b""[..], true), (b"\0\0", false), (b"\0\0\0\x02\x02x", false)]
        {
            let (mut peer, mut io) = duplex(64);
            peer.write_all(bytes).await.unwrap();
            drop(peer);
            let mut input = Input::default();
            let packet = poll_fn(|cx| input.poll_packet(cx, &mut io, PHASE)).await;
            assert_eq!(matches!(packet, Ok(None)), ends_well, "{bytes:?}: {packet:?}");
        }
    }
}
