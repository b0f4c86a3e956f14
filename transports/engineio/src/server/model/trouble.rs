use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use plimsoll::{Close, Duplex, Frame};

use super::pipe::{Pipe, end};
use super::world::{Phase, World};
use crate::server::frames::CLOSED_BY_CLIENT;

/// What goes wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Trouble {
    None,
    /// The application closes the session.
    ApplicationCloses,
    ClientCloses,
    OverlappingPolls,
    PollAborted,
    SecondWebSocket,
    /// The application reads nothing for the rest of the steps.
    SlowApplication,
    UpgradeTimeout,
    WebSocketDrops,
}

pub(super) const TROUBLES: [Trouble; 9] = [
    Trouble::None,
    Trouble::ApplicationCloses,
    Trouble::ClientCloses,
    Trouble::OverlappingPolls,
    Trouble::PollAborted,
    Trouble::SecondWebSocket,
    Trouble::SlowApplication,
    Trouble::UpgradeTimeout,
    Trouble::WebSocketDrops,
];

impl World {
    pub(super) async fn trouble(&mut self, trouble: Trouble) {
        match trouble {
            Trouble::None => {}
            Trouble::ApplicationCloses => self.application_closes(),
            Trouble::ClientCloses => {
                self.aborted = true;
                self.closed = true;
                if self.phase == Phase::Moved {
                    self.websocket_sends("1");
                } else {
                    self.session.close(CLOSED_BY_CLIENT);
                }
            }
            Trouble::OverlappingPolls => {
                if self.poll.is_some() && self.answer.is_none() {
                    let mut second = self.request_poll();
                    let Some(Poll::Ready(answer)) = second.poll(|poll, cx| poll.as_mut().poll(cx))
                    else {
                        panic!("the second poll waits");
                    };
                    assert_eq!(answer.status(), 400);
                    self.aborted = true;
                }
            }
            // One whose answer is on its way is the network's.
            Trouble::PollAborted if self.answer.is_some() => {}
            Trouble::PollAborted => self.aborted |= self.poll.take().is_some(),
            Trouble::SecondWebSocket => {
                let pipe = Arc::new(Mutex::new(Pipe::default()));
                let accepted = self.socket.is_none();
                self.client.offer(Box::pin(std::future::ready(Some(end(&pipe)))));
                if accepted {
                    self.socket = Some(pipe);
                } else {
                    assert!(pipe.lock().unwrap().dropped, "a second WebSocket is closed");
                }
            }
            Trouble::SlowApplication => self.reads = false,
            Trouble::UpgradeTimeout => {
                tokio::time::advance(Duration::from_secs(11)).await;
                self.drive();
                if self.phase != Phase::Moved
                    && let Some(pipe) = self.socket.take()
                {
                    assert!(pipe.lock().unwrap().dropped, "the WebSocket is given up");
                    self.phase = Phase::Polling;
                }
            }
            Trouble::WebSocketDrops => {
                let Some(pipe) = self.socket.take() else { return };
                pipe.lock().unwrap().close();
                self.aborted |= self.phase == Phase::Moved;
                self.phase = Phase::Polling;
            }
        }
    }

    fn application_closes(&mut self) {
        self.left = true;
        let Some(connection) = &mut self.connection else { return };
        connection.force(|io, cx| {
            assert!(io.poll_ready(cx).is_ready());
            let _ = io.start_send(Frame::Close(Close::normal()));
            let _ = io.poll_close(cx);
        });
    }
}
