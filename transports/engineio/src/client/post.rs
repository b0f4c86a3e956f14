//! Packets to the server, by polling.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::StatusCode;
use plimsoll::{Error, ErrorKind};

use super::error::broken;
use super::http1::Http;
use super::requests::Requests;

/// Brings packets to the server, with one request after the other.
pub(super) struct Post {
    state: State,
}

enum State {
    Idle(Http),
    Waiting(BoxFuture<'static, Result<Http, Error>>),
    Failed,
}

impl Post {
    pub(super) fn new(http: Http) -> Self {
        Self { state: State::Idle(http) }
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle(_))
    }

    /// Makes the next request, if the last has ended.
    pub(super) fn start(&mut self, requests: &Arc<Requests>, payload: Bytes) {
        self.state = match std::mem::replace(&mut self.state, State::Failed) {
            State::Idle(http) => {
                State::Waiting(request(http, Arc::clone(requests), payload).boxed())
            }
            state => state,
        };
    }

    /// Waits for the end of the last request. An error is final.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match &mut self.state {
            State::Idle(_) => Poll::Ready(Ok(())),
            State::Waiting(response) => {
                let response = ready!(response.poll_unpin(cx));
                self.state = State::Failed;
                self.state = State::Idle(response?);
                Poll::Ready(Ok(()))
            }
            State::Failed => Poll::Ready(Err(Error::new(ErrorKind::Close))),
        }
    }
}

async fn request(mut http: Http, requests: Arc<Requests>, payload: Bytes) -> Result<Http, Error> {
    let (head, body) = http.send(requests.post(payload)).await?.into_parts();
    let body = http.read_short(body).await?;
    if head.status != StatusCode::OK {
        return Err(broken(&head, body));
    }
    Ok(http)
}
