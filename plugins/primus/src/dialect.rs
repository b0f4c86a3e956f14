//! What both the server and its clients say beneath the application.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::StatusCode;
use plimsoll::session::random_id;
use plimsoll::{
    BoxDuplex, Close, CloseCode, Error, ErrorKind, Filter, Flow, Frame, Handshake, Info, Liveness,
    Message, Plugin, Reject, filter,
};
use tokio::time::Instant;

use crate::PrimusId;
use crate::control::{self, Control};
use crate::parser::Parser;

/// How the server speaks with each client.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) parser: Arc<dyn Parser>,
    pub(crate) ping_interval: Option<Duration>,
    pub(crate) generate_id: Option<GenerateId>,
}

pub(crate) type GenerateId = Arc<dyn Fn(&Info) -> String + Send + Sync>;

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("parser", &self.parser.name())
            .field("ping_interval", &self.ping_interval)
            .finish_non_exhaustive()
    }
}

/// The server's side of the dialect, beneath the plugins of the endpoint, for one request.
pub(crate) struct Dialect {
    settings: Arc<Settings>,
    refusal: OnceLock<Reject>,
}

impl Dialect {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        Self { settings, refusal: OnceLock::new() }
    }

    /// Why the endpoint turned the request away, if it did.
    pub(crate) fn refusal(&self) -> Option<&Reject> {
        self.refusal.get()
    }

    fn id(&self, info: &Info) -> Result<String, Reject> {
        match &self.settings.generate_id {
            Some(generate) => Ok(generate(info)),
            None => random_id()
                .map_err(|_| Reject::new(StatusCode::INTERNAL_SERVER_ERROR, "no random numbers")),
        }
    }
}

#[async_trait]
impl Plugin for Dialect {
    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        let id = PrimusId::new(&self.id(handshake.info())?);
        let extensions = handshake.extensions_mut();
        extensions.insert(self.settings.parser.codec());
        extensions.insert(id);
        Ok(())
    }

    fn refused(&self, _: &Info, reject: &Reject) {
        let _ = self.refusal.set(reject.clone());
    }

    fn wrap(&self, io: BoxDuplex, info: &mut Info) -> BoxDuplex {
        if self.settings.ping_interval.is_some() {
            info.set_liveness(Liveness::Builtin);
        }
        filter(io, Conversation::new(Arc::clone(&self.settings), info))
    }
}

/// What is said on one connection.
struct Conversation {
    settings: Arc<Settings>,
    id: Option<PrimusId>,
    pulse: Option<Pulse>,
    /// Something has come since the last look.
    heard: bool,
    /// SockJS clients of Primus take every code but 1000 for an error.
    is_sockjs: bool,
}

/// The client was pinged, or is to be pinged first, and is looked after at the deadline.
struct Pulse {
    interval: Duration,
    deadline: Instant,
    asked: bool,
}

impl Conversation {
    fn new(settings: Arc<Settings>, info: &Info) -> Self {
        let now = Instant::now();
        let pulse = settings.ping_interval.map(|interval| Pulse {
            interval,
            deadline: now + shortened(interval),
            asked: false,
        });
        Self {
            settings,
            id: info.get().cloned(),
            pulse,
            heard: false,
            is_sockjs: info.transport() == SOCKJS,
        }
    }

    fn parser(&self) -> &dyn Parser {
        &*self.settings.parser
    }

    fn say(&self, control: Control<'_>, flow: &mut Flow) -> Result<(), Error> {
        flow.send(control.message(self.parser())?);
        Ok(())
    }

    fn inbound_message(&self, message: Message, flow: &mut Flow) -> Result<Option<Message>, Error> {
        let message = match self.parser().inbound(message) {
            Ok(message) => message,
            Err(error) => {
                self.say(Control::CLOSE, flow)?;
                return Err(error);
            }
        };
        let Some(string) = control::string(self.parser(), &message) else {
            return Ok(Some(message));
        };
        Ok(match Control::parse(&string) {
            Some(Control::Id(_)) => {
                let id = self.id.as_ref().map(PrimusId::as_str).unwrap_or_default();
                self.say(Control::Id(id), flow)?;
                None
            }
            Some(Control::Pong(_)) => None,
            // Words of a server have no meaning from a client.
            Some(Control::Ping(_) | Control::Server(_)) | None => Some(message),
        })
    }
}

