//! What a run of the load can be told.

use std::io;
use std::net::SocketAddrV4;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;

use super::protocols::Protocols;
use crate::arguments::{Arguments, unknown, usage};

/// The help text of the `load` program.
pub const HELP: &str = include_str!("help.txt");

/// What is done and measured.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// One connection publishes, all of them receive.
    #[serde(rename = "bcast")]
    Broadcast,
    /// Connections open and close.
    Connect,
    /// Each connection gets back what it sends.
    Echo,
    /// Connections do nothing.
    Idle,
}

impl FromStr for Mode {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "bcast" => Ok(Self::Broadcast),
            "connect" => Ok(Self::Connect),
            "echo" => Ok(Self::Echo),
            "idle" => Ok(Self::Idle),
            _ => Err("the modes are echo, bcast, idle and connect"),
        }
    }
}

/// One run of the load.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// What is done and measured.
    pub mode: Mode,
    /// The server; loopback only.
    pub address: SocketAddrV4,
    /// What is spoken.
    pub protocol: Protocols,
    /// Where on the server; each mode and protocol has its own if this is `None`.
    pub path: Option<String>,
    /// Sessions at the same time; 64.
    pub connections: usize,
    /// Messages on the way per connection, or publications in all; 1.
    pub in_flight: usize,
    /// Bytes of a message; 125.
    pub size: usize,
    /// The warm-up lasts at least this long; 1 s.
    pub warm_up: Duration,
    /// The warm-up lasts until the server has used this much CPU time; not by default.
    pub warm_up_cpu: Duration,
    /// The window lasts at most this long; 4 s.
    pub window: Duration,
    /// The window ends once the server has used this much CPU time; not by default.
    pub window_cpu: Option<Duration>,
    /// The window ends after so many messages; not by default.
    pub messages: Option<u64>,
    /// Handshakes at the same time; 32.
    pub concurrency: usize,
    /// How long nothing happens before memory is read; 2 s.
    pub settle: Duration,
    /// Measured rounds of `connect`; 3.
    pub rounds: usize,
    /// Connections that open and close before `idle` and `connect` measure; 200.
    pub warm_connections: usize,
    /// The server's process: without it, neither its CPU time nor its memory is known.
    pub pid: Option<u32>,
    /// The core the load runs on; any by default.
    pub core: Option<usize>,
    /// How many loopback addresses the connections come from; 16.
    pub sources: u8,
    /// Copied to the report.
    pub label: Option<String>,
}

impl Options {
    /// A run with the defaults.
    pub fn new(mode: Mode, address: SocketAddrV4) -> Self {
        Self {
            mode,
            address,
            protocol: Protocols::WebSocket,
            path: None,
            connections: 64,
            in_flight: 1,
            size: 125,
            warm_up: Duration::from_secs(1),
            warm_up_cpu: Duration::ZERO,
            window: Duration::from_secs(4),
            window_cpu: None,
            messages: None,
            concurrency: 32,
            settle: Duration::from_secs(2),
            rounds: 3,
            warm_connections: 200,
            pid: None,
            core: None,
            sources: 16,
            label: None,
        }
    }

