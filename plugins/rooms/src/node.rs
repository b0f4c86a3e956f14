//! The rooms as their adapter has them.

use std::fmt;
use std::sync::{Arc, Weak};

use plimsoll::{Error, ErrorKind};

use crate::rooms::Inner;
use crate::{Broadcast, Delivery, Rooms, Target};

/// The rooms of this process, as their [`Adapter`](crate::Adapter) has them.
///
/// It does not keep the rooms: they own the adapter, and drop it when their last clone is gone.
#[derive(Clone)]
pub struct Node(Weak<Inner>);

impl Node {
    pub(crate) fn new(inner: &Arc<Inner>) -> Self {
        Self(Arc::downgrade(inner))
    }

    /// Does here what another node has [broadcast](crate::Adapter::broadcast). It goes to no
    /// other node from here.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Close`] if the rooms are gone, with [`ErrorKind::Codec`] if a
    /// value is no JSON, or is nothing that the codec of a member can express.
    pub fn deliver(&self, broadcast: &Broadcast) -> Result<Delivery, Error> {
        let rooms = self.rooms().ok_or(ErrorKind::Close)?;
        Target::deliver(&rooms, broadcast)
    }

    /// The rooms, to answer the questions of other nodes; `None` once they are gone. Do not keep
    /// them.
    pub fn rooms(&self) -> Option<Rooms> {
        self.0.upgrade().map(Rooms::from_inner)
    }

    /// Whether both are of the same rooms.
    pub fn is_same(&self, other: &Self) -> bool {
        self.0.ptr_eq(&other.0)
    }
}

impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node").finish_non_exhaustive()
    }
}
