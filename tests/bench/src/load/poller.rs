//! Readiness of many sockets: epoll.

use std::io;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

/// Something happened to the socket that was added with `token`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) token: u64,
    /// There is something to read, the end included.
    pub(super) readable: bool,
    pub(super) writable: bool,
}

/// Level-triggered: what is not read now is reported again.
pub(super) struct Poller {
    epoll: OwnedFd,
    events: Vec<epoll::Event>,
}

impl Poller {
    pub(super) fn new() -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        Ok(Self { epoll, events: Vec::with_capacity(BATCH) })
    }

    /// Reports from now on when `socket` can be read. Closing it ends that.
    pub(super) fn add(&self, socket: &TcpStream, token: u64) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, socket, epoll::EventData::new_u64(token), interest(false))?)
    }

    /// Reports from now on when `socket` can be written, too, or no longer.
    pub(super) fn set_writable(
        &self,
        socket: &TcpStream,
        token: u64,
        writable: bool,
    ) -> io::Result<()> {
        let data = epoll::EventData::new_u64(token);
        Ok(epoll::modify(&self.epoll, socket, data, interest(writable))?)
    }

    /// Waits until something happens, at most for `timeout`, and says how many things did.
    pub(super) fn wait(&mut self, timeout: Duration) -> io::Result<usize> {
        let timeout =
            Timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: timeout.subsec_nanos().into() };
        self.events.clear();
        match epoll::wait(&self.epoll, spare_capacity(&mut self.events), Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(self.events.len()),
            Err(error) => Err(error.into()),
        }
    }

    /// One of those that the last `wait` found.
    pub(super) fn event(&self, index: usize) -> Event {
        let epoll::Event { flags, data, .. } = self.events[index];
        Event {
            token: data.u64(),
            readable: !flags.difference(epoll::EventFlags::OUT).is_empty(),
            writable: flags.contains(epoll::EventFlags::OUT),
        }
    }
}

fn interest(writable: bool) -> epoll::EventFlags {
    let readable = epoll::EventFlags::IN | epoll::EventFlags::RDHUP;
    if writable { readable | epoll::EventFlags::OUT } else { readable }
}

const BATCH: usize = 512;
