//! A member's side of the conversation, over whichever transport the URL names: what the
//! example `chat_client` and the harbour master have in common.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use plimsoll::{
    Backoff, BoxDuplex, Close, DialerBuilder, DuplexExt, Error, Frame, Info, LinkState, LinkStatus,
    Plugin,
};
use plimsoll_encoding::{AnyCodec, Codec, Codecs, Json, MessagePack, Typed, TypedExt};
use plimsoll_heartbeat::Heartbeat;

use crate::messages::{Hello, LineText, Name, Resume, ToClient, ToServer, Welcome};

/// A member that keeps its place when its connection is lost: it connects again, resumes, and
/// says again what may not have arrived.
pub(crate) struct Member {
    socket: Typed<ToClient, ToServer>,
    status: LinkStatus,
    progress: Arc<Mutex<Progress>>,
    you: u64,
}

/// What happens to a member.
pub(crate) enum Event {
    /// Its connection was lost, or is back.
    Link(LinkState),
    News(ToClient),
}

/// How far the conversation has come, for this member.
struct Progress {
    name: Name,
    resume: Option<Resume>,
    /// Lines that the server has not confirmed, with their numbers.
    unheard: VecDeque<(u64, LineText)>,
    last_number: u64,
}

impl Member {
    /// Connects. `dialer` needs to have the transports; the plugins are added here.
    pub(crate) async fn connect(
        dialer: DialerBuilder,
        url: &str,
        name: Name,
    ) -> Result<Self, Error> {
        let progress = Progress { name, resume: None, unheard: VecDeque::new(), last_number: 0 };
        let progress = Arc::new(Mutex::new(progress));
        let dialer = dialer
            .plugin(Heartbeat::every(Duration::from_secs(25)))
            .plugin(Codecs::new(MessagePack).or(Json))
            .plugin(Introduction(Arc::clone(&progress)))
            .build()?;
        let (socket, status) = dialer.keep_connected(url, Backoff::default()).await?;
        Ok(Self { socket: socket.typed(), status, progress, you: 0 })
    }

    /// Waits for something to happen; `None` once the connection is closed for good. Cancel safe.
    pub(crate) async fn recv(&mut self) -> Option<Result<Event, Error>> {
        loop {
            let news = tokio::select! {
                news = self.socket.recv() => news?,
                Some(state) = self.status.changed() => return Some(Ok(Event::Link(state))),
            };
            match news {
                Ok(news) if !self.is_new(&news) => {}
                news => return Some(news.map(Event::News)),
            }
        }
    }

    /// Says a line. It is kept until the server has confirmed it.
    pub(crate) async fn say(&self, text: LineText) -> Result<(), Error> {
        let id = self.progress().add(text.clone());
        self.socket.send(ToServer::Say { id, text }).await
    }

    /// How many lines the server has not confirmed. Nobody should let it come to more than
    /// [`MAX_UNHEARD`].
    pub(crate) fn unheard(&self) -> usize {
        self.progress().unheard.len()
    }

    /// The member's own number.
    pub(crate) fn you(&self) -> u64 {
        self.you
    }

    /// Leaves, unless the connection is closed already, and returns how it ended.
    pub(crate) async fn leave(self) -> Close {
        self.socket.close(Close::normal());
        self.socket.sender().get_ref().closed().await
    }

    /// Takes note of news. Lines that were seen before are not new.
    fn is_new(&mut self, news: &ToClient) -> bool {
        match news {
            ToClient::Welcome(welcome) => {
                self.you = welcome.you;
                // If there is no room for one, then none for those after it; the server takes
                // none out of turn, and the next welcome says which are missing.
                for (id, text) in self.progress().welcomed(welcome) {
                    let _ = self.socket.sender().try_send(ToServer::Say { id, text });
                }
                true
            }
            ToClient::Said(line) => {
                let mine = line.from.id == self.you;
                self.progress().saw(line.seq, mine.then_some(line.id))
            }
            ToClient::Joined { .. } | ToClient::Left { .. } | ToClient::Moved { .. } => true,
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn hello(&self) -> ToServer {
        ToServer::Hello(Hello { name: self.name.clone(), resume: self.resume.clone() })
    }

    /// Returns what has to be said again.
    fn welcomed(&mut self, welcome: &Welcome) -> Vec<(u64, LineText)> {
        let seen = match &self.resume {
            Some(resume) if welcome.resumed => resume.seen,
            _ => 0,
        };
        self.resume = Some(Resume { token: welcome.token.clone(), seen });
        if welcome.resumed {
            self.unheard.retain(|(number, _)| *number > welcome.heard);
        } else {
            // A new place, where numbers begin anew.
            self.unheard.iter_mut().zip(1..).for_each(|(line, number)| line.0 = number);
            self.last_number = self.unheard.len() as u64;
        }
        self.unheard.iter().cloned().collect()
    }

    /// Notes a line, with its author's number if this member is the author. Returns whether it
    /// is new.
    fn saw(&mut self, seq: u64, own: Option<u64>) -> bool {
        if let Some(heard) = own {
            self.unheard.retain(|(number, _)| *number > heard);
        }
        let Some(resume) = self.resume.as_mut().filter(|resume| seq > resume.seen) else {
            return false;
        };
        resume.seen = seq;
        true
    }

    fn add(&mut self, text: LineText) -> u64 {
        self.last_number += 1;
        self.unheard.push_back((self.last_number, text));
        self.last_number
    }
}

/// Says hello on each new connection, before anything that waits to be sent.
struct Introduction(Arc<Mutex<Progress>>);

#[async_trait]
impl Plugin for Introduction {
    async fn establish(&self, io: &mut BoxDuplex, info: &mut Info) -> Result<(), Error> {
        let hello = self.0.lock().unwrap_or_else(PoisonError::into_inner).hello();
        let codec = info.get::<AnyCodec>().cloned().unwrap_or_else(|| AnyCodec::new(Json));
        io.send(Frame::Message(codec.encode(&hello)?)).await
    }
}

pub(crate) const MAX_UNHEARD: usize = 100;
