use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Response};
use http_body_util::BodyExt;
use plimsoll::session::{Place, Session, SessionOptions, Sessions, session};
use plimsoll::{Body, Duplex, Frame, Message, Reject};

use super::pipe::{Pipe, end};
use super::task::{Task, now};
use super::{Step, Trouble};
use crate::Options;
use crate::codec::{Dialect, Format, Packet, Packets, Query, Version};
use crate::server::answer::Wanted;
use crate::server::client::Client;
use crate::server::connection::Connection;
use crate::server::post::Sent;
use crate::server::transport::EngineIo;

/// The server's side of one session, and its client.
pub(super) struct World {
    pub(super) engine: EngineIo,
    pub(super) client: Arc<Client>,
    pub(super) session: Session,
    pub(super) sessions: Sessions<Arc<Client>>,
    pub(super) connection: Option<Task<Connection>>,
    pub(super) poll: Option<Task<Request>>,
    /// The answer to the poll, on its way.
    pub(super) answer: Option<Response<Body>>,
    pub(super) post: Option<Task<Request>>,
    pub(super) socket: Option<Arc<Mutex<Pipe>>>,
    pub(super) phase: Phase,
    /// Sent by the client's application, not yet by the client.
    pub(super) unsent: VecDeque<u32>,
    pub(super) sent: [u32; 2],
    pub(super) by_client: Vec<u32>,
    pub(super) by_application: Vec<u32>,
    /// What the client got last.
    pub(super) closed: bool,
    pub(super) aborted: bool,
    /// The application has closed the session.
    pub(super) left: bool,
    /// The application reads.
    pub(super) reads: bool,
}

type Request = Pin<Box<dyn Future<Output = Response<Body>>>>;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    Polling,
    /// The probe was answered: no more polls and posts.
    Paused,
    Moved,
}

impl World {
    pub(super) fn new() -> Self {
        let hour = Duration::from_secs(3600);
        let options = Options::default().ping_interval(hour).ping_timeout(hour);
        let engine = EngineIo::new(options);
        let sessions = Sessions::new(1, Duration::ZERO);
        let (bridge, session) = session(SessionOptions::default());
        let client = Arc::new(Client::polling(Dialect::V4, session.clone()));
        let place: Place<_> = sessions.insert("sid", Arc::clone(&client)).unwrap();
        let connection = Connection::polling(bridge, Arc::clone(&client), place, &engine.options);
        let mut world = Self {
            engine,
            client,
            session,
            sessions,
            connection: Some(Task::new(connection)),
            poll: None,
            answer: None,
            post: None,
            socket: None,
            phase: Phase::Polling,
            unsent: VecDeque::new(),
            sent: [0; 2],
            by_client: Vec::new(),
            by_application: Vec::new(),
            closed: false,
            aborted: false,
            left: false,
            reads: true,
        };
        world.drive();
        world
    }

    pub(super) async fn take(&mut self, step: Step, trouble: Trouble) {
        match step {
            Step::ApplicationSends => self.application_sends(),
            Step::ClientSends => {
                self.unsent.push_back(self.sent[0]);
                self.sent[0] += 1;
            }
            Step::OpenWebSocket => self.offer_websocket(),
            Step::Poll => self.start_poll(),
            Step::Probe => self.websocket_sends("2probe"),
            Step::Take => self.settle(),
            Step::Trouble => self.trouble(trouble).await,
            Step::Upgrade => self.upgrade(),
        }
        self.drive();
    }

    fn application_sends(&mut self) {
        let Some(connection) = self.connection.as_mut().filter(|_| !self.left) else { return };
        let message = Message::from(self.sent[1].to_string());
        let sent = connection.force(|io, cx| {
            assert!(io.poll_ready(cx).is_ready());
            let sent = io.start_send(message.into());
            assert!(io.poll_flush(cx).is_ready());
            sent
        });
        if sent.is_ok() {
            self.sent[1] += 1;
        }
    }

