//! A connection during its handshake.

use std::future::poll_fn;
use std::io;
use std::task::Poll;

use bytes::Bytes;
use plimsoll::{BoxDuplex, Error};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use crate::Options;
use crate::codec::{Kind, Phase};
use crate::duplex::StreamDuplex;
use crate::input::Input;

/// Packets of the handshake over any stream of bytes.
pub(crate) struct Opening<S> {
    io: S,
    input: Input,
    options: Options,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Opening<S> {
    pub(crate) fn new(io: S, options: Options) -> Self {
        Self { io, input: Input::default(), options }
    }

    /// Receives a packet. Cancel safe.
    pub(crate) async fn recv(&mut self) -> Result<(Kind, Bytes), Error> {
        let Self { io, input, .. } = self;
        let packet = poll_fn(|cx| input.poll_packet(cx, io, Phase::Handshake)).await?;
        packet.ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof).into())
    }

    pub(crate) async fn send(&mut self, packet: &[u8]) -> Result<(), Error> {
        self.io.write_all(packet).await?;
        Ok(self.io.flush().await?)
    }

    /// Sends a last packet, so that it arrives although the connection is dropped after it.
    pub(crate) async fn end(&mut self, packet: &[u8]) -> Result<(), Error> {
        self.send(packet).await?;
        self.io.shutdown().await?;
        let Self { io, input, .. } = self;
        poll_fn(|cx| {
            input.discard(cx, io);
            Poll::Ready(())
        })
        .await;
        Ok(())
    }

    pub(crate) fn established(self) -> BoxDuplex {
        Box::new(StreamDuplex::new(self.io, self.input, &self.options))
    }
}
