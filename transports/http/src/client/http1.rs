//! HTTP/1.1 to a server: one request at a time, on a connection that is kept.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body as _, Incoming};
use plimsoll::{Error, PeerAddr};

use super::connection::{Connection, Unsent, failed};
use super::origin::Origin;

/// Makes requests, one at a time. The connection is kept for the next, and made anew if the server
/// has closed it.
pub struct Client {
    origin: Origin,
    connection: Option<Connection>,
}

impl Client {
    /// Makes a client without a connection: the first request makes it.
    pub fn new(origin: Origin) -> Self {
        Self { origin, connection: None }
    }

    /// The address of the server, as long as there is a connection.
    pub fn peer(&self) -> Option<&PeerAddr> {
        self.connection.as_ref()?.peer()
    }

    /// Makes a request, whose URI is a path and a query and whose headers have the `Host`. Of the
    /// response the body is still to come; it must be read to its end before the next request.
    ///
    /// A request goes out once: it is made again only if the server has closed the connection before
    /// anything of it was sent.
    ///
    /// Not cancel safe: whether the request was made is not known.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Io`](plimsoll::ErrorKind::Io) if there is no connection or it ends
    /// before the response, and with [`ErrorKind::Protocol`](plimsoll::ErrorKind::Protocol) if the
    /// response is not HTTP/1.1 or has too many headers. The next request makes a new connection.
    pub async fn send(&mut self, request: Request<Bytes>) -> Result<Response<ResponseBody>, Error> {
        let mut request = request.map(Full::new);
        if let Some(mut connection) = self.connection.take()
            && connection.is_usable().await
        {
            match connection.send(request).await {
                Ok(response) => {
                    self.connection = Some(connection);
                    return Ok(response.map(ResponseBody));
                }
                // The server closed the connection before it was used.
                Err(Unsent { request: Some(unsent), .. }) => request = *unsent,
                Err(Unsent { error, request: None }) => return Err(error),
            }
        }
        let (stream, peer) = self.origin.connect().await?;
        let connection = self.connection.insert(Connection::new(stream, peer).await?);
        let response = connection.send(request).await.map_err(|unsent| unsent.error)?;
        Ok(response.map(ResponseBody))
    }

    /// The next piece of the body of the last response; `None` at its end.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), if the body ends too early or is malformed. An error is final.
    pub fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
        body: &mut ResponseBody,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            let mut frame = Pin::new(&mut body.0).poll_frame(cx);
            if frame.is_pending()
                && let Some(connection) = &mut self.connection
            {
                connection.drive(cx);
                frame = Pin::new(&mut body.0).poll_frame(cx);
            }
            return match frame {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => Poll::Ready(Some(Ok(data))),
                    Err(_trailers) => continue,
                },
                Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(failed(error)))),
                Poll::Ready(None) => {
                    if let Some(connection) = &mut self.connection {
                        connection.rest();
                    }
                    Poll::Ready(None)
                }
            };
        }
    }

    /// Reads a body that matters to people only, such as that of a refusal. Of one longer than 8 KiB
    /// only the beginning is read, and the connection is not used again.
    ///
    /// Not cancel safe: what was read is lost.
    ///
    /// # Errors
    ///
    /// As [`poll_body`](Self::poll_body).
    pub async fn read_short(&mut self, mut body: ResponseBody) -> Result<Bytes, Error> {
        let mut bytes = BytesMut::new();
        while let Some(data) = poll_fn(|cx| self.poll_body(cx, &mut body)).await {
            let data = data?;
            let room = MAX_SHORT - bytes.len();
            bytes.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() > room {
                self.connection = None;
                break;
            }
        }
        Ok(bytes.freeze())
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// The body of a response, which [`Client::poll_body`] reads.
#[derive(Debug)]
pub struct ResponseBody(Incoming);

/// How much of a body is read that matters to people only, in bytes.
const MAX_SHORT: usize = 8 * 1024;
