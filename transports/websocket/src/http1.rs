//! The client's handshake over HTTP/1.1.

use std::future::Future;
use std::pin::{Pin, pin};

use bytes::{Bytes, BytesMut};
use futures::FutureExt;
use futures::future::FusedFuture;
use http::header::{CONNECTION, SEC_WEBSOCKET_KEY, UPGRADE};
use http::response::Parts;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use plimsoll::{Error, ErrorKind, Reject};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::handshake;

/// Upgrades a stream to a server. Returns the stream, and what was read from it beyond the
/// server's answer.
pub(crate) async fn upgrade<S>(
    stream: S,
    mut request: Request<()>,
) -> Result<(Parts, S, Bytes), Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let key = handshake::random_key();
    let headers = request.headers_mut();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_KEY, key.clone());
    let (head, stream, read) = switch(stream, request, StatusCode::SWITCHING_PROTOCOLS).await?;
    handshake::check_upgrade(&head.headers, &key)?;
    Ok((head, stream, read))
}

/// Makes a request after which the stream is no longer HTTP, if the answer has the status
/// `wanted`. Any other is an error with a [`Reject`].
pub(crate) async fn switch<S>(
    stream: S,
    request: Request<()>,
    wanted: StatusCode,
) -> Result<(Parts, S, Bytes), Error>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let request = request.map(|()| Empty::<Bytes>::new());
    let mut builder = http1::Builder::new();
    builder.max_headers(MAX_HEADERS).max_buf_size(MAX_HEADER_BYTES);
    let (mut sender, connection) = builder.handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let mut connection = pin!(connection.with_upgrades().fuse());
    let response = within(connection.as_mut(), sender.send_request(request)).await;
    let mut response = response.map_err(failed)?;
    if response.status() != wanted {
        return Err(within(connection, refusal(response)).await);
    }
    let upgrade = hyper::upgrade::on(&mut response);
    let (head, _) = response.into_parts();
    let upgraded = within(connection, upgrade).await.map_err(failed)?;
    let parts = upgraded.downcast::<TokioIo<S>>().map_err(|_| {
        Error::with_message(ErrorKind::Internal, "the stream came back as another type")
    })?;
    Ok((head, parts.io.into_inner(), parts.read_buf))
}

/// Polls a connection while waiting for what depends on it. The connection may have ended.
async fn within<T>(
    mut connection: Pin<&mut impl FusedFuture>,
    future: impl Future<Output = T>,
) -> T {
    let mut future = pin!(future);
    tokio::select! {
        biased;
        output = &mut future => return output,
        // Why it failed is for the future to tell.
        _ = &mut connection => {}
    }
    future.await
}

/// Makes an error of a response, with as much of its body as there is room for.
async fn refusal(response: Response<Incoming>) -> Error {
    let (head, mut body) = response.into_parts();
    let mut text = BytesMut::new();
    while let Some(Ok(frame)) = body.frame().await {
        if let Some(data) = frame.data_ref() {
            let room = MAX_BODY - text.len();
            text.extend_from_slice(&data[..data.len().min(room)]);
        }
        if text.len() == MAX_BODY {
            break;
        }
    }
    refused(head, text.freeze())
}

/// The error that stands for a server's refusal.
pub(crate) fn refused(head: Parts, body: Bytes) -> Error {
    if head.status.is_success() || head.status.is_informational() {
        let message = format!("the server answered with status {}", head.status);
        return Error::with_message(ErrorKind::Protocol, message);
    }
    let reject = Reject::new(head.status, body);
    let headers = handshake::keep(&head.headers);
    let headers = headers.iter().map(|(name, value)| (name.clone(), value.clone()));
    headers.fold(reject, |reject, (name, value)| reject.with_header(name, value)).into()
}

fn failed(error: hyper::Error) -> Error {
    let kind = if error.is_parse() { ErrorKind::Protocol } else { ErrorKind::Io };
    Error::with_source(kind, error)
}

/// How much of the body of a refusal is kept, in bytes.
pub(crate) const MAX_BODY: usize = 8 * 1024;
/// How large the headers of a response may be, in bytes.
pub(crate) const MAX_HEADER_BYTES: usize = 8 * 1024;
const MAX_HEADERS: usize = 64;
