//! A session by XHR.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::StatusCode;
use plimsoll::{Error, ErrorKind, Reject, Text};
use plimsoll_http::client::Client;

use super::outbox::Outbox;
use super::receiver::Receiver;
use super::requests::Requests;
use super::sender::Sender;
use super::silence::Silence;
use crate::Binary;
use crate::codec::client_payload;

/// A session by XHR: one request that waits for frames, and one that brings messages.
pub(super) struct Xhr {
    requests: Arc<Requests>,
    receiver: Receiver,
    sender: Sender,
    /// The server was asked for an answer after the last request for frames.
    knocked: bool,
}

impl Xhr {
    /// Makes a session whose receiver is open. `client` is for sending.
    pub(super) fn new(requests: Arc<Requests>, receiver: Receiver, client: Client) -> Self {
        Self { requests, receiver, sender: Sender::Idle(client), knocked: false }
    }

    /// The next frame. An error is final.
    pub(super) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
        silence: &mut Silence,
    ) -> Poll<Result<Text, Error>> {
        self.receiver.poll_frame(cx, silence)
    }

    /// Ready once a request waits at the server, so that dropping it ends the session there.
    ///
    /// By polling, nothing tells that the server has got it. So a request without messages
    /// follows it, and has its answer before.
    pub(super) fn poll_waiting(&mut self, cx: &mut Context<'_>, silence: &mut Silence) -> Poll<()> {
        ready!(self.receiver.poll_waiting(cx, silence));
        if self.receiver.is_polling() && !self.knocked {
            self.knocked = true;
            self.sender.start(&self.requests, Bytes::from_static(b"[]"));
        }
        self.sender.poll_idle(cx).map(drop)
    }

    /// Sends all that waits.
    pub(super) fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        outbox: &mut Outbox,
        binary: Binary,
        silence: &mut Silence,
    ) -> Poll<Result<(), Error>> {
        // An error is kept for the reader.
        let _ = self.receiver.poll_ahead(cx, silence);
        loop {
            ready!(self.sender.poll_idle(cx))?;
            if outbox.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let payload = client_payload(&outbox.batch(), binary)?;
            self.sender.start(&self.requests, payload.into_bytes());
        }
    }
}

/// The error for an answer to the first request.
pub(super) fn refused(status: StatusCode, body: Bytes) -> Error {
    if status.is_client_error() || status.is_server_error() {
        return Reject::new(status, body).into();
    }
    unexpected(status)
}

/// The error for an answer to a later request: only what says so is a refusal of the client. Any
/// other ends this session, and the next may fare better.
pub(super) fn broken(status: StatusCode, body: Bytes) -> Error {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => {
            refused(status, body)
        }
        StatusCode::NOT_FOUND => {
            Error::with_message(ErrorKind::Protocol, "the server does not know the session")
        }
        StatusCode::PAYLOAD_TOO_LARGE => {
            let message = "the server does not take so much in one request";
            Error::with_message(ErrorKind::TooLarge, message)
        }
        _ => unexpected(status),
    }
}

fn unexpected(status: StatusCode) -> Error {
    Error::with_message(ErrorKind::Protocol, format!("the server answered with status {status}"))
}