    /// Makes another attempt, if there is none.
    fn open_websocket(&mut self) {
        if self.socket.is_none() && !self.closed && !self.aborted {
            self.offer_websocket();
            self.websocket_sends("2probe");
        }
    }

    fn offer_websocket(&mut self) {
        if self.socket.is_some() {
            return;
        }
        let pipe = Arc::new(Mutex::new(Pipe::default()));
        self.client.offer(Box::pin(std::future::ready(Some(end(&pipe)))));
        self.socket = Some(pipe);
    }

    pub(super) fn websocket_sends(&mut self, packet: &str) {
        if let Some(pipe) = &self.socket {
            pipe.lock().unwrap().send(packet);
        }
    }

    /// The client's last step: only while it neither polls nor posts.
    fn upgrade(&mut self) {
        if self.phase == Phase::Paused && self.poll.is_none() && self.post.is_none() && !self.closed
        {
            self.websocket_sends("5");
            self.phase = Phase::Moved;
        }
    }

    fn start_poll(&mut self) {
        if self.phase == Phase::Polling && self.poll.is_none() && !self.closed && !self.aborted {
            let mut poll = self.request_poll();
            if let Some(Poll::Ready(answer)) = poll.poll(|poll, cx| poll.as_mut().poll(cx)) {
                self.answer = Some(answer);
            }
            self.poll = Some(poll);
        }
    }

    pub(super) fn request_poll(&self) -> Task<Request> {
        let (engine, client) = (self.engine.clone(), Arc::clone(&self.client));
        let session = self.session.clone();
        Task::new(Box::pin(async move {
            let query = Query::parse(QUERY);
            let wanted = Wanted::new(&query, &HeaderMap::new());
            let polled = engine.poll(client, session, query.dialect(), wanted).await;
            polled.unwrap_or_else(Reject::into_response)
        }))
    }

    fn start_post(&mut self, number: u32) {
        let (engine, client) = (self.engine.clone(), Arc::clone(&self.client));
        let session = self.session.clone();
        self.post = Some(Task::new(Box::pin(async move {
            let query = Query::parse(QUERY);
            let body = Body::from(Bytes::from(format!("4{number}")));
            let sent = Sent::new(&query, &HeaderMap::new());
            let posted = engine.post(client, session, sent, body).await;
            posted.unwrap_or_else(Reject::into_response)
        })));
    }

    /// Does whatever was woken, until nothing was.
    fn settle(&mut self) {
        while self.drive() | self.settle_requests() | self.settle_websocket() | self.flush() {}
    }

    /// The endpoint's task.
    pub(super) fn drive(&mut self) -> bool {
        let Some(connection) = &mut self.connection else { return false };
        if !self.reads {
            let flushed = connection.poll(|io, cx| io.poll_flush(cx));
            return flushed.is_some();
        }
        let mut moved = false;
        while let Some(received) = connection.poll(|io, cx| io.poll_recv(cx)) {
            moved = true;
            match received {
                Poll::Ready(Some(Ok(Frame::Message(message)))) => {
                    self.by_client.push(message.as_text().unwrap().parse().unwrap());
                    connection.wake();
                }
                Poll::Ready(_) => {
                    self.connection = None;
                    break;
                }
                Poll::Pending => {}
            }
        }
        moved
    }

    fn settle_requests(&mut self) -> bool {
        let mut moved = false;
        if let Some(answer) = self.answer.take() {
            moved = true;
            self.poll = None;
            self.take_answer(answer);
        }
        if let Some(task) = &mut self.poll
            && let Some(polled) = task.poll(|poll, cx| poll.as_mut().poll(cx))
        {
            moved = true;
            if let Poll::Ready(answer) = polled {
                self.poll = None;
                self.take_answer(answer);
            }
        }
        if let Some(task) = &mut self.post
            && let Some(posted) = task.poll(|post, cx| post.as_mut().poll(cx))
        {
            moved = true;
            if posted.is_ready() {
                self.post = None;
            }
        }
        moved
    }

