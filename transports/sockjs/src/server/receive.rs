//! Requests that receive, and open the session that they receive from.

use std::future;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Response};
use plimsoll::session::{NoPlace, Session, SessionOptions, session};
use plimsoll::{Body, Capabilities, Endpoint, Liveness, Reject};
use tokio::time::timeout;

use super::NAME;
use super::chunk::Chunk;
use super::client::Client;
use super::connection::Connection;
use super::sockjs::SockJs;
use super::stream::Stream;
use crate::Binary;
use crate::codec::{Carrier, closes};

impl SockJs {
    /// Answers with what the session sends: with one frame, or with many as they come.
    pub(super) async fn receive(
        &self,
        id: &str,
        carrier: Carrier,
        parts: Parts,
        endpoint: &Endpoint,
    ) -> Result<Response<Body>, Reject> {
        let (client, opened) = match self.sessions.get(id) {
            Some(client) => (client, None),
            None => self.open(id, parts, endpoint).await?,
        };
        let first = opened.as_ref().map(|_| carrier.open().into_bytes());
        let mut response = Response::new(Body::empty());
        *response.headers_mut() = opened.unwrap_or_default();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(carrier.content_type()));
        // Nothing that a client receives is anything but what it says.
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if !carrier.is_polling() {
            // Proxies like nginx hold a stream back otherwise.
            headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
        }
        *response.body_mut() = if carrier.is_polling() {
            Body::from(match first {
                Some(open) => open,
                None => self.poll(&client.session, &carrier).await,
            })
        } else {
            Body::new(match client.session.receiver() {
                Some(receiver) => Stream::new(carrier, first, receiver, &self.options),
                None => Stream::refusing(carrier, &self.options),
            })
        };
        Ok(response)
    }

    /// Waits for a frame. If the request is dropped meanwhile the session ends.
    async fn poll(&self, session: &Session, carrier: &Carrier) -> Bytes {
        let Some(mut receiver) = session.receiver() else {
            return carrier.close(&closes::another_connection()).into_bytes();
        };
        let chunk = match timeout(self.options.heartbeat_delay, receiver.recv()).await {
            Ok(delivery) => Chunk::new(delivery, &mut receiver, carrier, self.options.binary),
            Err(_) => None,
        };
        receiver.detach();
        match chunk {
            Some(Chunk::Last(frame) | Chunk::Messages(frame)) => frame,
            None => carrier.heartbeat().into_bytes(),
        }
    }

    /// Opens a session; gives the headers that plugins want in the response. If another request
    /// has opened it meanwhile, that one counts.
    async fn open(
        &self,
        id: &str,
        mut parts: Parts,
        endpoint: &Endpoint,
    ) -> Result<(Arc<Client>, Option<HeaderMap>), Reject> {
        let handshake =
            plimsoll_websocket::handshake(NAME, capabilities(self.options.binary), &mut parts);
        let admission = endpoint.admit(handshake).await?;
        let options = SessionOptions::default()
            .outbox_bytes(self.options.outbox_bytes)
            .inbox_bytes(self.options.inbox_bytes)
            .absence(Some(self.options.disconnect_delay));
        let (bridge, session) = session(options);
        let client = Arc::new(Client::new(session));
        let place = match self.sessions.insert(id, Arc::clone(&client)) {
            Ok(place) => place,
            Err(NoPlace::Taken) => {
                let client = self.sessions.get(id).ok_or_else(full)?;
                return Ok((client, None));
            }
            Err(_) => return Err(admission.refuse(full())),
        };
        let headers = admission.response_headers().clone();
        let connection = Connection::new(bridge, self.options.binary, place);
        admission.spawn(future::ready(Some(connection)));
        Ok((client, Some(headers)))
    }
}

/// What a session can do. A client that is dead does not come back to receive in time, or fails
/// to take the heartbeats.
pub(super) fn capabilities(binary: Binary) -> Capabilities {
    Capabilities::FULL
        .with_binary(binary == Binary::Base64)
        .with_liveness(Liveness::Builtin)
        .with_answers_pings(true)
}

fn full() -> Reject {
    Reject::unavailable("too many sessions", 1)
}

const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");
