//! Sessions that requests carry: their two ends, alone and against a model.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use plimsoll::session::{
    Delivery, Place, Session, SessionDuplex, SessionOptions, SessionReceiver, SessionSender,
    Sessions, session,
};
use plimsoll::{Close, CloseCode, Duplex, DuplexExt, Error, ErrorKind, Frame};
use proptest::prelude::*;
use tokio::time::{advance, timeout};

const ABSENCE: Duration = Duration::from_secs(5);
const LINGER: Duration = Duration::from_secs(10);

fn frame(number: u32) -> Frame {
    number.to_string().into()
}

#[tokio::test]
async fn a_second_receiver_is_refused_and_a_later_one_is_not() {
    let (mut io, session) = session(SessionOptions::default());
    let mut first = session.receiver().unwrap();
    assert!(session.receiver().is_none());
    io.send("ahoy").await.unwrap();
    assert_eq!(first.recv().await, Delivery::Frame("ahoy".into()));
    first.detach();
    io.send("again").await.unwrap();
    assert_eq!(session.receiver().unwrap().recv().await, Delivery::Frame("again".into()));
}

#[tokio::test(start_paused = true)]
async fn times_beyond_all_clocks_never_come() {
    let (mut io, session) = session(SessionOptions::default().absence(Some(Duration::MAX)));
    assert!(timeout(ABSENCE, io.recv()).await.is_err());
    let sessions = Sessions::new(1, Duration::MAX);
    drop(sessions.insert("id", session.clone()).unwrap());
    session.close(Close::normal());
    assert_eq!(io.recv().await.unwrap().unwrap(), Frame::Close(Close::normal()));
    assert!(sessions.get("id").is_some());
}

#[tokio::test]
async fn a_receiver_that_is_lost_ends_the_session() {
    let (mut io, session) = session(SessionOptions::default());
    drop(session.receiver().unwrap());
    assert!(io.recv().await.is_none());
    assert_eq!(session.close_reason().unwrap().code, CloseCode::ABNORMAL);
    assert_eq!(io.send("late").await.unwrap_err().kind(), ErrorKind::Close);
}

