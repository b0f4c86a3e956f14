//! An endpoint with rooms, and peers that connect to it.

use http::Uri;
use plimsoll::{
    BoxDuplex, Capabilities, Close, DuplexExt, Endpoint, EndpointBuilder, Frame, Handshake, Info,
    Message, Plugin, Sender, Socket, SocketOptions,
};
use plimsoll_memory::{Options as MemoryOptions, pair};
use plimsoll_rooms::Rooms;
use tokio::sync::mpsc;

/// How much waits for a peer that does not read, in bytes: on its way, and in its outbox.
pub(crate) const PIPE: usize = 1024;
pub(crate) const OUTBOX: usize = 16 * 1024;

pub(crate) struct Stage {
    pub(crate) endpoint: Endpoint,
    opened: mpsc::Receiver<Sender>,
    closed: mpsc::Receiver<Close>,
}

impl Stage {
    pub(crate) fn new(rooms: &Rooms) -> Self {
        Self::with_plugins(|builder| builder.plugin(rooms.clone()))
    }

    pub(crate) fn with_plugins(add: impl FnOnce(EndpointBuilder) -> EndpointBuilder) -> Self {
        let (handled, opened) = mpsc::channel(64);
        let (ended, closed) = mpsc::channel(64);
        // What was added first hears of the end last.
        let builder = Endpoint::builder()
            .socket(SocketOptions::default().outbox_bytes(OUTBOX))
            .plugin(Witness(ended));
        let endpoint = add(builder).handle(move |mut socket: Socket| {
            let _ = handled.try_send(socket.sender().clone());
            async move { while let Some(Ok(_)) = socket.recv().await {} }
        });
        Self { endpoint: endpoint.unwrap(), opened, closed }
    }

    /// Connects; returns both ends.
    pub(crate) async fn connect(&mut self) -> (Sender, Peer) {
        self.connect_to("/", Capabilities::FULL).await
    }

    pub(crate) async fn connect_to(
        &mut self,
        uri: &'static str,
        capabilities: Capabilities,
    ) -> (Sender, Peer) {
        let peer = Peer::connect(&self.endpoint, uri, capabilities).await;
        (self.opened.recv().await.unwrap(), peer)
    }

    /// Waits until all plugins know that a connection is closed.
    pub(crate) async fn closed(&mut self) -> Close {
        self.closed.recv().await.unwrap()
    }
}

/// The far end of a connection.
pub(crate) struct Peer(BoxDuplex);

impl Peer {
    pub(crate) async fn connect(
        endpoint: &Endpoint,
        uri: &'static str,
        capabilities: Capabilities,
    ) -> Self {
        let (io, peer) = pair(MemoryOptions::default().capacity(PIPE)).unwrap();
        let handshake = Handshake::new("memory", capabilities, Uri::from_static(uri));
        let admission = endpoint.admit(handshake).await.unwrap();
        admission.spawn(async { Some(io) });
        Self(peer)
    }

    pub(crate) async fn recv(&mut self) -> Option<Message> {
        match self.0.recv().await?.unwrap() {
            Frame::Message(message) => Some(message),
            Frame::Close(_) => None,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn text(&mut self) -> Option<String> {
        self.recv().await.map(|message| message.as_text().unwrap().to_owned())
    }

    /// Asserts that nothing was sent before `last`, which is sent now.
    pub(crate) async fn has_nothing(&mut self, sender: &Sender) {
        sender.send("nothing before").await.unwrap();
        assert_eq!(self.text().await.as_deref(), Some("nothing before"));
    }
}

/// Tells of connections that have closed.
struct Witness(mpsc::Sender<Close>);

impl Plugin for Witness {
    fn closed(&self, _: &Info, close: &Close) {
        let _ = self.0.try_send(close.clone());
    }
}

pub(crate) fn sorted<T: Ord>(values: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort();
    values
}
