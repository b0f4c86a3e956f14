//! Packets to the server, by polling.

use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::StatusCode;
use plimsoll::{Error, ErrorKind};
use plimsoll_http::client::Client;
use tokio::time::sleep;

use super::error::broken;
use super::requests::Requests;

/// Brings packets to the server, with one request after the other.
pub(super) struct Post {
    state: State,
}

enum State {
    Idle(Client),
    Waiting(BoxFuture<'static, Result<Client, Error>>),
    Failed,
}

impl Post {
    pub(super) fn new(client: Client) -> Self {
        Self { state: State::Idle(client) }
    }

    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle(_))
    }

    /// Makes the next request, if the last has ended.
    pub(super) fn start(&mut self, requests: &Arc<Requests>, payload: Bytes) {
        self.state = match std::mem::replace(&mut self.state, State::Failed) {
            State::Idle(client) => {
                State::Waiting(request(client, Arc::clone(requests), payload).boxed())
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

async fn request(client: Client, requests: Arc<Requests>, payload: Bytes) -> Result<Client, Error> {
    let answer = answer(client, requests, payload).await;
    if answer.as_ref().is_err_and(|error| error.kind() == ErrorKind::Io) {
        // When Node's server closes a session, it breaks off the request that it reads, and tells
        // of the close in its answer to the one that waits for packets, or to the next. Until then
        // it keeps its half.
        sleep(PATIENCE).await;
    }
    answer
}

async fn answer(
    mut client: Client,
    requests: Arc<Requests>,
    payload: Bytes,
) -> Result<Client, Error> {
    let (head, body) = client.send(requests.post(payload)).await?.into_parts();
    let body = client.read_short(body).await?;
    if head.status != StatusCode::OK {
        return Err(broken(&head, body));
    }
    Ok(client)
}

/// How long a close may take that explains why a request was broken off.
const PATIENCE: Duration = Duration::from_secs(2);
