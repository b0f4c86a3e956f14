//! A cluster inside one process.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use plimsoll::Error;

use crate::{Adapter, Broadcast, Node};

/// Joins several [`Rooms`](crate::Rooms) of one process to a cluster: for tests of applications
/// that run on several nodes. Clones are the same bus.
///
/// A broadcast is delivered at the other nodes by the time its sending returns.
///
/// ```
/// use plimsoll_rooms::{MemoryBus, Options, Rooms};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), plimsoll::Error> {
/// let bus = MemoryBus::new();
/// let here = Rooms::with_adapter(Options::default(), bus.adapter())?;
/// let there = Rooms::with_adapter(Options::default(), bus.adapter())?;
///
/// there.to("lobby").send("reaches the members of both");
/// assert_eq!(here.len_in_cluster("lobby").await?, 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub struct MemoryBus {
    nodes: Arc<Mutex<Vec<Node>>>,
}

impl MemoryBus {
    /// Makes a bus without nodes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the adapter of one more node.
    pub fn adapter(&self) -> MemoryAdapter {
        MemoryAdapter { bus: self.clone(), own: OnceLock::new() }
    }
}

impl fmt::Debug for MemoryBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBus").finish_non_exhaustive()
    }
}

/// One node's part in a [`MemoryBus`].
#[derive(Debug)]
pub struct MemoryAdapter {
    bus: MemoryBus,
    own: OnceLock<Node>,
}

impl MemoryAdapter {
    fn others(&self) -> Vec<Node> {
        let nodes = self.bus.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        let is_own = |node: &Node| self.own.get().is_some_and(|own| own.is_same(node));
        nodes.iter().filter(|node| !is_own(node)).cloned().collect()
    }
}

#[async_trait]
impl Adapter for MemoryAdapter {
    fn attach(&self, node: Node) -> Result<(), Error> {
        if self.own.set(node.clone()).is_err() {
            return Err(Error::config("adapter", "is that of other rooms; make one for each"));
        }
        self.bus.nodes.lock().unwrap_or_else(PoisonError::into_inner).push(node);
        Ok(())
    }

    fn broadcast(&self, broadcast: Broadcast) {
        for node in self.others() {
            // What one node cannot do is no concern of the others.
            let _ = node.deliver(&broadcast);
        }
    }

    async fn len(&self, room: &str) -> Result<usize, Error> {
        let others = self.others();
        Ok(others.iter().filter_map(Node::rooms).map(|rooms| rooms.len(room)).sum())
    }
}

impl Drop for MemoryAdapter {
    fn drop(&mut self) {
        let mut nodes = self.bus.nodes.lock().unwrap_or_else(PoisonError::into_inner);
        nodes.retain(|node| !self.own.get().is_some_and(|own| own.is_same(node)));
    }
}
