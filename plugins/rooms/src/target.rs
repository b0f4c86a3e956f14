//! Whom to send to, and what became of it.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use plimsoll::{ConnectionId, ErrorKind, Message, Sender, SlowPolicy};

use crate::Rooms;
use crate::members::Snapshot;

/// Whom to send to: made by [`Rooms::to`] and [`Rooms::to_all`].
///
/// Who that is, is looked up at each sending.
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
    names: Names<'a>,
    except: HashSet<ConnectionId>,
    policy: SlowPolicy,
}

#[derive(Clone, Debug)]
enum Names<'a> {
    All,
    Some(Vec<&'a str>),
}

impl<'a> Target<'a> {
    pub(crate) fn all(rooms: &'a Rooms) -> Self {
        Self::new(rooms, Names::All)
    }

    pub(crate) fn rooms(rooms: &'a Rooms, room: &'a str) -> Self {
        Self::new(rooms, Names::Some(vec![room]))
    }

    /// Adds the members of another room. Who is in several gets the message once.
    pub fn to(mut self, room: &'a str) -> Self {
        match &mut self.names {
            Names::All => {}
            Names::Some(names) => names.push(room),
        }
        self
    }

    /// Leaves a connection out. May be called for several.
    pub fn except(mut self, id: ConnectionId) -> Self {
        self.except.insert(id);
        self
    }

    /// Sets what is given up for members whose outbox is full. Default:
    /// [`Options::slow_policy`](crate::Options::slow_policy).
    pub fn policy(mut self, policy: SlowPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sends a message to all of them, without waiting for any: a slow member delays no other.
    /// The message is [shared](Message::shared), so that it is encoded once for each wire form.
    ///
    /// It goes to those who are members now. No lock is held meanwhile: who joins or leaves at
    /// the same time may get it or not.
    pub fn send(&self, message: impl Into<Message>) -> Delivery {
        let message = message.into().shared();
        let mut delivery = Delivery::default();
        for member in self.recipients().iter() {
            delivery.count(member, message.clone(), self.policy);
        }
        delivery
    }

    /// Sends a value to all of them, each in the format that the
    /// [`Codecs`](plimsoll_encoding::Codecs) plugin has chosen for its connection, without the
    /// plugin in JSON. It is encoded once for each format. Otherwise as [`send`](Self::send).
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Codec`] if one of the formats cannot express the value; then
    /// nobody gets it.
    #[cfg(feature = "typed")]
    pub fn send_value<T: serde::Serialize + ?Sized>(
        &self,
        value: &T,
    ) -> Result<Delivery, plimsoll::Error> {
        let recipients = self.recipients();
        let mut encoded = crate::encoded::Encoded::new(value);
        // First for all, so that a failure comes before anything is sent.
        for member in recipients.iter() {
            encoded.message(member)?;
        }
        let mut delivery = Delivery::default();
        for member in recipients.iter() {
            delivery.count(member, encoded.message(member)?, self.policy);
        }
        Ok(delivery)
    }

    fn new(rooms: &'a Rooms, names: Names<'a>) -> Self {
        Self { rooms, names, except: HashSet::new(), policy: rooms.options().slow_policy }
    }

    fn recipients(&self) -> Recipients<'_> {
        let groups = match &self.names {
            Names::All => vec![self.rooms.snapshot_of_all()],
            Names::Some(names) => {
                names.iter().filter_map(|name| self.rooms.snapshot(name)).collect()
            }
        };
        Recipients { groups, except: &self.except }
    }
}

impl fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("names", &self.names)
            .field("except", &self.except)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// What became of a message for many.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Delivery {
    /// How many members will get it: it is in their outbox.
    pub sent: usize,
    /// How many stay members without it: their outbox was full, or their transport cannot carry
    /// binary messages.
    pub dropped: usize,
    /// How many are closed: they were before, or are now because they are too slow.
    pub closed: usize,
}

impl Delivery {
    fn count(&mut self, member: &Sender, message: Message, policy: SlowPolicy) {
        let count = match member.send_or(message, policy).map_err(|error| error.kind()) {
            Ok(true) => &mut self.sent,
            Err(ErrorKind::Close | ErrorKind::SlowConsumer) => &mut self.closed,
            Ok(false) | Err(_) => &mut self.dropped,
        };
        *count += 1;
    }
}

/// The members of some rooms at one moment.
struct Recipients<'a> {
    groups: Vec<Arc<Snapshot>>,
    except: &'a HashSet<ConnectionId>,
}

impl Recipients<'_> {
    /// Each of them once.
    fn iter(&self) -> impl Iterator<Item = &Sender> {
        let mut seen = self.except.clone();
        let overlap = self.groups.len() > 1;
        let members = self.groups.iter().flat_map(|group| group.iter());
        let wanted = members.filter(move |(id, _)| match overlap {
            true => seen.insert(**id),
            false => !seen.contains(id),
        });
        wanted.map(|(_, member)| member)
    }
}
