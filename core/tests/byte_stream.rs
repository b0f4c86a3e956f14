//! Streams of bytes over connections.

use std::io;

use futures::FutureExt;
use plimsoll::{
    ByteStream, Capabilities, Close, CloseCode, Dialer, Endpoint, HttpService, Info, Origins,
    Socket, SocketOptions,
};
use plimsoll_http::Server;
use plimsoll_memory::Options;
use plimsoll_websocket::WebSocket;
use tokio::io::{
    AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, copy, copy_bidirectional, duplex, split,
};
use tokio::sync::mpsc;

#[tokio::test(start_paused = true)]
async fn what_is_copied_both_ways_arrives_as_it_was() {
    for capabilities in [BINARY, TEXT] {
        let (left, right) = pair(capabilities);
        carry(left.into_byte_stream(), right.into_byte_stream().max_message(5)).await;
    }
}

#[tokio::test]
async fn it_is_copied_over_a_websocket_too() {
    let (sockets, mut accepted) = mpsc::channel(1);
    let endpoint = Endpoint::builder().handle(move |socket: Socket| {
        let sockets = sockets.clone();
        async move {
            let closed = socket.sender().clone();
            sockets.send(socket).await.unwrap();
            closed.closed().await;
        }
    });
    let service = HttpService::builder(endpoint.unwrap())
        .at("/", WebSocket::new())
        .origins(Origins::same_host().or_absent())
        .build()
        .unwrap();
    let server = Server::new(service).bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/", server.local_addr());
    tokio::spawn(server.serve());
    let dialer = Dialer::builder().transport(WebSocket::connector()).build().unwrap();
    let client = dialer.connect(url).await.unwrap();
    let server = accepted.recv().await.unwrap();
    carry(client.into_byte_stream(), server.into_byte_stream()).await;
}

