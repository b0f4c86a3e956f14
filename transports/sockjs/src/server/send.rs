//! Requests that bring what the client sends.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use plimsoll::session::Session;
use plimsoll::{Body, Error, ErrorKind, Frame, Reject};
use tokio::time::timeout;

use super::sockjs::SockJs;
use crate::codec::{Messages, Refusal, SendFormat, form_payload, xhr_payload};

impl SockJs {
    /// Hands over message by message, as fast as the application reads, and answers after the
    /// last. One request of a session is read at a time. What comes for a session that has ended is thrown away. If the request is dropped
    /// after some were handed over the session ends, since the others are lost.
    pub(super) async fn send(
        &self,
        id: &str,
        format: SendFormat,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response<Body>, Reject> {
        let client = self.sessions.get(id).ok_or_else(|| Refusal::NotFound.reject())?;
        let _turn = client.sending.lock().await;
        let body = timeout(BODY_TIMEOUT, body.read(self.options.max_body)).await;
        let body = body
            .map_err(|_| Reject::new(StatusCode::REQUEST_TIMEOUT, ""))?
            .map_err(|_| Reject::new(StatusCode::BAD_REQUEST, ""))?
            .ok_or_else(|| Refusal::TooLarge.reject())?;
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let payload = match format {
            SendFormat::Form => form_payload,
            SendFormat::Json => xhr_payload,
        };
        let messages = payload(content_type, body, self.options.limits());
        let messages = messages.map_err(Refusal::reject)?;
        let unfinished = client.session.unfinished();
        let delivered = self.deliver(messages, &client.session).await;
        unfinished.finish();
        match delivered {
            Ok(()) => Ok(accepted(format)),
            Err(error) if error.kind() == ErrorKind::Close => Ok(accepted(format)),
            Err(error) => {
                client.session.fail(error);
                Err(Refusal::PayloadExpected.reject())
            }
        }
    }

    async fn deliver(&self, messages: Messages, session: &Session) -> Result<(), Error> {
        let Some(mut sender) = session.sender() else {
            return Err(Error::with_message(ErrorKind::Internal, "two requests send at once"));
        };
        for text in messages {
            let message = self.options.binary.decode(text)?;
            sender.send(Frame::Message(message)).await?;
        }
        Ok(())
    }
}

fn accepted(format: SendFormat) -> Response<Body> {
    let (status, body) = match format {
        SendFormat::Form => (StatusCode::OK, &b"ok"[..]),
        SendFormat::Json => (StatusCode::NO_CONTENT, &b""[..]),
    };
    let mut response = Response::new(Body::from(Bytes::from_static(body)));
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static("text/plain; charset=UTF-8");
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// How long a body may take: others of the session wait for it.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);
