//! The server's plugin.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use plimsoll::{
    BoxDuplex, DuplexExt, Error, ErrorKind, Handshake, Info, Message, Plugin, Reject, filter,
};
use tokio::time::Instant;

use crate::denied::is_quotable;
use crate::exchange::Exchange;
use crate::expiry::Expiry;
use crate::identity::Identity;
use crate::in_band::{self, Word};
use crate::place::Place;
use crate::renewal::Renewal;
use crate::verifier::Gate;
use crate::{Credential, Denied, Grant, Source, Verifier, first_message};

/// Lets in only those who show a credential that its verifier accepts, for as long as it is
/// valid.
///
/// The places where the credential may be are tried in the order in which they are named; the
/// first one that has a credential counts, even if that turns out to be bad. If none is named,
/// it is the header `Authorization: Bearer`.
///
/// ```
/// use std::time::Duration;
///
/// use plimsoll::Plugin;
/// use plimsoll_auth::{Auth, Credential, Denied, Grant};
///
/// let auth = Auth::new(async |credential: Credential| match credential.matches("s3cret") {
///     true => Ok(Grant::new("the one who knows")),
///     false => Err(Denied::invalid("unknown token")),
/// })
/// .from_header()
/// .from_cookie("session")
/// .realm("game")
/// .warning(Duration::from_secs(60));
/// assert!(auth.check().is_ok());
/// ```
pub struct Auth<V> {
    gate: Gate<V>,
    places: Vec<Place>,
    realm: String,
    warning: Duration,
}

impl<V: Verifier> Auth<V> {
    /// Has `verifier` decide on credentials.
    pub fn new(verifier: V) -> Self {
        let verifier = Arc::new(verifier);
        Self {
            gate: Gate { verifier, max_bytes: MAX_BYTES, timeout: TIMEOUT },
            places: Vec::new(),
            realm: REALM.to_owned(),
            warning: WARNING,
        }
    }

    /// Takes the credential from the header `Authorization: Bearer` (RFC 6750, section 2.1).
    #[must_use]
    pub fn from_header(self) -> Self {
        self.at(Place::Header)
    }

    /// Takes the credential from a query parameter: for web pages, which cannot set headers.
    ///
    /// What is in a URL gets into the logs of proxies: let such a credential be valid only
    /// shortly, or once (RFC 6750, section 2.3).
    #[must_use]
    pub fn from_query(self, name: impl Into<String>) -> Self {
        self.at(Place::Query(name.into()))
    }

    /// Takes the credential from a cookie.
    ///
    /// Browsers send cookies along whatever page asks them to connect. What keeps foreign pages
    /// out is the check of the origin: see
    /// [`HttpServiceBuilder::origins`](https://docs.rs/plimsoll/latest/plimsoll/struct.HttpServiceBuilder.html#method.origins).
    #[must_use]
    pub fn from_cookie(self, name: impl Into<String>) -> Self {
        self.at(Place::Cookie(name.into()))
    }

    /// Takes the credential from an offered subprotocol that begins with `prefix`, for example
    /// `bearer.`: for web pages, which cannot set headers. The prefix ends with no letter or
    /// digit.
    ///
    /// It is never selected. Since browsers demand that the server selects one of the protocols
    /// that they offer, a page has to offer one more: one of the application's, or the prefix
    /// without its last characters, `bearer`, which is selected for that purpose:
    /// `new WebSocket(url, ["bearer", "bearer." + token])`.
    #[must_use]
    pub fn from_subprotocol(self, prefix: impl Into<String>) -> Self {
        self.at(Place::Subprotocol(prefix.into()))
    }

    /// Takes the credential from the first message, a text that is nothing else, if there was
    /// none in the handshake. It must come before the endpoint's
    /// [`handshake_timeout`](plimsoll::EndpointBuilder::handshake_timeout); until then the
    /// connection counts as one of its
    /// [`max_connections`](plimsoll::EndpointBuilder::max_connections).
    ///
    /// A refusal is a close with 4000 more than the status: 4401 for a bad credential.
    #[must_use]
    pub fn from_first_message(self) -> Self {
        self.at(Place::FirstMessage)
    }

    /// Sets how long a credential may be, in bytes. Default: 4 KiB.
    #[must_use]
    pub fn max_bytes(mut self, bytes: usize) -> Self {
        self.gate.max_bytes = bytes;
        self
    }

