//! Requests that bring what the client sends.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use plimsoll::session::{Session, SessionSender};
use plimsoll::{Body, Error, ErrorKind, Frame, Reject};
use tokio::time::timeout;

use super::client::Client;
use super::frames;
use super::transport::EngineIo;
use crate::codec::{Jsonp, Packets, Query, Refusal, Version};

impl EngineIo {
    /// Hands over packet by packet, as fast as the application reads, and answers after the last.
    /// If the request is dropped meanwhile, or its body takes too long, the session ends, since a
    /// part of it may be lost.
    pub(super) async fn post(
        &self,
        client: Arc<Client>,
        session: Session,
        sent: Sent,
        body: Body,
    ) -> Result<Response<Body>, Reject> {
        if session.close_reason().is_some() {
            return Err(Refusal::UnknownSid.json());
        }
        let Some(mut sender) = session.sender() else {
            session.fail(protocol("two requests that send overlap"));
            return Err(bad_request());
        };
        let version = client.dialect().version;
        let unfinished = session.unfinished();
        // A client that sends for longer than this cannot give the sign of life that is due.
        let limit = self.options.ping_interval + self.options.ping_timeout;
        let Ok(body) = timeout(limit, body.read(self.options.max_payload)).await else {
            return Err(Reject::new(StatusCode::REQUEST_TIMEOUT, ""));
        };
        let delivered = match body {
            Ok(Some(body)) => {
                let packets = self.packets(body, version, sent);
                deliver(packets, version, &session, &mut sender).await
            }
            Ok(None) => {
                unfinished.finish();
                return Err(Reject::new(StatusCode::PAYLOAD_TOO_LARGE, ""));
            }
            Err(error) => Err(error),
        };
        unfinished.finish();
        match delivered {
            Ok(()) => Ok(ok()),
            // The client learns by its poll that the session has been closed.
            Err(error) if error.kind() == ErrorKind::Close => Ok(ok()),
            Err(error) => {
                session.fail(error);
                Err(bad_request())
            }
        }
    }

    fn packets(&self, body: Bytes, version: Version, sent: Sent) -> Result<Packets, Error> {
        let format = version.format(sent.octet_stream);
        let format = format.ok_or_else(|| protocol("a body is not text"))?;
        let body = if sent.form { Jsonp::payload(&body)? } else { body };
        Ok(Packets::new(body, format, self.options.max_packets))
    }
}

/// What the body of a request is.
#[derive(Clone, Copy)]
pub(super) struct Sent {
    /// A form, as clients that use scripts send it.
    form: bool,
    octet_stream: bool,
}

impl Sent {
    pub(super) fn new(query: &Query, headers: &HeaderMap) -> Self {
        Self { form: query.jsonp.is_some(), octet_stream: is_octet_stream(headers) }
    }
}

async fn deliver(
    packets: Result<Packets, Error>,
    version: Version,
    session: &Session,
    sender: &mut SessionSender,
) -> Result<(), Error> {
    for packet in packets? {
        match frames::received(packet?, version)? {
            Some(Frame::Close(close)) => {
                session.close(close);
                return Ok(());
            }
            Some(frame) => sender.send(frame).await?,
            None => {}
        }
    }
    Ok(())
}

fn is_octet_stream(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| {
        let kind = kind.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default();
        kind.trim_ascii().eq_ignore_ascii_case(b"application/octet-stream")
    })
}

fn ok() -> Response<Body> {
    let mut response = Response::new(Body::from(Bytes::from_static(b"ok")));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    response
}

fn bad_request() -> Reject {
    Reject::new(StatusCode::BAD_REQUEST, "")
}

fn protocol(message: &'static str) -> Error {
    Error::with_message(ErrorKind::Protocol, message)
}
