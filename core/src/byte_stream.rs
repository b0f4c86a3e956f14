//! A connection as a stream of bytes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::{fmt, str};

use bytes::{Buf, Bytes, BytesMut};
use futures::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{Close, CloseCode, Error, ErrorKind, Info, Message, Sender, Socket, Text};

/// A connection as a stream of bytes, whatever the transport: for
/// [`copy_bidirectional`](https://docs.rs/tokio/1/tokio/io/fn.copy_bidirectional.html), for
/// hyper, TLS or a codec. Made by [`Socket::into_byte_stream`].
///
/// The bytes of all messages that come in, one after the other, are what is read; the boundaries
/// of messages mean nothing. For the traits of the same names in the futures ecosystem there is
/// `compat` in `tokio_util`.
///
/// ```
/// use plimsoll::{Dialer, Endpoint, Socket};
/// use plimsoll_memory::Memory;
/// use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, split};
///
/// async fn echo(socket: Socket) {
///     let (mut reader, mut writer) = split(socket.into_byte_stream().half_close(true));
///     if copy(&mut reader, &mut writer).await.is_ok() {
///         let _ = writer.shutdown().await;
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let memory = Memory::new();
/// let endpoint = Endpoint::builder().handle(echo)?;
/// # let listener = memory.listen("echo")?;
/// # tokio::spawn(async move { endpoint.listen(listener).await });
/// # let dialer = Dialer::builder().transport(memory.connector()).build()?;
/// let socket = dialer.connect("mem://echo").await?;
/// let mut stream = socket.into_byte_stream().half_close(true);
/// stream.write_all(b"ahoy").await?;
/// stream.shutdown().await?;
/// let mut answer = String::new();
/// stream.read_to_string(&mut answer).await?;
/// assert_eq!(answer, "ahoy");
/// # Ok(())
/// # }
/// ```
///
/// # Writing
///
/// What is written waits until there is enough for a [message](Self::max_message), and goes out
/// before that when the stream is flushed, is shut down, or is read from while there is nothing
/// to read. Writing waits while the connection's [outbox](crate::SocketOptions::outbox_bytes) is
/// full. What has not been flushed when the stream is dropped is lost.
///
/// # Text
///
/// Where the transport [carries binary messages](crate::Capabilities::binary), bytes arrive as
/// they are. Where it carries text only, as SockJS does unless it is set to `Binary::Base64`, or
/// where [`text`](Self::text) says so, messages are text, as those of Node's `shoe` are:
/// characters are kept whole, and writing what is not UTF-8 fails with
/// [`io::ErrorKind::InvalidData`]. Both kinds are read everywhere.
///
/// # The end
///
/// Connections have one end for both directions. So shutting down the stream closes the
/// connection, after what was written has gone out: what the peer sends meanwhile may be lost.
/// [`half_close`](Self::half_close) keeps the other direction going.
///
/// Reading ends with the connection, if it is closed in order; with `half_close`, only as the
/// peer has said. Any other end is an error of kind [`io::ErrorKind::UnexpectedEof`], lest a cut
/// stream pass for a whole one. Over transports that do not tell the peer of a
/// [close](crate::Capabilities::close_reason), only `half_close` tells the two apart.
///
/// A socket of [`keep_connected`](crate::Dialer::keep_connected) is not fit for this: what is
/// lost with a connection is missing in the stream.
///
/// All methods are cancel safe as far as tokio's extension traits are.
pub struct ByteStream {
    socket: Socket,
    /// Sends for a reader that waits: reader and writer may be woken in different tasks.
    reader: Sender,
    max_message: usize,
    half_close: bool,
    text: bool,
    /// Received, and not yet read.
    unread: Bytes,
    /// Written, and not yet sent.
    unsent: BytesMut,
    read_ended: bool,
    write_ended: bool,
}

impl ByteStream {
    pub(crate) fn new(socket: Socket) -> Self {
        Self {
            reader: socket.sender().clone(),
            text: !socket.info().capabilities().binary,
            socket,
            max_message: MAX_MESSAGE,
            half_close: false,
            unread: Bytes::new(),
            unsent: BytesMut::new(),
            read_ended: false,
            write_ended: false,
        }
    }

