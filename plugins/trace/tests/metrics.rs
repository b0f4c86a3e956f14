//! The numbers, as a recorder gets them.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Asks, endpoint, serve, until};
use metrics::set_default_local_recorder;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use plimsoll::{
    Capabilities, Close, CloseCode, Dialer, DuplexExt, Endpoint, Frame, Handshake, Socket,
};
use plimsoll_memory::{Memory, Options, pair};
use plimsoll_trace::Trace;

#[tokio::test(start_paused = true)]
async fn connections_messages_and_bytes_are_counted() {
    let recorder = DebuggingRecorder::new();
    let _guard = set_default_local_recorder(&recorder);
    let endpoint = endpoint(Trace::new());
    let dialer = serve(&endpoint, Asks::default());
    let mut socket = dialer.connect("mem://here").await.unwrap();
    for _ in 0..3 {
        socket.send("ahoy").await.unwrap();
        socket.recv().await.unwrap().unwrap();
    }
    socket.send(vec![0; 1000]).await.unwrap();
    socket.recv().await.unwrap().unwrap();
    let _open = dialer.connect("mem://here").await.unwrap();
    socket.close(Close::normal());
    until(|| endpoint.connections() == 1).await;
    dialer.connect("mem://here/refused").await.unwrap_err();

    let numbers = numbers(&recorder.snapshotter());
    for (series, expected) in [
        ("plimsoll_connections_opened_total{transport=memory}", 2.0),
        ("plimsoll_connections_open{transport=memory}", 1.0),
        ("plimsoll_connections_closed_total{transport=memory,code=1000}", 1.0),
        ("plimsoll_handshakes_rejected_total{transport=memory,status=401}", 1.0),
        ("plimsoll_messages_total{transport=memory,direction=in,kind=text}", 3.0),
        ("plimsoll_messages_total{transport=memory,direction=in,kind=binary}", 1.0),
        ("plimsoll_messages_total{transport=memory,direction=out,kind=text}", 3.0),
        ("plimsoll_messages_total{transport=memory,direction=out,kind=binary}", 1.0),
        ("plimsoll_bytes_total{transport=memory,direction=in}", 1012.0),
        ("plimsoll_bytes_total{transport=memory,direction=out}", 1012.0),
    ] {
        assert_eq!(numbers.get(series), Some(&expected), "{series} of {numbers:#?}");
    }
    assert_eq!(numbers.len(), 10, "{numbers:#?}");
}

#[tokio::test(start_paused = true)]
async fn however_a_connection_ends_it_is_no_longer_open() {
    let recorder = DebuggingRecorder::new();
    let _guard = set_default_local_recorder(&recorder);
    let endpoint = endpoint(Trace::new());
    for (path, close) in [
        ("/", Some(Close::new(CloseCode::GOING_AWAY, ""))),
        ("/", None),
        ("/panics", None),
        ("/not-established", None),
    ] {
        let (io, mut peer) = pair(Options::default()).unwrap();
        if let Some(close) = close {
            peer.send(Frame::Close(close)).await.unwrap();
        }
        drop(peer);
        endpoint.admit(handshake(path)).await.unwrap().run(io).await;
    }
    let numbers = numbers(&recorder.snapshotter());
    assert_eq!(numbers["plimsoll_connections_open{transport=test}"], 0.0);
    assert_eq!(numbers["plimsoll_connections_opened_total{transport=test}"], 4.0);
    let closed = numbers.iter().filter(|(series, _)| series.contains("closed_total"));
    assert_eq!(closed.map(|(_, number)| number).sum::<f64>(), 4.0, "{numbers:#?}");
    assert_eq!(numbers["plimsoll_connections_closed_total{transport=test,code=1001}"], 1.0);
}

