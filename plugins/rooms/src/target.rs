//! Whom to send to.

use std::fmt;

use plimsoll::{Close, ConnectionId, Error, Message, Sender, SlowPolicy};

use crate::adapter::{Action, Broadcast};
use crate::audience::Audience;
use crate::pattern::Pattern;
use crate::{Delivery, Rooms};

/// Whom to send to: made by [`Rooms::to`] and its like.
///
/// Who that is, is looked up at each sending. With an [`Adapter`](crate::Adapter) it is those of
/// the other nodes as well, unless it is [local](Self::local); connections that are named by
/// their [`ConnectionId`] are always of this node.
///
/// ```
/// use plimsoll::{ConnectionId, SlowPolicy};
/// use plimsoll_rooms::Rooms;
///
/// fn announce(rooms: &Rooms, author: ConnectionId) {
///     let readers = rooms.to("news").to("sports").except(author).policy(SlowPolicy::DropOldest);
///     let delivery = readers.send("goal");
///     println!("{} of them will read it", delivery.sent);
/// }
/// ```
#[derive(Clone)]
#[must_use = "nothing is sent before `send`"]
pub struct Target<'a> {
    rooms: &'a Rooms,
    audience: Audience<'a>,
    policy: SlowPolicy,
    local: bool,
}

impl<'a> Target<'a> {
    pub(crate) fn new(rooms: &'a Rooms) -> Self {
        let policy = rooms.options().slow_policy;
        Self { rooms, audience: Audience::default(), policy, local: false }
    }

    pub(crate) fn all(mut self) -> Self {
        self.audience.all = true;
        self
    }

    /// Adds the members of another room. Who is in several gets the message once.
    pub fn to(mut self, room: &'a str) -> Self {
        self.audience.rooms.push(room);
        self
    }

    /// Adds the members of several rooms.
    pub fn to_each(mut self, rooms: impl IntoIterator<Item = &'a str>) -> Self {
        self.audience.rooms.extend(rooms);
        self
    }

    /// Adds the members of all rooms whose names match a pattern: see [`Rooms::to_matching`].
    pub fn to_matching(mut self, pattern: &'a str) -> Self {
        self.audience.patterns.push(Pattern::new(pattern));
        self
    }

    /// Adds who has joined a topic, or a pattern of it: see [`Rooms::to_topic`].
    pub fn to_topic(mut self, topic: &'a str) -> Self {
        self.audience.topics.push(topic);
        self
    }

    /// Adds some connections, members or not. Those that are not there are left out.
    pub fn to_connections(mut self, ids: impl IntoIterator<Item = ConnectionId>) -> Self {
        self.audience.connections.extend(ids);
        self
    }

    /// Leaves a connection out. May be called for several.
    pub fn except(mut self, id: ConnectionId) -> Self {
        self.audience.except.insert(id);
        self
    }

    /// Leaves several connections out.
    pub fn except_each(mut self, ids: impl IntoIterator<Item = ConnectionId>) -> Self {
        self.audience.except.extend(ids);
        self
    }

    /// Leaves the members of a room out. May be called for several.
    pub fn except_room(mut self, room: &'a str) -> Self {
        self.audience.except_rooms.push(room);
        self
    }

