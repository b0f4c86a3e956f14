//! A connection as the application sees it.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::Stream;
use futures::future::poll_fn;

use crate::driver::Driver;
use crate::inbox::Taken;
use crate::shared::Shared;
use crate::{BoxDuplex, ByteStream, Close, CloseCode, Error, Info, Message, Sender};

/// One connection, whatever the transport.
///
/// Pings, pongs and closes are taken care of: a driver owns the transport below, so that they
/// make progress whatever the application waits for.
///
/// # The end
///
/// Dropping the socket closes the connection with [`CloseCode::NORMAL`](crate::CloseCode::NORMAL)
/// after what was sent has gone out. Where the connection ends by an error that the peer can be
/// told of, what was sent goes out before the close as well; all of it within
/// [`SocketOptions::close_timeout`].
///
/// A peer that ends its direction without a close, as a lost connection does, ends the
/// connection at once: what it sent before is still received, what waits for it is not sent. So
/// a client must not shut down the sending half of its connection before it has its answers.
///
/// A message that the transport turns out not to carry, for example because it is over a limit
/// there, ends the connection with that error: where it was sent, its sender has long gone on.
///
/// # Stream and sink
///
/// It is a [`Stream`] of received messages and a [`Sink`](futures::Sink) of messages to send, as
/// are the halves into which it [splits](Self::split):
///
/// ```
/// use futures::StreamExt;
/// use plimsoll::{Endpoint, Socket};
///
/// async fn echo(socket: Socket) {
///     let (sender, receiver) = socket.split();
///     // Fails if the connection does, which is all there was to do.
///     let _ = receiver.forward(sender).await;
/// }
///
/// # use plimsoll::Dialer;
/// # use plimsoll_memory::Memory;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), plimsoll::Error> {
/// # let memory = Memory::new();
/// let endpoint = Endpoint::builder().handle(echo)?;
/// # let listener = memory.listen("echo")?;
/// # tokio::spawn(async move { endpoint.listen(listener).await });
/// # let dialer = Dialer::builder().transport(memory.connector()).build()?;
/// # let mut socket = dialer.connect("mem://echo").await?;
/// # socket.send("ahoy").await?;
/// # assert_eq!(socket.recv().await.expect("an echo")?.as_text(), Some("ahoy"));
/// # Ok(())
/// # }
/// ```
///
/// With `futures::SinkExt` in scope, `send` on a `&mut Socket` or `&mut Sender` is the sink's
/// method, which takes a [`Message`] and nothing else: write `socket.send("ahoy".into())` there.
pub struct Socket {
    receiver: Receiver,
    pub(crate) sender: Sender,
}

impl Socket {
    /// Makes a socket of an established connection, and runs its driver in a task of its own,
    /// which ends with the connection. For clients and tests; servers use an
    /// [`Endpoint`](crate::Endpoint).
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub fn spawn(io: BoxDuplex, info: Info, options: SocketOptions) -> Self {
        let (socket, driver) = Self::new(io, info, options);
        tokio::spawn(driver);
        socket
    }

    pub(crate) fn new(io: BoxDuplex, info: Info, options: SocketOptions) -> (Self, Driver) {
        let shared = Arc::new(Shared::new(info, &options));
        let driver = Driver::new(io, Arc::clone(&shared), options.close_timeout);
        let receiver = Receiver { shared: Arc::clone(&shared), taken: Taken::default() };
        let sender = Sender::new(shared);
        (Self { receiver, sender }, driver)
    }

    /// Receives a message; `None` once the connection is closed. Cancel safe.
    ///
    /// # Errors
    ///
    /// If the connection ends by an error, the error comes once, before `None`.
    pub async fn recv(&mut self) -> Option<Result<Message, Error>> {
        self.receiver.recv().await
    }

