//! Packets from the server, by polling.

use std::future::ready as done;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::FutureExt;
use futures::future::BoxFuture;
use http::StatusCode;
use plimsoll::{Error, ErrorKind};
use plimsoll_http::client::{Client, ResponseBody};

use super::decoder::Decoder;
use super::error::broken;
use super::requests::Requests;
use crate::codec::Packet;

/// Asks the server for packets, with one request after the other.
pub(super) struct Get {
    decoder: Decoder,
    state: State,
}

enum State {
    Idle(Client),
    Waiting(BoxFuture<'static, Result<(Client, ResponseBody), Error>>),
    Reading(Client, ResponseBody),
    Failed,
}

impl Get {
    /// Begins with the body of the first response.
    pub(super) fn new(client: Client, body: ResponseBody, decoder: Decoder) -> Self {
        Self { decoder, state: State::Reading(client, body) }
    }

    /// Whether the last request has ended, and the next was not made.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle(_))
    }

    /// Makes the next request, if the last has ended, and sets it on its way.
    pub(super) fn start(&mut self, requests: &Arc<Requests>, cx: &mut Context<'_>) {
        self.state = match std::mem::replace(&mut self.state, State::Failed) {
            State::Idle(client) => {
                let mut response = request(client, Arc::clone(requests)).boxed();
                match response.poll_unpin(cx) {
                    Poll::Ready(Ok((client, body))) => State::Reading(client, body),
                    Poll::Ready(Err(error)) => State::Waiting(done(Err(error)).boxed()),
                    Poll::Pending => State::Waiting(response),
                }
            }
            state => state,
        };
    }

    /// The next packet, or `None` if the last request has ended. An error is final.
    pub(super) fn poll_packet(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Packet, Error>>> {
        let packet = ready!(self.poll_next(cx)).transpose();
        if matches!(packet, Some(Err(_))) {
            self.state = State::Failed;
        }
        Poll::Ready(packet)
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Packet>, Error>> {
        loop {
            match &mut self.state {
                State::Idle(_) => return Poll::Ready(Ok(None)),
                State::Waiting(response) => {
                    let (client, body) = ready!(response.poll_unpin(cx))?;
                    self.state = State::Reading(client, body);
                }
                State::Reading(client, body) => {
                    if let Some(packet) = self.decoder.take()? {
                        return Poll::Ready(Ok(Some(packet)));
                    }
                    match ready!(client.poll_body(cx, body)) {
                        Some(chunk) => self.decoder.push(chunk?),
                        None => {
                            if let State::Reading(client, _) =
                                std::mem::replace(&mut self.state, State::Failed)
                            {
                                self.state = State::Idle(client);
                            }
                            return Poll::Ready(self.decoder.finish().map(Some));
                        }
                    }
                }
                State::Failed => return Poll::Ready(Err(Error::new(ErrorKind::Close))),
            }
        }
    }
}

async fn request(
    mut client: Client,
    requests: Arc<Requests>,
) -> Result<(Client, ResponseBody), Error> {
    let (head, body) = client.send(requests.get()).await?.into_parts();
    if head.status != StatusCode::OK {
        return Err(broken(&head, client.read_short(body).await?));
    }
    Ok((client, body))
}
