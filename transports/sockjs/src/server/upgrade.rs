//! Requests for a WebSocket.

use std::sync::Arc;

use http::header::{SEC_WEBSOCKET_VERSION, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, Response, Version};
use plimsoll::{Body, Capabilities, DuplexExt, Endpoint, Reject};

use super::NAME;
use super::framed::Framed;
use super::receive::capabilities;
use super::sockjs::SockJs;
use crate::codec::{Carrier, Refusal};

impl SockJs {
    /// Opens a session over a WebSocket. Its id is of no use: no other request can join.
    pub(super) async fn open_framed(
        &self,
        mut parts: Parts,
        endpoint: &Endpoint,
    ) -> Result<Response<Body>, Reject> {
        check(&parts).map_err(Refusal::reject)?;
        let upgrade = self.framed.upgrade(&mut parts)?;
        let capabilities = capabilities(self.options.binary);
        let handshake = plimsoll_websocket::handshake(NAME, capabilities, &mut parts);
        let admission = endpoint.admit(handshake).await?;
        let headers = admission.response_headers().clone();
        let (response, opening) = upgrade.accept(headers, admission.info().protocol());
        let options = Arc::clone(&self.options);
        admission.spawn(async move {
            let mut io = opening.await?;
            io.send(Carrier::WebSocket.open()).await.ok()?;
            Some(Framed::new(io, &options))
        });
        Ok(response)
    }

    /// Opens a WebSocket without the framing of the protocol.
    pub(super) async fn open_raw(
        &self,
        mut parts: Parts,
        endpoint: &Endpoint,
    ) -> Result<Response<Body>, Reject> {
        check(&parts).map_err(Refusal::reject)?;
        let upgrade = self.raw.upgrade(&mut parts)?;
        let capabilities = Capabilities::FULL.with_answers_pings(true);
        let handshake = plimsoll_websocket::handshake(NAME, capabilities, &mut parts);
        let admission = endpoint.admit(handshake).await?;
        let headers = admission.response_headers().clone();
        let (response, opening) = upgrade.accept(headers, admission.info().protocol());
        admission.spawn(opening);
        Ok(response)
    }
}

/// Refuses in the words of the reference what the WebSocket would refuse in its own. HTTP/2 has
/// other rules.
fn check(parts: &Parts) -> Result<(), Refusal> {
    if parts.version > Version::HTTP_11 {
        return Ok(());
    }
    if !asks_for_websocket(&parts.headers) {
        return Err(Refusal::NotWebSocket);
    }
    if parts.headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        return Err(Refusal::WebSocketVersion);
    }
    Ok(())
}

fn asks_for_websocket(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(UPGRADE).iter();
    let mut names = lists.flat_map(|list| list.as_bytes().split(|byte| *byte == b','));
    names.any(|name| name.trim_ascii().eq_ignore_ascii_case(b"websocket"))
}
