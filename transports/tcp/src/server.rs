//! What the listeners of all kinds of sockets share.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use http::{Extensions, StatusCode};
use plimsoll::{
    Admission, BoxDuplex, Capabilities, Error, ErrorKind, Handshake, Incoming, PeerAddr, Reject,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::sleep;

use crate::Options;
use crate::codec::{Kind, protocol};
use crate::hello::{self, Accept, Hello};
use crate::opening::Opening;

/// A client that asks to be let in, over any stream of bytes.
pub(crate) struct Caller<S> {
    opening: Opening<S>,
    peer: Peer,
}

/// What is known of a client before it says anything.
pub(crate) struct Peer {
    pub(crate) transport: &'static str,
    pub(crate) address: PeerAddr,
    pub(crate) extensions: Extensions,
}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Caller<S> {
    pub(crate) fn new(io: S, peer: Peer, options: Options) -> Self {
        Self { opening: Opening::new(io, options), peer }
    }

    async fn hello(&mut self) -> Result<Hello, Error> {
        let hello = match self.opening.recv().await {
            Ok((Kind::Hello, payload)) => Hello::decode(&payload),
            Ok(_) => Err(protocol("the first packet is not a hello")),
            Err(error) if error.kind() == ErrorKind::TooLarge => Err(error),
            // A peer that does not speak the protocol is not answered in it.
            Err(error) => return Err(error),
        };
        if let Some(reject) = hello.as_ref().err().and_then(answer) {
            self.opening.end(&hello::encode_refuse(&reject)).await?;
        }
        hello
    }
}

#[async_trait]
impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Incoming for Caller<S> {
    async fn handshake(&mut self) -> Result<Handshake, Error> {
        let Hello { target, protocols, headers } = self.hello().await?;
        let Peer { transport, address, extensions } = &self.peer;
        Ok(Handshake::new(transport, Capabilities::FULL, target)
            .with_headers(headers)
            .with_offered_protocols(protocols)
            .with_peer(Some(address.clone()))
            .with_extensions(extensions.clone()))
    }

    async fn accept(mut self: Box<Self>, admission: &Admission) -> Result<BoxDuplex, Error> {
        let protocol = admission.info().protocol().map(Into::into);
        let accept = Accept { protocol, headers: admission.response_headers().clone() };
        match accept.encode() {
            Ok(packet) => self.opening.send(&packet).await?,
            Err(error) => {
                let body = "the headers of the response are too large";
                let reject = Reject::new(StatusCode::INTERNAL_SERVER_ERROR, body);
                self.opening.end(&hello::encode_refuse(&reject)).await?;
                return Err(error);
            }
        }
        Ok(self.opening.established())
    }

    async fn reject(mut self: Box<Self>, reject: Reject) {
        // Fails if the client is gone: then nobody wants to know.
        let _ = self.opening.end(&hello::encode_refuse(&reject)).await;
    }
}

/// What to answer to a hello that cannot be read.
fn answer(error: &Error) -> Option<Reject> {
    let status = match error.kind() {
        ErrorKind::Protocol => StatusCode::BAD_REQUEST,
        ErrorKind::TooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        ErrorKind::Unsupported => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
        _ => return None,
    };
    Some(Reject::new(status, error.to_string()))
}

/// Waits as a failure to accept demands.
///
/// # Errors
///
/// Gives the error back if the listener is of no more use.
pub(crate) async fn after_failure(error: io::Error) -> Result<(), Error> {
    match error.kind() {
        // One connection ended before it was accepted.
        io::ErrorKind::ConnectionAborted
        | io::ErrorKind::ConnectionRefused
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::Interrupted => Ok(()),
        // The socket does not listen any more.
        io::ErrorKind::InvalidInput | io::ErrorKind::NotConnected => Err(error.into()),
        // No file descriptors or no memory: others have to give some back first.
        _ => {
            sleep(PAUSE).await;
            Ok(())
        }
    }
}

/// How long to wait after a failure that the next attempt would meet again.
const PAUSE: Duration = Duration::from_millis(100);
