//! Each program does what it says, on every server that needs nothing but this workspace.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Output, Stdio};

use plimsoll_bench::load::Protocols;
use plimsoll_bench::server::Implementation;
use serde_json::Value;

#[test]
fn every_server_echoes_in_every_protocol() {
    for (implementation, protocol) in Protocols::ALL.iter().flat_map(|&by| speakers(by)) {
        let server = Server::start(implementation);
        let words = ["--protocol", protocol.name(), "--connections", "8", "--in-flight", "4"];
        let report = server.load("echo", &words);
        assert!(report["messages"].as_u64().unwrap() > 0, "{implementation:?}: {report}");
    }
}

#[test]
fn every_server_echoes_long_messages() {
    for (implementation, protocol) in Protocols::ALL.iter().flat_map(|&by| speakers(by)) {
        let server = Server::start(implementation);
        for size in ["126", "16384", "65536"] {
            let words = ["--protocol", protocol.name(), "--connections", "2", "--size", size];
            let report = server.load("echo", &words);
            assert!(report["messages"].as_u64().unwrap() > 0, "{implementation:?}: {report}");
        }
    }
}

#[test]
fn every_websocket_server_echoes_very_long_messages() {
    for (implementation, _) in speakers(Protocols::WebSocket) {
        let server = Server::start(implementation);
        let report = server.load("echo", &["--connections", "2", "--size", "300000"]);
        assert!(report["messages"].as_u64().unwrap() > 0, "{implementation:?}: {report}");
    }
}

#[test]
fn every_websocket_server_fans_out() {
    for (implementation, _) in speakers(Protocols::WebSocket) {
        let server = Server::start(implementation);
        let report = server.load("bcast", &["--connections", "20", "--in-flight", "2"]);
        assert!(report["messages"].as_u64().unwrap() > 0, "{implementation:?}: {report}");
    }
}

#[test]
fn every_server_lets_connections_come_and_go() {
    for (implementation, protocol) in Protocols::ALL.iter().flat_map(|&by| speakers(by)) {
        let server = Server::start(implementation);
        let protocol = protocol.name();
        let few = ["--protocol", protocol, "--connections", "20", "--warm-connections", "5"];
        server.load("connect", &[&few[..], &["--rounds", "2"]].concat());
        server.load("idle", &[&few[..], &["--settle", "0.05"]].concat());
    }
}

#[test]
fn a_wrong_answer_is_found_out() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        // One byte of the only message is not the one that was sent.
        stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x04eghz").unwrap();
        // Until the load hangs up.
        std::io::copy(&mut stream, &mut std::io::sink())
    });
    let output = load(&["echo", "--connections", "1", "--size", "4", "--address", &address]);
    let report = report(&output);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(report["errors"], 1);
    server.join().unwrap().ok();
}

#[test]
fn an_absent_server_is_an_error_that_says_so() {
    let output = load(&["echo", "--address", "127.0.0.1:1"]);
    assert_eq!(output.status.code(), Some(2));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(message.starts_with("load: connect to 127.0.0.1:1: "), "{message}");
}

#[test]
fn unknown_options_are_refused() {
    for (program, words) in [
        (env!("CARGO_BIN_EXE_load"), vec!["echo", "--fast"]),
        (env!("CARGO_BIN_EXE_server"), vec!["axum", "--fast"]),
        (env!("CARGO_BIN_EXE_compare"), vec!["--fast"]),
    ] {
        let output = Command::new(program).args(words).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(message.contains("unknown option --fast"), "{message}");
    }
}

#[test]
fn the_comparison_makes_a_table_for_every_protocol() {
    for &protocol in Protocols::ALL {
        let names: Vec<&str> = speakers(protocol).map(|(by, _)| by.name()).collect();
        let output = Command::new(env!("CARGO_BIN_EXE_compare"))
            .args(["--quick", "--protocol", protocol.name(), "--only", &names.join(",")])
            .output()
            .unwrap();
        let table = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{table}");
        let yardstick = match protocol {
            Protocols::WebSocket => "tungstenite",
            _ => "plimsoll, websocket",
        };
        assert!(table.contains(&format!("| {yardstick} | 1.00 | 1.00 |")), "{table}");
        assert!(!table.contains(" - |"), "{table}");
    }
}

/// The servers that speak `protocol` and need nothing but this workspace.
fn speakers(protocol: Protocols) -> impl Iterator<Item = (Implementation, Protocols)> {
    Implementation::ALL
        .iter()
        .copied()
        .filter(move |by| by.speaks(protocol) && !by.needs_node())
        .map(move |by| (by, protocol))
}

/// A server in a process of its own, killed when dropped.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(implementation: Implementation) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_server"))
            .arg(implementation.name())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
        Self { process, address }
    }

    /// A run that must be without errors, and is over after a few messages.
    fn load(&self, mode: &str, words: &[&str]) -> Value {
        let pid = self.process.id().to_string();
        let short = ["--messages", "200", "--warm-up", "0.02", "--seconds", "20", "--pid", &pid];
        let output = self.run(&[&[mode], &short[..], words].concat());
        let report = report(&output);
        assert_eq!(report["errors"], 0, "{report}");
        assert!(output.status.success());
        report
    }

    fn run(&self, words: &[&str]) -> Output {
        load(&[words, &["--address", &self.address]].concat())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

fn load(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_load")).args(words).output().unwrap()
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}