impl Filter for Conversation {
    fn inbound(&mut self, frame: Frame, flow: &mut Flow) -> Result<Option<Frame>, Error> {
        self.heard = true;
        Ok(match frame {
            Frame::Message(message) => self.inbound_message(message, flow)?.map(Frame::Message),
            frame => Some(frame),
        })
    }

    fn outbound(&mut self, frame: Frame, flow: &mut Flow) -> Result<Option<Frame>, Error> {
        Ok(match frame {
            Frame::Message(message) => Some(self.parser().outbound(message)?.into()),
            Frame::Close(mut close) => {
                if !close.code.may_reconnect() {
                    self.say(Control::CLOSE, flow)?;
                }
                if self.is_sockjs {
                    close = Close::new(CloseCode::NORMAL, close.reason);
                }
                // Behind the words, not before them.
                flow.send(Frame::Close(close));
                None
            }
            frame => Some(frame),
        })
    }

    fn deadline(&self) -> Option<Instant> {
        self.pulse.as_ref().map(|pulse| pulse.deadline)
    }

    fn expired(&mut self, now: Instant, flow: &mut Flow) -> Result<(), Error> {
        let heard = std::mem::take(&mut self.heard);
        let Some(pulse) = &mut self.pulse else { return Ok(()) };
        if pulse.asked && !heard && flow.is_caught_up() {
            // No words: the client shall come back.
            return Err(Error::with_message(ErrorKind::Timeout, "no sign of life"));
        }
        pulse.asked = true;
        pulse.deadline = now + shortened(pulse.interval);
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let time = time.unwrap_or_default().as_millis().to_string();
        self.say(Control::Ping(&time), flow)
    }
}

/// An interval, up to a tenth shorter at random, so that connections made together are not
/// pinged together.
fn shortened(interval: Duration) -> Duration {
    interval.mul_f64(1.0 - 0.1 * fastrand::f64())
}

/// The name of that transport in [`Info::transport`].
const SOCKJS: &str = "sockjs";

#[cfg(test)]
mod tests {
    use http::Uri;
    use plimsoll::{Capabilities, DuplexExt};
    use plimsoll_memory::{Options, pair};

    use super::*;
    use crate::parser::Json;

    /// A connection to a server that pings every ten seconds: its side, and the client's.
    fn connection() -> (BoxDuplex, BoxDuplex) {
        let settings =
            Settings { parser: Arc::new(Json), ping_interval: Some(INTERVAL), generate_id: None };
        let (server, client) = pair(Options::default()).unwrap();
        let info = Info::new("test", Capabilities::FULL, Uri::from_static("/primus"));
        (filter(server, Conversation::new(Arc::new(settings), &info)), client)
    }

    async fn receive(io: &mut BoxDuplex) -> String {
        match io.recv().await {
            Some(Ok(Frame::Message(message))) => message.as_text().unwrap().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_client_is_dead_and_is_told_nothing() {
        let begun = Instant::now();
        let (mut server, mut client) = connection();
        let error = server.recv().await.expect("an error").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        assert_eq!(error.close(), None);
        assert!((INTERVAL.mul_f64(1.8)..=INTERVAL * 2).contains(&begun.elapsed()));
        drop(server);
        assert!(receive(&mut client).await.starts_with("\"primus::ping::"));
        assert!(!matches!(client.recv().await, Some(Ok(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn whatever_a_client_sends_is_a_sign_of_life() {
        let (mut server, mut client) = connection();
        let serving = tokio::spawn(async move {
            let mut received = Vec::new();
            while received.len() < 3 {
                received.push(receive(&mut server).await);
            }
            received
        });
        for answer in ["1", "\"primus::pong::0\"", "\"no pong\"", "[]"] {
            assert!(receive(&mut client).await.starts_with("\"primus::ping::"));
            client.send(answer).await.unwrap();
        }
        assert_eq!(serving.await.unwrap(), ["1", "\"no pong\"", "[]"]);
    }

    #[tokio::test(start_paused = true)]
    async fn words_go_before_the_close_that_they_explain() {
        let (mut server, mut client) = connection();
        server.send(Frame::Message("1".into())).await.unwrap();
        server.send(Frame::Close(Close::normal())).await.unwrap();
        assert_eq!(receive(&mut client).await, "1");
        assert_eq!(receive(&mut client).await, "\"primus::server::close\"");
        assert_eq!(client.recv().await.unwrap().unwrap(), Frame::Close(Close::normal()));
    }

    const INTERVAL: Duration = Duration::from_secs(10);
}
