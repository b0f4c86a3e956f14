//! What a run has found, as one line of JSON.

use serde::Serialize;

use super::failures::Failures;
use super::histogram::Histogram;
use super::options::{Mode, Options};

/// A run: what was asked for, what went wrong, what was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What was done.
    pub mode: Mode,
    /// What was spoken.
    pub protocol: String,
    /// The caller's mark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Sessions at the same time.
    pub connections: usize,
    /// Messages on the way per connection, or publications in all.
    pub in_flight: usize,
    /// Bytes of a message.
    pub size: usize,
    /// Messages that were not what must come, connections lost or refused. Must be 0.
    pub errors: u64,
    /// The first few errors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub first_errors: Vec<String>,
    /// What was measured.
    #[serde(flatten)]
    pub figures: Figures,
}

impl Report {
    pub(super) fn new(options: &Options, figures: Figures, failures: Failures) -> Self {
        Self {
            mode: options.mode,
            protocol: options.protocol.to_string(),
            label: options.label.clone(),
            connections: options.connections,
            in_flight: options.in_flight,
            size: options.size,
            errors: failures.count(),
            first_errors: failures.into_first(),
            figures,
        }
    }
}

/// What was measured, by mode.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Figures {
    /// Of `connect`.
    Connect(Connect),
    /// Of `idle`.
    Idle(Idle),
    /// Of `echo` and `bcast`.
    Traffic(Traffic),
}

/// What messages cost.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Traffic {
    /// How long the window was.
    pub seconds: f64,
    /// Messages received in it.
    pub messages: u64,
    /// The same per second.
    pub messages_per_second: f64,
    /// What the server used; known if its process is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerShare>,
    /// CPU time of the load per message in µs.
    pub load_us: f64,
    /// Cores that the load kept busy: near 1 it was the bottleneck.
    pub load_cores: f64,
    /// Cores that everything else on the machine kept busy; a high number spoils the run. The
    /// server counts as something else if its process is not known.
    pub other_cores: f64,
    /// Cores that the hypervisor gave to somebody else.
    pub stolen_cores: f64,
    /// From sending a message to receiving it, for each receiver.
    pub latency: Latency,
    /// From publishing a message to the last receiver's having it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete: Option<Latency>,
}

/// What the server used.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct ServerShare {
    /// CPU time per message in µs.
    pub us: f64,
    /// Cores that it kept busy.
    pub cores: f64,
}

/// Latencies in µs.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Latency {
    /// The median.
    pub p50_us: f64,
    /// What one in ten exceeds.
    pub p90_us: f64,
    /// What one in a hundred exceeds.
    pub p99_us: f64,
    /// The longest.
    pub max_us: f64,
}

impl Latency {
    pub(super) fn of(histogram: &Histogram) -> Self {
        Self {
            p50_us: histogram.percentile(50.0),
            p90_us: histogram.percentile(90.0),
            p99_us: histogram.percentile(99.0),
            max_us: histogram.max(),
        }
    }
}

/// What connections cost that do nothing.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Idle {
    /// Resident memory of the server before the connections were opened.
    pub before_kib: u64,
    /// The same with all of them open.
    pub after_kib: u64,
    /// The difference per connection.
    pub kib_per_connection: f64,
    /// How long opening them took.
    pub connect_seconds: f64,
}

/// What it costs to open and to close a connection.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Connect {
    /// Connections opened per second.
    pub connections_per_second: f64,
    /// CPU time of the server per connection opened in µs; 0 if its process is not known.
    pub open_us: f64,
    /// The same with closing it again.
    pub open_close_us: f64,
    /// Cores that others kept busy, the hypervisor included; a high number spoils the run.
    pub other_cores: f64,
}
