//! The rooms, and the plugin by which connections leave them.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use plimsoll::{Close, ConnectionId, Error, ErrorKind, Handshake, Info, Plugin, Reject, Sender};

use crate::directory::Directory;
use crate::events::Feed;
use crate::members::{Members, Snapshot};
use crate::pattern::Pattern;
use crate::seat::Seats;
use crate::{Action, Adapter, Broadcast, Events, Node, Options, Target};

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
    adapter: Option<Box<dyn Adapter>>,
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
        Ok(Self::unchecked(options, None))
    }

    /// Makes the rooms of one node of a cluster.
    ///
    /// The members of a room stay with the node that they are connected to, and so do the
    /// methods that tell of members; what is sent goes to those of all nodes.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`] if an option cannot work, or as the adapter does.
    pub fn with_adapter(options: Options, adapter: impl Adapter) -> Result<Self, Error> {
        options.check()?;
        let rooms = Self::unchecked(options, Some(Box::new(adapter)));
        let node = Node::new(&rooms.inner);
        rooms.adapter().map_or(Ok(()), |adapter| adapter.attach(node))?;
        Ok(rooms)
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
        let is_new = self.enter(room, member)?;
        if is_new {
            self.changed(room, member.info().id());
        }
        Ok(is_new)
    }

    /// Takes a connection out of a room. Returns whether it was in it.
    pub fn leave(&self, room: &str, id: ConnectionId) -> bool {
        let Some(member) = self.get(id) else { return false };
        let Some(seat) = Seats::find(member.info(), &self.inner) else { return false };
        let mut joined = seat.lock();
        let Some(name) = joined.take(room) else { return false };
        self.inner.directory.leave(&name, &member, &self.inner.feed);
        drop(joined);
        self.changed(room, id);
        true
    }

    /// Takes a connection out of all rooms. Returns of how many.
    pub fn leave_all(&self, id: ConnectionId) -> usize {
        let Some(member) = self.get(id) else { return 0 };
        let Some(seat) = Seats::find(member.info(), &self.inner) else { return 0 };
        let Inner { directory, feed, .. } = &*self.inner;
        let mut joined = seat.lock();
        let left = std::mem::take(&mut *joined);
        left.iter().for_each(|name| directory.leave(name, &member, feed));
        drop(joined);
        left.iter().for_each(|name| self.changed(name, id));
        left.len()
    }

    /// Takes all members out of a room, on all nodes. Returns how many of this node there were.
    /// Who joins at the same time may stay.
    pub fn clear(&self, room: &str) -> usize {
        let left = self.clear_local(room);
        if let Some(adapter) = self.adapter() {
            let mut broadcast = Broadcast::new(Action::Clear);
            broadcast.rooms.push(room.to_owned());
            adapter.broadcast(broadcast);
        }
        left
    }

    /// The members of a room, in no particular order.
    pub fn members(&self, room: &str) -> Vec<Sender> {
        let members = self.snapshot(room);
        members.map_or_else(Vec::new, |members| members.values().cloned().collect())
    }

    /// The sender of a connection, member or not: of those of all endpoints that have these
    /// rooms as a plugin.
    pub fn get(&self, id: ConnectionId) -> Option<Sender> {
        self.connections().get(id).cloned()
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

    /// The names of the rooms that match a pattern, in no particular order: see
    /// [`to_matching`](Self::to_matching).
    pub fn names_matching(&self, pattern: &str) -> Vec<String> {
        self.inner.directory.names_matching(&Pattern::new(pattern))
    }

    /// The names of the rooms that a connection is in, in no particular order.
    pub fn of(&self, id: ConnectionId) -> Vec<String> {
        let Some(member) = self.get(id) else { return Vec::new() };
        let Some(seat) = Seats::find(member.info(), &self.inner) else { return Vec::new() };
        seat.lock().iter().map(|name| name.to_string()).collect()
    }

    /// How many members a room has on all nodes together.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    ///
    /// Fails as the [`Adapter`] does; without one, never.
    pub async fn len_in_cluster(&self, room: &str) -> Result<usize, Error> {
        let elsewhere = match self.adapter() {
            Some(adapter) => adapter.len(room).await?,
            None => 0,
        };
        Ok(elsewhere.saturating_add(self.len(room)))
    }

    /// Whether a room has no members on any node. Asks the others only if there are none here.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    ///
    /// Fails as the [`Adapter`] does; without one, never.
    pub async fn is_empty_in_cluster(&self, room: &str) -> Result<bool, Error> {
        match self.adapter() {
            Some(adapter) if self.is_empty(room) => adapter.is_empty(room).await,
            Some(_) | None => Ok(self.is_empty(room)),
        }
    }

    /// Chooses the members of a room as those to send to.
    pub fn to<'a>(&'a self, room: &'a str) -> Target<'a> {
        Target::new(self).to(room)
    }

    /// Chooses the members of several rooms, each once.
    pub fn to_each<'a>(&'a self, rooms: impl IntoIterator<Item = &'a str>) -> Target<'a> {
        Target::new(self).to_each(rooms)
    }

    /// Chooses the members of all rooms whose names match a pattern, each once. In the pattern
    /// each `*` stands for any characters, or none; all else stands for itself.
    ///
    /// Looks at the name of each room, and takes a time in proportion to their length together.
    ///
    /// ```
    /// use plimsoll_rooms::Rooms;
    ///
    /// # let rooms = Rooms::new();
    /// rooms.to_matching("team:*:captains").send("meet at the helm");
    /// assert!(rooms.names_matching("team:*").is_empty());
    /// ```
    pub fn to_matching<'a>(&'a self, pattern: &'a str) -> Target<'a> {
        Target::new(self).to_matching(pattern)
    }

    /// Chooses who has joined a topic, or a pattern of it: the members of the room of that name,
    /// and of all rooms whose own names, as patterns, match it, each once.
    ///
    /// The other way round than [`to_matching`](Self::to_matching): members choose the patterns.
    /// Where clients name the rooms that they join, this lets them hear every topic.
    ///
    /// Looks at the name of each room, and takes a time in proportion to their number and to the
    /// length of the topic. One that is longer than the name of a room may be, see
    /// [`Options::max_name`], is joined by nobody.
    ///
    /// ```
    /// use plimsoll::{Error, Sender};
    /// use plimsoll_rooms::Rooms;
    ///
    /// fn follow(rooms: &Rooms, member: &Sender) -> Result<(), Error> {
    ///     rooms.join("user:*:mail", member)?;
    ///     rooms.to_topic("user:7:mail").send("it reaches the member");
    ///     Ok(())
    /// }
    /// ```
    pub fn to_topic<'a>(&'a self, topic: &'a str) -> Target<'a> {
        Target::new(self).to_topic(topic)
    }

    /// Chooses some connections, members or not. Those that are not there are left out.
    pub fn to_connections(&self, ids: impl IntoIterator<Item = ConnectionId>) -> Target<'_> {
        Target::new(self).to_connections(ids)
    }

    /// Chooses all connections as those to send to, members or not: those of all endpoints that
    /// have these rooms as a plugin.
    pub fn to_all(&self) -> Target<'_> {
        Target::new(self).all()
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

    pub(crate) fn snapshots_matching(&self, patterns: &[Pattern<'_>]) -> Vec<Arc<Snapshot>> {
        self.inner.directory.snapshots_matching(patterns)
    }

    pub(crate) fn snapshots_of_topics(&self, topics: &[&str]) -> Vec<Arc<Snapshot>> {
        let max = self.inner.options.max_name;
        let topics: Vec<_> = topics.iter().copied().filter(|topic| topic.len() <= max).collect();
        self.inner.directory.snapshots_of_topics(&topics)
    }

    pub(crate) fn snapshot_of(&self, ids: &[ConnectionId]) -> Arc<Snapshot> {
        let connections = self.connections();
        let found = ids.iter().filter_map(|id| Some((*id, connections.get(*id)?.clone())));
        Arc::new(found.collect())
    }

    pub(crate) fn adapter(&self) -> Option<&dyn Adapter> {
        self.inner.adapter.as_deref()
    }

    pub(crate) fn clear_local(&self, room: &str) -> usize {
        let Some(members) = self.snapshot(room) else { return 0 };
        members.keys().filter(|id| self.leave(room, **id)).count()
    }

    pub(crate) fn from_inner(inner: Arc<Inner>) -> Self {
        Self { inner }
    }

    fn unchecked(options: Options, adapter: Option<Box<dyn Adapter>>) -> Self {
        let inner = Inner {
            options,
            directory: Directory::default(),
            connections: Mutex::default(),
            feed: Feed::default(),
            adapter,
        };
        Self { inner: Arc::new(inner) }
    }

    fn enter(&self, room: &str, member: &Sender) -> Result<bool, Error> {
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

    /// Tells the adapter. Called without a lock, for it may use the rooms.
    fn changed(&self, room: &str, member: ConnectionId) {
        self.inner.feed.sweep();
        if let Some(adapter) = self.adapter() {
            adapter.changed(room, member);
        }
    }

    /// Makes a connection known: when it has opened, or when a plugin that is told before this
    /// one joins for it.
    fn register(&self, member: &Sender) {
        let mut connections = self.connections();
        if connections.get(member.info().id()).is_none() {
            connections.insert(member);
        }
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
        Self::unchecked(Options::default(), None)
    }
}

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rooms").field("options", self.options()).finish_non_exhaustive()
    }
}