    /// Sends a message: see [`Sender::send`].
    ///
    /// # Errors
    ///
    /// As for [`Sender::send`].
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), Error> {
        self.sender.send(message).await
    }

    /// Closes the connection in order: see [`Sender::close`].
    pub fn close(&self, close: Close) {
        self.sender.close(close);
    }

    /// Splits into halves for different tasks, a sink and a stream. The connection lasts as long
    /// as the receiver.
    pub fn split(self) -> (Sender, Receiver) {
        (self.sender, self.receiver)
    }

    /// Makes a stream of bytes of the connection.
    pub fn into_byte_stream(self) -> ByteStream {
        ByteStream::new(self)
    }

    /// A handle for other tasks.
    pub fn sender(&self) -> &Sender {
        &self.sender
    }

    /// What is known of the connection.
    pub fn info(&self) -> &Info {
        self.sender.info()
    }
}

impl Stream for Socket {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.receiver.poll_message(cx)
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("info", self.info()).finish_non_exhaustive()
    }
}

/// Receives one connection's messages. Dropping it closes the connection: with
/// [`CloseCode::INTERNAL`] if a panic drops it, else with [`CloseCode::NORMAL`].
pub struct Receiver {
    shared: Arc<Shared>,
    taken: Taken,
}

impl Receiver {
    /// Receives a message; `None` once the connection is closed. Cancel safe.
    ///
    /// # Errors
    ///
    /// If the connection ends by an error, the error comes once, before `None`.
    pub async fn recv(&mut self) -> Option<Result<Message, Error>> {
        poll_fn(|cx| self.poll_message(cx)).await
    }

    /// What is known of the connection.
    pub fn info(&self) -> &Info {
        &self.shared.info
    }

    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, Error>>> {
        let Self { shared, taken } = self;
        taken.poll_next(cx, &shared.inbox, || shared.wake_driver())
    }
}

impl Stream for Receiver {
    type Item = Result<Message, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_message(cx)
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.shared.inbox.abandon();
        self.shared.request_close(match std::thread::panicking() {
            true => Close::new(CloseCode::INTERNAL, "panicked"),
            false => Close::normal(),
        });
        self.shared.wake_driver();
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("info", self.info()).finish_non_exhaustive()
    }
}

/// How much a connection may hold in memory, and how long its end may take.
///
/// ```
/// use plimsoll::SocketOptions;
///
/// let options = SocketOptions::default().outbox_bytes(256 * 1024);
/// assert!(options.check().is_ok());
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SocketOptions {
    /// How much may wait to be sent, in bytes. A message counts its payload and 64 bytes. One
    /// that is larger than this by itself may wait alone. Default: 1 MiB.
    pub outbox_bytes: usize,
    /// How much that was received may wait for the application before reading stops, in bytes.
    /// It may be exceeded by one message. Default: 64 KiB.
    pub inbox_bytes: usize,
    /// How long a close may take: what is queued has to go out, and the peer to answer.
    /// Default: 5 s.
    pub close_timeout: Duration,
}

impl SocketOptions {
    /// Sets how much may wait to be sent, in bytes.
    #[must_use]
    pub fn outbox_bytes(mut self, bytes: usize) -> Self {
        self.outbox_bytes = bytes;
        self
    }

    /// Sets how much that was received may wait for the application, in bytes.
    #[must_use]
    pub fn inbox_bytes(mut self, bytes: usize) -> Self {
        self.inbox_bytes = bytes;
        self
    }

    /// Sets how long a close may take.
    #[must_use]
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout;
        self
    }

    /// Checks the options.
    ///
    /// # Errors
    ///
    /// Names the option that cannot work.
    pub fn check(&self) -> Result<(), Error> {
        if self.outbox_bytes == 0 || self.outbox_bytes > MAX_OUTBOX {
            return Err(Error::config("outbox_bytes", "must be from 1 byte to 1 GiB"));
        }
        if self.inbox_bytes == 0 {
            return Err(Error::config("inbox_bytes", "must be at least 1 byte"));
        }
        if self.close_timeout.is_zero() {
            return Err(Error::config("close_timeout", "must be longer than zero"));
        }
        Ok(())
    }

    pub(crate) fn outbox_capacity(&self) -> u32 {
        self.outbox_bytes.clamp(1, MAX_OUTBOX) as u32
    }
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self {
            outbox_bytes: 1024 * 1024,
            inbox_bytes: 64 * 1024,
            close_timeout: Duration::from_secs(5),
        }
    }
}

const MAX_OUTBOX: usize = 1 << 30;
