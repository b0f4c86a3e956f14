//! The channels of one connection.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use plimsoll::{
    Close, Connected, Connector, Dial, Endpoint, Error, ErrorKind, Incoming, Info, Listener,
    Reject, Sender, Socket, SocketOptions,
};
use tokio::time::timeout;

use crate::channel;
use crate::connector::ChannelConnector;
use crate::driver::drive;
use crate::incoming::IncomingChannel;
use crate::multiplex::Multiplex;
use crate::shared::Shared;
use crate::table::{Side, Table};

/// The channels of one connection, to be opened by either side.
///
/// It holds the connection: dropping it closes the connection with
/// [`CloseCode::NORMAL`](plimsoll::CloseCode::NORMAL) after what the channels have sent has gone
/// out, for which it waits at most 5 s, and all channels with it. If the connection ends, each
/// channel ends as the connection did.
///
/// It is a [`Listener`]: [`Endpoint::listen`] takes all channels that the peer opens for one
/// endpoint. What moves the messages is a task, which ends with the connection.
pub struct Channels {
    shared: Arc<Shared>,
    options: Arc<Multiplex>,
    sender: Sender,
}

impl Channels {
    pub(crate) fn spawn(options: Multiplex, socket: Socket, side: Side) -> Self {
        let (sender, info) = (socket.sender().clone(), socket.info().clone());
        let table = Table::new(options.clone(), side, info.capabilities().binary);
        let shared = Arc::new(Shared::new(info, table));
        tokio::spawn(drive(socket, Arc::clone(&shared)));
        Self { shared, options: Arc::new(options), sender }
    }

    /// Waits for the next channel that the peer opens; `None` once the connection is over.
    /// Cancel safe.
    ///
    /// Channels that nobody waits for are not answered, and count among the
    /// [`max_channels`](Multiplex::max_channels).
    pub async fn accept(&mut self) -> Option<IncomingChannel> {
        let (handle, request) = poll_fn(|cx| self.shared.poll_arrival(cx)).await?;
        let (parent, options) = (Arc::clone(&self.shared.info), Arc::clone(&self.options));
        Some(IncomingChannel::new(handle, request, parent, options))
    }

    /// Gives each channel that the peer opens to the endpoint that `choose` names for it, until
    /// the connection is over. Where it names none, the channel is refused with status 404.
    ///
    /// Plugins that take their time over a handshake delay no other channel. The handlers run
    /// in tasks of their endpoints.
    ///
    /// Not cancel safe: the connection is closed.
    pub async fn serve(mut self, choose: impl Fn(&str) -> Option<Endpoint>) {
        let mut handshakes = FuturesUnordered::new();
        loop {
            tokio::select! {
                incoming = self.accept() => {
                    let Some(incoming) = incoming else { break };
                    match choose(incoming.name()) {
                        Some(endpoint) => {
                            handshakes.push(async move { incoming.serve(&endpoint).await });
                        }
                        None => incoming.reject(Reject::new(
                            http::StatusCode::NOT_FOUND,
                            "there is no such channel",
                        )),
                    }
                }
                Some(()) = handshakes.next() => {}
            }
        }
    }

    /// Opens a channel without plugins and with the default [`SocketOptions`]; for others, give
    /// [`connector`](Self::connector) to a dialer. Waits for the peer's answer at most 10 s.
    ///
    /// Cancel safe: no channel is left behind.
    ///
    /// # Errors
    ///
    /// Those of [`ChannelConnector`], and [`ErrorKind::Timeout`].
    ///
    /// # Panics
    ///
    /// Panics outside of a tokio runtime.
    pub async fn open(&self, name: &str) -> Result<Socket, Error> {
        let dial = Dial::new(format!("channel:{}", channel::encode(name)));
        let connector = self.connector();
        let Connected { io, info } =
            timeout(OPEN, connector.connect(dial)).await.unwrap_or_else(|_| {
                let message = "the peer has not answered the opening of a channel";
                Err(Error::with_message(ErrorKind::Timeout, message))
            })?;
        Ok(Socket::spawn(io, info, SocketOptions::default()))
    }

    /// Makes connections to `channel:name?query` over this connection, for a
    /// [`Dialer`](plimsoll::Dialer) with a stack of plugins. It does not keep the connection
    /// open.
    pub fn connector(&self) -> ChannelConnector {
        ChannelConnector::new(&self.shared, &self.options)
    }

    /// Closes the connection, and all channels with it, after what they have sent has gone out.
    /// The first reason counts.
    pub fn close(&self, close: Close) {
        self.shared.close(close);
    }

    /// Waits for the end of the connection, and returns how it ended. Cancel safe.
    pub async fn closed(&self) -> Close {
        self.sender.closed().await
    }

    /// What is known of the connection.
    pub fn info(&self) -> &Info {
        self.sender.info()
    }
}

#[async_trait]
impl Listener for Channels {
    /// Fails with [`ErrorKind::Close`] once the connection is over.
    async fn accept(&mut self) -> Result<Box<dyn Incoming>, Error> {
        match Channels::accept(self).await {
            Some(incoming) => Ok(Box::new(incoming)),
            None => Err(Error::new(ErrorKind::Close)),
        }
    }
}

impl Drop for Channels {
    fn drop(&mut self) {
        self.shared.close(Close::normal());
    }
}

impl fmt::Debug for Channels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channels").field("info", self.info()).finish_non_exhaustive()
    }
}

/// How long the peer may take to answer an opening.
const OPEN: std::time::Duration = std::time::Duration::from_secs(10);
