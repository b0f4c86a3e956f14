//! How [`Events`] are made.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use plimsoll::{Error, Message};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::events::Options;
use crate::handlers::{self, Handlers};
use crate::{Dialect, Event, Events, Peer, RemoteError};

/// Makes [`Events`]: takes the handlers of an application, and the bounds of its connections.
#[derive(Default)]
#[must_use = "nothing happens before `build`"]
pub struct EventsBuilder {
    options: Options,
    handlers: Handlers,
    duplicate: Option<String>,
}

impl EventsBuilder {
    /// Sets what is spoken with the peers. Default: [`Dialect::Plimsoll`].
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.options.dialect = dialect;
        self
    }

    /// Handles the events with this name.
    ///
    /// The events of a connection are handled one after another, in the order in which they were
    /// sent. Those whose arguments are no `T` go to [`on_invalid`](Self::on_invalid). All
    /// connections share the handler; what belongs to one of them is in its
    /// [info](Peer::info), where plugins put it, or kept by the id that is there.
    pub fn on<T, H, F>(mut self, name: impl Into<String>, handler: H) -> Self
    where
        T: DeserializeOwned,
        H: Fn(Peer, T) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let name = name.into();
        if self.handlers.events.insert(name.clone(), handlers::on_event(handler)).is_some() {
            self.duplicate.get_or_insert(name);
        }
        self
    }

    /// Answers the requests with this name: see [`Dialect`] for what becomes of an error.
    ///
    /// The requests of a connection are started in the order in which they were sent, each after
    /// the events that were sent before it were handled; several may run at once, and are answered
    /// as they are done. When the connection ends, those that run are dropped.
    ///
    /// A name may have a handler for events and one for requests.
    pub fn on_request<T, R, H, F>(mut self, name: impl Into<String>, handler: H) -> Self
    where
        T: DeserializeOwned,
        R: Serialize + Send + 'static,
        H: Fn(Peer, T) -> F + Send + Sync + 'static,
        F: Future<Output = Result<R, RemoteError>> + Send + 'static,
    {
        let name = name.into();
        if self.handlers.requests.insert(name.clone(), handlers::on_request(handler)).is_some() {
            self.duplicate.get_or_insert(name);
        }
        self
    }

    /// Handles the events that have no handler of their own. Default: they are ignored.
    pub fn fallback<H, F>(mut self, handler: H) -> Self
    where
        H: Fn(Peer, Event) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.handlers.fallback = Some(handlers::on_fallback(handler));
        self
    }

    /// Handles the messages that are nothing of the dialect's, in their order among the events.
    /// Default: they are ignored.
    pub fn on_message<H, F>(mut self, handler: H) -> Self
    where
        H: Fn(Peer, Message) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.handlers.message = Some(handlers::on_message(handler));
        self
    }

    /// Hears of events whose arguments are not what their handler takes, to log them or to close
    /// the connection. Default: they are ignored.
    pub fn on_invalid(
        mut self,
        hook: impl Fn(&Peer, &Event, &Error) + Send + Sync + 'static,
    ) -> Self {
        self.handlers.invalid = Some(Box::new(hook));
        self
    }

    /// Sets how long a request of this side waits for its answer, unless
    /// [`Request::timeout`](crate::Request::timeout) says otherwise. Default: 30 s.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.options.request_timeout = timeout;
        self
    }

    /// Sets how many requests of this side may wait for their answer on one connection. Default:
    /// 1024.
    pub fn max_pending_requests(mut self, max: usize) -> Self {
        self.options.max_pending_requests = max;
        self
    }

    /// Sets how many requests of the peer's may run at once on one connection. The others wait.
    /// Default: 32.
    pub fn max_running_requests(mut self, max: usize) -> Self {
        self.options.max_running_requests = max;
        self
    }

    /// Sets how much may wait for its handler on one connection, in bytes, before reading stops.
    /// A message counts its payload and 160 bytes; it may be exceeded by one message. Default:
    /// 64 KiB.
    ///
    /// Answers are not read meanwhile either: a handler that awaits one, from a peer that sends
    /// more than this before it, waits until its request times out.
    pub fn queue_bytes(mut self, bytes: usize) -> Self {
        self.options.queue_bytes = bytes;
        self
    }

    /// Makes the [`Events`].
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`](plimsoll::ErrorKind::Config) if a bound is zero, if a name
    /// has two handlers of one kind, or if the dialect has no event or request of a name that has
    /// a handler.
    pub fn build(self) -> Result<Events, Error> {
        let Self { options, handlers, duplicate } = self;
        options.check()?;
        if let Some(name) = duplicate {
            return Err(Error::config(&format!("handler of {name:?}"), "must be added only once"));
        }
        let invalid_name = |name: &str| format!("handler of {name:?}");
        for name in handlers.events.keys() {
            let checked = options.dialect.check_event(name);
            checked.map_err(|reason| Error::config(&invalid_name(name), reason))?;
        }
        for name in handlers.requests.keys() {
            let checked = options.dialect.check_request(name);
            checked.map_err(|reason| Error::config(&invalid_name(name), reason))?;
        }
        Ok(Events::new(options, Arc::new(handlers)))
    }
}

impl fmt::Debug for EventsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventsBuilder").field("options", &self.options).finish_non_exhaustive()
    }
}
