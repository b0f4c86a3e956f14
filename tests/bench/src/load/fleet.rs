//! All sessions of a run, and the loop that serves them.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::{Duration, Instant};

use super::failures::Failures;
use super::options::Options;
use super::poller::Poller;
use super::protocol::{LANES, Protocol};
use super::protocols::Protocols;
use super::session::{Session, State};
use super::socket::Socket;
use super::workload::{Order, Silence, Workload};

/// Sessions by number, in the order in which they were opened.
pub(super) struct Fleet {
    address: SocketAddrV4,
    sources: u8,
    last_source: u8,
    concurrency: usize,
    poller: Poller,
    began: Instant,
    protocols: Box<dyn FnMut() -> Box<dyn Protocol>>,
    sessions: Vec<Session>,
    /// Sessions on the way to being ready, and those not yet closed.
    opening: usize,
    live: usize,
    scratch: Vec<u8>,
    failures: Failures,
}

impl Fleet {
    pub(super) fn new(options: &Options) -> io::Result<Self> {
        Ok(Self {
            address: options.address,
            sources: options.sources,
            last_source: 0,
            concurrency: options.concurrency,
            poller: Poller::new()?,
            began: Instant::now(),
            protocols: Protocols::sessions(options),
            sessions: Vec::new(),
            opening: 0,
            live: 0,
            scratch: vec![0; 256 << 10],
            failures: Failures::default(),
        })
    }

    /// Nanoseconds since this fleet was made.
    pub(super) fn now(&self) -> u64 {
        self.began.elapsed().as_nanos() as u64
    }

    pub(super) fn failures(&self) -> &Failures {
        &self.failures
    }

    pub(super) fn into_failures(self) -> Failures {
        self.failures
    }

    /// Opens `count` sessions with the numbers from 0 on, a few at a time. False if some cannot be
    /// opened; the failures say why.
    pub(super) fn connect(&mut self, count: usize) -> io::Result<bool> {
        self.sessions.clear();
        let deadline = Instant::now() + PATIENCE;
        while self.sessions.len() < count || self.opening > 0 {
            if self.failures.too_many() || Instant::now() > deadline {
                break;
            }
            while self.sessions.len() < count && self.opening < self.concurrency {
                let session = Session::open((self.protocols)());
                self.sessions.push(session);
                self.opening += 1;
                self.live += 1;
                self.flush(self.sessions.len() - 1)?;
            }
            self.turn(TICK, &mut Silence)?;
        }
        for _ in 0..self.opening {
            self.failures.add(self.sessions.len(), "still not open");
        }
        Ok(self.failures.count() == 0)
    }

    /// Sends as ordered.
    pub(super) fn send(&mut self, order: Order) -> io::Result<()> {
        self.sessions[order.session].send(order.count);
        self.flush(order.session)
    }

    /// Serves whoever is ready, after waiting for at most `timeout`.
    pub(super) fn turn(
        &mut self,
        timeout: Duration,
        workload: &mut impl Workload,
    ) -> io::Result<()> {
        for index in 0..self.poller.wait(timeout)? {
            let event = self.poller.event(index);
            let (session, lane) = (event.token as usize / LANES, event.token as usize % LANES);
            if event.readable {
                self.read(session, lane)?;
                self.settle(session, workload)?;
            } else if event.writable {
                self.flush(session)?;
            }
        }
        Ok(())
    }

    /// Takes turns for `duration`.
    pub(super) fn spin(
        &mut self,
        duration: Duration,
        workload: &mut impl Workload,
    ) -> io::Result<()> {
        let end = Instant::now() + duration;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.turn(left.min(TICK), workload)?;
        }
    }

    /// Closes all sessions in order, a few at a time, because a close may need a connection of its
    /// own. Drops those that have not closed in time.
    pub(super) fn close(&mut self, workload: &mut impl Workload) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let mut to_close = self.live;
        for index in 0..self.sessions.len() {
            let session = &mut self.sessions[index];
            if session.state != State::Ready {
                continue;
            }
            session.state = State::Closing;
            session.close();
            if session.lanes.is_closed() {
                self.finish(index);
            }
            self.flush(index)?;
            to_close = to_close.saturating_sub(1);
            self.turn(Duration::ZERO, workload)?;
            while self.live > to_close + self.concurrency && Instant::now() < deadline {
                self.turn(TICK, workload)?;
            }
        }
        while self.live > 0 && Instant::now() < deadline {
            self.turn(TICK, workload)?;
        }
        for index in 0..self.sessions.len() {
            if self.sessions[index].state != State::Closed {
                self.fail(index, "the server does not close the connection");
            }
        }
        Ok(())
    }

    fn read(&mut self, index: usize, lane: usize) -> io::Result<()> {
        let Session { protocol, lanes, sockets, .. } = &mut self.sessions[index];
        let Some(socket) = &mut sockets[lane] else { return Ok(()) };
        let take = |bytes: &[u8]| protocol.received(lane, bytes, lanes);
        let result = match socket.read(&mut self.scratch, take)? {
            Some(result) => result,
            None => {
                sockets[lane] = None;
                protocol.ended(lane, lanes)
            }
        };
        if let Err(reason) = result {
            self.fail(index, &reason);
        }
        Ok(())
    }

    /// Acts on what a protocol reported, and sends what it and the workload want sent.
    fn settle(&mut self, index: usize, workload: &mut impl Workload) -> io::Result<()> {
        let now = self.now();
        let session = &mut self.sessions[index];
        if session.lanes.take_ready() && session.state == State::Opening {
            session.state = State::Ready;
            self.opening -= 1;
        }
        let messages = session.lanes.take_messages();
        if session.lanes.is_closed() {
            self.finish(index);
        }
        if messages > 0 {
            match workload.received(index, messages, now) {
                Ok(Some(order)) if self.sessions[order.session].state == State::Ready => {
                    self.send(order)?;
                }
                Ok(_) => {}
                Err(reason) => self.fail(index, &reason),
            }
        }
        self.flush(index)
    }

    fn flush(&mut self, index: usize) -> io::Result<()> {
        let Session { state, lanes, sockets, .. } = &mut self.sessions[index];
        if *state == State::Closed {
            return Ok(());
        }
        for (lane, socket) in sockets.iter_mut().enumerate() {
            let output = lanes.output(lane);
            if output.is_empty() {
                continue;
            }
            if socket.is_none() {
                self.last_source = (self.last_source + 1) % self.sources;
                let source = Ipv4Addr::new(127, 0, 0, 2 + self.last_source);
                let token = (index * LANES + lane) as u64;
                *socket = Some(Socket::connect(self.address, source, token, &self.poller)?);
            }
            if let Some(socket) = socket {
                socket.write(output, &self.poller)?;
            }
        }
        Ok(())
    }

    fn fail(&mut self, index: usize, reason: &str) {
        self.failures.add(index, reason);
        self.finish(index);
    }

    fn finish(&mut self, index: usize) {
        let session = &mut self.sessions[index];
        match std::mem::replace(&mut session.state, State::Closed) {
            State::Closed => return,
            State::Opening => self.opening -= 1,
            State::Closing | State::Ready => {}
        }
        session.sockets = Default::default();
        self.live -= 1;
    }
}

/// How often loops look at the clock.
pub(super) const TICK: Duration = Duration::from_millis(20);

/// How long the server may take to open or to close all sessions.
const PATIENCE: Duration = Duration::from_secs(60);
