//! The rooms, and the plugin by which connections leave them.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use plimsoll::{Close, ConnectionId, Error, ErrorKind, Handshake, Info, Plugin, Reject, Sender};

use crate::directory::Directory;
use crate::events::Feed;
use crate::members::{Members, Snapshot};
use crate::seat::Seats;
use crate::{Events, Options, Target};

/// Groups of connections by name. Clones are the same rooms.
///
/// It is a [`Plugin`]: add it to the endpoint whose connections are to join, or to several
/// endpoints, which then share the rooms. A room exists as long as it has members.
///
/// All methods may be called from anywhere: a handler, another plugin's
/// [`opened`](Plugin::opened), a task without a connection. None waits for a peer.
#[derive(Clone)]
pub struct Rooms {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    options: Options,
    directory: Directory,
    connections: Mutex<Members>,
    feed: Feed,
}

impl Rooms {
    /// Makes rooms with the default options.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes rooms with these options.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`] if an option cannot work.
    pub fn with_options(options: Options) -> Result<Self, Error> {
        options.check()?;
        Ok(Self::unchecked(options))
    }

    /// Makes a connection a member of a room. Returns whether it was not one before.
    ///
    /// It stays a member until it [leaves](Self::leave), or until the connection is closed and
    /// its handler has ended.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::TooLarge`] if the name is too long, with [`ErrorKind::Policy`] if
    /// the room is full, the connection in too many rooms, or the number of rooms at its limit,
    /// see [`Options`]; with [`ErrorKind::Close`] if the connection is closed, and with
    /// [`ErrorKind::Config`] if these rooms are not a plugin of its endpoint.
    pub fn join(&self, room: &str, member: &Sender) -> Result<bool, Error> {
        let Inner { options, directory, feed, .. } = &*self.inner;
        if room.len() > options.max_name {
            let message = format!("the name of a room has at most {} bytes", options.max_name);
            return Err(Error::with_message(ErrorKind::TooLarge, message));
        }
        let Some(seat) = Seats::find(member.info(), &self.inner) else {
            return Err(Error::config("rooms", "must be a plugin of the connection's endpoint"));
        };
        let mut joined = seat.lock();
        // Under the lock: who is not closed yet takes it later, to leave.
        if member.close_reason().is_some() {
            return Err(Error::new(ErrorKind::Close));
        }
        if joined.contains(room) {
            return Ok(false);
        }
        if joined.len() >= options.max_rooms_per_connection {
            let message = "the connection is in too many rooms";
            return Err(Error::with_message(ErrorKind::Policy, message));
        }
        if joined.is_empty() {
            self.register(member);
        }
        joined.insert(directory.join(room, member, options, feed)?);
        Ok(true)
    }

    /// Takes a connection out of a room. Returns whether it was in it.
    pub fn leave(&self, room: &str, id: ConnectionId) -> bool {
        let Some(member) = self.connection(id) else { return false };
        let Some(seat) = Seats::find(member.info(), &self.inner) else { return false };
        let mut joined = seat.lock();
        let Some(name) = joined.take(room) else { return false };
        self.inner.directory.leave(&name, &member, &self.inner.feed);
        true
    }

    /// Takes a connection out of all rooms. Returns of how many.
    pub fn leave_all(&self, id: ConnectionId) -> usize {
        let Some(member) = self.connection(id) else { return 0 };
        let Some(seat) = Seats::find(member.info(), &self.inner) else { return 0 };
        self.leave_each(&mut seat.lock(), &member)
    }

    /// The members of a room, in no particular order.
    pub fn members(&self, room: &str) -> Vec<Sender> {
        let members = self.snapshot(room);
        members.map_or_else(Vec::new, |members| members.values().cloned().collect())
    }

    /// How many members a room has.
    pub fn len(&self, room: &str) -> usize {
        self.inner.directory.len(room)
    }

    /// Whether a room has no members, which is to say that there is no such room.
    pub fn is_empty(&self, room: &str) -> bool {
        self.len(room) == 0
    }

    /// Whether a connection is in a room.
    pub fn contains(&self, room: &str, id: ConnectionId) -> bool {
        self.inner.directory.contains(room, id)
    }

    /// The names of all rooms, in no particular order.
    pub fn names(&self) -> Vec<String> {
        self.inner.directory.names()
    }

    /// The names of the rooms that a connection is in, in no particular order.
    pub fn of(&self, id: ConnectionId) -> Vec<String> {
        let Some(member) = self.connection(id) else { return Vec::new() };
        let Some(seat) = Seats::find(member.info(), &self.inner) else { return Vec::new() };
        seat.lock().iter().map(|name| name.to_string()).collect()
    }

    /// Chooses the members of a room as those to send to.
    pub fn to<'a>(&'a self, room: &'a str) -> Target<'a> {
        Target::rooms(self, room)
    }

    /// Chooses all connections as those to send to, members or not: those of all endpoints that
    /// have these rooms as a plugin.
    pub fn to_all(&self) -> Target<'_> {
        Target::all(self)
    }

    /// Receives who joins and leaves from now on.
    pub fn events(&self) -> Events {
        self.inner.feed.subscribe(self.inner.options.events)
    }

    pub(crate) fn options(&self) -> &Options {
        &self.inner.options
    }

    pub(crate) fn snapshot(&self, room: &str) -> Option<Arc<Snapshot>> {
        self.inner.directory.snapshot(room)
    }

    pub(crate) fn snapshot_of_all(&self) -> Arc<Snapshot> {
        self.connections().snapshot()
    }

    fn unchecked(options: Options) -> Self {
        let inner = Inner {
            options,
            directory: Directory::default(),
            connections: Mutex::default(),
            feed: Feed::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Makes a connection known: when it has opened, or when a plugin that is told before this
    /// one joins for it.
    fn register(&self, member: &Sender) {
        let mut connections = self.connections();
        if connections.get(member.info().id()).is_none() {
            connections.insert(member);
        }
    }

    fn leave_each(&self, joined: &mut HashSet<Arc<str>>, member: &Sender) -> usize {
        let Inner { directory, feed, .. } = &*self.inner;
        let rooms = std::mem::take(joined);
        rooms.iter().for_each(|name| directory.leave(name, member, feed));
        rooms.len()
    }

    fn connection(&self, id: ConnectionId) -> Option<Sender> {
        self.connections().get(id).cloned()
    }

    fn connections(&self) -> MutexGuard<'_, Members> {
        self.inner.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Plugin for Rooms {
    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        handshake.extensions_mut().get_or_insert_default::<Seats>().add(&self.inner);
        Ok(())
    }

    fn opened(&self, peer: &Sender) {
        self.register(peer);
    }

    fn closed(&self, info: &Info, _: &Close) {
        self.leave_all(info.id());
        let closed = self.connections().remove(info.id());
        drop(closed);
    }
}

impl Default for Rooms {
    fn default() -> Self {
        Self::unchecked(Options::default())
    }
}

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rooms").field("options", self.options()).finish_non_exhaustive()
    }
}