#[tokio::test]
async fn a_receiver_takes_as_much_as_one_response_holds() {
    let (mut io, session) = session(SessionOptions::default());
    for text in ["four", "five5", "six6six"] {
        io.send(text).await.unwrap();
    }
    let mut receiver = session.receiver().unwrap();
    assert_eq!(receiver.try_recv(4), Some("four".into()));
    assert_eq!(receiver.try_recv(4), None);
    assert_eq!(receiver.recv().await, Delivery::Frame("five5".into()));
    receiver.detach();
    assert_eq!(session.receiver().unwrap().try_recv(100), Some("six6six".into()));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_come_back_makes_the_endpoint_wait() {
    let (mut io, session) = session(SessionOptions::default().outbox_bytes(200));
    let mut sent = 0;
    while timeout(Duration::from_secs(1), io.send("x".repeat(36))).await.is_ok() {
        sent += 1;
    }
    assert_eq!(sent, 2, "100 bytes each, the bound is reached by two");
    let mut receiver = session.receiver().unwrap();
    let sending = io.send("more");
    let (sent, _) = tokio::join!(sending, receiver.recv());
    sent.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_client_that_sends_too_fast_waits_for_the_endpoint() {
    let (mut io, session) = session(SessionOptions::default().inbox_bytes(100));
    let mut sender = session.sender().unwrap();
    assert!(session.sender().is_none());
    sender.send("x".repeat(36).into()).await.unwrap();
    let blocked = timeout(Duration::from_secs(1), sender.send("dropped".into())).await;
    assert!(blocked.is_err(), "it was not handed over");
    let sending = sender.send("second".into());
    let (sent, first) = tokio::join!(sending, io.recv());
    sent.unwrap();
    assert_eq!(first.unwrap().unwrap(), "x".repeat(36).into());
    assert_eq!(io.recv().await.unwrap().unwrap(), "second".into());
    drop(sender);
    assert!(session.sender().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_session_without_a_receiver_ends_at_its_time() {
    let (mut io, session) = session(SessionOptions::default().absence(Some(ABSENCE)));
    let receiver = session.receiver().unwrap();
    let waits = timeout(ABSENCE * 3, io.recv()).await;
    assert!(waits.is_err(), "one that has a receiver lives");
    receiver.detach();
    assert!(timeout(ABSENCE - Duration::from_millis(1), io.recv()).await.is_err());
    let error = timeout(Duration::from_millis(3), io.recv()).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(matches!(session.receiver().unwrap().recv().await, Delivery::Ended(_)));
}

#[tokio::test]
async fn those_who_come_late_get_the_rest_and_the_reason() {
    let (mut io, session) = session(SessionOptions::default());
    let close = Close::new(CloseCode::from(3000), "Go away!");
    io.send("last words").await.unwrap();
    io.send(Frame::Close(close.clone())).await.unwrap();
    io.close().await.unwrap();
    assert!(io.recv().await.is_none());
    drop(io);
    let mut receiver = session.receiver().unwrap();
    assert_eq!(receiver.recv().await, Delivery::Frame("last words".into()));
    assert_eq!(receiver.recv().await, Delivery::Frame(Frame::Close(close.clone())));
    assert_eq!(receiver.recv().await, Delivery::Ended(close.clone()));
    receiver.detach();
    assert_eq!(session.receiver().unwrap().recv().await, Delivery::Ended(close));
}

#[tokio::test]
async fn a_client_that_breaks_a_rule_is_an_error_after_what_it_sent_before() {
    let (mut io, session) = session(SessionOptions::default());
    session.sender().unwrap().send("fine".into()).await.unwrap();
    session.fail(Error::with_message(ErrorKind::Protocol, "not a packet"));
    assert_eq!(io.recv().await.unwrap().unwrap(), "fine".into());
    assert_eq!(io.recv().await.unwrap().unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(session.close_reason().unwrap().code, CloseCode::PROTOCOL);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_released_first_gets_what_waits() {
    let (mut io, session) = session(SessionOptions::default());
    let mut receiver = session.receiver().unwrap();
    io.send("first").await.unwrap();
    session.release();
    assert_eq!(receiver.recv().await, Delivery::Frame("first".into()));
    assert_eq!(receiver.recv().await, Delivery::Released);
    receiver.detach();
    let mut next = session.receiver().unwrap();
    let waits = timeout(Duration::from_secs(1), next.recv()).await;
    assert!(waits.is_err(), "the next one is not asked");
}

#[tokio::test]
async fn an_endpoint_is_woken_by_a_receiver_only_if_it_waits_for_one() {
    let (mut io, session) = session(SessionOptions::default().outbox_bytes(1));
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    let take = async || {
        let mut receiver = session.receiver().unwrap();
        receiver.recv().await;
        receiver.detach();
        woken.0.swap(0, Ordering::SeqCst)
    };

    assert!(io.poll_recv(&mut cx).is_pending() && io.poll_taken(&mut cx).is_ready());
    io.start_send("1".into()).unwrap();
    assert_eq!(take().await, 0);
    io.start_send("2".into()).unwrap();
    assert!(io.poll_ready(&mut cx).is_pending());
    assert_eq!(take().await, 1, "for room");
    io.start_send("3".into()).unwrap();
    assert!(io.poll_taken(&mut cx).is_pending());
    assert_eq!(take().await, 1, "to be done");
    assert!(io.poll_taken(&mut cx).is_ready());
}

/// What a session is made to do.
#[derive(Clone, Debug)]
enum Step {
    Abort,
    Advance(u64),
    Attach,
    CloseByClient,
    CloseByEndpoint,
    Detach,
    EndpointReceives,
    EndpointSends,
    Receive,
    Release,
    SenderComes,
    SenderLeaves,
    SenderSends,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    use Step::*;
    let step = prop_oneof![
        1 => Just(Abort),
        3 => (1..4000_u64).prop_map(Advance),
        6 => Just(Attach),
        1 => Just(CloseByClient),
        1 => Just(CloseByEndpoint),
        4 => Just(Detach),
        8 => Just(EndpointReceives),
        8 => Just(EndpointSends),
        8 => Just(Receive),
        1 => Just(Release),
        3 => Just(SenderComes),
        2 => Just(SenderLeaves),
        8 => Just(SenderSends),
    ];
    proptest::collection::vec(step, 1..120)
}

/// A session, and what is known of it.
struct Model {
    io: Option<SessionDuplex>,
    session: Session,
    place: Option<Place<Session>>,
    receiver: Option<SessionReceiver>,
    sender: Option<SessionSender>,
    to_client: VecDeque<Frame>,
    to_endpoint: VecDeque<Frame>,
    ended: bool,
    next: u32,
    woken: Arc<Woken>,
    /// The endpoint's task was told to wait, and has not been woken since.
    asleep: bool,
}

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Model {
    fn new(sessions: &Sessions<Session>) -> Self {
        let options = SessionOptions::default().outbox_bytes(400).inbox_bytes(400);
        let (io, session) = session(options.absence(Some(ABSENCE)));
        Self {
            io: Some(io),
            place: Some(sessions.insert("id", session.clone()).unwrap()),
            session,
            receiver: None,
            sender: None,
            to_client: VecDeque::new(),
            to_endpoint: VecDeque::new(),
            ended: false,
            next: 0,
            woken: Arc::default(),
            asleep: false,
        }
    }

    fn number(&mut self) -> Frame {
        self.next += 1;
        frame(self.next)
    }

    async fn step(&mut self, step: Step) {
        let waker = Waker::from(Arc::clone(&self.woken));
        let mut cx = Context::from_waker(&waker);
        match step {
            Step::Abort => {
                self.ended |= self.receiver.is_some();
                self.receiver = None;
            }
            Step::Advance(millis) => advance(Duration::from_millis(millis)).await,
            Step::Attach => {
                let receiver = self.session.receiver();
                assert_eq!(receiver.is_none(), self.receiver.is_some());
                self.receiver = self.receiver.take().or(receiver);
            }
            Step::CloseByClient => {
                if !self.ended {
                    self.to_endpoint.push_back(Frame::Close(Close::normal()));
                }
                self.session.close(Close::normal());
                self.ended = true;
            }
            Step::CloseByEndpoint => {
                let Some(io) = &mut self.io else { return };
                if !self.ended {
                    self.to_client.push_back(Frame::Close(Close::going_away()));
                }
                io.start_send(Frame::Close(Close::going_away())).unwrap();
                self.ended = true;
            }
            Step::Detach => {
                if let Some(receiver) = self.receiver.take() {
                    receiver.detach();
                }
            }
            Step::EndpointReceives => self.endpoint_receives(&mut cx),
            Step::EndpointSends => {
                let frame = self.number();
                let Some(io) = &mut self.io else { return };
                match io.poll_ready(&mut cx) {
                    Poll::Ready(ready) => {
                        ready.unwrap();
                        match io.start_send(frame.clone()) {
                            Ok(()) => self.to_client.push_back(frame),
                            Err(error) => assert!(self.ended, "{error}"),
                        }
                    }
                    Poll::Pending => assert!(!self.to_client.is_empty(), "there is room"),
                }
            }
            Step::Receive => self.receive(&mut cx),
            Step::Release => self.session.release(),
            Step::SenderComes => {
                let sender = self.session.sender();
                assert_eq!(sender.is_none(), self.sender.is_some());
                self.sender = self.sender.take().or(sender);
            }
            Step::SenderLeaves => self.sender = None,
            Step::SenderSends => {
                let frame = self.number();
                let Some(sender) = &mut self.sender else { return };
                match pin!(sender.send(frame.clone())).poll(&mut cx) {
                    Poll::Ready(Ok(())) => {
                        self.to_endpoint.push_back(frame);
                        let woken = self.woken.0.swap(0, Ordering::SeqCst) > 0;
                        assert!(woken || !self.asleep, "nobody told the endpoint");
                        self.asleep = false;
                    }
                    Poll::Ready(Err(_)) => assert!(self.ended),
                    Poll::Pending => assert!(!self.to_endpoint.is_empty(), "there is room"),
                }
            }
        }
    }

    fn endpoint_receives(&mut self, cx: &mut Context<'_>) {
        let Some(io) = &mut self.io else { return };
        match io.poll_recv(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                assert_eq!(Some(frame), self.to_endpoint.pop_front());
            }
            Poll::Ready(Some(Err(error))) => {
                assert_eq!(error.kind(), ErrorKind::Timeout);
                assert!(self.receiver.is_none() && !self.ended, "only an absent client times out");
                self.ended = true;
            }
            Poll::Ready(None) => {
                assert!(self.ended && self.to_endpoint.is_empty(), "nothing was left behind");
                self.io = None;
                self.place = None;
            }
            Poll::Pending => {
                assert!(self.to_endpoint.is_empty() && !self.ended);
                self.woken.0.store(0, Ordering::SeqCst);
                self.asleep = true;
            }
        }
    }

    fn receive(&mut self, cx: &mut Context<'_>) {
        let Some(receiver) = &mut self.receiver else { return };
        match receiver.poll_recv(cx) {
            Poll::Ready(Delivery::Frame(frame)) => {
                assert_eq!(Some(frame), self.to_client.pop_front());
            }
            Poll::Ready(Delivery::Released) => assert!(self.to_client.is_empty()),
            Poll::Ready(_) => assert!(self.ended && self.to_client.is_empty()),
            Poll::Pending => assert!(self.to_client.is_empty() && !self.ended),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_is_lost_while_a_session_lives_and_nothing_is_left_after(steps in steps()) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.unwrap().block_on(async move {
            let sessions = Sessions::new(1, LINGER);
            let mut model = Model::new(&sessions);
            for step in steps {
                model.step(step).await;
            }
            let session = model.session.clone();
            drop(model);
            assert!(session.close_reason().is_some(), "a session without an endpoint has ended");
            drop(session);
            tokio::time::sleep(LINGER + Duration::from_millis(2)).await;
            assert!(sessions.is_empty());
        });
    }
}
