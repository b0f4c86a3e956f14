//! The limits of connections.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{StatusCode, Uri};
use plimsoll::{
    Admission, BoxDuplex, Capabilities, Dialer, Endpoint, Error, ErrorKind, Handshake, Info,
    PeerAddr, Plugin, Reject, Socket,
};
use plimsoll_limit::ConnectionLimit;
use plimsoll_memory::{Memory, Options, pair};
use tokio::time::{Instant, sleep};

#[tokio::test(start_paused = true)]
async fn of_twice_as_many_as_allowed_half_are_turned_away() {
    let endpoint = endpoint(ConnectionLimit::new().total(50));
    let dialer = serve(&endpoint);
    for round in 0..3 {
        let (mut open, mut refused) = (Vec::new(), 0);
        for _ in 0..100 {
            match dialer.connect("mem://here").await {
                Ok(socket) => open.push(socket),
                Err(error) => {
                    assert_refused(error.reject().unwrap(), 503, 0);
                    refused += 1;
                }
            }
        }
        assert_eq!((open.len(), refused), (50, 50), "round {round}");
        drop(open);
        until(|| endpoint.connections() == 0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn an_address_has_so_many_connections_and_no_more() {
    let endpoint = endpoint(ConnectionLimit::new().per_address(2));
    let first = ask(&endpoint, "10.0.0.1:1").await.unwrap();
    let _second = ask(&endpoint, "10.0.0.1:2").await.unwrap();
    assert_refused(&ask(&endpoint, "10.0.0.1:3").await.unwrap_err(), 429, 0);
    ask(&endpoint, "10.0.0.2:1").await.unwrap();
    drop(first);
    ask(&endpoint, "10.0.0.1:4").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn addresses_of_one_ipv6_network_count_as_one() {
    for (limit, other, expected) in [
        (ConnectionLimit::new(), "[2001:db8::2]:1", false),
        (ConnectionLimit::new(), "[2001:db8:0:1::1]:1", true),
        (ConnectionLimit::new().ipv6_prefix(48), "[2001:db8:0:1::1]:1", false),
        (ConnectionLimit::new().ipv6_prefix(128), "[2001:db8::2]:1", true),
    ] {
        let endpoint = endpoint(limit.per_address(1));
        let _first = ask(&endpoint, "[2001:db8::1]:1").await.unwrap();
        assert_eq!(ask(&endpoint, other).await.is_ok(), expected, "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_no_internet_address_is_limited_in_total_only() {
    let limit = ConnectionLimit::new().total(3).per_address(1).handshakes_per_address(1, 1);
    let endpoint = endpoint(limit);
    let dialer = serve(&endpoint);
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(dialer.connect("mem://here").await.unwrap());
    }
    let error = dialer.connect("mem://here").await.unwrap_err();
    assert_refused(error.reject().unwrap(), 503, 0);
}

#[tokio::test(start_paused = true)]
async fn a_user_has_so_many_connections_and_no_more() {
    let limit = ConnectionLimit::new().per_key(1, |info| info.query("user"));
    let dialer = serve(&endpoint(limit));
    let _ann = dialer.connect("mem://here/?user=ann").await.unwrap();
    let error = dialer.connect("mem://here/?user=ann").await.unwrap_err();
    assert_refused(error.reject().unwrap(), 429, 0);
    let _bob = dialer.connect("mem://here/?user=bob").await.unwrap();
    let _nobody = dialer.connect("mem://here").await.unwrap();
    let _nobody = dialer.connect("mem://here").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn handshakes_come_at_the_rate_exactly() {
    let endpoint = endpoint(ConnectionLimit::new().handshakes(10, 20));
    let start = Instant::now();
    let mut admitted = 0;
    while start.elapsed() < Duration::from_secs(10) {
        match ask(&endpoint, "10.0.0.1:1").await {
            Ok(_) => admitted += 1,
            Err(reject) => assert_refused(&reject, 503, 0),
        }
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(admitted, 20 + 99, "the last token comes with the end");
}

#[tokio::test(start_paused = true)]
async fn an_address_over_its_rate_is_told_when_to_come_back() {
    let endpoint = endpoint(ConnectionLimit::new().handshakes_per_address(0.1, 1));
    ask(&endpoint, "10.0.0.1:1").await.unwrap();
    assert_refused(&ask(&endpoint, "10.0.0.1:2").await.unwrap_err(), 429, 10);
    ask(&endpoint, "10.0.0.2:1").await.unwrap();
    sleep(Duration::from_secs(10)).await;
    ask(&endpoint, "10.0.0.1:3").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn one_address_takes_nothing_from_the_others() {
    let new = || ConnectionLimit::new().total(10).handshakes(1, 10);
    for limit in [new().handshakes_per_address(1, 5), new().per_address(5)] {
        let endpoint = endpoint(limit);
        let mut open = Vec::new();
        for _ in 0..100 {
            open.extend(ask(&endpoint, "10.0.0.1:1").await);
        }
        assert_eq!(open.len(), 5);
        for _ in 0..100 {
            open.extend(ask(&endpoint, "10.0.0.2:1").await);
        }
        assert_eq!(open.len(), 10);
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_of_an_address_that_has_all_its_connections_cost_the_others_nothing() {
    let endpoint = endpoint(ConnectionLimit::new().handshakes(1, 10).per_address(1));
    let _open = ask(&endpoint, "10.0.0.1:1").await.unwrap();
    for _ in 0..100 {
        ask(&endpoint, "10.0.0.1:1").await.unwrap_err();
    }
    ask(&endpoint, "10.0.0.2:1").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_place_is_given_back_however_a_connection_ends() {
    let limit = ConnectionLimit::new().total(1).per_address(1).per_key(1, |_| Some("all".into()));
    let kept = Arc::new(Mutex::new(Vec::new()));
    let endpoint = Endpoint::builder()
        .plugin(limit)
        .plugin(Moody)
        .handle({
            let kept = Arc::clone(&kept);
            move |socket: Socket| {
                kept.lock().unwrap().push(socket.sender().clone());
                async move {
                    assert_ne!(socket.info().uri(), "/panics", "on purpose");
                }
            }
        })
        .unwrap();
    let everywhere = ["/returns", "/refused", "/not-established", "/panics", "/dropped"];
    for path in everywhere.repeat(3) {
        let handshake = handshake(path, "10.0.0.1:1");
        match endpoint.admit(handshake).await {
            Ok(admission) if path == "/dropped" => drop(admission),
            Ok(admission) => admission.run(pair(Options::default()).unwrap().0).await,
            Err(reject) => assert_eq!(reject.status(), 418, "{path}"),
        }
    }
    assert_eq!(kept.lock().unwrap().len(), 6, "senders that outlive their connections");
    assert_eq!(endpoint.panics(), 3);
    ask(&endpoint, "10.0.0.1:1").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn two_limits_of_one_endpoint_keep_their_own_counts() {
    let (outer, inner) = (ConnectionLimit::new().total(2), ConnectionLimit::new().total(1));
    let endpoint = Endpoint::builder().plugin(outer).plugin(inner).handle(async |_| {}).unwrap();
    for _ in 0..3 {
        let _first = ask(&endpoint, "10.0.0.1:1").await.unwrap();
        ask(&endpoint, "10.0.0.1:1").await.unwrap_err();
    }
}

#[tokio::test(start_paused = true)]
async fn clones_share_their_counts() {
    let limit = ConnectionLimit::new().total(1);
    let (one, other) = (endpoint(limit.clone()), endpoint(limit));
    let first = ask(&one, "10.0.0.1:1").await.unwrap();
    ask(&other, "10.0.0.1:1").await.unwrap_err();
    drop(first);
    ask(&other, "10.0.0.1:1").await.unwrap();
}

#[tokio::test]
async fn options_that_cannot_work_fail_when_the_endpoint_is_built() {
    let new = ConnectionLimit::new;
    for (limit, option) in [
        (new(), "ConnectionLimit"),
        (new().total(0), "total"),
        (new().per_address(0), "per_address"),
        (new().per_key(0, |_| None), "per_key"),
        (new().handshakes(0, 1), "handshakes"),
        (new().handshakes_per_address(1, 0), "handshakes_per_address"),
        (new().total(1).ipv6_prefix(0), "ipv6_prefix"),
        (new().total(1).ipv6_prefix(129), "ipv6_prefix"),
        (new().total(1).max_addresses(1), "max_addresses"),
    ] {
        let error = Endpoint::builder().plugin(limit).handle(async |_| {}).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(&format!("`{option}`")), "{error}");
    }
}

/// Ends connections in the way that the path names.
struct Moody;

#[async_trait]
impl Plugin for Moody {
    async fn handshake(&self, handshake: &mut Handshake) -> Result<(), Reject> {
        match handshake.info().uri().path() {
            "/refused" => Err(Reject::new(StatusCode::IM_A_TEAPOT, "on purpose")),
            _ => Ok(()),
        }
    }

    async fn establish(&self, _: &mut BoxDuplex, info: &mut Info) -> Result<(), Error> {
        match info.uri().path() {
            "/not-established" => Err(Error::new(ErrorKind::Policy)),
            _ => Ok(()),
        }
    }
}

fn endpoint(limit: ConnectionLimit) -> Endpoint {
    let handler = async |mut socket: Socket| while let Some(Ok(_)) = socket.recv().await {};
    Endpoint::builder().plugin(limit).handle(handler).unwrap()
}

fn handshake(path: &'static str, peer: &str) -> Handshake {
    let peer: SocketAddr = peer.parse().unwrap();
    Handshake::new("test", Capabilities::FULL, Uri::from_static(path))
        .with_peer(Some(PeerAddr::Ip(peer)))
}

async fn ask(endpoint: &Endpoint, peer: &str) -> Result<Admission, Reject> {
    endpoint.admit(handshake("/", peer)).await
}

fn serve(endpoint: &Endpoint) -> Dialer {
    let memory = Memory::new();
    let listener = memory.listen("here").unwrap();
    let endpoint = endpoint.clone();
    tokio::spawn(async move { endpoint.listen(listener).await.unwrap() });
    Dialer::builder().transport(memory.connector()).build().unwrap()
}

/// Turned away with `status`, and asked to wait for at least `wait` seconds.
fn assert_refused(reject: &Reject, status: u16, wait: u64) {
    assert_eq!(reject.status(), status);
    let delay = reject.retry_delay().unwrap().as_secs();
    assert!((wait + 1..=wait + 5).contains(&delay), "{delay} s");
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        tokio::task::yield_now().await;
    }
}
