//! One TCP connection to the server.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with};

use super::poller::Poller;

/// A non-blocking socket, what was read from it and not yet understood, and what the poller knows.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    token: u64,
    unread: Vec<u8>,
    awaits_room: bool,
}

impl Socket {
    /// Connects from the loopback address `source`: each address has its own ports, so that those
    /// of closed connections, which stay taken for a minute, do not run out.
    pub(super) fn connect(
        address: SocketAddrV4,
        source: Ipv4Addr,
        token: u64,
        poller: &Poller,
    ) -> io::Result<Self> {
        let socket =
            socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        bind(&socket, &SocketAddrV4::new(source, 0))?;
        connect(&socket, &address).map_err(|error| {
            io::Error::new(error.kind(), format!("connect to {address}: {error}"))
        })?;
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        poller.add(&stream, token)?;
        Ok(Self { stream, token, unread: Vec::new(), awaits_room: false })
    }

    /// Reads once, and hands everything not yet understood to `take`, which returns how much it
    /// understood. `Ok(None)` is the end of the stream.
    pub(super) fn read<E>(
        &mut self,
        scratch: &mut [u8],
        take: impl FnOnce(&[u8]) -> Result<usize, E>,
    ) -> io::Result<Option<Result<(), E>>> {
        let count = match self.stream.read(scratch) {
            Ok(0) => return Ok(None),
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Some(Ok(()))),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(None),
            Err(error) => return Err(error),
        };
        let fresh = &scratch[..count];
        let taken = if self.unread.is_empty() {
            take(fresh).map(|taken| self.unread.extend_from_slice(&fresh[taken..]))
        } else {
            self.unread.extend_from_slice(fresh);
            take(&self.unread).map(|taken| drop(self.unread.drain(..taken)))
        };
        Ok(Some(taken))
    }

    /// Writes as much of `output` as there is room for, and has the poller say when there is more.
    pub(super) fn write(&mut self, output: &mut Vec<u8>, poller: &Poller) -> io::Result<()> {
        let mut written = 0;
        while written < output.len() {
            match self.stream.write(&output[written..]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                // The end is told by reading.
                Err(_) => written = output.len(),
            }
        }
        output.drain(..written);
        let awaits_room = !output.is_empty();
        if awaits_room != self.awaits_room {
            poller.set_writable(&self.stream, self.token, awaits_room)?;
            self.awaits_room = awaits_room;
        }
        Ok(())
    }
}
