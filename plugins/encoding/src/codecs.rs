//! The plugin by which peers agree on a codec.

use async_trait::async_trait;
use http::StatusCode;
use plimsoll::{BoxDuplex, Dial, Error, Handshake, Info, Plugin, Reject};

use crate::{AnyCodec, Codec};

/// Chooses a codec with the peer, for [`TypedExt::typed`](crate::TypedExt::typed).
///
/// **A client** offers the names of its codecs as subprotocols, most wanted first; or, by
/// [`in_query`](Self::in_query), demands the first by the query parameter `codec`.
///
/// **A server** takes the codec that the query parameter `codec` names, and turns away with 400
/// who names one that is not known. Without the parameter it takes the first of the offered
/// subprotocols that it knows, and names it in its answer. A client that offers none gets the
/// server's first codec: so the first one should be the same on both sides. What a transport
/// cannot carry is never chosen: for one without binary messages the first is the first text
/// format.
///
/// The choice is in the connection's info, as an [`AnyCodec`]. If one is there already, because
/// the peer speaks a dialect with a format of its own, nothing is left to choose.
///
/// ```
/// # #[cfg(all(feature = "json", feature = "messagepack"))] {
/// use plimsoll::Plugin;
/// use plimsoll_encoding::{Codecs, Json, MessagePack};
///
/// let codecs = Codecs::new(Json).or(MessagePack);
/// assert!(codecs.check().is_ok());
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Codecs {
    first: AnyCodec,
    others: Vec<AnyCodec>,
    in_query: bool,
}

impl Codecs {
    /// Knows one codec.
    pub fn new(codec: impl Codec) -> Self {
        Self { first: AnyCodec::new(codec), others: Vec::new(), in_query: false }
    }

    /// Knows one more codec, less wanted than those before.
    #[must_use]
    pub fn or(mut self, codec: impl Codec) -> Self {
        self.others.push(AnyCodec::new(codec));
        self
    }

    /// On a client: demands the first codec by the query, and offers no subprotocols. For
    /// transports and proxies that do not carry subprotocols.
    #[must_use]
    pub fn in_query(mut self) -> Self {
        self.in_query = true;
        self
    }

    fn all(&self) -> impl Iterator<Item = &AnyCodec> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The codecs that a connection's transport can carry.
    fn usable(&self, info: &Info) -> impl Iterator<Item = &AnyCodec> {
        let binary = info.capabilities().binary;
        self.all().filter(move |codec| binary || !codec.is_binary())
    }

    fn find(&self, info: &Info, name: &str) -> Option<&AnyCodec> {
        self.usable(info).find(|codec| codec.name() == name)
    }

    fn refuse(&self, info: &Info) -> Reject {
        let names: Vec<_> = self.usable(info).map(Codec::name).collect();
        let body = match &*names.join(", ") {
            "" => "this transport carries only text, and there is no text codec".to_owned(),
            names => format!("unknown codec; known: {names}"),
        };
        Reject::new(StatusCode::BAD_REQUEST, body)
    }

    fn choose(&self, handshake: &Handshake) -> Option<&AnyCodec> {
        let info = handshake.info();
        match (info.query(PARAMETER), info.protocol()) {
            (Some(name), _) => self.find(info, &name),
            (None, Some(taken)) => self.find(info, taken).or_else(|| self.usable(info).next()),
            (None, None) => {
                let mut offered = handshake.offered_protocols().iter();
                let known = offered.find_map(|name| self.find(info, name));
                known.or_else(|| self.usable(info).next())
            }
        }
    }
}

#[async_trait]
impl Plugin for Codecs {
    fn check(&self) -> Result<(), Error> {
        for (at, codec) in self.all().enumerate() {
            let name = codec.name();
            if name.is_empty() || !name.bytes().all(is_token) {
                let remedy = "must be letters, digits, or some of !#$%&'*+-.^_`|~";
                return Err(Error::config(&format!("name of the codec {name:?}"), remedy));
            }
            if self.all().take(at).any(|earlier| earlier.name() == name) {
                return Err(Error::config(&format!("codec {name}"), "must be added only once"));
            }
            if codec.max_bytes() == 0 {
                return Err(Error::config("max_bytes", "must be at least 1 byte"));
            }
        }
        Ok(())
    }

    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        if handshake.info().get::<AnyCodec>().is_some() {
            return Ok(());
        }
        let codec = self.choose(handshake).ok_or_else(|| self.refuse(handshake.info()))?.clone();
        handshake.select_protocol(codec.name());
        handshake.extensions_mut().insert(codec);
        Ok(())
    }

    async fn dial(&self, dial: &mut Dial) -> Result<(), Error> {
        if self.in_query {
            dial.add_query(PARAMETER, self.first.name());
        } else {
            dial.protocols.extend(self.all().map(|codec| codec.name().to_owned()));
        }
        Ok(())
    }

    fn wrap(&self, io: BoxDuplex, info: &mut Info) -> BoxDuplex {
        // A server has chosen in the handshake; this is a client, which reads the answer.
        if info.get::<AnyCodec>().is_none() {
            let answer = info.protocol().filter(|_| !self.in_query);
            let chosen = answer.and_then(|name| self.find(info, name));
            let chosen = chosen.or_else(|| self.usable(info).next()).unwrap_or(&self.first);
            info.insert(chosen.clone());
        }
        io
    }
}

/// Whether a byte may be in a token (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

const PARAMETER: &str = "codec";