#[tokio::test(start_paused = true)]
async fn each_direction_may_end_on_its_own() {
    for capabilities in [BINARY, TEXT] {
        let (left, right) = pair(capabilities);
        let mut left = left.into_byte_stream().half_close(true);
        let mut right = right.into_byte_stream().half_close(true);
        left.write_all(b"question").await.unwrap();
        left.shutdown().await.unwrap();
        left.shutdown().await.unwrap();
        assert_eq!(read_all(&mut right).await.unwrap(), b"question");
        right.write_all(b"answer").await.unwrap();
        assert!(right.sender().close_reason().is_none());
        right.shutdown().await.unwrap();
        assert_eq!(read_all(&mut left).await.unwrap(), b"answer");
        assert_eq!(left.sender().closed().await, Close::normal());
        assert_eq!(left.write(b"more").await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_closes_the_connection_unless_set_otherwise() {
    let (left, right) = pair(BINARY);
    let (mut left, mut right) = (left.into_byte_stream(), right.into_byte_stream());
    left.write_all(b"all").await.unwrap();
    let (shut_down, read) = tokio::join!(left.shutdown(), read_all(&mut right));
    shut_down.unwrap();
    assert_eq!(read.unwrap(), b"all");
    assert_eq!(right.sender().closed().await, Close::normal());
    assert_eq!(read_all(&mut right).await.unwrap(), b"");
    right.shutdown().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_was_cut_does_not_end_like_a_whole_one() {
    let (left, right) = pair(BINARY);
    left.send("some").await.unwrap();
    left.close(Close::new(CloseCode::INTERNAL, "failed"));
    let mut right = right.into_byte_stream();
    let error = read_all(&mut right).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    assert!(error.to_string().contains("failed"), "{error}");
    right.write_all(b"late").await.unwrap();
    assert_eq!(right.flush().await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_goes_without_ending_its_direction_has_cut_it() {
    let (left, right) = pair(BINARY);
    let mut left = left.into_byte_stream().half_close(true);
    left.write_all(b"some").await.unwrap();
    left.flush().await.unwrap();
    drop(left);
    let mut right = right.into_byte_stream().half_close(true);
    let error = read_all(&mut right).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
}

#[tokio::test(start_paused = true)]
async fn a_question_goes_out_when_the_answer_is_waited_for() {
    let (left, right) = pair(BINARY);
    tokio::spawn(async move {
        let (mut reader, mut writer) = split(right.into_byte_stream());
        copy(&mut reader, &mut writer).await
    });
    let mut left = left.into_byte_stream();
    let mut answer = [0; 4];
    left.write_all(b"ahoy").await.unwrap();
    left.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"ahoy");
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_peer_is_bounded_and_sent_while_reading() {
    let (left, right) = pair(BINARY);
    let mut left = left.into_byte_stream();
    let mut written = 0;
    while left.write_all(&[1; 1000]).now_or_never().is_some() {
        written += 1000;
        tokio::task::yield_now().await;
        assert!(written < 200_000, "nothing pushes back");
    }
    // The rest of the last attempt may have been written in part.
    let reads = tokio::spawn(async move { read_all(&mut left).await });
    let mut right = right.into_byte_stream();
    let mut received = vec![0; written];
    right.read_exact(&mut received).await.unwrap();
    assert!(received.iter().all(|byte| *byte == 1));
    right.sender().close(Close::normal());
    assert_eq!(reads.await.unwrap().unwrap(), b"");
}

#[tokio::test(start_paused = true)]
async fn characters_stay_whole_where_only_text_is_carried() {
    let (left, mut right) = pair(TEXT);
    let mut left = left.into_byte_stream().max_message(0);
    for byte in "a\u{1f600}é".bytes() {
        left.write_all(&[byte]).await.unwrap();
        left.flush().await.unwrap();
    }
    for character in ["a", "\u{1f600}", "é"] {
        assert_eq!(right.recv().await.unwrap().unwrap().as_text(), Some(character));
    }
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_wants_text_gets_it() {
    let (left, mut right) = pair(BINARY);
    let mut left = left.into_byte_stream().text(true);
    left.write_all("é".as_bytes()).await.unwrap();
    left.flush().await.unwrap();
    assert_eq!(right.recv().await.unwrap().unwrap().as_text(), Some("é"));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_text_fails_where_only_text_is_carried() {
    for bytes in [&b"a\xff"[..], b"a\xe2\x82"] {
        let (left, _right) = pair(TEXT);
        let mut left = left.into_byte_stream();
        left.write_all(bytes).await.unwrap();
        let error = left.shutdown().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}

#[tokio::test(start_paused = true)]
async fn messages_of_all_sizes_and_kinds_are_read_in_pieces() {
    let (left, right) = pair(BINARY);
    let sent = async {
        for message in ["a".repeat(10_000), String::new(), "b".into()] {
            left.send(message).await.unwrap();
        }
        left.send(vec![0xff]).await.unwrap();
        left.close(Close::going_away());
    };
    let mut right = right.into_byte_stream();
    let read = async {
        let mut received = Vec::new();
        let mut piece = [0; 7];
        loop {
            let length = right.read(&mut piece).await.unwrap();
            if length == 0 {
                break received;
            }
            received.extend_from_slice(&piece[..length]);
        }
    };
    let ((), received) = tokio::join!(sent, read);
    assert_eq!(received, [&[b'a'; 10_000][..], b"b\xff"].concat());
}

/// Copies both ways at once in writes of random sizes, with one direction ending first.
async fn carry(left: ByteStream, right: ByteStream) {
    let random = fastrand::Rng::with_seed(7);
    let (near, far) = (plug(left), plug(right));
    let (from_near, from_far) = (data(random.clone(), 300_000), data(random, 100_000));
    let (mut near_read, near_write) = split(near);
    let (mut far_read, far_write) = split(far);
    let (mut at_near, mut at_far) = (Vec::new(), Vec::new());
    let ((), (), near_end, far_end) = tokio::join!(
        write_in_pieces(near_write, &from_near),
        write_in_pieces(far_write, &from_far),
        near_read.read_to_end(&mut at_near),
        far_read.read_to_end(&mut at_far),
    );
    near_end.and(far_end).unwrap();
    assert!(at_far == from_near && at_near == from_far, "not what was sent");
}

/// The other end of a pipe through which a stream is copied.
fn plug(stream: ByteStream) -> DuplexStream {
    let (outer, mut inner) = duplex(1000);
    let mut stream = stream.half_close(true);
    tokio::spawn(async move { copy_bidirectional(&mut inner, &mut stream).await.unwrap() });
    outer
}

async fn write_in_pieces(mut writer: impl AsyncWrite + Unpin, mut data: &[u8]) {
    let mut random = fastrand::Rng::with_seed(data.len() as u64);
    while !data.is_empty() {
        let (piece, rest) = data.split_at(random.usize(1..=data.len().min(5000)));
        writer.write_all(piece).await.unwrap();
        data = rest;
    }
    writer.shutdown().await.unwrap();
}

/// Characters of all lengths.
fn data(mut random: fastrand::Rng, count: usize) -> Vec<u8> {
    (0..count / 2).map(|_| random.char(..)).collect::<String>().into_bytes()
}

async fn read_all(stream: &mut ByteStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// Two ends of a connection through memory, with small queues.
fn pair(capabilities: Capabilities) -> (Socket, Socket) {
    let (left, right) = plimsoll_memory::pair(Options::default().capacity(2048)).unwrap();
    let open = |io| {
        let info = Info::new("memory", capabilities, "mem://pair".parse().unwrap());
        let options = SocketOptions::default().outbox_bytes(4096).inbox_bytes(4096);
        Socket::spawn(io, info, options)
    };
    (open(left), open(right))
}

const BINARY: Capabilities = Capabilities::FULL;
const TEXT: Capabilities = Capabilities::FULL.with_binary(false);
