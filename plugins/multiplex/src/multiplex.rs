//! The options, and how channels are put on a connection.

use plimsoll::{Error, Socket};

use crate::channels::Channels;
use crate::dialect::Dialect;
use crate::table::Side;

/// Puts channels on a connection.
///
/// One value serves any number of connections. The two ends of a connection need the same
/// dialect and different sides: the end that accepted the connection calls
/// [`accept`](Self::accept), the one that made it [`connect`](Self::connect).
///
/// ```
/// use plimsoll_multiplex::Multiplex;
///
/// let multiplex = Multiplex::own().max_channels(16).window(64 * 1024);
/// assert!(multiplex.check().is_ok());
/// assert!(Multiplex::own().window(0).check().is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Multiplex {
    pub(crate) dialect: Dialect,
    pub(crate) max_channels: usize,
    pub(crate) max_message: usize,
    pub(crate) max_name: usize,
    pub(crate) overflow: Overflow,
    pub(crate) window: u32,
}

impl Multiplex {
    /// Speaks the project's own dialect, which carries text and binary, handshakes and close
    /// codes, and in which a slow channel holds up no other.
    pub fn own() -> Self {
        Self::new(Dialect::Own)
    }

    /// Speaks the dialect of the Node package `primus-multiplex` 3. Messages are JSON texts;
    /// channels are opened by the side that connected.
    pub fn primus_multiplex() -> Self {
        Self::new(Dialect::PrimusMultiplex)
    }

    /// Speaks the dialect of the Node package `substream` 0.2. Messages are JSON texts, all but
    /// the string `"substream::end"`; there is one channel of a name, opened by either side.
    ///
    /// It has no word for an opening: the peer learns of a channel by the first message.
    pub fn substream() -> Self {
        Self::new(Dialect::Substream)
    }

    /// Speaks the dialect of the Node package `websocket-multiplex` 0.1. Messages are texts;
    /// there is one channel of a name, opened by the side that connected.
    pub fn websocket_multiplex() -> Self {
        Self::new(Dialect::WebSocketMultiplex)
    }

    fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            max_channels: 128,
            max_message: 64 * 1024,
            max_name: 255,
            overflow: Overflow::Close,
            window: 256 * 1024,
        }
    }

    /// Sets how many channels a connection may have, those counted that one side has closed and
    /// the other still holds. More are refused with status 503. Default: 128.
    #[must_use]
    pub fn max_channels(mut self, max: usize) -> Self {
        self.max_channels = max;
        self
    }

    /// Sets how long a message that is sent may be together with its header, in bytes: what the
    /// connection beneath carries. A header has at most 12 bytes in the own dialect, and binary
    /// takes a third more where the connection carries only text. Default: 64 KiB.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// Sets how long the name of a channel may be, in bytes, and so the id that a peer of
    /// primus-multiplex gives it. Longer ones are refused with status 414. Default: 255.
    #[must_use]
    pub fn max_name(mut self, bytes: usize) -> Self {
        self.max_name = bytes;
        self
    }

    /// Sets how much may wait in each direction of a channel, in bytes. A message counts its
    /// payload and 64 bytes, and on its way out its header. It may be exceeded by one message, so
    /// that every message can pass.
    /// Default: 256 KiB.
    #[must_use]
    pub fn window(mut self, bytes: u32) -> Self {
        self.window = bytes;
        self
    }

    /// Sets what happens when a channel is not read and its [window](Self::window) is full, in
    /// the dialects that cannot hold the peer back. Default: [`Overflow::Close`].
    #[must_use]
    pub fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Checks the options.
    ///
    /// # Errors
    ///
    /// Names the option that cannot work.
    pub fn check(&self) -> Result<(), Error> {
        if self.max_channels == 0 {
            return Err(Error::config("max_channels", "must be at least 1"));
        }
        if self.max_message < 256 {
            return Err(Error::config("max_message", "must be at least 256 bytes"));
        }
        if self.max_name == 0 {
            return Err(Error::config("max_name", "must be at least 1 byte"));
        }
        if self.window == 0 {
            return Err(Error::config("window", "must be at least 1 byte"));
        }
        Ok(())
    }

    /// Puts channels on a connection that was accepted, in an endpoint's handler.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`](plimsoll::ErrorKind::Config) if an option cannot work.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub fn accept(&self, socket: Socket) -> Result<Channels, Error> {
        self.check()?;
        Ok(Channels::spawn(self.clone(), socket, Side::Acceptor))
    }

    /// Puts channels on a connection that was made by a dialer.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`](plimsoll::ErrorKind::Config) if an option cannot work.
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub fn connect(&self, socket: Socket) -> Result<Channels, Error> {
        self.check()?;
        Ok(Channels::spawn(self.clone(), socket, Side::Connector))
    }
}

/// What happens when a channel is not read, in the dialects that cannot hold the peer back.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Overflow {
    /// The channel is closed: it ends with
    /// [`ErrorKind::SlowConsumer`](plimsoll::ErrorKind::SlowConsumer) after what waits.
    #[default]
    Close,
    /// Nothing is read from the connection until the channel is: it holds up all others.
    Wait,
}
