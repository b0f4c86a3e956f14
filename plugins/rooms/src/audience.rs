//! Who is sent to.

use std::collections::HashSet;
use std::sync::Arc;

use plimsoll::{ConnectionId, Sender};

use crate::Rooms;
use crate::members::Snapshot;
use crate::pattern::Pattern;

/// Who is sent to, by rooms and connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Audience<'a> {
    pub(crate) all: bool,
    pub(crate) rooms: Vec<&'a str>,
    pub(crate) patterns: Vec<Pattern<'a>>,
    pub(crate) topics: Vec<&'a str>,
    pub(crate) connections: Vec<ConnectionId>,
    pub(crate) except: HashSet<ConnectionId>,
    pub(crate) except_rooms: Vec<&'a str>,
}

impl Audience<'_> {
    /// Looks up who that is at the moment.
    pub(crate) fn recipients(&self, rooms: &Rooms) -> Recipients<'_> {
        let snapshots = |names: &[&str]| -> Vec<_> {
            names.iter().filter_map(|name| rooms.snapshot(name)).collect()
        };
        let excluded = snapshots(&self.except_rooms);
        if self.all {
            let groups = vec![rooms.snapshot_of_all()];
            return Recipients { groups, excluded, except: &self.except };
        }
        let mut groups = snapshots(&self.rooms);
        if !self.patterns.is_empty() {
            groups.extend(rooms.snapshots_matching(&self.patterns));
        }
        if !self.topics.is_empty() {
            groups.extend(rooms.snapshots_of_topics(&self.topics));
        }
        if !self.connections.is_empty() {
            groups.push(rooms.snapshot_of(&self.connections));
        }
        Recipients { groups, excluded, except: &self.except }
    }
}

/// Who was in the audience at one moment.
pub(crate) struct Recipients<'a> {
    groups: Vec<Arc<Snapshot>>,
    excluded: Vec<Arc<Snapshot>>,
    except: &'a HashSet<ConnectionId>,
}

impl Recipients<'_> {
    /// Each of them once.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Sender> {
        let mut seen = self.except.clone();
        let overlap = self.groups.len() > 1;
        let members = self.groups.iter().flat_map(|group| group.iter());
        let wanted = members.filter(move |(id, _)| {
            let fresh = if overlap { seen.insert(**id) } else { !seen.contains(id) };
            fresh && !self.excluded.iter().any(|room| room.contains_key(id))
        });
        wanted.map(|(_, member)| member)
    }
}
