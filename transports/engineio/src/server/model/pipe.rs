use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use plimsoll::{BoxDuplex, Duplex, Error, ErrorKind, Frame};

/// A WebSocket without a network.
#[derive(Default)]
pub(super) struct Pipe {
    to_server: VecDeque<Frame>,
    pub(super) to_client: VecDeque<Frame>,
    server: Option<Waker>,
    closed: bool,
    /// The server's end is gone.
    pub(super) dropped: bool,
}

impl Pipe {
    pub(super) fn send(&mut self, packet: &str) {
        self.to_server.push_back(packet.into());
        self.server.take().into_iter().for_each(Waker::wake);
    }

    pub(super) fn close(&mut self) {
        self.closed = true;
        self.server.take().into_iter().for_each(Waker::wake);
    }
}

pub(super) fn end(pipe: &Arc<Mutex<Pipe>>) -> BoxDuplex {
    Box::new(ServerEnd(Arc::clone(pipe)))
}

struct ServerEnd(Arc<Mutex<Pipe>>);

impl Duplex for ServerEnd {
    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, Error>>> {
        let mut pipe = self.0.lock().unwrap();
        match pipe.to_server.pop_front() {
            Some(frame) => Poll::Ready(Some(Ok(frame))),
            None if pipe.closed => Poll::Ready(None),
            None => {
                pipe.server = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), Error> {
        let mut pipe = self.0.lock().unwrap();
        if pipe.closed {
            return Err(ErrorKind::Close.into());
        }
        pipe.to_client.push_back(frame);
        Ok(())
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }
}

impl Drop for ServerEnd {
    fn drop(&mut self) {
        self.0.lock().unwrap().dropped = true;
    }
}