    /// Sets how long a message may be, in bytes: not more than the peer takes, and at least 4, so
    /// that a character fits in. Default: 16 KiB.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes.max(MIN_MESSAGE);
        self
    }

    /// Sets whether each direction ends on its own. Default: no.
    ///
    /// Then an empty message is the end of a direction, and the connection closes once both have
    /// ended. Both sides must be set alike: a peer that is no `ByteStream` takes no notice of
    /// empty messages.
    #[must_use]
    pub fn half_close(mut self, enabled: bool) -> Self {
        self.half_close = enabled;
        self
    }

    /// Sets whether messages are text. Default: where the transport carries text only.
    ///
    /// For peers that want text whatever the transport carries, as Node's `shoe` does.
    #[must_use]
    pub fn text(mut self, enabled: bool) -> Self {
        self.text = enabled;
        self
    }

    /// What is known of the connection.
    pub fn info(&self) -> &Info {
        self.socket.info()
    }

    /// A handle for the connection: to wait for its end, or to close it with a reason.
    pub fn sender(&self) -> &Sender {
        self.socket.sender()
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Poll::Ready(received) = Pin::new(&mut self.socket).poll_next(cx) else {
            // Who waits for an answer has asked: the question must be on its way. If it cannot
            // be, reading ends as well.
            let _ = poll_send(&mut self.reader, &mut self.unsent, self.text, cx);
            return Poll::Pending;
        };
        match received {
            Some(Ok(message)) if message.is_empty() => self.read_ended = self.half_close,
            Some(Ok(message)) => self.unread = message.into_bytes(),
            Some(Err(error)) => {
                self.read_ended = true;
                return Poll::Ready(Err(to_io(error)));
            }
            None => {
                self.read_ended = true;
                return Poll::Ready(self.check_end());
            }
        }
        self.close_if_ended();
        Poll::Ready(Ok(()))
    }

    /// Whether the end of the connection is that of the stream.
    fn check_end(&self) -> io::Result<()> {
        let close = self.sender().close_reason().unwrap_or(Close::normal());
        match close.code {
            CloseCode::NORMAL | CloseCode::GOING_AWAY | CloseCode::NO_STATUS
                if !self.half_close =>
            {
                Ok(())
            }
            _ => Err(io::Error::new(io::ErrorKind::UnexpectedEof, close.to_string())),
        }
    }

    fn close_if_ended(&self) {
        if self.half_close && self.read_ended && self.write_ended {
            self.socket.close(Close::normal());
        }
    }

    /// Tells the peer that this direction has ended.
    fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        if !self.half_close {
            self.write_ended = true;
            return Pin::new(&mut self.socket).poll_close(cx);
        }
        if !self.write_ended {
            ready!(Pin::new(&mut self.socket).poll_ready(cx))?;
            let end = match self.text {
                true => Message::text(""),
                false => Message::binary(Bytes::new()),
            };
            Pin::new(&mut self.socket).start_send(end)?;
            self.write_ended = true;
            self.close_if_ended();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for ByteStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.unread.is_empty() && !self.read_ended {
            ready!(self.poll_message(cx))?;
        }
        let length = self.unread.len().min(buf.remaining());
        buf.put_slice(&self.unread[..length]);
        self.unread.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ByteStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Self { socket, unsent, max_message, text, write_ended, .. } = &mut *self;
        if *write_ended {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if unsent.len() >= *max_message {
            ready!(poll_send(&mut socket.sender, unsent, *text, cx))?;
        }
        let length = buf.len().min(*max_message - unsent.len());
        unsent.extend_from_slice(&buf[..length]);
        Poll::Ready(Ok(length))
    }

    /// Ready once all is in the connection's outbox, which goes out by itself. The beginning of
    /// a character stays, where messages are text.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { socket, text, unsent, .. } = &mut *self;
        poll_send(&mut socket.sender, unsent, *text, cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        if !self.unsent.is_empty() {
            return Poll::Ready(Err(not_text()));
        }
        match ready!(self.poll_end(cx)) {
            // The peer has gone, and missed nothing that was still to be sent.
            Err(error) if error.kind() == ErrorKind::Close => Poll::Ready(Ok(())),
            ended => Poll::Ready(ended.map_err(to_io)),
        }
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream").field("info", self.info()).finish_non_exhaustive()
    }
}

/// Sends what was written, when there is room for it.
fn poll_send(
    sender: &mut Sender,
    unsent: &mut BytesMut,
    text: bool,
    cx: &mut Context<'_>,
) -> Poll<io::Result<()>> {
    let length = if text { whole_characters(unsent)? } else { unsent.len() };
    if length == 0 {
        return Poll::Ready(Ok(()));
    }
    ready!(Pin::new(&mut *sender).poll_ready(cx)).map_err(to_io)?;
    let data = unsent.split_to(length).freeze();
    let message = match text {
        true => Message::text(Text::from_utf8(data).map_err(|_| not_text())?),
        false => Message::binary(data),
    };
    Poll::Ready(Pin::new(sender).start_send(message).map_err(to_io))
}

/// How many bytes there are before a character that is not complete.
fn whole_characters(bytes: &[u8]) -> io::Result<usize> {
    match str::from_utf8(bytes) {
        Ok(_) => Ok(bytes.len()),
        Err(error) if error.error_len().is_none() => Ok(error.valid_up_to()),
        Err(_) => Err(not_text()),
    }
}

fn not_text() -> io::Error {
    let message = "messages are text here, and what was written is not UTF-8";
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn to_io(error: Error) -> io::Error {
    let kind = match error.kind() {
        ErrorKind::Close => io::ErrorKind::BrokenPipe,
        ErrorKind::Codec | ErrorKind::Protocol | ErrorKind::TooLarge => io::ErrorKind::InvalidData,
        ErrorKind::Timeout => io::ErrorKind::TimedOut,
        ErrorKind::Unsupported => io::ErrorKind::Unsupported,
        ErrorKind::Config
        | ErrorKind::Expired
        | ErrorKind::Internal
        | ErrorKind::Io
        | ErrorKind::Policy
        | ErrorKind::Rejected
        | ErrorKind::SlowConsumer => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

/// A quarter of what a peer takes by default.
const MAX_MESSAGE: usize = 16 * 1024;
/// The longest character, in bytes.
const MIN_MESSAGE: usize = 4;
