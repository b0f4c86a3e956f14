//! Spans and counters for each connection.
//!
//! [`Trace`] tells what happens on connections in two ways: as spans and events of [`tracing`],
//! for people who look into one connection, and as numbers by the facade of the [`metrics`]
//! crate, for dashboards and alarms. Where both go is the application's choice: a subscriber and
//! a recorder, for example `tracing-subscriber` and `metrics-exporter-prometheus`. Without them
//! nothing is recorded.
//!
//! ```
//! use plimsoll::{Dialer, Endpoint, Socket};
//! use plimsoll_memory::Memory;
//! use plimsoll_trace::{Trace, in_span};
//!
//! async fn echo(mut socket: Socket) {
//!     tracing::info!("the handler runs in the connection's span");
//!     while let Some(Ok(message)) = socket.recv().await {
//!         let _ = socket.send(message).await;
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), plimsoll::Error> {
//! tracing_subscriber::fmt().init();
//! plimsoll_trace::describe_metrics(); // after the recorder was installed
//!
//! let endpoint = Endpoint::builder().plugin(Trace::new()).handle(in_span(echo))?;
//! # let memory = Memory::new();
//! # let listener = memory.listen("here")?;
//! # tokio::spawn(async move { endpoint.listen(listener).await });
//! # let dialer = Dialer::builder().transport(memory.connector()).build()?;
//! # let mut socket = dialer.connect("mem://here").await?;
//! # socket.send("ahoy").await?;
//! # assert_eq!(socket.recv().await.unwrap()?, "ahoy".into());
//! # Ok(())
//! # }
//! ```
//!
//! # The span
//!
//! Each connection has a span `connection`, at level INFO, with these fields:
//!
//! | field | what it is |
//! |---|---|
//! | `id` | the number of the connection in this process |
//! | `transport` | its name, for example `websocket` |
//! | `peer` | the peer's address, if it is known |
//! | `path` | where the client connected to, [if wanted](Trace::path), without the query |
//! | `protocol` | the subprotocol that was chosen, if any |
//!
//! Inside of it are: the events below; what the transport and the plugins added before this one
//! do for frames; and a handler that is given by [`in_span`]. What other tasks do for the
//! connection is inside if they enter the span, which [`TraceExt::span`] gives them. Not inside
//! are the handshake and the plugins added after this one.
//!
//! | event | level | fields |
//! |---|---|---|
//! | `opened` | INFO | |
//! | `closed` | INFO | `code`, `seconds`, `received` and `sent` (how many messages) |
//! | `frame` | TRACE | `direction`, `kind`, `bytes` |
//! | `refused`, outside of any span | DEBUG | `status`, and those of the span |
//!
//! Queries, headers, offered subprotocols, reasons and the content of messages are never
//! recorded: that is where credentials are.
//!
//! # The metrics
//!
//! | metric | kind | labels |
//! |---|---|---|
//! | `plimsoll_connections_opened_total` | counter | `transport` |
//! | `plimsoll_connections_closed_total` | counter | `transport`, `code` |
//! | `plimsoll_connections_open` | gauge | `transport` |
//! | `plimsoll_handshakes_rejected_total` | counter | `transport`, `status` |
//! | `plimsoll_sessions`: what [`record_sessions`] was told | gauge | `transport` |
//! | `plimsoll_messages_total` | counter | `transport`, `direction`, `kind` |
//! | `plimsoll_bytes_total`: payloads of messages | counter | `transport`, `direction` |
//!
//! | label | values |
//! |---|---|
//! | `transport` | names of transports |
//! | `direction` | `in`, `out` |
//! | `kind` | `text`, `binary` |
//! | `code` | `1000` to `1003`, `1005` to `1015`, `3005`, `3008`, `44xx`, `45xx`, `other` |
//! | `status` | `400`, `401`, `403`, `404`, `408`, `413`, `426`, `429`, `500`, `503`, `4xx`, `5xx`, `other` |
//!
//! No label has a value that a peer can invent, so the number of series is bounded.
//!
//! A connection is open from when its transport has established it, plugins that exchange frames
//! before the handler runs included, until it has ended. Its code is that of the first close in
//! either direction, or 1006. The plugin works on a [`Dialer`](plimsoll::Dialer) too, where each
//! successful attempt to connect is a connection; it counts in the same metrics.
//!
//! A session over many requests, of Engine.IO or SockJS, is a connection like others. One whose
//! client does not come back has the code 1006; one that has ended, and waits for its client to
//! learn of it, counts only in `plimsoll_sessions`.
//!
//! What an HTTP server turns away before it asks the endpoint, such as an unknown path or a
//! wrong origin, does not appear.
//!
//! # Order
//!
//! Add it first: then it counts what the transport carries, and the plugins after it may change
//! that.

mod labels;
mod meters;
mod plugin;
mod seen;
mod span;
mod traced;

pub use meters::{describe_metrics, record_sessions};
pub use plugin::Trace;
pub use span::{TraceExt, in_span};