#[tokio::test(start_paused = true)]
async fn what_a_peer_says_never_becomes_a_label() {
    let recorder = DebuggingRecorder::new();
    let _guard = set_default_local_recorder(&recorder);
    let endpoint = endpoint(Trace::new());
    for number in 0..200_u16 {
        let protocols = vec!["chat".to_owned(), format!("HOSTILE{number}")];
        let dialer = serve(&endpoint, Asks { authorization: Some("HOSTILE"), protocols });
        let url = format!("mem://here/HOSTILE{number}?room=HOSTILE{number}");
        let socket = dialer.connect(url).await.unwrap();
        socket.send(format!("HOSTILE{number}")).await.unwrap();
        let code = CloseCode::from([1000, 3000, 4000, 4400, 4500][number as usize % 5] + number);
        socket.close(Close::new(code, format!("HOSTILE{number}")));
        socket.sender().closed().await;
    }
    for number in 0..200 {
        let path = format!("/refused?HOSTILE{number}");
        endpoint.admit(handshake(&path)).await.unwrap_err();
    }
    until(|| endpoint.connections() == 0).await;

    let series: Vec<_> = numbers(&recorder.snapshotter()).into_keys().collect();
    assert!(series.len() < 40, "{series:#?}");
    for series in &series {
        assert!(!series.contains("HOSTILE") && is_documented(series), "{series}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_metrics_are_those_of_the_front_page() {
    let recorder = DebuggingRecorder::new();
    let _guard = set_default_local_recorder(&recorder);
    plimsoll_trace::describe_metrics();
    plimsoll_trace::record_sessions("memory", 7);
    let endpoint = endpoint(Trace::new());
    let dialer = serve(&endpoint, Asks::default());
    dialer.connect("mem://here/refused").await.unwrap_err();
    dialer.connect("mem://here").await.unwrap().close(Close::normal());
    until(|| endpoint.connections() == 0).await;

    let snapshot = recorder.snapshotter().snapshot().into_vec();
    let found: BTreeSet<(String, Vec<String>)> = snapshot
        .into_iter()
        .map(|(key, unit, description, _)| {
            let (_, key) = key.into_parts();
            assert!(unit.is_some() && description.is_some(), "{key} is described");
            let labels = key.labels().map(|label| label.key().to_owned()).collect();
            (key.name().to_owned(), labels)
        })
        .collect();
    let documented: BTreeSet<_> = documented("plimsoll_").into_iter().collect();
    assert_eq!(found, documented);
}

#[tokio::test(start_paused = true)]
async fn a_dialer_counts_its_connections_too() {
    let recorder = DebuggingRecorder::new();
    let _guard = set_default_local_recorder(&recorder);
    let memory = Memory::new();
    let listener = memory.listen("here").unwrap();
    let endpoint = Endpoint::builder().handle(async |_| {}).unwrap();
    tokio::spawn(async move { endpoint.listen(listener).await.unwrap() });
    let dialer = Dialer::builder().transport(memory.connector()).plugin(Trace::new());
    let mut socket: Socket = dialer.build().unwrap().connect("mem://here").await.unwrap();
    assert!(socket.recv().await.is_none());
    socket.sender().closed().await;

    let numbers = numbers(&recorder.snapshotter());
    assert_eq!(numbers["plimsoll_connections_opened_total{transport=memory}"], 1.0);
    assert_eq!(numbers["plimsoll_connections_open{transport=memory}"], 0.0);
    assert_eq!(numbers["plimsoll_connections_closed_total{transport=memory,code=1000}"], 1.0);
}

/// Every series with its value. Asking resets the values.
fn numbers(snapshotter: &Snapshotter) -> BTreeMap<String, f64> {
    let snapshot = snapshotter.snapshot().into_vec().into_iter();
    let numbers = snapshot.map(|(key, _, _, value)| {
        let (_, key) = key.into_parts();
        let labels = key.labels().map(|label| format!("{}={}", label.key(), label.value()));
        let series = format!("{}{{{}}}", key.name(), labels.collect::<Vec<_>>().join(","));
        let value = match value {
            DebugValue::Counter(count) => count as f64,
            DebugValue::Gauge(value) => value.into_inner(),
            DebugValue::Histogram(_) => panic!("no histogram is documented"),
        };
        (series, value)
    });
    numbers.collect()
}

/// Whether a series has only labels and values of the front page.
fn is_documented(series: &str) -> bool {
    let (name, labels) = series.trim_end_matches('}').split_once('{').unwrap();
    let labels: Vec<_> = labels.split(',').map(|label| label.split_once('=').unwrap()).collect();
    let names: Vec<_> = labels.iter().map(|(label, _)| label.to_string()).collect();
    let is_value = |(label, value): &(&str, &str)| {
        let values = documented(label).into_iter().flat_map(|(_, values)| values);
        *label == "transport" || values.into_iter().any(|documented| documented == *value)
    };
    documented(name).contains(&(name.to_owned(), names)) && labels.iter().all(is_value)
}

/// The rows of the tables on the front page whose first cell begins with `prefix`: the word in
/// that cell, and those in the last one.
fn documented(prefix: &str) -> Vec<(String, Vec<String>)> {
    let front_page = include_str!("../src/lib.rs");
    let metrics = front_page.split_once("# The metrics").unwrap().1;
    let rows = metrics.lines().filter_map(|line| line.strip_prefix("//! | `"));
    let rows = rows.filter(|row| row.starts_with(prefix));
    let rows = rows.map(|row| {
        let (name, rest) = row.split_once('`').unwrap();
        let last = rest.trim_end_matches([' ', '|']).rsplit('|').next().unwrap();
        let mut words = Vec::new();
        for item in last.split(", ") {
            let mut ends = item.split('`').skip(1).step_by(2);
            match (ends.next(), ends.next()) {
                (Some(first), Some(last)) => {
                    let range = first.parse::<u16>().unwrap()..=last.parse().unwrap();
                    words.extend(range.map(|value| value.to_string()));
                }
                (Some(word), None) => words.push(word.to_owned()),
                (None, _) => {}
            }
        }
        (name.to_owned(), words)
    });
    rows.collect()
}

fn handshake(path: &str) -> Handshake {
    Handshake::new("test", Capabilities::FULL, path.parse().unwrap())
}