    fn take_answer(&mut self, answer: Response<Body>) {
        if answer.status() != 200 {
            self.closed = true;
            return;
        }
        let body = now(answer.into_body().collect()).unwrap().to_bytes();
        for packet in Packets::new(body, Format::V4, 100) {
            self.receive(packet.unwrap());
        }
    }

    fn settle_websocket(&mut self) -> bool {
        let Some(pipe) = self.socket.clone() else { return false };
        let mut moved = false;
        loop {
            let frame = pipe.lock().unwrap().to_client.pop_front();
            match frame {
                Some(Frame::Message(message)) => {
                    self.receive(Packet::from_websocket(message, Version::V4).unwrap());
                }
                Some(_) => {
                    self.closed = true;
                    pipe.lock().unwrap().close();
                }
                None => break,
            }
            moved = true;
        }
        let dropped = pipe.lock().unwrap().dropped;
        if dropped {
            self.closed |= self.phase == Phase::Moved;
            self.phase = if self.phase == Phase::Moved { Phase::Moved } else { Phase::Polling };
            self.socket = None;
            moved = true;
        }
        moved
    }

    fn receive(&mut self, packet: Packet) {
        match packet {
            Packet::Message(message) => {
                assert!(!self.closed || self.aborted, "{message:?} after the close");
                self.by_application.push(message.as_text().unwrap().parse().unwrap());
            }
            Packet::Pong(text) if text == Packet::PROBE => {
                assert_eq!(self.phase, Phase::Polling);
                self.phase = Phase::Paused;
            }
            Packet::Close => {
                self.closed = true;
                self.socket.iter().for_each(|pipe| pipe.lock().unwrap().close());
            }
            Packet::Noop => {}
            packet => panic!("the client does not expect {packet:?}"),
        }
    }

    /// Sends what the client's application has for the server.
    fn flush(&mut self) -> bool {
        if self.closed || self.aborted || self.unsent.is_empty() {
            return false;
        }
        match self.phase {
            Phase::Polling if self.post.is_none() => {
                let Some(number) = self.unsent.pop_front() else { return false };
                self.start_post(number);
            }
            Phase::Moved => {
                let Some(number) = self.unsent.pop_front() else { return false };
                self.websocket_sends(&format!("4{number}"));
            }
            Phase::Polling | Phase::Paused => return false,
        }
        true
    }

    /// The client goes on until it has nothing more to do, and tries to move if it has not.
    pub(super) fn finish(&mut self) {
        for _ in 0..ROUNDS {
            self.settle();
            self.open_websocket();
            self.settle();
            self.upgrade();
            self.settle();
            self.start_poll();
        }
        if !self.reads {
            self.reads = true;
            self.connection.iter().for_each(Task::wake);
        }
        self.settle();
    }

    pub(super) fn check(mut self, trouble: Trouble, taken: &[Step]) {
        let context = format!("{trouble:?}: {taken:?}");
        let all = |count: u32| (0..count).collect::<Vec<_>>();
        let sent = self.sent.map(all);
        let ends = self.aborted || trouble == Trouble::ApplicationCloses;
        if ends {
            assert!(self.connection.is_none(), "still open after {context}");
            assert!(sent[0].starts_with(&self.by_client), "{:?} in {context}", self.by_client);
        } else {
            assert!(self.connection.is_some(), "ended after {context}");
            assert_eq!(self.by_client, sent[0], "{context}");
        }
        if self.aborted {
            let received = &self.by_application;
            assert!(sent[1].starts_with(received), "{received:?} in {context}");
        } else {
            assert_eq!(self.by_application, sent[1], "{context}");
            assert_eq!(self.closed, ends, "{context}");
        }
        if !ends {
            assert_eq!(self.phase, Phase::Moved, "{context}");
        }
        self.connection = None;
        assert!(self.sessions.is_empty(), "a session is left after {context}");
    }
}

const ROUNDS: usize = 6;
const QUERY: &str = "EIO=4&transport=polling&sid=sid";
