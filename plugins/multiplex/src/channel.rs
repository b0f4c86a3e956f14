//! What the application learns of a channel.

use std::fmt;
use std::sync::Arc;

use http::Uri;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use plimsoll::Info;

/// Says which channel a connection is, and over which connection it goes. It is in the info of
/// the connection that is the channel.
///
/// ```
/// use plimsoll::Socket;
/// use plimsoll_multiplex::Channel;
///
/// fn describe(socket: &Socket) -> String {
///     let channel = socket.info().get::<Channel>();
///     channel.map_or("no channel".into(), |channel| channel.name().to_owned())
/// }
/// ```
#[derive(Clone)]
pub struct Channel {
    name: Arc<str>,
    parent: Arc<Info>,
}

impl Channel {
    pub(crate) fn new(name: Arc<str>, parent: Arc<Info>) -> Self {
        Self { name, parent }
    }

    /// The name of the channel, as the side that opened it said it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What is known of the connection beneath, for example who the user is.
    pub fn parent(&self) -> &Info {
        &self.parent
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("name", &self.name)
            .field("parent", &self.parent.id())
            .finish()
    }
}

/// The name of a channel as it is in a URL.
pub(crate) fn encode(name: &str) -> String {
    utf8_percent_encode(name, RESERVED).to_string()
}

/// Where a channel is: its name and the query, as a path. A query that cannot be in a URI is left
/// out.
pub(crate) fn uri(name: &str, query: Option<&str>) -> Uri {
    let path = format!("/{}", encode(name));
    let whole = query.and_then(|query| format!("{path}?{query}").parse().ok());
    whole.or_else(|| path.parse().ok()).unwrap_or_default()
}

pub(crate) const TRANSPORT: &str = "channel";
/// RFC 3986, section 2.3, and the slash, so that a name may look like a path.
const RESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
