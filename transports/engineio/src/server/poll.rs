//! Requests that wait for what the session sends.

use std::sync::Arc;

use http::{Response, StatusCode};
use plimsoll::session::{Delivery, Session, SessionReceiver};
use plimsoll::{Body, Error, ErrorKind, Reject};

use super::answer::Wanted;
use super::client::Client;
use super::frames;
use super::transport::EngineIo;
use crate::codec::{Batch, Dialect, Packet, Payload, Refusal};

impl EngineIo {
    /// Waits until there is something, and answers with all there is, within the limits. If the
    /// request is dropped meanwhile, because the client has gone, the session ends.
    pub(super) async fn poll(
        &self,
        client: Arc<Client>,
        session: Session,
        asked: Dialect,
        wanted: Wanted,
    ) -> Result<Response<Body>, Reject> {
        let ended = session.close_reason().is_some();
        let Some(mut receiver) = session.receiver() else {
            let message = "two polls overlap";
            session.fail(Error::with_message(ErrorKind::Protocol, message));
            return Err(Reject::new(StatusCode::BAD_REQUEST, ""));
        };
        // After this point the one who comes to a probe releases the receiver.
        if client.ends_polls() {
            session.release();
        }
        let first = match receiver.recv().await {
            Delivery::Frame(frame) => frames::sent(frame),
            Delivery::Ended(_) if ended => {
                receiver.detach();
                return Err(Refusal::UnknownSid.json());
            }
            // It has closed the session itself, or moved to a WebSocket.
            Delivery::Ended(close)
                if close == frames::CLOSED_BY_CLIENT || client.session().is_none() =>
            {
                Packet::Noop
            }
            Delivery::Ended(_) => Packet::Close,
            _ => Packet::Noop,
        };
        let dialect =
            Dialect { base64: asked.base64 || client.dialect().base64, ..client.dialect() };
        let batch = Batch::new(dialect, self.options.max_payload, self.options.max_packets);
        let payload = fill(batch, first, &mut receiver);
        receiver.detach();
        Ok(wanted.answer(payload, self.options.http_compression))
    }
}

/// Adds what waits already.
fn fill(mut batch: Batch, first: Packet, receiver: &mut SessionReceiver) -> Payload {
    let mut next = Some(first);
    while let Some(packet) = next {
        // What cannot travel so was turned away when it was sent, and the room was asked for.
        let left = batch.push(packet);
        debug_assert!(matches!(left, Ok(None)));
        next = batch.room().and_then(|room| receiver.try_recv(room)).map(frames::sent);
    }
    batch.finish()
}
