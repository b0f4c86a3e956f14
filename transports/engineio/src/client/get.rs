//! Packets from the server, by polling.

use std::future::ready as done;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::FutureExt;
use futures::future::BoxFuture;
use http::StatusCode;
use hyper::body::Incoming;
use plimsoll::{Error, ErrorKind};

use super::decoder::Decoder;
use super::error::broken;
use super::http1::Http;
use super::requests::Requests;
use crate::codec::Packet;

/// Asks the server for packets, with one request after the other.
pub(super) struct Get {
    decoder: Decoder,
    state: State,
}

enum State {
    Idle(Http),
    Waiting(BoxFuture<'static, Result<(Http, Incoming), Error>>),
    Reading(Http, Incoming),
    Failed,
}

impl Get {
    /// Begins with the body of the first response.
    pub(super) fn new(http: Http, body: Incoming, decoder: Decoder) -> Self {
        Self { decoder, state: State::Reading(http, body) }
    }

    /// Whether the last request has ended, and the next was not made.
    pub(super) fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle(_))
    }

    /// Makes the next request, if the last has ended, and sets it on its way.
    pub(super) fn start(&mut self, requests: &Arc<Requests>, cx: &mut Context<'_>) {
        self.state = match std::mem::replace(&mut self.state, State::Failed) {
            State::Idle(http) => {
                let mut response = request(http, Arc::clone(requests)).boxed();
                match response.poll_unpin(cx) {
                    Poll::Ready(Ok((http, body))) => State::Reading(http, body),
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
                    let (http, body) = ready!(response.poll_unpin(cx))?;
                    self.state = State::Reading(http, body);
                }
                State::Reading(http, body) => {
                    if let Some(packet) = self.decoder.take()? {
                        return Poll::Ready(Ok(Some(packet)));
                    }
                    match ready!(http.poll_body(cx, body)) {
                        Some(chunk) => self.decoder.push(chunk?),
                        None => {
                            if let State::Reading(http, _) =
                                std::mem::replace(&mut self.state, State::Failed)
                            {
                                self.state = State::Idle(http);
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

async fn request(mut http: Http, requests: Arc<Requests>) -> Result<(Http, Incoming), Error> {
    let (head, body) = http.send(requests.get()).await?.into_parts();
    if head.status != StatusCode::OK {
        return Err(broken(&head, http.read_short(body).await?));
    }
    Ok((http, body))
}
