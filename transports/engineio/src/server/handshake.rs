//! How sessions are opened.

use std::sync::Arc;

use http::header::SET_COOKIE;
use http::request::Parts;
use http::{HeaderValue, Response};
use plimsoll::session::{NoPlace, Place, SessionDuplex, SessionOptions, random_id, session};
use plimsoll::{Admission, Body, Capabilities, DuplexExt, Endpoint, Liveness, Reject};

use super::answer::{self, Wanted};
use super::client::Client;
use super::connection::Connection;
use super::transport::EngineIo;
use super::wire::Wire;
use crate::Transport;
use crate::codec::{Batch, Open, Packet, Query, Refusal};

impl EngineIo {
    /// Opens a session that polls.
    pub(super) async fn open_polling(
        &self,
        mut parts: Parts,
        query: &Query,
        endpoint: &Endpoint,
    ) -> Result<Response<Body>, Reject> {
        let id = self.id(&parts).ok_or_else(|| Refusal::BadRequest.json())?;
        let handshake = plimsoll_websocket::handshake(NAME, CAPABILITIES, &mut parts);
        let admission = endpoint.admit(handshake).await.map_err(answer::refused)?;
        let (bridge, session) = session(self.session_options());
        let client = Arc::new(Client::polling(query.dialect(), session));
        let place = match self.place(&id, &client) {
            Ok(place) => place,
            Err(NoPlace::Full) => return Err(answer::refused(admission.refuse(full()))),
            Err(_) => return Err(admission.refuse(Refusal::BadRequest.json())),
        };

        let mut batch = Batch::new(query.dialect(), usize::MAX, usize::MAX);
        for packet in self.first_packets(&id, Transport::Polling) {
            // Only an initial packet can be one that does not travel by polling.
            batch.push(packet).map_err(|_| Refusal::BadRequest.json())?;
        }
        let wanted = Wanted::new(query, &parts.headers);
        let mut response = wanted.answer(batch.finish(), self.options.http_compression);
        response.headers_mut().extend(admission.response_headers().clone());
        let cookie = self.options.cookie.as_ref().map(|cookie| cookie.header(&id));
        if let Some(Ok(cookie)) = cookie.map(HeaderValue::try_from) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        self.start_polling(admission, bridge, client, place);
        Ok(response)
    }

    fn start_polling(
        &self,
        admission: Admission,
        bridge: SessionDuplex,
        client: Arc<Client>,
        place: Place<Arc<Client>>,
    ) {
        let connection = Connection::polling(bridge, client, place, &self.options);
        admission.spawn(std::future::ready(Some(connection)));
    }

    /// Opens a session over a WebSocket.
    pub(super) async fn open_websocket(
        &self,
        mut parts: Parts,
        query: &Query,
        endpoint: &Endpoint,
    ) -> Result<Response<Body>, Reject> {
        let id = self.id(&parts).ok_or_else(|| Refusal::BadRequest.upgrade())?;
        let upgrade = self.websocket.upgrade(&mut parts)?;
        let handshake = plimsoll_websocket::handshake(NAME, CAPABILITIES, &mut parts);
        let admission = endpoint.admit(handshake).await.map_err(answer::refused_upgrade)?;
        let dialect = query.dialect();
        let client = Arc::new(Client::websocket(dialect));
        let place = match self.place(&id, &client) {
            Ok(place) => place,
            Err(NoPlace::Full) => return Err(answer::refused_upgrade(admission.refuse(full()))),
            Err(_) => return Err(admission.refuse(Refusal::BadRequest.upgrade())),
        };

        let (response, opening) = upgrade.accept(admission.response_headers().clone(), None);
        let first = self.first_packets(&id, Transport::WebSocket);
        let options = Arc::clone(&self.options);
        admission.spawn(async move {
            let mut io = opening.await?;
            for packet in first {
                io.send(packet.to_websocket(dialect)).await.ok()?;
            }
            Some(Connection::websocket(Wire::new(io, dialect), client, place, &options))
        });
        Ok(response)
    }

    /// What the client is told first.
    fn first_packets(
        &self,
        id: &str,
        transport: Transport,
    ) -> impl Iterator<Item = Packet> + use<> {
        let options = &self.options;
        let upgrades = transport == Transport::Polling && options.allow_upgrades;
        let open = Open {
            sid: id.to_owned(),
            upgrades: if upgrades { vec![Transport::WebSocket] } else { Vec::new() },
            ping_interval: options.ping_interval,
            ping_timeout: options.ping_timeout,
            max_payload: Some(options.max_payload),
        };
        let initial = options.initial_packet.clone().map(Packet::Message);
        std::iter::once(Packet::Open(open.to_json().into())).chain(initial)
    }

    /// The id of a new session; `None` if what the application makes is none.
    fn id(&self, parts: &Parts) -> Option<String> {
        let Some(generate) = &self.generate_id else { return random_id().ok() };
        let id = generate(parts);
        let fits = (1..=MAX_ID).contains(&id.len());
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (fits && id.bytes().all(is_plain)).then_some(id)
    }

    fn place(&self, id: &str, client: &Arc<Client>) -> Result<Place<Arc<Client>>, NoPlace> {
        self.sessions.insert(id, Arc::clone(client))
    }

    fn session_options(&self) -> SessionOptions {
        let options = &self.options;
        SessionOptions::default()
            .outbox_bytes(options.outbox_bytes)
            .inbox_bytes(options.inbox_bytes)
            // A client that does not poll gets no ping, and has no other sign of life to give.
            .absence(Some(options.ping_interval + options.ping_timeout))
    }
}

fn full() -> Reject {
    Reject::unavailable("too many sessions", 1)
}

/// The transport's name in [`Info::transport`](plimsoll::Info::transport).
const NAME: &str = "engineio";
const CAPABILITIES: Capabilities = Capabilities::FULL
    .with_close_reason(false)
    .with_liveness(Liveness::Builtin)
    .with_answers_pings(true);
const MAX_ID: usize = 256;