    /// Sets how long the verifier may take; after that the peer is turned away with status 503.
    /// Default: 5 s.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.gate.timeout = timeout;
        self
    }

    /// Sets the realm in `WWW-Authenticate`: printable ASCII without quotes and backslashes.
    /// Default: `plimsoll`.
    #[must_use]
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = realm.into();
        self
    }

    /// Sets how long before a credential expires the client is asked for a fresh one. It is not
    /// asked before half of the credential's life is over. Default: 30 s.
    #[must_use]
    pub fn warning(mut self, time: Duration) -> Self {
        self.warning = time;
        self
    }

    fn at(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    /// The credential in a handshake, if there is one. All places are looked at, so that no
    /// token stays among the subprotocols.
    fn find(&self, handshake: &mut Handshake) -> Result<Option<Credential>, Denied> {
        if self.places.is_empty() {
            return Place::Header.find(handshake);
        }
        let mut first = None;
        for place in &self.places {
            let found = place.find(handshake);
            if first.is_none() {
                first = found?;
            }
        }
        Ok(first)
    }

    /// Verifies a credential of a new connection.
    async fn admit(&self, credential: Credential) -> Result<Pass<V::Identity>, Denied> {
        let Grant { identity, subject, expires } = self.gate.verify(credential).await?;
        Ok(Pass { identity: Identity::new(identity), subject, expires })
    }

    /// Verifies a first message.
    async fn admit_by(&self, message: &Message) -> Result<Pass<V::Identity>, Denied> {
        match message.as_text() {
            Some("") => Err(Denied::missing()),
            Some(token) => self.admit(Credential::new(token, Source::Message)).await,
            None => Err(Denied::malformed("the first message must be the credential, as text")),
        }
    }
}

#[async_trait]
impl<V: Verifier> Plugin for Auth<V> {
    fn check(&self) -> Result<(), Error> {
        self.places.iter().try_for_each(Place::check)?;
        self.gate.verifier.check()?;
        if self.gate.max_bytes == 0 {
            return Err(Error::config("max_bytes", "must be at least 1 byte"));
        }
        if self.gate.timeout.is_zero() {
            return Err(Error::config("timeout", "must be longer than zero"));
        }
        if self.realm.is_empty() || !self.realm.chars().all(is_quotable) {
            let remedy = "must be printable ASCII without quotes and backslashes";
            return Err(Error::config("realm", remedy));
        }
        Ok(())
    }

    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        let reject = |denied: Denied| denied.reject(&self.realm);
        let pass = match self.find(handshake).map_err(reject)? {
            Some(credential) => Some(self.admit(credential).await.map_err(reject)?),
            None if self.places.contains(&Place::FirstMessage) => None,
            None => return Err(reject(Denied::missing())),
        };
        let in_band =
            in_band::is_announced(handshake.info()) && pass.as_ref().is_none_or(Pass::is_renewable);
        if in_band {
            handshake.response_headers_mut().insert(in_band::HEADER, in_band::VERSION);
        }
        let extensions = handshake.extensions_mut();
        if let Some(pass) = &pass {
            extensions.insert(pass.identity.clone());
            extensions.insert(pass.identity.now());
        }
        extensions.insert(Entry { pass, in_band });
        Ok(())
    }

    async fn establish(&self, io: &mut BoxDuplex, info: &mut Info) -> Result<(), Error> {
        let entry = info.get::<Entry<V::Identity>>().cloned().ok_or_else(|| {
            Error::with_message(ErrorKind::Internal, "there was no handshake with this plugin")
        })?;
        let in_band = entry.in_band;
        let Pass { identity, subject, expires } = match entry.pass {
            Some(pass) => pass,
            None => {
                let message = first_message::receive(io, info).await?;
                let admitted = self.admit_by(&message).await;
                let pass = admitted.map_err(|denied| denied.reject(&self.realm))?;
                info.insert(pass.identity.clone());
                info.insert(pass.identity.now());
                if in_band {
                    io.send(Message::from(Word::Granted)).await?;
                }
                pass
            }
        };
        let bare = std::mem::take(io);
        *io = match expires {
            _ if in_band => {
                let gate = self.gate.clone();
                let renewal = Renewal::new(gate, identity, subject, expires, self.warning);
                Box::new(Exchange::new(bare, renewal))
            }
            Some(expires) => filter(bare, Expiry(expires)),
            None => bare,
        };
        Ok(())
    }
}

impl<V> fmt::Debug for Auth<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("places", &self.places)
            .field("realm", &self.realm)
            .field("warning", &self.warning)
            .finish_non_exhaustive()
    }
}

/// What is kept between the handshake and the start of the connection.
#[derive(Clone)]
struct Entry<I> {
    /// `None` if the first message has to show a credential.
    pass: Option<Pass<I>>,
    /// Both sides have the plugin, and use it.
    in_band: bool,
}

/// A grant to one connection.
#[derive(Clone)]
struct Pass<I> {
    identity: Identity<I>,
    subject: Option<Arc<str>>,
    expires: Option<Instant>,
}

impl<I> Pass<I> {
    fn is_renewable(&self) -> bool {
        self.subject.is_some() && self.expires.is_some()
    }
}

const MAX_BYTES: usize = 4096;
const TIMEOUT: Duration = Duration::from_secs(5);
const REALM: &str = "plimsoll";
const WARNING: Duration = Duration::from_secs(30);
