//! What joins the rooms of several processes.

use async_trait::async_trait;
use plimsoll::{Close, ConnectionId, Error, Message, SlowPolicy};

use crate::Node;
use crate::audience::Audience;
use crate::pattern::Pattern;

#[doc = include_str!("../docs/adapter.md")]
#[async_trait]
pub trait Adapter: Send + Sync + 'static {
    /// Takes part in a cluster as `node`: called once, by
    /// [`Rooms::with_adapter`](crate::Rooms::with_adapter), before anything else, and perhaps
    /// outside of a runtime.
    ///
    /// # Errors
    ///
    /// Fails the making of the rooms.
    fn attach(&self, node: Node) -> Result<(), Error>;

    /// A connection of this node has joined a room, or left it.
    ///
    /// Which of the two, [`Rooms::contains`](crate::Rooms::contains) tells. Calls come without a
    /// lock, so those for several changes at once may come in any order; but one comes after
    /// each change, so that who asks for the state at each call ends up with the latest.
    fn changed(&self, room: &str, member: ConnectionId) {
        let _ = (room, member);
    }

    /// Brings a broadcast to all other nodes, not to this one, which has seen to its own.
    ///
    /// Waits for nothing: what cannot go out at once is put into a queue with a bound, and is
    /// lost at more.
    fn broadcast(&self, broadcast: Broadcast);

    /// How many members a room has on all other nodes together.
    ///
    /// Cancel safe.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Timeout`](plimsoll::ErrorKind::Timeout) or
    /// [`ErrorKind::Io`](plimsoll::ErrorKind::Io) if they cannot be asked.
    async fn len(&self, room: &str) -> Result<usize, Error>;

    /// Whether a room has no members on any other node. Default: by [`len`](Self::len).
    ///
    /// Cancel safe.
    ///
    /// # Errors
    ///
    /// As for [`len`](Self::len).
    async fn is_empty(&self, room: &str) -> Result<bool, Error> {
        Ok(self.len(room).await? == 0)
    }
}

/// What one node asks all others to do: see [`Adapter::broadcast`] and [`Node::deliver`].
///
/// It names no connections, since their ids mean nothing elsewhere.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Broadcast {
    /// Whether it is for all connections, members or not; then `rooms`, `patterns`
    /// and `topics` are ignored.
    pub all: bool,
    /// The rooms whose members it is for.
    pub rooms: Vec<String>,
    /// Patterns of the names of more rooms: see
    /// [`Rooms::to_matching`](crate::Rooms::to_matching).
    pub patterns: Vec<String>,
    /// Topics that members have joined: see [`Rooms::to_topic`](crate::Rooms::to_topic).
    pub topics: Vec<String>,
    /// The rooms whose members are left out.
    pub except_rooms: Vec<String>,
    /// What is given up for members whose outbox is full.
    pub policy: SlowPolicy,
    /// What is to be done.
    pub action: Action,
}

impl Broadcast {
    /// Makes a broadcast for nobody, whose fields are to be set: what an adapter begins with
    /// when it decodes one.
    pub fn new(action: Action) -> Self {
        Self {
            all: false,
            rooms: Vec::new(),
            patterns: Vec::new(),
            topics: Vec::new(),
            except_rooms: Vec::new(),
            policy: SlowPolicy::default(),
            action,
        }
    }

    pub(crate) fn of(audience: &Audience<'_>, policy: SlowPolicy, action: Action) -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let patterns = audience.patterns.iter().map(|pattern| pattern.as_str().to_owned());
        Self {
            all: audience.all,
            rooms: owned(&audience.rooms),
            patterns: patterns.collect(),
            topics: owned(&audience.topics),
            except_rooms: owned(&audience.except_rooms),
            policy,
            action,
        }
    }

    pub(crate) fn audience(&self) -> Audience<'_> {
        Audience {
            all: self.all,
            rooms: self.rooms.iter().map(String::as_str).collect(),
            patterns: self.patterns.iter().map(|pattern| Pattern::new(pattern)).collect(),
            topics: self.topics.iter().map(String::as_str).collect(),
            except_rooms: self.except_rooms.iter().map(String::as_str).collect(),
            ..Audience::default()
        }
    }
}

/// What a [`Broadcast`] asks for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Action {
    /// All members leave the rooms: [`Rooms::clear`](crate::Rooms::clear).
    Clear,
    /// The connections are closed: [`Target::close`](crate::Target::close).
    Close(Close),
    /// A message is sent: [`Target::send`](crate::Target::send).
    Send(Message),
    /// A value is sent, which the message has as JSON: `Target::send_value`.
    #[cfg(feature = "typed")]
    SendValue(Message),
}
