//! A server in a process of its own.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddrV4;
use std::process::{Command, Stdio};

use crate::server::Implementation;

/// Killed when dropped.
#[derive(Debug)]
pub(super) struct Child {
    process: std::process::Child,
    address: SocketAddrV4,
}

impl Child {
    /// Starts a server and waits until it listens.
    ///
    /// The process runs the same program as this one: whoever builds `compare` has the servers.
    pub(super) fn start(implementation: Implementation, core: Option<usize>) -> io::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["serve", implementation.name()]).stdout(Stdio::piped());
        if let Some(core) = core {
            command.args(["--core", &core.to_string()]);
        }
        let process = command.spawn()?;
        // From here on it is killed whatever happens.
        let unspecified = SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 0);
        let mut child = Self { process, address: unspecified };
        child.address = child.listening()?;
        Ok(child)
    }

    pub(super) fn address(&self) -> SocketAddrV4 {
        self.address
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    fn listening(&mut self) -> io::Result<SocketAddrV4> {
        let output = self.process.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        line.trim_end()
            .strip_prefix("listening on ")
            .and_then(|address| address.parse().ok())
            .ok_or_else(|| io::Error::other("the server does not start"))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It fails only for a process that has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
