//! What the server calls a connection.

use plimsoll::{Error, ErrorKind, Info, Socket};
use plimsoll_encoding::{AnyCodec, Codec};
use tokio::sync::watch;

use crate::control::Control;

/// Asks the server what it calls the connection: `primus.id()`.
///
/// Somebody has to receive from the socket's connection meanwhile, if so much comes in that its
/// inbox is full. Cancel safe. It waits as long as it takes; put a timeout around it.
///
/// # Errors
///
/// Fails with [`ErrorKind::Unsupported`] if the connection is not one of a
/// [`PrimusConnector`](crate::PrimusConnector), and with [`ErrorKind::Close`] if it ends first.
pub async fn id(socket: &Socket) -> Result<String, Error> {
    let codec = socket.info().get::<AnyCodec>();
    let (Some(codec), Some(ids)) = (codec, Ids::of(socket.info())) else {
        let message = "only a connection of a `PrimusConnector` has an id";
        return Err(Error::with_message(ErrorKind::Unsupported, message));
    };
    let mut answers = ids.0.subscribe();
    socket.send(codec.encode(&Control::Id("").to_string())?).await?;
    tokio::select! {
        answered = answers.changed() => match answered {
            Ok(()) => Ok(answers.borrow_and_update().clone()),
            Err(_) => Err(Error::new(ErrorKind::Close)),
        },
        _ = socket.sender().closed() => Err(Error::new(ErrorKind::Close)),
    }
}

/// Where the answers of a server go. Clones are the same place.
#[derive(Clone, Debug)]
pub(crate) struct Ids(watch::Sender<String>);

impl Ids {
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(String::new()))
    }

    pub(crate) fn answered(&self, id: &str) {
        self.0.send_replace(id.to_owned());
    }

    fn of(info: &Info) -> Option<&Self> {
        info.get()
    }
}
