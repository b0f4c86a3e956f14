//! Where listeners and connectors meet.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::{fmt, io};

use http::uri::Authority;
use plimsoll::{Error, ErrorKind};
use tokio::sync::mpsc;

use crate::server::Call;
use crate::{MemoryConnector, MemoryListener, Options};

/// The transport: a hub where listeners and connectors of one process meet by name.
///
/// Clones are the same hub.
#[derive(Clone, Default)]
pub struct Memory {
    options: Options,
    listeners: Listeners,
}

impl Memory {
    /// Makes a hub with the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a hub whose connections have these options.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if an option cannot work.
    pub fn with_options(options: Options) -> Result<Self, Error> {
        options.check()?;
        Ok(Self { options, listeners: Listeners::default() })
    }

    /// The hub of the whole process.
    pub fn global() -> Self {
        static GLOBAL: OnceLock<Memory> = OnceLock::new();
        GLOBAL.get_or_init(Self::new).clone()
    }

    /// Takes connections to `mem://name`, until the listener is dropped.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if `name` cannot be the host of a URL, [`ErrorKind::Io`] if it is
    /// taken.
    pub fn listen(&self, name: impl Into<String>) -> Result<MemoryListener, Error> {
        self.listen_with(name, self.options.clone())
    }

    /// As [`listen`](Self::listen), with options for this listener's connections.
    ///
    /// # Errors
    ///
    /// As for [`listen`](Self::listen), and [`ErrorKind::Config`] if an option cannot work.
    pub fn listen_with(
        &self,
        name: impl Into<String>,
        options: Options,
    ) -> Result<MemoryListener, Error> {
        options.check()?;
        let name = name.into();
        if name.parse::<Authority>().is_err() || name.contains(['@', ':']) {
            return Err(Error::config("name", "must be what may be the host of a URL"));
        }
        let calls = self.listeners.add(&name)?;
        Ok(MemoryListener::new(calls, Name { name, listeners: self.listeners.clone() }, options))
    }

    /// Makes connections to the hub's listeners.
    pub fn connector(&self) -> MemoryConnector {
        MemoryConnector::new(self.listeners.clone())
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Who listens, by name.
#[derive(Clone, Default)]
pub(crate) struct Listeners(Arc<Mutex<HashMap<String, mpsc::Sender<Call>>>>);

impl Listeners {
    /// Where to call `name`.
    pub(crate) fn find(&self, name: &str) -> Option<mpsc::Sender<Call>> {
        self.lock().get(name).cloned()
    }

    fn add(&self, name: &str) -> Result<mpsc::Receiver<Call>, Error> {
        let mut listeners = self.lock();
        if listeners.contains_key(name) {
            let taken = io::Error::new(io::ErrorKind::AddrInUse, format!("mem://{name} is taken"));
            return Err(Error::with_source(ErrorKind::Io, taken));
        }
        let (sender, calls) = mpsc::channel(BACKLOG);
        listeners.insert(name.to_owned(), sender);
        Ok(calls)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<Call>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A name that is taken as long as this lives.
pub(crate) struct Name {
    name: String,
    listeners: Listeners,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        self.listeners.lock().remove(&self.name);
    }
}

/// How many connections may wait for a listener; further ones wait for room.
const BACKLOG: usize = 64;
