//! One duplex stream of messages for every real-time transport, and middleware on top of it.

mod close;
mod closing;
mod dial;
mod dialer;
pub mod docs;
mod driver;
mod duplex;
mod endpoint;
mod error;
mod filter;
mod frame;
mod handshake;
#[cfg(feature = "http")]
mod http;
mod inbox;
mod info;
mod listener;
mod message;
mod outbox;
mod plugin;
mod query;
mod reconnect;
mod reject;
mod sender;
mod shared;
mod socket;
mod text;
mod together;

pub use self::close::{Close, CloseCode};
pub use self::dial::{Connected, Connector, Dial};
pub use self::dialer::{Dialer, DialerBuilder};
pub use self::duplex::{BoxDuplex, Duplex, DuplexExt, from_stream_sink};
pub use self::endpoint::{Admission, Endpoint, EndpointBuilder, Shutdown};
pub use self::error::{BoxError, Error, ErrorKind};
pub use self::filter::{Filter, Flow, filter};
pub use self::frame::Frame;
pub use self::handshake::Handshake;
#[cfg(feature = "http")]
pub use self::http::{Body, HttpService, HttpServiceBuilder, HttpTransport, Origins};
pub use self::info::{Capabilities, ConnectionId, Info, Liveness, PeerAddr};
pub use self::listener::{Incoming, Listener};
pub use self::message::{Message, WireKey};
pub use self::plugin::Plugin;
pub use self::reconnect::{Backoff, LinkState, LinkStatus};
pub use self::reject::Reject;
pub use self::sender::{Sender, SlowPolicy, TrySendError};
pub use self::socket::{Receiver, Socket, SocketOptions};
pub use self::text::Text;