    /// Reads `MODE --address IP:PORT [options]`.
    ///
    /// # Errors
    /// The mode is missing, an option is unknown or makes no sense.
    pub fn parse(mut arguments: Arguments) -> io::Result<Self> {
        let mode = arguments.positional("MODE")?;
        let mut options = Self::new(mode, SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, 0));
        while let Some(option) = arguments.option()? {
            options.apply(&option, &mut arguments)?;
        }
        options.check()?;
        Ok(options)
    }

    /// Refuses what would measure nothing or leave the machine.
    ///
    /// # Errors
    /// Names the option.
    pub fn check(&self) -> io::Result<()> {
        if self.address.port() == 0 {
            return Err(usage("--address is missing"));
        }
        if !self.address.ip().is_loopback() {
            return Err(usage("--address must be a loopback address"));
        }
        let positive = [
            ("--connections", self.connections),
            ("--in-flight", self.in_flight),
            ("--size", self.size),
            ("--concurrency", self.concurrency),
            ("--rounds", self.rounds),
            ("--sources", self.sources.into()),
        ];
        if let Some((name, _)) = positive.iter().find(|(_, value)| *value == 0) {
            return Err(usage(format!("{name} must be at least 1")));
        }
        if self.mode == Mode::Broadcast && !self.protocol.fans_out() {
            return Err(usage("bcast needs --protocol websocket or primus-ws"));
        }
        if self.mode == Mode::Idle && self.pid.is_none() {
            return Err(usage("idle needs --pid: it reads the memory of the server"));
        }
        if self.pid.is_none() && (self.window_cpu.is_some() || !self.warm_up_cpu.is_zero()) {
            return Err(usage("--cpu-seconds and --warm-up-cpu need --pid"));
        }
        Ok(())
    }

    fn apply(&mut self, option: &str, arguments: &mut Arguments) -> io::Result<()> {
        match option {
            "--address" => self.address = arguments.value(option)?,
            "--protocol" => self.protocol = arguments.value(option)?,
            "--path" => self.path = Some(arguments.value(option)?),
            "--connections" => self.connections = arguments.value(option)?,
            "--in-flight" => self.in_flight = arguments.value(option)?,
            "--size" => self.size = arguments.value(option)?,
            "--warm-up" => self.warm_up = seconds(option, arguments)?,
            "--warm-up-cpu" => self.warm_up_cpu = seconds(option, arguments)?,
            "--seconds" => self.window = seconds(option, arguments)?,
            "--cpu-seconds" => self.window_cpu = Some(seconds(option, arguments)?),
            "--messages" => self.messages = Some(arguments.value(option)?),
            "--concurrency" => self.concurrency = arguments.value(option)?,
            "--settle" => self.settle = seconds(option, arguments)?,
            "--rounds" => self.rounds = arguments.value(option)?,
            "--warm-connections" => self.warm_connections = arguments.value(option)?,
            "--pid" => self.pid = Some(arguments.value(option)?),
            "--core" => self.core = Some(arguments.value(option)?),
            "--sources" => self.sources = arguments.value(option)?,
            "--label" => self.label = Some(arguments.value(option)?),
            _ => return Err(unknown(option)),
        }
        Ok(())
    }
}

fn seconds(option: &str, arguments: &mut Arguments) -> io::Result<Duration> {
    Duration::try_from_secs_f64(arguments.value(option)?)
        .map_err(|error| usage(format!("bad value for {option}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> io::Result<Options> {
        Options::parse(words.split_whitespace().collect())
    }

    #[test]
    fn a_full_line_is_understood() {
        let options = parse("echo --address 127.0.0.1:3000 --in-flight 16 --seconds 0.5").unwrap();
        assert_eq!(options.mode, Mode::Echo);
        assert_eq!(options.in_flight, 16);
        assert_eq!(options.window, Duration::from_millis(500));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (words, expected) in [
            ("", "MODE is missing"),
            ("dance", "bad value dance for MODE: the modes are echo, bcast, idle and connect"),
            ("echo", "--address is missing"),
            ("echo --address 192.0.2.1:80", "--address must be a loopback address"),
            ("echo --address 127.0.0.1:80 --fast", "unknown option --fast"),
            ("echo --address 127.0.0.1:80 --size 0", "--size must be at least 1"),
            (
                "bcast --address 127.0.0.1:80 --protocol sockjs-ws",
                "bcast needs --protocol websocket or primus-ws",
            ),
            ("idle --address 127.0.0.1:80", "idle needs --pid: it reads the memory of the server"),
        ] {
            assert_eq!(parse(words).unwrap_err().to_string(), expected);
        }
    }
}
