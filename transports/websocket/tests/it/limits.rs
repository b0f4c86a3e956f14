//! Messages, frames and fragments over their limits.

use plimsoll::Endpoint;
use plimsoll_websocket::{Options, WebSocket};

use crate::raw::{BINARY, CLOSE, CONTINUATION, FIN, PING, PONG, TEXT, length, masked, unmasked};
use crate::server::{Running, dialer, echo};

#[tokio::test]
async fn a_declared_length_over_the_limit_is_refused_at_once() {
    let server = Running::echo().await;
    for declared in [64 * 1024 + 1, u64::from(u32::MAX), (1 << 63) - 1, u64::MAX] {
        let mut raw = server.raw().await;
        let mut bytes = length(FIN | BINARY, 0x80, declared);
        bytes.extend([0; 5]);
        raw.write(&bytes).await;
        assert_eq!(raw.close_code().await, Some(1009), "{declared}");
    }
}

#[tokio::test]
async fn continuations_without_end_stop_at_the_limit() {
    let server = Running::echo().await;
    let mut raw = server.raw().await;
    raw.write(&masked(BINARY, &[0; 1024])).await;
    // 64 KiB are allowed; this is one frame more.
    for _ in 0..64 {
        raw.write(&masked(CONTINUATION, &[0; 1024])).await;
    }
    assert_eq!(raw.close_code().await, Some(1009));
}

#[tokio::test]
async fn a_message_in_too_many_frames_is_refused() {
    let mut options = Options::default();
    options.max_fragments = 100;
    let endpoint = Endpoint::builder().handle(echo).unwrap();
    let server = Running::with(WebSocket::new().options(options), endpoint).await;
    for payload in [&b""[..], b"x"] {
        let mut raw = server.raw().await;
        for last in [99, 100] {
            let mut bytes = masked(TEXT, payload);
            bytes.extend(masked(CONTINUATION, payload).repeat(last - 1));
            bytes.extend(masked(FIN | PING, b"between"));
            bytes.extend(masked(FIN | CONTINUATION, payload));
            raw.write(&bytes).await;
            assert_eq!(raw.frame().await, Some((PONG, b"between".to_vec())));
            if last == 99 {
                assert_eq!(raw.frame().await, Some((TEXT, payload.repeat(100))));
            } else {
                assert_eq!(raw.close_code().await, Some(1009));
            }
        }
    }
}

#[tokio::test]
async fn a_message_at_the_limit_is_taken() {
    let server = Running::echo().await;
    let mut raw = server.raw().await;
    let whole = vec![7; 64 * 1024];
    raw.write(&masked(FIN | BINARY, &whole)).await;
    assert_eq!(raw.frame().await, Some((BINARY, whole.clone())));
    raw.write(&masked(BINARY, &whole[1..])).await;
    raw.write(&masked(FIN | CONTINUATION, &whole[..1])).await;
    assert_eq!(raw.frame().await, Some((BINARY, whole)));
}

#[tokio::test]
async fn the_close_arrives_although_the_peer_goes_on_sending() {
    let server = Running::echo().await;
    let mut raw = server.raw().await;
    let mut bytes = masked(FIN | BINARY, &vec![0; 8 * 1024 * 1024]);
    bytes.extend(masked(FIN | CLOSE, &1000_u16.to_be_bytes()));
    raw.write(&bytes).await;
    assert_eq!(raw.close_code().await, Some(1009));
}

#[tokio::test]
async fn a_control_frame_over_125_bytes_breaks_the_protocol() {
    let server = Running::echo().await;
    for opcode in [CLOSE, PING, PONG] {
        let mut raw = server.raw().await;
        raw.write(&masked(FIN | opcode, &[b'x'; 126])).await;
        assert_eq!(raw.close_code().await, Some(1002));
    }
}

#[tokio::test]
async fn a_control_frame_in_fragments_breaks_the_protocol() {
    let server = Running::echo().await;
    let mut raw = server.raw().await;
    raw.write(&masked(PING, b"half")).await;
    assert_eq!(raw.close_code().await, Some(1002));
}

#[tokio::test]
async fn broken_frames_are_told_by_their_code() {
    let server = Running::echo().await;
    for (bytes, code) in [
        (unmasked(FIN | TEXT, b"no mask"), 1002),
        (masked(FIN | CONTINUATION, b"of nothing"), 1002),
        (masked(FIN | 0x40 | TEXT, b"reserved bit"), 1002),
        (masked(FIN | 0x3, b"reserved opcode"), 1002),
        (masked(FIN | 0xb, b"reserved opcode"), 1002),
        ([masked(TEXT, b"first"), masked(FIN | TEXT, b"second")].concat(), 1002),
        (masked(FIN | TEXT, b"\xff\xfe"), 1007),
        (masked(FIN | CLOSE, &[3]), 1002),
        (masked(FIN | CLOSE, &[3, 232, 0xff]), 1007),
    ] {
        let mut raw = server.raw().await;
        raw.write(&bytes).await;
        assert_eq!(raw.close_code().await, Some(code), "{bytes:?}");
        raw.end().await;
    }
}

#[tokio::test]
async fn a_message_over_the_peers_limit_tells_the_sender_why() {
    let server = Running::echo().await;
    for http2 in [false, true] {
        let connector = WebSocket::connector().http2(http2);
        let mut socket = dialer(connector).connect(server.url()).await.unwrap();
        socket.send(vec![0; 64 * 1024 + 1]).await.unwrap();
        assert!(socket.recv().await.is_none());
        assert_eq!(u16::from(socket.sender().closed().await.code), 1009);
    }
}
