use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use plimsoll::{Error, ErrorKind};

use super::http1::Http;
use super::requests::Requests;
use super::xhr::broken;

/// Brings messages to the server, with one request after the other.
pub(super) enum Sender {
    Idle(Http),
    Waiting(BoxFuture<'static, Result<Http, Error>>),
    Failed,
}

impl Sender {
    /// Makes the next request, if the last has ended.
    pub(super) fn start(&mut self, requests: &Arc<Requests>, payload: Bytes) {
        *self = match std::mem::replace(self, Self::Failed) {
            Self::Idle(http) => Self::Waiting(request(http, Arc::clone(requests), payload).boxed()),
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

async fn request(mut http: Http, requests: Arc<Requests>, payload: Bytes) -> Result<Http, Error> {
    let (head, body) = http.send(requests.send(payload)).await?.into_parts();
    let body = http.read_short(body).await?;
    if !head.status.is_success() {
        return Err(broken(head.status, body));
    }
    Ok(http)
}
