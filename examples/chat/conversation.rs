//! The conversation: one handler for the connections of all transports.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use plimsoll::{Close, CloseCode, ConnectionId, SlowPolicy, Socket};
use plimsoll_encoding::{Codec, Typed, TypedExt};
use plimsoll_rooms::Rooms;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::members::Members;
use crate::messages::{Hello, LineText, ToClient, ToServer, Welcome};

/// Clones are the same conversation.
#[derive(Clone)]
pub(crate) struct Conversation {
    rooms: Rooms,
    members: Arc<Mutex<Members>>,
}

impl Conversation {
    /// Makes a conversation of the connections of an endpoint that has `rooms` as a plugin.
    pub(crate) fn new(rooms: Rooms) -> Self {
        Self { rooms, members: Arc::default() }
    }

    /// Serves one connection: the handler. It does not know over which transport.
    pub(crate) async fn take_part(self, socket: Socket) {
        let mut socket = socket.typed();
        match self.enter(&mut socket).await {
            Ok(token) => self.stay(&mut socket, &token).await,
            Err(close) => socket.close(close),
        }
    }

    /// Forgets those whose connection was lost and who have not come back in time. Runs for
    /// as long as there is a conversation.
    pub(crate) async fn forget_the_lost(&self) {
        let mut clock = interval(Duration::from_secs(1));
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            clock.tick().await;
            let mut members = self.members();
            for member in members.remove_lost() {
                self.tell_all(&ToClient::Left { member });
            }
        }
    }

    /// Waits for the hello, and gives the member its place.
    async fn enter(&self, socket: &mut Connection) -> Result<String, Close> {
        match timeout(HELLO_TIMEOUT, socket.recv()).await {
            Ok(Some(Ok(ToServer::Hello(hello)))) => self.welcome(hello, socket),
            Ok(Some(Err(error))) => Err(error.close().unwrap_or(Close::normal())),
            Ok(Some(Ok(ToServer::Say { .. })) | None) | Err(_) => {
                Err(Close::new(CloseCode::POLICY, "the first message must be a hello"))
            }
        }
    }

    /// Welcomes a new member, or one that comes back. All of it happens under the lock, so that
    /// between the lines that are told again and those that are new none is missing.
    fn welcome(&self, hello: Hello, socket: &Connection) -> Result<String, Close> {
        let (sender, id) = (socket.sender(), socket.info().id());
        let mut members = self.members();
        let joined = self.rooms.join(LOBBY, sender.get_ref());
        joined.map_err(|error| error.close().unwrap_or(Close::normal()))?;
        let Some(entered) = members.enter(hello, sender.get_ref(), socket.codec().name()) else {
            self.rooms.leave(LOBBY, id);
            return Err(Close::new(CloseCode::TRY_AGAIN, "the room is full"));
        };
        let welcome = ToClient::Welcome(Welcome {
            you: entered.member.id,
            token: entered.token.clone(),
            resumed: entered.resumed,
            heard: entered.heard,
            members: members.all(),
        });
        let missed = members.lines_after(entered.seen).cloned().map(ToClient::Said);
        for message in std::iter::once(welcome).chain(missed) {
            // It fails only when the connection has ended, which `stay` notices next.
            let _ = sender.send_or(message, SlowPolicy::Close);
        }
        let member = entered.member;
        let news = match entered.resumed {
            true => ToClient::Moved { member },
            false => ToClient::Joined { member },
        };
        let _ = self.rooms.to(LOBBY).except(id).send_value(&news);
        // After the news, for a transport that cannot tell why a connection is closed.
        if let Some(previous) = entered.previous {
            self.rooms.leave(LOBBY, previous.info().id());
            previous.close(Close::new(CloseCode::NORMAL, "continued on another connection"));
        }
        Ok(entered.token)
    }

    /// Takes what the member says, until the connection ends.
    async fn stay(&self, socket: &mut Connection, token: &str) {
        let id = socket.info().id();
        while let Some(message) = socket.recv().await {
            match message {
                Ok(ToServer::Say { id: number, text }) => self.say(token, id, number, text),
                Ok(ToServer::Hello(_)) => {
                    socket.close(Close::new(CloseCode::POLICY, "there was a hello already"));
                    break;
                }
                Err(error) => {
                    socket.close(error.close().unwrap_or(Close::normal()));
                    break;
                }
            }
        }
        // Who leaves on purpose is gone at once; others get time to come back.
        let close = socket.sender().get_ref().closed().await;
        let mut members = self.members();
        if let Some(member) = members.disconnect(token, id, close.code == CloseCode::NORMAL) {
            self.tell_all(&ToClient::Left { member });
        }
    }

    fn say(&self, token: &str, connection: ConnectionId, number: u64, text: LineText) {
        let mut members = self.members();
        if let Some(line) = members.say(token, connection, number, text) {
            self.tell_all(&ToClient::Said(line));
        }
    }

    /// Sends to everybody, and waits for nobody. Called under the lock, so that all see the
    /// same order.
    fn tell_all(&self, news: &ToClient) {
        let _ = self.rooms.to(LOBBY).send_value(news);
    }

    fn members(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Connection = Typed<ToServer, ToClient>;

const LOBBY: &str = "lobby";
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
