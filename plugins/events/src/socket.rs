//! One connection with events on it.

use std::fmt;
use std::sync::Arc;

use plimsoll::{Error, Info, Message, Receiver};

use crate::Peer;
use crate::dialect::Incoming;
use crate::events::Options;
use crate::handlers::Handlers;
use crate::work::{Task, Work};

/// One connection with events on it, made by [`Events::attach`](crate::Events::attach).
///
/// The connection lasts as long as this value: dropping it closes the connection. What a server
/// does before and after the events of a connection goes around its run:
///
/// ```
/// use plimsoll::Socket;
/// use plimsoll_events::Events;
///
/// async fn serve(events: Events, socket: Socket) -> Result<(), plimsoll::Error> {
///     let socket = events.attach(socket);
///     socket.peer().emit("welcome", &()).await?;
///     let end = socket.run().await;
///     println!("one peer less");
///     end
/// }
/// ```
pub struct EventSocket {
    receiver: Receiver,
    peer: Peer,
    options: Options,
    handlers: Arc<Handlers>,
}

impl EventSocket {
    pub(crate) fn new(
        receiver: Receiver,
        peer: Peer,
        options: Options,
        handlers: Arc<Handlers>,
    ) -> Self {
        Self { receiver, peer, options, handlers }
    }

    /// The other side: a handle to send events and requests, here and in other tasks.
    pub fn peer(&self) -> &Peer {
        &self.peer
    }

    /// What is known of the connection.
    pub fn info(&self) -> &Info {
        self.receiver.info()
    }

    /// Handles what comes until the connection ends.
    ///
    /// Answers reach their requests whatever the handlers do, unless so much waits for them that
    /// [reading stops](crate::EventsBuilder::queue_bytes). A handler of an event may await a
    /// request of its own, as long as the peer needs no answer from here to answer it: this side
    /// starts nothing else before the event is handled. Make such an event a request.
    ///
    /// When the connection has ended, requests of both sides are given up; the events that came
    /// before are still handled. A handler that panics ends this future with its panic.
    ///
    /// Cancel safe: dropping the future closes the connection, and drops the handlers.
    ///
    /// # Errors
    ///
    /// Fails if the connection ended by an error. Ends the connection with
    /// [`ErrorKind::TooLarge`](plimsoll::ErrorKind::TooLarge) if a message is larger than what the
    /// codec takes, see [`Codec::with_max_bytes`](plimsoll_encoding::Codec::with_max_bytes).
    pub async fn run(mut self) -> Result<(), Error> {
        let mut work = Work::new(self.options, Arc::clone(&self.handlers), self.peer.clone());
        let end = loop {
            tokio::select! {
                biased;
                () = work.advance() => {}
                received = self.receiver.recv(), if !work.is_full() => match received {
                    Some(Ok(message)) => match self.take(message, &mut work) {
                        Ok(()) => {}
                        Err(error) => break Err(error),
                    },
                    Some(Err(error)) => break Err(error),
                    None => break Ok(()),
                },
            }
        };
        // Says nothing where the connection has ended.
        if let Some(close) = end.as_ref().err().and_then(Error::close) {
            self.peer.close(close);
        }
        self.peer.pending().close();
        work.finish_events().await;
        end
    }

    fn take(&self, message: Message, work: &mut Work) -> Result<(), Error> {
        let size = message.len();
        let task = match self.options.dialect.decode(message, self.peer.codec())? {
            Incoming::Answer { id, answer } => {
                self.peer.pending().resolve(id, answer);
                return Ok(());
            }
            Incoming::Event(event) => Task::Event(event),
            Incoming::Message(message) => Task::Message(message),
            Incoming::Request { id, name, arguments } => Task::Request { id, name, arguments },
        };
        work.push(task, size);
        Ok(())
    }
}

impl Drop for EventSocket {
    fn drop(&mut self) {
        self.peer.pending().close();
    }
}

impl fmt::Debug for EventSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventSocket").field("peer", &self.peer).finish_non_exhaustive()
    }
}
