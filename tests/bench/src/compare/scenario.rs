//! What is compared.

use std::net::SocketAddrV4;
use std::str::FromStr;
use std::time::Duration;

use crate::load::{Mode, Options, Protocols};

/// One column of the table.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum Scenario {
    /// 64 connections, each with one message of 125 bytes on the way.
    Echo1,
    /// The same with 16 messages.
    Echo16,
    /// 10,000 connections that do nothing; half as many sessions where each may need two.
    Idle,
    /// 1,000 connections that are opened and closed; half as many sessions where each may need two.
    Open,
    /// One message of 125 bytes to 1,000 subscribers.
    FanOut,
}

impl Scenario {
    /// All of them, in the order of the table.
    pub const ALL: &[Self] = &[Self::Echo1, Self::Echo16, Self::Idle, Self::Open, Self::FanOut];

    /// Those that are measured over `protocol`: not over each do servers fan out.
    pub fn measured(protocol: Protocols) -> Vec<Self> {
        let all = Self::ALL.iter().copied();
        all.filter(|known| protocol.fans_out() || *known != Self::FanOut).collect()
    }

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Echo1 => "echo1",
            Self::Echo16 => "echo16",
            Self::FanOut => "fanout",
            Self::Idle => "idle",
            Self::Open => "open",
        }
    }

    /// The head of the column.
    pub fn title(self) -> &'static str {
        match self {
            Self::Echo1 => "echo, 1 in flight",
            Self::Echo16 => "echo, 16 in flight",
            Self::FanOut => "fan-out",
            Self::Idle => "idle",
            Self::Open => "open and close",
        }
    }

    /// What the numbers count.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Echo1 | Self::Echo16 => "µs/message",
            Self::FanOut => "µs/delivery",
            Self::Idle => "KiB/connection",
            Self::Open => "µs/connection",
        }
    }

    /// In how many rounds it takes part: memory is the same each time, and takes longest.
    pub(super) fn rounds(self, rounds: usize) -> usize {
        match self {
            Self::Echo1 | Self::Echo16 | Self::FanOut | Self::Open => rounds,
            Self::Idle => rounds.min(3),
        }
    }

    /// The run of the load that measures this; a quick one proves only that it works.
    pub(super) fn load(self, address: SocketAddrV4, protocol: Protocols, quick: bool) -> Options {
        let (mode, connections) = match self {
            Self::Echo1 | Self::Echo16 => (Mode::Echo, 64),
            Self::FanOut => (Mode::Broadcast, if quick { 50 } else { 1_000 }),
            Self::Idle => (Mode::Idle, if quick { 200 } else { 10_000 / protocol.connections() }),
            Self::Open => (Mode::Connect, if quick { 20 } else { 1_000 / protocol.connections() }),
        };
        let mut options = Options::new(mode, address);
        options.protocol = protocol;
        options.connections = connections;
        options.in_flight = if self == Self::Echo16 { 16 } else { 1 };
        if quick {
            options.warm_up = Duration::from_millis(20);
            options.window = Duration::from_secs(5);
            options.messages = Some(100);
            options.settle = Duration::from_millis(50);
            options.warm_connections = 20;
        } else {
            options.warm_up = Duration::from_millis(100);
            options.warm_up_cpu = Duration::from_millis(200);
            options.window = Duration::from_secs(10);
            options.window_cpu = Some(Duration::from_millis(600));
        }
        options
    }
}

impl FromStr for Scenario {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let names = || Self::ALL.iter().map(|known| known.name()).collect::<Vec<_>>().join(", ");
        Self::ALL
            .iter()
            .copied()
            .find(|known| known.name() == word)
            .ok_or_else(|| format!("the scenarios are {}", names()))
    }
}
