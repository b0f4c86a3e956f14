//! The side that opens channels.

use std::fmt;
use std::future::poll_fn;
use std::sync::{Arc, Weak};

use async_trait::async_trait;
use percent_encoding::percent_decode_str;
use plimsoll::{Connected, Connector, Dial, Error, ErrorKind, Info};

use crate::channel::{Channel, TRANSPORT, uri};
use crate::dialect::Request;
use crate::handle::Handle;
use crate::multiplex::Multiplex;
use crate::shared::Shared;

/// Opens channels as connections to `channel:name?query`: see
/// [`Channels::connector`](crate::Channels::connector).
///
/// The name is percent-encoded where it holds what may not be in a path. The query, the headers
/// and the subprotocols of a dial reach the peer in the own dialect only.
///
/// Connecting fails with [`ErrorKind::Rejected`] if the peer refuses the channel or there are
/// too many, with [`ErrorKind::Config`] if the name is too long, and with [`ErrorKind::Close`] if
/// the connection beneath is closed. Where the dialect has no answer to an opening, the channel
/// is open at once, and one that is refused is closed.
#[derive(Clone)]
pub struct ChannelConnector {
    shared: Weak<Shared>,
    options: Arc<Multiplex>,
}

impl ChannelConnector {
    pub(crate) fn new(shared: &Arc<Shared>, options: &Arc<Multiplex>) -> Self {
        Self { shared: Arc::downgrade(shared), options: Arc::clone(options) }
    }
}

#[async_trait]
impl Connector for ChannelConnector {
    fn schemes(&self) -> &[&'static str] {
        &["channel"]
    }

    async fn connect(&self, dial: Dial) -> Result<Connected, Error> {
        let shared = self.shared.upgrade().ok_or_else(|| Error::new(ErrorKind::Close))?;
        let request = request(dial)?;
        let name = Arc::clone(&request.name);
        let uri = uri(&name, request.query.as_deref());
        let number = shared.with(|table| table.open(request))?;
        let handle = Handle::new(Arc::clone(&shared), number);
        let answer = poll_fn(|cx| handle.poll_answer(cx)).await?;
        let mut info = Info::new(TRANSPORT, self.options.dialect.capabilities(), uri)
            .with_protocol(answer.protocol)
            .with_headers(answer.headers)
            .with_peer(shared.info.peer().cloned());
        info.insert(Channel::new(name, Arc::clone(&shared.info)));
        Ok(Connected { io: Box::new(handle), info })
    }
}

impl fmt::Debug for ChannelConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelConnector").field("options", &self.options).finish_non_exhaustive()
    }
}

fn request(dial: Dial) -> Result<Request, Error> {
    let target = dial.after_scheme().split('#').next().unwrap_or_default();
    let (name, query) = match target.split_once('?') {
        Some((name, query)) => (name, Some(query.to_owned())),
        None => (target, None),
    };
    let name = percent_decode_str(name).decode_utf8();
    let name = name.map_err(|_| Error::config("url", "must be channel:name?query in UTF-8"))?;
    if dial.headers.values().any(|value| value.to_str().is_err()) {
        return Err(Error::config("headers", "must be visible ASCII"));
    }
    Ok(Request {
        name: (*name).into(),
        query,
        protocols: dial.protocols,
        headers: dial.headers,
        window: 0, // known where the channel is opened
    })
}
