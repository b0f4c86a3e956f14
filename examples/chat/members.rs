//! Who is in the conversation, and what was said last. It keeps the books and sends nothing.

use std::collections::{HashMap, VecDeque};
use std::mem;
use std::time::{Duration, SystemTime};

use plimsoll::{ConnectionId, Sender};
use tokio::time::Instant;

use crate::messages::{Hello, Line, LineText, Member};

#[derive(Default)]
pub(crate) struct Members {
    /// By the member's secret token.
    seats: HashMap<String, Seat>,
    history: VecDeque<Line>,
    last_id: u64,
    last_seq: u64,
}

struct Seat {
    member: Member,
    /// The number of the member's last line that arrived.
    heard: u64,
    presence: Presence,
}

enum Presence {
    Connected(Sender),
    Lost { since: Instant },
}

/// What came of a hello.
pub(crate) struct Entered {
    pub(crate) member: Member,
    pub(crate) token: String,
    /// Whether the member has its old place.
    pub(crate) resumed: bool,
    pub(crate) heard: u64,
    /// The `seq` of the last line that the member has seen.
    pub(crate) seen: u64,
    /// The connection that the member had until now.
    pub(crate) previous: Option<Sender>,
}

impl Members {
    /// Gives a connection the place that it asks for, if there still is one, or else a new one;
    /// `None` if the room is full.
    pub(crate) fn enter(
        &mut self,
        hello: Hello,
        sender: &Sender,
        encoding: &str,
    ) -> Option<Entered> {
        let resume = hello.resume.filter(|resume| self.seats.contains_key(&resume.token));
        let resumed = resume.is_some();
        let (token, seen) = match resume {
            Some(resume) => (resume.token, resume.seen),
            None => (self.add(hello.name.into())?, 0),
        };
        let seat = self.seats.get_mut(&token)?;
        seat.member.transport = sender.info().transport().to_owned();
        seat.member.encoding = encoding.to_owned();
        let previous = match mem::replace(&mut seat.presence, Presence::Connected(sender.clone())) {
            Presence::Connected(previous) => Some(previous),
            Presence::Lost { .. } => None,
        };
        let (member, heard) = (seat.member.clone(), seat.heard);
        Some(Entered { member, token, resumed, heard, seen, previous })
    }

    /// Takes a line. A member sends lines again that may have been lost, so one that was taken
    /// before is not taken, and neither is one whose predecessor is missing.
    pub(crate) fn say(
        &mut self,
        token: &str,
        connection: ConnectionId,
        number: u64,
        text: LineText,
    ) -> Option<Line> {
        let seat = self.seats.get_mut(token).filter(|seat| seat.is_at(connection))?;
        if number != seat.heard + 1 {
            return None;
        }
        seat.heard = number;
        self.last_seq += 1;
        let (seq, from) = (self.last_seq, seat.member.clone());
        let line = Line { seq, at: now(), from, id: number, text };
        if self.history.len() == MAX_HISTORY {
            self.history.pop_front();
        }
        self.history.push_back(line.clone());
        Some(line)
    }

    /// Notes the end of a connection. Returns the member if it is gone `for_good`, and has not
    /// continued on another connection.
    pub(crate) fn disconnect(
        &mut self,
        token: &str,
        connection: ConnectionId,
        for_good: bool,
    ) -> Option<Member> {
        let seat = self.seats.get_mut(token).filter(|seat| seat.is_at(connection))?;
        if for_good {
            return self.seats.remove(token).map(|seat| seat.member);
        }
        seat.presence = Presence::Lost { since: Instant::now() };
        None
    }

    /// Removes those who have been lost for too long.
    pub(crate) fn remove_lost(&mut self) -> Vec<Member> {
        let gone = self.seats.extract_if(|_, seat| match seat.presence {
            Presence::Connected(_) => false,
            Presence::Lost { since } => since.elapsed() > TIME_TO_COME_BACK,
        });
        gone.map(|(_, seat)| seat.member).collect()
    }

    pub(crate) fn all(&self) -> Vec<Member> {
        self.seats.values().map(|seat| seat.member.clone()).collect()
    }

    pub(crate) fn lines_after(&self, seq: u64) -> impl Iterator<Item = &Line> {
        self.history.iter().filter(move |line| line.seq > seq)
    }

    /// Makes a place for a new member, and returns its token.
    fn add(&mut self, name: String) -> Option<String> {
        if self.seats.len() >= MAX_MEMBERS {
            return None;
        }
        self.last_id += 1;
        let (id, name) = (self.last_id, self.free_name(name));
        let member = Member { id, name, transport: String::new(), encoding: String::new() };
        let presence = Presence::Lost { since: Instant::now() };
        let token = format!("{:032x}", rand::random::<u128>());
        self.seats.insert(token.clone(), Seat { member, heard: 0, presence });
        Some(token)
    }

    /// The name itself, or with a number if somebody has it.
    fn free_name(&self, name: String) -> String {
        let free = |name: &String| self.seats.values().all(|seat| seat.member.name != *name);
        let numbered = (2..).map(|number| format!("{name} {number}"));
        std::iter::once(name.clone()).chain(numbered).find(free).unwrap_or(name)
    }
}

impl Seat {
    fn is_at(&self, connection: ConnectionId) -> bool {
        match &self.presence {
            Presence::Connected(sender) => sender.info().id() == connection,
            Presence::Lost { .. } => false,
        }
    }
}

/// In milliseconds since 1970.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as u64)
}

const MAX_MEMBERS: usize = 200;
const MAX_HISTORY: usize = 100;
const TIME_TO_COME_BACK: Duration = Duration::from_secs(10);
