//! Two nodes that know each other only by what goes over a connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use plimsoll::{BoxDuplex, DuplexExt, Error, ErrorKind, Frame};
use plimsoll_memory::{Options as MemoryOptions, pair};
use plimsoll_rooms::{Action, Adapter, Broadcast, Node, Options, Rooms};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::stage::Stage;

#[tokio::test(start_paused = true)]
async fn broadcasts_and_questions_cross_a_connection() {
    let (left, right) = pair(MemoryOptions::default()).unwrap();
    let here = Rooms::with_adapter(Options::default(), Link::over(left)).unwrap();
    let there = Rooms::with_adapter(Options::default(), Link::over(right)).unwrap();
    let (mut stage, mut far_stage) = (Stage::new(&here), Stage::new(&there));
    let (ann, mut ann_peer) = stage.connect().await;
    let (bob, mut bob_peer) = far_stage.connect().await;
    here.join("a", &ann).unwrap();
    there.join_each(["a", "b"], [&bob]).unwrap();

    for number in 0..10 {
        assert_eq!(here.to("a").to("b").send(number.to_string()).sent, 1);
    }
    for number in 0..10 {
        assert_eq!(ann_peer.text().await, Some(number.to_string()));
        assert_eq!(bob_peer.text().await, Some(number.to_string()));
    }
    there.to("a").send("back");
    assert_eq!(ann_peer.text().await.as_deref(), Some("back"));
    assert_eq!(bob_peer.text().await.as_deref(), Some("back"));
    ann_peer.has_nothing(&ann).await;
    bob_peer.has_nothing(&bob).await;

    let (a, b) = tokio::join!(here.len_in_cluster("a"), here.len_in_cluster("b"));
    assert_eq!((a.unwrap(), b.unwrap()), (2, 1));
    assert!(!here.is_empty_in_cluster("b").await.unwrap());
    assert!(here.is_empty_in_cluster("c").await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_question_to_a_node_that_is_gone_ends() {
    let (left, right) = pair(MemoryOptions::default()).unwrap();
    let here = Rooms::with_adapter(Options::default(), Link::over(left)).unwrap();
    drop(right);
    assert_eq!(here.len_in_cluster("a").await.unwrap_err().kind(), ErrorKind::Timeout);
}

/// One end of a connection between two nodes.
struct Link {
    io: Mutex<Option<BoxDuplex>>,
    lines: mpsc::Sender<String>,
    queue: Mutex<Option<mpsc::Receiver<String>>>,
    questions: Questions,
}

type Questions = Arc<Mutex<HashMap<u32, oneshot::Sender<usize>>>>;

impl Link {
    fn over(io: BoxDuplex) -> Self {
        let (lines, queue) = mpsc::channel(64);
        let (io, queue) = (Mutex::new(Some(io)), Mutex::new(Some(queue)));
        Self { io, lines, queue, questions: Questions::default() }
    }
}

#[async_trait]
impl Adapter for Link {
    fn attach(&self, node: Node) -> Result<(), Error> {
        let io = self.io.lock().unwrap().take().unwrap();
        let queue = self.queue.lock().unwrap().take().unwrap();
        tokio::spawn(run(io, queue, self.lines.downgrade(), node, Arc::clone(&self.questions)));
        Ok(())
    }

    fn broadcast(&self, broadcast: Broadcast) {
        let Action::Send(message) = broadcast.action else { return };
        let text = message.as_text().unwrap();
        let _ = self.lines.try_send(format!("send {} {text}", broadcast.rooms.join(",")));
    }

    async fn len(&self, room: &str) -> Result<usize, Error> {
        let (answer, answered) = oneshot::channel();
        let number = fastrand::u32(..);
        self.questions.lock().unwrap().insert(number, answer);
        let asked = async {
            let _ = self.lines.send(format!("ask {number} {room}")).await;
            answered.await
        };
        let answer = timeout(Duration::from_secs(1), asked).await;
        self.questions.lock().unwrap().remove(&number);
        answer.ok().and_then(Result::ok).ok_or(ErrorKind::Timeout.into())
    }
}

/// Carries lines both ways for as long as the adapter lives.
async fn run(
    mut io: BoxDuplex,
    mut queue: mpsc::Receiver<String>,
    lines: mpsc::WeakSender<String>,
    node: Node,
    questions: Questions,
) {
    loop {
        tokio::select! {
            line = queue.recv() => {
                let Some(line) = line else { break };
                if io.send(line).await.is_err() {
                    break;
                }
            }
            frame = io.recv() => {
                let Some(Ok(Frame::Message(message))) = frame else { break };
                let (Some(lines), Some(rooms)) = (lines.upgrade(), node.rooms()) else { break };
                let mut words = message.as_text().unwrap().splitn(3, ' ');
                let [verb, first, rest] = [(); 3].map(|()| words.next().unwrap());
                match verb {
                    "send" => {
                        let mut broadcast = Broadcast::new(Action::Send(rest.into()));
                        broadcast.rooms = first.split(',').map(str::to_owned).collect();
                        node.deliver(&broadcast).unwrap();
                    }
                    "ask" => {
                        let _ = lines.try_send(format!("answer {first} {}", rooms.len(rest)));
                    }
                    _ => {
                        let question = questions.lock().unwrap().remove(&first.parse().unwrap());
                        let _ = question.unwrap().send(rest.parse().unwrap());
                    }
                }
            }
        }
    }
}
