//! What an application does with what comes.

use std::collections::HashMap;
use std::future::Future;

use futures::FutureExt;
use futures::future::BoxFuture;
use plimsoll::{Error, Message};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::arguments::Arguments;
use crate::dialect::RequestId;
use crate::{Event, Peer, RemoteError};

type EventHandler =
    Box<dyn Fn(Peer, &Event) -> Result<BoxFuture<'static, ()>, Error> + Send + Sync>;
type FallbackHandler = Box<dyn Fn(Peer, Event) -> BoxFuture<'static, ()> + Send + Sync>;
type MessageHandler = Box<dyn Fn(Peer, Message) -> BoxFuture<'static, ()> + Send + Sync>;
type RequestHandler =
    Box<dyn Fn(Peer, RequestId, Arguments) -> BoxFuture<'static, ()> + Send + Sync>;
type InvalidHandler = Box<dyn Fn(&Peer, &Event, &Error) + Send + Sync>;

/// What an application does with what comes.
#[derive(Default)]
pub(crate) struct Handlers {
    pub(crate) events: HashMap<String, EventHandler>,
    pub(crate) fallback: Option<FallbackHandler>,
    pub(crate) invalid: Option<InvalidHandler>,
    pub(crate) message: Option<MessageHandler>,
    pub(crate) requests: HashMap<String, RequestHandler>,
}

impl Handlers {
    /// Starts to handle an event; nothing, if nobody wants it.
    pub(crate) fn event(&self, peer: &Peer, event: Event) -> Option<BoxFuture<'static, ()>> {
        let Some(handler) = self.events.get(event.name()) else {
            return self.fallback.as_ref().map(|handler| handler(peer.clone(), event));
        };
        let started = handler(peer.clone(), &event);
        if let (Err(error), Some(invalid)) = (&started, &self.invalid) {
            invalid(peer, &event, error);
        }
        started.ok()
    }

    /// Starts to handle a message that is none of the dialect's; nothing, if nobody wants it.
    pub(crate) fn message(&self, peer: &Peer, message: Message) -> Option<BoxFuture<'static, ()>> {
        self.message.as_ref().map(|handler| handler(peer.clone(), message))
    }

    /// Starts to handle a request, and to answer it.
    pub(crate) fn request(
        &self,
        peer: &Peer,
        id: RequestId,
        name: &str,
        arguments: Arguments,
    ) -> BoxFuture<'static, ()> {
        let peer = peer.clone();
        let Some(handler) = self.requests.get(name) else {
            let error = RemoteError::new(RemoteError::UNKNOWN_REQUEST, "there is no such request");
            return async move { peer.answer::<()>(&id, Err(error)).await }.boxed();
        };
        handler(peer, id, arguments)
    }
}

pub(crate) fn on_event<T, H, F>(handler: H) -> EventHandler
where
    T: DeserializeOwned,
    H: Fn(Peer, T) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    Box::new(move |peer, event| Ok(handler(peer, event.arguments()?).boxed()))
}

pub(crate) fn on_request<T, R, H, F>(handler: H) -> RequestHandler
where
    T: DeserializeOwned,
    R: Serialize + Send + 'static,
    H: Fn(Peer, T) -> F + Send + Sync + 'static,
    F: Future<Output = Result<R, RemoteError>> + Send + 'static,
{
    Box::new(move |peer, id, arguments| {
        let handling = match arguments.decode() {
            Ok(arguments) => Ok(handler(peer.clone(), arguments)),
            Err(error) => Err(RemoteError::new(RemoteError::BAD_ARGUMENTS, cause(&error))),
        };
        async move {
            let result = match handling {
                Ok(handling) => handling.await,
                Err(error) => Err(error),
            };
            peer.answer(&id, result).await;
        }
        .boxed()
    })
}

pub(crate) fn on_fallback<H, F>(handler: H) -> FallbackHandler
where
    H: Fn(Peer, Event) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    Box::new(move |peer, event| handler(peer, event).boxed())
}

pub(crate) fn on_message<H, F>(handler: H) -> MessageHandler
where
    H: Fn(Peer, Message) -> F + Send + Sync + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    Box::new(move |peer, message| handler(peer, message).boxed())
}

/// What the format has to say of a value that it could not read.
fn cause(error: &Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}
