use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use plimsoll::{Error, ErrorKind};
use plimsoll_http::client::Client;

use super::requests::Requests;
use super::xhr::broken;

/// Brings messages to the server, with one request after the other.
pub(super) enum Sender {
    Idle(Client),
    Waiting(BoxFuture<'static, Result<Client, Error>>),
    Failed,
}

impl Sender {
    /// Makes the next request, if the last has ended.
    pub(super) fn start(&mut self, requests: &Arc<Requests>, payload: Bytes) {
        *self = match std::mem::replace(self, Self::Failed) {
            Self::Idle(client) => {
                Self::Waiting(request(client, Arc::clone(requests), payload).boxed())
            }
            state => state,
        };
    }

    /// Waits for the end of the last request. An error is final.
    pub(super) fn poll_idle(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        match self {
            Self::Idle(_) => Poll::Ready(Ok(())),
            Self::Waiting(response) => {
                let response = ready!(response.poll_unpin(cx));
                *self = Self::Failed;
                *self = Self::Idle(response?);
                Poll::Ready(Ok(()))
            }
            Self::Failed => Poll::Ready(Err(ErrorKind::Close.into())),
        }
    }
}

async fn request(
    mut client: Client,
    requests: Arc<Requests>,
    payload: Bytes,
) -> Result<Client, Error> {
    let (head, body) = client.send(requests.send(payload)).await?.into_parts();
    let body = client.read_short(body).await?;
    if !head.status.is_success() {
        return Err(broken(head.status, body));
    }
    Ok(client)
}
