//! The results as Markdown.

use std::fmt::Write;

use super::contender::Contender;
use super::options::Options;
use super::results::Results;
use super::scenario::Scenario;

impl Results {
    /// A table of the medians, and one of the ratios for each yardstick that took part.
    pub fn to_markdown(&self, options: &Options) -> String {
        let rounds = options.rounds;
        let title = format!("Median of {rounds} rounds (lowest to highest)");
        let mut text = table(&title, options, true, |scenario, by| {
            let median = self.median(scenario, by)?;
            Some(format!("{:.2} ({:.2} to {:.2})", median.median, median.low, median.high))
        });
        let contenders = options.contenders();
        for (yardstick, name) in Contender::yardsticks(options.protocol) {
            if !contenders.contains(&yardstick) {
                continue;
            }
            text.push('\n');
            text += &table(&format!("Times {name}"), options, false, |scenario, by| {
                let of = |by| self.median(scenario, by).map(|median| median.median);
                Some(format!("{:.2}", of(by)? / of(yardstick)?))
            });
        }
        let notes = self.notes(options);
        if !notes.is_empty() {
            text.push('\n');
            text += &notes.join("\n");
            text.push('\n');
        }
        text
    }
}

fn table(
    title: &str,
    options: &Options,
    units: bool,
    cell: impl Fn(Scenario, Contender) -> Option<String>,
) -> String {
    let mut text = format!("**{title}**\n\n| |");
    for scenario in &options.scenarios {
        let _ = match units {
            true => write!(text, " {}, {} |", scenario.title(), scenario.unit()),
            false => write!(text, " {} |", scenario.title()),
        };
    }
    text += "\n|---|";
    text += &"--:|".repeat(options.scenarios.len());
    for by in options.contenders() {
        let _ = write!(text, "\n| {} |", by.name(options.protocol));
        for &scenario in &options.scenarios {
            let cell = cell(scenario, by);
            let _ = write!(text, " {} |", cell.as_deref().unwrap_or("-"));
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Sample;
    use crate::load::Protocols;
    use crate::server::Implementation;

    #[test]
    fn ratios_stand_under_the_numbers() {
        let options = Options {
            implementations: vec![Implementation::Tungstenite, Implementation::Node],
            scenarios: vec![Scenario::Echo1, Scenario::Idle],
            ..Options::default()
        };
        let mut results = Results::default();
        let mut record = |scenario, implementation, value| {
            let by = Contender { implementation, protocol: Protocols::WebSocket };
            let sample = Sample { value, other_cores: 0.0 };
            results.record(scenario, by, &options, || Ok(sample)).unwrap();
        };
        record(Scenario::Echo1, Implementation::Tungstenite, 5.0);
        record(Scenario::Echo1, Implementation::Node, 10.0);
        record(Scenario::Idle, Implementation::Node, 6.0);
        let expected = "\
**Median of 15 rounds (lowest to highest)**

| | echo, 1 in flight, µs/message | idle, KiB/connection |
|---|--:|--:|
| tungstenite | 5.00 (5.00 to 5.00) | - |
| node | 10.00 (10.00 to 10.00) | 6.00 (6.00 to 6.00) |

**Times bare tokio-tungstenite**

| | echo, 1 in flight | idle |
|---|--:|--:|
| tungstenite | 1.00 | - |
| node | 2.00 | - |
";
        assert_eq!(results.to_markdown(&options), expected);
    }
}
