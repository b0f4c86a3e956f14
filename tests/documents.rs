//! What the documents in the root say is so: their code runs, their numbers are those of the
//! code, and what they point at is there.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::path::Path;

use plimsoll::{Backoff, Dialer, Endpoint, ErrorKind, Shutdown, SocketOptions};
use plimsoll_encoding::{MAX_BYTES, MAX_DEPTH};
use plimsoll_events::Events;
use plimsoll_heartbeat::Heartbeat;
use plimsoll_http::Server;
use plimsoll_memory::Memory;
use plimsoll_multiplex::Multiplex;
use plimsoll_primus::Primus;
use tokio::time::Instant;

mod program {
    include!("../examples/readme/program.rs");

    #[test]
    fn the_program_of_the_readme_does_what_it_says() {
        main().unwrap();
    }
}

#[test]
fn the_code_in_the_readme_is_that_of_the_examples() {
    let sources = ["examples/readme/program.rs", "examples/axum.rs", "examples/custom_plugin.rs"];
    let readme = read("README.md");
    let blocks: Vec<_> = blocks_of_rust(&readme).collect();
    assert_eq!(blocks.len(), sources.len());
    for (block, source) in blocks.iter().zip(sources) {
        assert!(trimmed(&read(source)).contains(&trimmed(block)), "not in {source}:\n{block}");
    }
    assert_eq!(blocks[0], read(sources[0]));
}

#[test]
fn the_defaults_in_the_readme_are_those_of_the_code() {
    let readme = read("README.md");
    let (_, section) = readme.split_once("\n## Limits and defaults\n").unwrap();
    let rows = section.lines().skip_while(|line| !line.starts_with("|---")).skip(1);
    let documented: BTreeMap<_, _> = rows.map_while(documented_default).collect();
    assert_eq!(documented, defaults());
}

