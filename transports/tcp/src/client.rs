//! What the connectors of all kinds of sockets share.

use http::Uri;
use plimsoll::{Capabilities, Connected, Dial, Error, Info, PeerAddr};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::Options;
use crate::codec::{self, Kind};
use crate::hello::{Accept, Hello, decode_refuse};
use crate::opening::Opening;

/// What is known of a server before it says anything.
pub(crate) struct Peer {
    pub(crate) transport: &'static str,
    pub(crate) address: PeerAddr,
    pub(crate) uri: Uri,
}

/// Asks to be let in, over any stream of bytes.
pub(crate) async fn open<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
    io: S,
    dial: Dial,
    peer: Peer,
    options: Options,
) -> Result<Connected, Error> {
    let Dial { headers, protocols, .. } = dial;
    let hello = Hello { target: peer.uri, protocols, headers };
    let mut opening = Opening::new(io, options);
    opening.send(&hello.encode()?).await?;
    let Accept { protocol, headers } = match opening.recv().await? {
        (Kind::Accept, payload) => Accept::decode(&payload)?,
        (Kind::Refuse, payload) => return Err(decode_refuse(&payload)?.into()),
        _ => return Err(codec::protocol("the answer is not one to a hello")),
    };
    if protocol.as_ref().is_some_and(|chosen| !hello.protocols.contains(chosen)) {
        return Err(codec::protocol("the server chose a subprotocol that was not offered"));
    }
    let info = Info::new(peer.transport, Capabilities::FULL, hello.target)
        .with_protocol(protocol)
        .with_headers(headers)
        .with_peer(Some(peer.address));
    Ok(Connected { io: opening.established(), info })
}
