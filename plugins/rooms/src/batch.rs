//! Several rooms and several connections in one call.

use plimsoll::{ConnectionId, Error, ErrorKind, Sender};

use crate::Rooms;

impl Rooms {
    /// Makes several connections members of several rooms: each of each, or, if that fails, none
    /// of any. Returns how many memberships are new. Connections that have closed are left out.
    ///
    /// Not in one step: others see the connections join one after the other, and, if it fails,
    /// leave again.
    ///
    /// # Errors
    ///
    /// As for [`join`](Self::join), but for closed connections.
    pub fn join_each<'a>(
        &self,
        rooms: impl IntoIterator<Item = &'a str>,
        members: impl IntoIterator<Item = &'a Sender>,
    ) -> Result<usize, Error> {
        let rooms: Vec<_> = rooms.into_iter().collect();
        let mut joined = Vec::new();
        for member in members {
            for room in &rooms {
                match self.join(room, member) {
                    Ok(true) => joined.push((*room, member.info().id())),
                    Ok(false) => {}
                    Err(error) if error.kind() == ErrorKind::Close => break,
                    Err(error) => {
                        for (room, id) in joined {
                            self.leave(room, id);
                        }
                        return Err(error);
                    }
                }
            }
        }
        Ok(joined.len())
    }

    /// Takes several connections out of several rooms. Returns how many memberships there were.
    pub fn leave_each<'a>(
        &self,
        rooms: impl IntoIterator<Item = &'a str>,
        ids: impl IntoIterator<Item = ConnectionId>,
    ) -> usize {
        let ids: Vec<_> = ids.into_iter().collect();
        let left = |room| ids.iter().filter(|id| self.leave(room, **id)).count();
        rooms.into_iter().map(left).sum()
    }
}