    /// Sets what is given up for members whose outbox is full. Default:
    /// [`Options::slow_policy`](crate::Options::slow_policy).
    pub fn policy(mut self, policy: SlowPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Leaves out those who are connected to other nodes. Without an
    /// [`Adapter`](crate::Adapter) there are none.
    pub fn local(mut self) -> Self {
        self.local = true;
        self
    }

    /// Those of this node that a message would go to now, each once, in no particular order.
    pub fn members(&self) -> Vec<Sender> {
        self.audience.recipients(self.rooms).iter().cloned().collect()
    }

    /// Sends a message to all of them, without waiting for any: a slow member delays no other.
    /// The message is [shared](Message::shared), so that it is encoded once for each wire form.
    ///
    /// It goes to those who are members now. No lock is held meanwhile: who joins or leaves at
    /// the same time may get it or not.
    pub fn send(&self, message: impl Into<Message>) -> Delivery {
        let message = message.into().shared();
        let mut delivery = Delivery::default();
        for member in self.audience.recipients(self.rooms).iter() {
            delivery.count(member, message.clone(), self.policy);
        }
        self.tell_others(|| Action::Send(message));
        delivery
    }

    /// Sends each of them a message of its own, which `make` makes for it; `None` leaves it out.
    /// Otherwise as [`send`](Self::send), but for those of this node only: a closure does not
    /// travel.
    ///
    /// ```
    /// use plimsoll_rooms::Rooms;
    ///
    /// fn greet(rooms: &Rooms) {
    ///     rooms.to("lobby").send_with(|member| {
    ///         let name = member.info().query("name")?;
    ///         Some(format!("welcome, {name}").into())
    ///     });
    /// }
    /// ```
    pub fn send_with(&self, mut make: impl FnMut(&Sender) -> Option<Message>) -> Delivery {
        let mut delivery = Delivery::default();
        for member in self.audience.recipients(self.rooms).iter() {
            if let Some(message) = make(member) {
                delivery.count(member, message, self.policy);
            }
        }
        delivery
    }

    /// Sends a value to all of them, each in the format that the
    /// [`Codecs`](plimsoll_encoding::Codecs) plugin has chosen for its connection, without the
    /// plugin in JSON. It is encoded once for each format. Otherwise as [`send`](Self::send).
    ///
    /// To other nodes it travels as JSON, which has no bytes and no maps with keys other than
    /// strings.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Codec`](plimsoll::ErrorKind::Codec) if one of the formats cannot
    /// express the value; then nobody gets it.
    #[cfg(feature = "typed")]
    pub fn send_value<T: serde::Serialize + ?Sized>(&self, value: &T) -> Result<Delivery, Error> {
        let travelling = self.others().map(|_| crate::encoded::to_travel(value)).transpose()?;
        let recipients = self.audience.recipients(self.rooms);
        let mut encoded = crate::encoded::Encoded::new(value);
        // First for all, so that a failure comes before anything is sent.
        for member in recipients.iter() {
            encoded.message(member)?;
        }
        let mut delivery = Delivery::default();
        for member in recipients.iter() {
            delivery.count(member, encoded.message(member)?, self.policy);
        }
        if let Some(message) = travelling {
            self.tell_others(|| Action::SendValue(message));
        }
        Ok(delivery)
    }

    /// Closes the connections of all of them, after what was sent before. Returns how many of
    /// this node were open.
    pub fn close(&self, close: &Close) -> usize {
        let members = self.members();
        let open = members.iter().filter(|member| member.close_reason().is_none());
        let closed = open.inspect(|member| member.close(close.clone())).count();
        self.tell_others(|| Action::Close(close.clone()));
        closed
    }

    /// Does here what another node has broadcast.
    pub(crate) fn deliver(rooms: &'a Rooms, broadcast: &'a Broadcast) -> Result<Delivery, Error> {
        let target = Self {
            audience: broadcast.audience(),
            policy: broadcast.policy,
            ..Self::new(rooms).local()
        };
        match &broadcast.action {
            Action::Clear => {
                for room in &broadcast.rooms {
                    rooms.clear_local(room);
                }
                Ok(Delivery::default())
            }
            Action::Close(close) => {
                Ok(Delivery { closed: target.close(close), ..Delivery::default() })
            }
            Action::Send(message) => Ok(target.send(message.clone())),
            #[cfg(feature = "typed")]
            Action::SendValue(message) => target.send_value(&crate::encoded::from_travel(message)?),
        }
    }

    /// The adapter, if anybody of another node can be meant.
    fn others(&self) -> Option<&'a dyn crate::Adapter> {
        let Audience { all, rooms, patterns, topics, .. } = &self.audience;
        let by_name = !(rooms.is_empty() && patterns.is_empty() && topics.is_empty());
        self.rooms.adapter().filter(|_| (*all || by_name) && !self.local)
    }

    fn tell_others(&self, action: impl FnOnce() -> Action) {
        if let Some(adapter) = self.others() {
            adapter.broadcast(Broadcast::of(&self.audience, self.policy, action()));
        }
    }
}

impl fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("audience", &self.audience)
            .field("policy", &self.policy)
            .field("local", &self.local)
            .finish_non_exhaustive()
    }
}
