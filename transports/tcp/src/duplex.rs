//! A connection after its handshake.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use plimsoll::{Close, CloseCode, Duplex, Error, ErrorKind, Frame};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::Options;
use crate::codec::{self, Phase};
use crate::input::Input;
use crate::output::Output;

/// Frames over any stream of bytes.
pub(crate) struct StreamDuplex<S> {
    io: S,
    input: Input,
    output: Output,
    phase: Phase,
    write_buffer: usize,
    receiving: Receiving,
    sending: Sending,
}

/// What may come from the peer.
enum Receiving {
    Open,
    /// Nothing: a close with this code was the last frame.
    Closed(CloseCode),
    /// Nothing: the stream has ended.
    Ended,
    /// Nothing that could be understood.
    Failed,
}

/// What may be sent to the peer.
enum Sending {
    Open,
    /// Nothing but what is in the output, of which a close is the last frame.
    Closed,
    /// Nothing.
    Shut,
}

impl<S: AsyncRead + AsyncWrite + Unpin> StreamDuplex<S> {
    /// `input` may hold what was read after the handshake.
    pub(crate) fn new(io: S, input: Input, options: &Options) -> Self {
        Self {
            io,
            input,
            output: Output::default(),
            phase: Phase::Open { max_message: options.max_message },
            write_buffer: options.write_buffer,
            receiving: Receiving::Open,
            sending: Sending::Open,
        }
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Frame>, Error>> {
        let packet = ready!(self.input.poll_packet(cx, &mut self.io, self.phase))?;
        Poll::Ready(packet.map(|(kind, payload)| codec::frame(kind, payload)).transpose())
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, left: usize) -> Poll<Result<(), Error>> {
        let written = ready!(self.output.poll_write(cx, &mut self.io, left));
        Poll::Ready(self.sent(written))
    }

    /// After an error nothing can be sent any more.
    fn sent(&mut self, result: io::Result<()>) -> Result<(), Error> {
        if result.is_err() {
            self.sending = Sending::Shut;
            self.output.clear();
        }
        Ok(result?)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Duplex for StreamDuplex<S> {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        if !matches!(self.receiving, Receiving::Open) {
            return Poll::Ready(None);
        }
        let frame = ready!(self.poll_frame(cx));
        match &frame {
            Ok(Some(Frame::Close(close))) => self.receiving = Receiving::Closed(close.code),
            Ok(Some(_)) => {}
            Ok(None) => self.receiving = Receiving::Ended,
            Err(_) => self.receiving = Receiving::Failed,
        }
        Poll::Ready(frame.transpose())
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self.sending {
            Sending::Open => self.poll_write(cx, self.write_buffer - 1),
            Sending::Closed | Sending::Shut => Poll::Ready(Err(Error::new(ErrorKind::Close))),
        }
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        if !matches!(self.sending, Sending::Open) {
            return Err(Error::new(ErrorKind::Close));
        }
        let last = matches!(frame, Frame::Close(_));
        self.output.push(frame)?;
        if last {
            self.sending = Sending::Closed;
        }
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        ready!(self.poll_write(cx, 0))?;
        let flushed = ready!(Pin::new(&mut self.io).poll_flush(cx));
        Poll::Ready(self.sent(flushed))
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if let (Receiving::Closed(code), Sending::Open) = (&self.receiving, &self.sending) {
            self.start_send(Frame::Close(Close::new(*code, "")))?;
        }
        if !matches!(self.sending, Sending::Shut) {
            ready!(self.poll_flush(cx))?;
            let shut = ready!(Pin::new(&mut self.io).poll_shutdown(cx));
            self.sending = Sending::Shut;
            match shut {
                // The peer was faster.
                Err(error) if error.kind() == io::ErrorKind::NotConnected => {}
                shut => shut?,
            }
        }
        if matches!(self.receiving, Receiving::Failed) {
            // Dropping a socket that has unread data resets the connection, which may cost the
            // peer the close frame.
            self.input.discard(cx, &mut self.io);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use plimsoll::DuplexExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;

    fn pair() -> (StreamDuplex<DuplexStream>, DuplexStream) {
        let (io, peer) = duplex(64 * 1024);
        (StreamDuplex::new(io, Input::default(), &Options::default()), peer)
    }

    async fn rest(mut peer: DuplexStream) -> Vec<u8> {
        let mut rest = Vec::new();
        peer.read_to_end(&mut rest).await.unwrap();
        rest
    }

    #[tokio::test]
    async fn the_end_of_one_direction_leaves_the_other_open() {
        let (mut io, mut peer) = pair();
        peer.shutdown().await.unwrap();
        assert!(io.recv().await.is_none());
        io.send("still").await.unwrap();
        io.close().await.unwrap();
        assert_eq!(rest(peer).await, b"\0\0\0\x05\x01still");

        let (mut io, mut peer) = pair();
        io.close().await.unwrap();
        peer.write_all(b"\0\0\0\x05\x01still").await.unwrap();
        assert_eq!(io.recv().await.unwrap().unwrap(), Frame::from("still"));
    }

    #[tokio::test]
    async fn a_close_is_answered_with_its_code_and_without_its_reason() {
        for (close, answer) in [
            (&b"\0\0\0\x05\x08\x03\xE8bye"[..], &b"\0\0\0\x02\x08\x03\xE8"[..]),
            (b"\0\0\0\0\x08", b"\0\0\0\0\x08"),
        ] {
            let (mut io, mut peer) = pair();
            peer.write_all(close).await.unwrap();
            assert!(matches!(io.recv().await, Some(Ok(Frame::Close(_)))));
            assert!(io.recv().await.is_none());
            io.close().await.unwrap();
            io.close().await.unwrap();
            assert_eq!(rest(peer).await, answer);
        }
    }

    #[tokio::test]
    async fn two_closes_answer_each_other() {
        let (mut io, mut peer) = pair();
        io.send(Frame::Close(Close::going_away())).await.unwrap();
        peer.write_all(b"\0\0\0\0\x08").await.unwrap();
        assert!(matches!(io.recv().await, Some(Ok(Frame::Close(_)))));
        io.close().await.unwrap();
        assert_eq!(rest(peer).await, b"\0\0\0\x02\x08\x03\xE9");
    }

    #[tokio::test]
    async fn a_reader_that_failed_can_say_why_and_leaves_nothing_unread() {
        let (mut io, mut peer) = pair();
        peer.write_all(b"\0\0\0\0\x03").await.unwrap();
        peer.write_all(&[0; 50_000]).await.unwrap();
        let error = io.recv().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(io.recv().await.is_none());
        io.send(Frame::Close(Close::new(CloseCode::PROTOCOL, ""))).await.unwrap();
        io.close().await.unwrap();
        // All that was unread is gone: there is room for as much again.
        peer.write_all(&[0; 64 * 1024]).await.unwrap();
        assert_eq!(rest(peer).await, b"\0\0\0\x02\x08\x03\xEA");
    }

    #[tokio::test]
    async fn a_peer_that_is_gone_ends_the_sending_side() {
        let (mut io, peer) = pair();
        drop(peer);
        assert_eq!(io.send("lost").await.unwrap_err().kind(), ErrorKind::Io);
        assert_eq!(io.send("lost").await.unwrap_err().kind(), ErrorKind::Close);
        io.close().await.unwrap();
    }
}
