//! Every order in which a client that moves and a server can act is tried.

use std::collections::{HashSet, VecDeque};

use super::*;

#[test]
fn nothing_is_lost_doubled_or_overtaken_in_any_order() {
    let mut seen = HashSet::new();
    let mut stack = vec![World::new()];
    let (mut tried, mut moved, mut stayed) = (0, 0, 0);
    while let Some(world) = stack.pop() {
        let steps = Step::ALL.iter().filter_map(|step| world.after(*step));
        let mut is_last = true;
        for next in steps {
            is_last = false;
            tried += 1;
            next.check();
            if seen.insert(next.clone()) {
                stack.push(next);
            }
        }
        if is_last {
            world.check_end();
            match world.upgrade {
                Upgrade::Moved => moved += 1,
                _ => stayed += 1,
            }
        }
    }
    assert!(tried > 100_000 && moved > 0 && stayed > 0, "{tried} steps, {moved} and {stayed} ends");
}

/// A client, a server, and what is on its way between them.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
struct World {
    upgrade: Upgrade,
    /// How many messages each side has still to send, and those that wait to travel.
    client_left: u8,
    client_queue: VecDeque<u8>,
    client_received: Vec<u8>,
    get: Get,
    post: Post,
    server_left: u8,
    server_queue: VecDeque<u8>,
    server_received: Vec<u8>,
    server: Server,
    /// On the WebSocket, to the server and to the client.
    up: VecDeque<Wire>,
    down: VecDeque<Wire>,
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Get {
    Idle,
    Asked,
    Waiting,
    Answered(Vec<u8>),
}

#[derive(Clone, Debug, Eq, Hash, PartialEq)]
enum Post {
    Idle,
    Sent(Vec<u8>),
    Acknowledged,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Server {
    Polled,
    Probed,
    Moved,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Wire {
    Message(u8),
    Ping,
    Pong,
    Upgrade,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    ClientSends,
    Get,
    GetArrives,
    GetIsAnswered,
    GetReturns,
    Lose,
    Open,
    Post,
    PostArrives,
    PostReturns,
    Quiet,
    ServerSends,
    WireDown,
    WireUp,
}

impl Step {
    const ALL: [Self; 14] = [
        Self::ClientSends,
        Self::Get,
        Self::GetArrives,
        Self::GetIsAnswered,
        Self::GetReturns,
        Self::Lose,
        Self::Open,
        Self::Post,
        Self::PostArrives,
        Self::PostReturns,
        Self::Quiet,
        Self::ServerSends,
        Self::WireDown,
        Self::WireUp,
    ];
}

impl World {
    fn new() -> Self {
        Self {
            upgrade: Upgrade::Opening,
            client_left: MESSAGES,
            client_queue: VecDeque::new(),
            client_received: Vec::new(),
            get: Get::Idle,
            post: Post::Idle,
            server_left: MESSAGES,
            server_queue: VecDeque::new(),
            server_received: Vec::new(),
            server: Server::Polled,
            up: VecDeque::new(),
            down: VecDeque::new(),
        }
    }

    /// The world after a step, if the step can be taken.
    fn after(&self, step: Step) -> Option<Self> {
        let mut world = self.clone();
        world.take(step).then_some(world)
    }

    fn take(&mut self, step: Step) -> bool {
        match step {
            Step::ClientSends => {
                if self.client_left == 0 {
                    return false;
                }
                self.client_queue.push_back(MESSAGES - self.client_left);
                self.client_left -= 1;
                self.client_over_wire();
            }
            Step::ServerSends => {
                if self.server_left == 0 {
                    return false;
                }
                self.server_queue.push_back(MESSAGES - self.server_left);
                self.server_left -= 1;
                self.server_over_wire();
            }
            Step::Get => {
                if self.get != Get::Idle || !self.upgrade.may_get() {
                    return false;
                }
                self.get = Get::Asked;
            }
            Step::GetArrives => {
                if self.get != Get::Asked {
                    return false;
                }
                assert_ne!(self.server, Server::Moved, "a session that moved is not polled");
                self.get = Get::Waiting;
            }
            Step::GetIsAnswered => {
                let due = !self.server_queue.is_empty() || self.server == Server::Probed;
                if self.get != Get::Waiting || !due {
                    return false;
                }
                self.get = Get::Answered(self.server_queue.drain(..).collect());
            }
            Step::GetReturns => {
                let Get::Answered(messages) = &mut self.get else { return false };
                self.client_received.append(messages);
                self.get = Get::Idle;
            }
            Step::Post => {
                let may_post = self.upgrade.may_post(self.get != Get::Idle);
                if self.post != Post::Idle || self.client_queue.is_empty() || !may_post {
                    return false;
                }
                self.post = Post::Sent(self.client_queue.drain(..).collect());
            }
            Step::PostArrives => {
                let Post::Sent(messages) = &mut self.post else { return false };
                assert_ne!(self.server, Server::Moved, "a session that moved gets no request");
                self.server_received.append(messages);
                self.post = Post::Acknowledged;
            }
            Step::PostReturns => {
                if self.post != Post::Acknowledged {
                    return false;
                }
                self.post = Post::Idle;
            }
            Step::Open => {
                if self.upgrade != Upgrade::Opening {
                    return false;
                }
                assert_eq!(self.upgrade.on(Event::Opened), Action::Probe);
                self.up.push_back(Wire::Ping);
            }
            Step::Lose => {
                if matches!(self.upgrade, Upgrade::Moved | Upgrade::Failed) {
                    return false;
                }
                self.lose();
            }
            Step::Quiet => {
                let quiet = self.get == Get::Idle && self.post == Post::Idle;
                if !quiet || self.upgrade != Upgrade::Pausing {
                    return false;
                }
                assert_eq!(self.upgrade.on(Event::Quiet), Action::Move);
                self.up.push_back(Wire::Upgrade);
                self.client_over_wire();
            }
            Step::WireUp => match self.up.pop_front() {
                None => return false,
                Some(Wire::Ping) => {
                    self.server = Server::Probed;
                    self.down.push_back(Wire::Pong);
                }
                Some(Wire::Upgrade) => {
                    assert_eq!(self.server, Server::Probed);
                    self.server = Server::Moved;
                    self.server_over_wire();
                }
                Some(Wire::Message(message)) => {
                    assert_eq!(self.server, Server::Moved, "a message before the move");
                    self.server_received.push(message);
                }
                Some(Wire::Pong) => unreachable!("a client sends none"),
            },
            Step::WireDown => match self.down.pop_front() {
                None => return false,
                Some(Wire::Message(message)) if self.upgrade == Upgrade::Moved => {
                    self.client_received.push(message);
                }
                Some(Wire::Pong) => {
                    assert_eq!(self.upgrade.on(Event::Answered), Action::Nothing);
                }
                Some(wire) => panic!("{wire:?} before the client has moved"),
            },
        }
        true
    }

    fn lose(&mut self) {
        assert_eq!(self.upgrade.on(Event::Lost), Action::GiveUp);
        self.up.clear();
        self.down.clear();
        self.server = Server::Polled;
    }

    fn client_over_wire(&mut self) {
        if self.upgrade == Upgrade::Moved {
            self.up.extend(self.client_queue.drain(..).map(Wire::Message));
        }
    }

    fn server_over_wire(&mut self) {
        if self.server == Server::Moved {
            self.down.extend(self.server_queue.drain(..).map(Wire::Message));
        }
    }

    fn check(&self) {
        for received in [&self.client_received, &self.server_received] {
            assert!(received.iter().copied().eq(0..received.len() as u8), "{self:?}");
        }
    }

    fn check_end(&self) {
        assert!(matches!(self.upgrade, Upgrade::Moved | Upgrade::Failed), "{self:?}");
        for received in [&self.client_received, &self.server_received] {
            assert_eq!(received.len(), usize::from(MESSAGES), "{self:?}");
        }
    }
}

const MESSAGES: u8 = 5;
