//! A request on its way.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;

use plimsoll::{Error, Message};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::{Peer, RequestError};

/// A request for an `R`, made by [`Peer::request`]: await it to send it and to get its answer.
///
/// Cancel safe: dropping the future forgets the request. The peer is not told; its answer, if one
/// comes, is ignored. So is an answer that gets lost while a connection comes back: such a request
/// fails when its time is over.
#[must_use = "nothing is sent before it is awaited"]
pub struct Request<R> {
    peer: Peer,
    id: u64,
    message: Result<Message, Error>,
    timeout: Duration,
    answer: PhantomData<fn() -> R>,
}

impl<R> Request<R> {
    pub(crate) fn new(
        peer: Peer,
        id: u64,
        message: Result<Message, Error>,
        timeout: Duration,
    ) -> Self {
        Self { peer, id, message, timeout, answer: PhantomData }
    }

    /// Sets how long to wait, for room in the outbox and for the answer. Default:
    /// [`EventsBuilder::request_timeout`](crate::EventsBuilder::request_timeout).
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

impl<R: DeserializeOwned> Request<R> {
    async fn answer(self) -> Result<R, RequestError> {
        let Self { peer, id, message, timeout: limit, .. } = self;
        let message = message?;
        let mut ticket = peer.pending().register(id)?;
        let answer = async {
            peer.sender().send(message).await?;
            ticket.answer().await
        };
        let arguments = timeout(limit, answer).await.map_err(|_| RequestError::TimedOut)??;
        Ok(arguments.decode()?)
    }
}

impl<R: DeserializeOwned + 'static> IntoFuture for Request<R> {
    type Output = Result<R, RequestError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.answer())
    }
}

impl<R> fmt::Debug for Request<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("id", &self.id)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