#[tokio::test(start_paused = true)]
async fn an_attempt_to_connect_takes_as_long_as_the_readme_says() {
    assert!(read("README.md").contains("10 s for an attempt to connect"));
    let memory = Memory::new();
    let _listener = memory.listen("nobody").unwrap();
    let dialer = Dialer::builder().transport(memory.connector()).build().unwrap();
    let start = Instant::now();
    let error = dialer.connect("mem://nobody").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[test]
fn links_lead_to_files() {
    for document in DOCUMENTS {
        for target in link_targets(&read(document)) {
            assert!(root().join(target).exists(), "{document} links to {target}");
        }
    }
}

#[test]
fn the_tests_that_the_security_notes_name_are_there() {
    let notes = read("SECURITY.md");
    let rows: Vec<_> = notes.lines().filter(|line| line.contains(".rs)")).collect();
    assert!(!rows.is_empty());
    for row in rows {
        for link in row.split("[`").skip(1) {
            let (name, path) = link.split_once("`](").unwrap();
            let (path, _) = path.split_once(')').unwrap();
            let is_there = read(path).contains(&format!("fn {name}("));
            assert!(is_there, "no test `{name}` in {path}");
        }
    }
}

/// The defaults as the code has them, by their options.
fn defaults() -> BTreeMap<String, String> {
    let endpoint = Endpoint::builder();
    let socket = SocketOptions::default();
    let shutdown = Shutdown::default();
    let backoff = Backoff::default();
    let websocket = plimsoll_websocket::Options::default();
    let engineio = plimsoll_engineio::Options::default();
    let sockjs = plimsoll_sockjs::Options::default();
    let tcp = plimsoll_tcp::Options::default();
    let server = Server::new(());
    let heartbeat = Heartbeat::default();
    let events = Events::builder();
    let multiplex = Multiplex::own();
    let primus = Primus::new();
    let rooms = plimsoll_rooms::Options::default();
    let defaults = [
        ("EndpointBuilder::max_connections", field(&endpoint, "max_connections")),
        ("EndpointBuilder::max_handshakes", field(&endpoint, "max_handshakes")),
        ("EndpointBuilder::handshake_timeout", field(&endpoint, "handshake_timeout")),
        ("SocketOptions::outbox_bytes", field(&socket, "outbox_bytes")),
        ("SocketOptions::inbox_bytes", field(&socket, "inbox_bytes")),
        ("SocketOptions::close_timeout", field(&socket, "close_timeout")),
        ("Shutdown::grace", field(&shutdown, "grace")),
        ("Shutdown::batch", field(&shutdown, "batch")),
        ("Shutdown::pause", field(&shutdown, "pause")),
        ("Shutdown::spread", field(&shutdown, "spread")),
        ("Backoff::first", field(&backoff, "first")),
        ("Backoff::max", field(&backoff, "max")),
        ("plimsoll_websocket::Options::max_message", field(&websocket, "max_message")),
        ("plimsoll_websocket::Options::max_fragments", field(&websocket, "max_fragments")),
        ("plimsoll_engineio::Options::max_payload", field(&engineio, "max_payload")),
        ("plimsoll_engineio::Options::max_packets", field(&engineio, "max_packets")),
        ("plimsoll_engineio::Options::max_sessions", field(&engineio, "max_sessions")),
        ("plimsoll_engineio::Options::outbox_bytes", field(&engineio, "outbox_bytes")),
        ("plimsoll_engineio::Options::inbox_bytes", field(&engineio, "inbox_bytes")),
        ("plimsoll_engineio::Options::ping_interval", field(&engineio, "ping_interval")),
        ("plimsoll_engineio::Options::ping_timeout", field(&engineio, "ping_timeout")),
        ("plimsoll_engineio::Options::upgrade_timeout", field(&engineio, "upgrade_timeout")),
        ("plimsoll_sockjs::Options::max_message", field(&sockjs, "max_message")),
        ("plimsoll_sockjs::Options::max_messages", field(&sockjs, "max_messages")),
        ("plimsoll_sockjs::Options::max_body", field(&sockjs, "max_body")),
        ("plimsoll_sockjs::Options::response_limit", field(&sockjs, "response_limit")),
        ("plimsoll_sockjs::Options::outbox_bytes", field(&sockjs, "outbox_bytes")),
        ("plimsoll_sockjs::Options::inbox_bytes", field(&sockjs, "inbox_bytes")),
        ("plimsoll_sockjs::Options::max_sessions", field(&sockjs, "max_sessions")),
        ("plimsoll_sockjs::Options::disconnect_delay", field(&sockjs, "disconnect_delay")),
        ("plimsoll_sockjs::Options::heartbeat_delay", field(&sockjs, "heartbeat_delay")),
        ("plimsoll_tcp::Options::max_message", field(&tcp, "max_message")),
        ("plimsoll_tcp::Options::user_timeout", field(&tcp, "user_timeout")),
        ("plimsoll_http::Server::header_timeout", field(&server, "header_timeout")),
        ("plimsoll_http::Server::tls_timeout", field(&server, "tls_timeout")),
        ("plimsoll_http::Server::max_header_bytes", field(&server, "max_header_bytes")),
        ("plimsoll_http::Server::max_headers", field(&server, "max_headers")),
        ("plimsoll_http::Server::max_connections", field(&server, "max_connections")),
        ("plimsoll_http::Server::max_streams", field(&server, "max_streams")),
        ("plimsoll_http::Server::max_pending_resets", field(&server, "max_pending_resets")),
        ("plimsoll_http::Server::max_local_resets", field(&server, "max_local_resets")),
        ("Heartbeat::every", field(&heartbeat, "interval")),
        ("Heartbeat::timeout", field(&heartbeat, "timeout")),
        ("Codec::with_max_bytes", MAX_BYTES.to_string()),
        ("MAX_DEPTH", MAX_DEPTH.to_string()),
        ("EventsBuilder::request_timeout", field(&events, "request_timeout")),
        ("EventsBuilder::max_pending_requests", field(&events, "max_pending_requests")),
        ("EventsBuilder::max_running_requests", field(&events, "max_running_requests")),
        ("EventsBuilder::queue_bytes", field(&events, "queue_bytes")),
        ("Multiplex::max_channels", field(&multiplex, "max_channels")),
        ("Multiplex::max_name", field(&multiplex, "max_name")),
        ("Multiplex::window", field(&multiplex, "window")),
        ("Multiplex::max_message", field(&multiplex, "max_message")),
        ("Primus::ping_interval", field(&primus, "ping_interval")),
        ("plimsoll_rooms::Options::max_name", field(&rooms, "max_name")),
        (
            "plimsoll_rooms::Options::max_rooms_per_connection",
            field(&rooms, "max_rooms_per_connection"),
        ),
        ("plimsoll_rooms::Options::max_rooms", field(&rooms, "max_rooms")),
        ("plimsoll_rooms::Options::max_members", field(&rooms, "max_members")),
    ];
    defaults.into_iter().map(|(option, default)| (option.to_owned(), default)).collect()
}

/// The value of a field as `Debug` shows it, without an `Some` around it.
fn field(options: &impl Debug, name: &str) -> String {
    let options = format!("{options:?}");
    let (_, rest) = options.split_once(&format!(" {name}: ")).unwrap();
    let rest = rest.trim_start_matches("Some(");
    rest[..rest.find([',', ' ', ')']).unwrap()].to_owned()
}

/// The option and the default in a row of the table, the latter as `Debug` shows it.
fn documented_default(row: &str) -> Option<(String, String)> {
    let mut cells = row.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").skip(1);
    let (default, option) = (cells.next()?, cells.next()?);
    let plain = default.replace([',', ' '], "");
    let bytes = |unit, size: usize| {
        let number: usize = plain.strip_suffix(unit)?.parse().ok()?;
        Some((number * size).to_string())
    };
    let default = bytes("KiB", 1024).or_else(|| bytes("MiB", 1024 * 1024)).unwrap_or(plain);
    Some((option.trim_matches('`').to_owned(), default))
}

fn blocks_of_rust(document: &str) -> impl Iterator<Item = &str> {
    document.split("```rust\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0))
}

/// The files that a document links to.
fn link_targets(document: &str) -> impl Iterator<Item = &str> {
    let targets = document.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0));
    let files = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    files.map(|target| target.split('#').next().unwrap_or(target))
}

/// The code without its indentation.
fn trimmed(code: &str) -> String {
    code.lines().map(|line| format!("{}\n", line.trim())).collect()
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

const DOCUMENTS: [&str; 4] = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"];
