//! The client's handshake over HTTP/2, and the stream that it gives (RFC 8441).

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use h2::client::{Builder, Connection, SendRequest};
use h2::ext::Protocol;
use h2::{Ping, RecvStream, SendStream};
use http::response::Parts;
use http::{Method, Request, StatusCode};
use plimsoll::{Error, ErrorKind};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::http1::{MAX_BODY, MAX_HEADER_BYTES, refused};

/// Opens a WebSocket on a connection of its own.
pub(crate) async fn connect<S>(
    stream: S,
    mut request: Request<()>,
) -> Result<(Parts, Http2Stream<S>), Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    *request.method_mut() = Method::CONNECT;
    request.extensions_mut().insert(Protocol::from_static("websocket"));
    let (sender, mut connection) = Builder::new()
        .enable_push(false)
        .initial_connection_window_size(WINDOW)
        .initial_window_size(WINDOW)
        .max_header_list_size(MAX_HEADER_BYTES as u32)
        .max_send_buffer_size(SEND_BUFFER)
        .handshake(stream)
        .await
        .map_err(failed)?;
    settle(&mut connection).await?;
    if !sender.is_extended_connect_protocol_enabled() {
        let message = "the server takes no WebSockets over HTTP/2";
        return Err(Error::with_message(ErrorKind::Unsupported, message));
    }
    let sender = within(&mut connection, sender.ready()).await?;
    let (head, send, recv) = exchange(&mut connection, sender, request).await?;
    let mut stream = Http2Stream { connection, send, recv, unread: Bytes::new() };
    if head.status != StatusCode::OK {
        return Err(refused(head, stream.body().await));
    }
    Ok((head, stream))
}

/// Waits for the server's settings: they come before its answer to a ping.
async fn settle<S>(connection: &mut Connection<S>) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(mut ping) = connection.ping_pong() else { return Ok(()) };
    within(connection, ping.ping(Ping::opaque())).await?;
    Ok(())
}

async fn exchange<S>(
    connection: &mut Connection<S>,
    mut sender: SendRequest<Bytes>,
    request: Request<()>,
) -> Result<(Parts, SendStream<Bytes>, RecvStream), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (response, send) = sender.send_request(request, false).map_err(failed)?;
    let (head, recv) = within(connection, response).await?.into_parts();
    Ok((head, send, recv))
}

/// Polls a connection while waiting for what depends on it.
async fn within<S, T>(
    connection: &mut Connection<S>,
    future: impl Future<Output = Result<T, h2::Error>>,
) -> Result<T, Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    tokio::select! {
        biased;
        output = future => output.map_err(failed),
        ended = connection => match ended {
            Ok(()) => Err(Error::with_message(ErrorKind::Io, "the server closed the connection")),
            Err(error) => Err(failed(error)),
        }
    }
}

fn failed(error: h2::Error) -> Error {
    let kind = if error.is_io() { ErrorKind::Io } else { ErrorKind::Protocol };
    Error::with_source(kind, error)
}

/// A stream of HTTP/2 together with the connection that it is the only one of: whoever polls
/// the stream polls the connection.
pub(crate) struct Http2Stream<S> {
    connection: Connection<S>,
    send: SendStream<Bytes>,
    recv: RecvStream,
    unread: Bytes,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Http2Stream<S> {
    /// Moves bytes between the network and the stream. Its end shows at the stream.
    fn drive(&mut self, cx: &mut Context<'_>) {
        let _ = Pin::new(&mut self.connection).poll(cx);
    }

    /// Reads as much of a body as there is room for.
    async fn body(&mut self) -> Bytes {
        let mut body = BytesMut::new();
        while body.len() < MAX_BODY {
            let data = poll_fn(|cx| {
                self.drive(cx);
                self.recv.poll_data(cx)
            });
            let Some(Ok(data)) = data.await else { break };
            body.extend_from_slice(&data[..data.len().min(MAX_BODY - body.len())]);
            let _ = self.recv.flow_control().release_capacity(data.len());
        }
        body.freeze()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Http2Stream<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while this.unread.is_empty() {
            this.drive(cx);
            match ready!(this.recv.poll_data(cx)) {
                Some(Ok(data)) => this.unread = data,
                Some(Err(error)) => return Poll::Ready(Err(into_io(error))),
                None => return Poll::Ready(Ok(())),
            }
        }
        let length = this.unread.len().min(buffer.remaining());
        buffer.put_slice(&this.unread[..length]);
        this.unread.advance(length);
        // Fails only for a stream that has ended, which then needs no more room.
        let _ = this.recv.flow_control().release_capacity(length);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Http2Stream<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        this.send.reserve_capacity(bytes.len());
        loop {
            this.drive(cx);
            let capacity = match this.send.capacity() {
                0 => match ready!(this.send.poll_capacity(cx)) {
                    Some(Ok(capacity)) => capacity,
                    Some(Err(error)) => return Poll::Ready(Err(into_io(error))),
                    None => return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
                },
                capacity => capacity,
            };
            if capacity > 0 {
                let length = capacity.min(bytes.len());
                let data = Bytes::copy_from_slice(&bytes[..length]);
                this.send.send_data(data, false).map_err(into_io)?;
                return Poll::Ready(Ok(length));
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().drive(cx);
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        // Fails if it was done before.
        let _ = this.send.send_data(Bytes::new(), true);
        this.drive(cx);
        Poll::Ready(Ok(()))
    }
}

fn into_io(error: h2::Error) -> io::Error {
    if error.is_io() {
        return error.into_io().unwrap_or_else(|| io::ErrorKind::Other.into());
    }
    io::Error::other(error)
}

/// How much the server may send ahead of what is read, in bytes.
const WINDOW: u32 = 64 * 1024;
/// How much may wait to be sent, in bytes.
const SEND_BUFFER: usize = 64 * 1024;
