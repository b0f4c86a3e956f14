//! What a comparison can be told.

use std::io;
use std::str::FromStr;
use std::thread::available_parallelism;

use super::contender::Contender;
use super::scenario::Scenario;
use crate::arguments::{Arguments, unknown, usage};
use crate::load::Protocols;
use crate::server::Implementation;

/// The help text of the `compare` program.
pub const HELP: &str = "\
compare [options]                 prints a table in Markdown, and each run to standard error

--protocol P       websocket; or engineio-ws, engineio-polling, sockjs-ws, sockjs-xhr, primus-ws
--only A,B         the implementations; all that speak the protocol by default
--scenario A,B     echo1, echo16, idle, open, fanout; all by default, fanout for websocket
                   and primus-ws only
--rounds N         15, of which the median counts; 3 at most for idle
--max-other CORES  0.25, what others may use of the machine before a run is repeated
--retries N        3, how often a run is repeated
--server-core N    0
--load-core N      1
--quick            one short round that measures nothing but proves that all of it works

compare serve ...                 is the program `server`
";

/// One comparison.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// What the servers are asked to speak.
    pub protocol: Protocols,
    /// What takes part, in this order.
    pub implementations: Vec<Implementation>,
    /// What is compared.
    pub scenarios: Vec<Scenario>,
    /// How often; the median counts.
    pub rounds: usize,
    /// How many cores others may use before a run is discarded.
    pub max_other: f64,
    /// How often a run is repeated before the quietest attempt counts.
    pub retries: usize,
    /// The core of the servers; none by default on a machine that has only one.
    pub server_core: Option<usize>,
    /// The core of the load; none by default on a machine that has only one.
    pub load_core: Option<usize>,
    /// Proves that all of it works, and measures nothing.
    pub quick: bool,
}

impl Default for Options {
    fn default() -> Self {
        let several = available_parallelism().is_ok_and(|cores| cores.get() > 1);
        Self {
            protocol: Protocols::WebSocket,
            implementations: speakers(Protocols::WebSocket),
            scenarios: Scenario::ALL.to_vec(),
            rounds: 15,
            max_other: 0.25,
            retries: 3,
            server_core: several.then_some(0),
            load_core: several.then_some(1),
            quick: false,
        }
    }
}

impl Options {
    /// Reads the command line.
    ///
    /// # Errors
    /// An option is unknown or makes no sense.
    pub fn parse(mut arguments: Arguments) -> io::Result<Self> {
        let mut options = Self::default();
        let (mut rounds, mut only, mut scenarios) = (None, None, None);
        while let Some(option) = arguments.option()? {
            match option.as_str() {
                "--protocol" => options.protocol = arguments.value(&option)?,
                "--only" => only = Some(list(&option, &mut arguments)?),
                "--scenario" => scenarios = Some(list(&option, &mut arguments)?),
                "--rounds" => rounds = Some(arguments.value(&option)?),
                "--max-other" => options.max_other = arguments.value(&option)?,
                "--retries" => options.retries = arguments.value(&option)?,
                "--server-core" => options.server_core = Some(arguments.value(&option)?),
                "--load-core" => options.load_core = Some(arguments.value(&option)?),
                "--quick" => options.quick = true,
                _ => return Err(unknown(&option)),
            }
        }
        if options.quick {
            (options.rounds, options.retries) = (1, 0);
        }
        options.rounds = rounds.unwrap_or(options.rounds);
        options.implementations = only.unwrap_or_else(|| speakers(options.protocol));
        options.scenarios = scenarios.unwrap_or_else(|| Scenario::measured(options.protocol));
        options.check()?;
        Ok(options)
    }

    /// Refuses what would compare nothing.
    ///
    /// # Errors
    /// Names the option.
    pub fn check(&self) -> io::Result<()> {
        if self.rounds == 0 {
            return Err(usage("--rounds must be at least 1"));
        }
        if self.implementations.is_empty() || self.scenarios.is_empty() {
            return Err(usage("--only and --scenario must name at least one"));
        }
        let protocol = self.protocol.name();
        if let Some(silent) = self.implementations.iter().find(|by| !by.speaks(self.protocol)) {
            return Err(usage(format!("{} does not speak {protocol}", silent.name())));
        }
        let measured = Scenario::measured(self.protocol);
        if let Some(scenario) = self.scenarios.iter().find(|name| !measured.contains(name)) {
            return Err(usage(format!("{} is not measured over {protocol}", scenario.name())));
        }
        Ok(())
    }

    /// The rows of the table, in their order. Where the protocol is not WebSocket, the first is
    /// this project over WebSocket, if it takes part.
    pub fn contenders(&self) -> Vec<Contender> {
        let protocol = self.protocol;
        let plain = protocol != Protocols::WebSocket
            && self.implementations.contains(&Contender::PLAIN.implementation);
        let others = self.implementations.iter();
        let others = others.map(|&implementation| Contender { implementation, protocol });
        plain.then_some(Contender::PLAIN).into_iter().chain(others).collect()
    }
}

fn speakers(protocol: Protocols) -> Vec<Implementation> {
    Implementation::ALL.iter().copied().filter(|by| by.speaks(protocol)).collect()
}

fn list<T>(option: &str, arguments: &mut Arguments) -> io::Result<Vec<T>>
where
    T: FromStr<Err: ToString> + PartialEq,
{
    let words: String = arguments.value(option)?;
    let mut items = Vec::new();
    for word in words.split(',') {
        let item = Arguments::from_iter([word]).value(option)?;
        if !items.contains(&item) {
            items.push(item);
        }
    }
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> io::Result<Options> {
        Options::parse(words.split_whitespace().collect())
    }

    #[test]
    fn lists_are_understood() {
        let options = parse("--only axum,tungstenite,axum --scenario idle --rounds 2").unwrap();
        assert_eq!(options.implementations, [Implementation::Axum, Implementation::Tungstenite]);
        assert_eq!(options.scenarios, [Scenario::Idle]);
        assert_eq!(options.rounds, 2);
    }

    #[test]
    fn a_protocol_stands_beside_plain_websocket() {
        let options = parse("--protocol sockjs-ws").unwrap();
        let names: Vec<_> =
            options.contenders().iter().map(|by| by.name(options.protocol)).collect();
        let expected = ["plimsoll, websocket", "plimsoll", "plimsoll+plugins", "node-sockjs"];
        assert_eq!(names, expected);
        assert!(!options.scenarios.contains(&Scenario::FanOut));
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_name() {
        for (words, expected) in [
            ("--fast", "unknown option --fast"),
            ("--protocol engineio-ws --only axum", "axum does not speak engineio-ws"),
            ("--scenario fanout --protocol sockjs-ws", "fanout is not measured over sockjs-ws"),
            ("--rounds 0", "--rounds must be at least 1"),
            (
                "--scenario nap",
                "bad value nap for --scenario: the scenarios are echo1, echo16, idle, open, fanout",
            ),
        ] {
            assert_eq!(parse(words).unwrap_err().to_string(), expected);
        }
        let error = parse("--only uws").unwrap_err().to_string();
        assert!(error.starts_with("bad value uws for --only: the implementations are "), "{error}");
    }
}
