use std::collections::VecDeque;
use std::pin::Pin;

use futures::task::noop_waker_ref;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::io::ReadBuf;

use super::*;
use crate::options::CONTROL_BUFFER;

/// A peer that sends some bytes, with a pause after each chunk, and takes everything, unless it
/// `takes` so many bytes at one write after the other.
#[derive(Debug, Default)]
struct Script {
    incoming: VecDeque<Vec<u8>>,
    paused: bool,
    /// Whether there is an end after the bytes.
    ends: bool,
    outgoing: Vec<u8>,
    writes: usize,
    flushes: usize,
    full: bool,
    takes: Vec<usize>,
}

impl AsyncRead for Script {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.paused = !self.paused;
        if self.paused {
            return Poll::Pending;
        }
        let Some(mut chunk) = self.incoming.pop_front() else {
            return if self.ends { Poll::Ready(Ok(())) } else { Poll::Pending };
        };
        let rest = chunk.split_off(chunk.len().min(buffer.remaining()));
        buffer.put_slice(&chunk);
        if !rest.is_empty() {
            self.incoming.push_front(rest);
            self.paused = true;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Script {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.full {
            return Poll::Pending;
        }
        let most = match self.takes.len() {
            0 => usize::MAX,
            count => self.takes[self.writes % count],
        };
        let taken = bytes.len().min(most);
        self.writes += 1;
        self.outgoing.extend_from_slice(&bytes[..taken]);
        if taken > 0 { Poll::Ready(Ok(taken)) } else { Poll::Pending }
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.flushes += 1;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

type Scripted = Connection<Script>;

impl Scripted {
    fn is_resting(&self) -> bool {
        self.protocol.is_resting() && self.io.is_resting()
    }
}

fn connection(role: Role, incoming: &[&[u8]]) -> Scripted {
    let incoming = incoming.iter().map(|chunk| chunk.to_vec()).collect();
    let script = Script { incoming, ..Script::default() };
    Connection::new(script, Bytes::new(), role, Options::default())
}

fn cx() -> Context<'static> {
    Context::from_waker(noop_waker_ref())
}

fn put(connection: &mut Scripted, frame: impl Into<Frame>) {
    assert!(connection.poll_ready(&mut cx()).is_ready());
    connection.start_send(frame.into()).unwrap();
}

/// Polls until `turns` polls in a row found nothing.
fn receive(connection: &mut Scripted, turns: usize) -> Vec<Result<Frame, ErrorKind>> {
    let (mut received, mut idle) = (Vec::new(), 0);
    while idle < turns {
        match connection.poll_recv(&mut cx()) {
            Poll::Pending => idle += 1,
            Poll::Ready(Some(frame)) => {
                idle = 0;
                let failed = frame.is_err();
                received.push(frame.map_err(|error| error.kind()));
                if failed {
                    break;
                }
            }
            Poll::Ready(None) => break,
        }
    }
    received
}

/// What a client puts on the wire for some frames.
fn wire(frames: Vec<Frame>) -> Vec<u8> {
    let mut client = connection(Role::Client, &[]);
    for frame in frames {
        put(&mut client, frame);
    }
    assert!(client.poll_flush(&mut cx()).is_ready());
    std::mem::take(&mut client.io.get_mut().outgoing)
}

#[test]
fn text_in_parts_is_one_message() {
    for role in [Role::Server, Role::Client] {
        for length in [0, 122, 123, 65_533, 70_000] {
            let middle = "x".repeat(length);
            let mut sender = connection(role, &[]);
            sender.start_send_text(&["<", &middle, "é"]).unwrap();
            assert!(sender.poll_flush(&mut cx()).is_ready());
            let sent = std::mem::take(&mut sender.io.get_mut().outgoing);

            let peer = if role == Role::Server { Role::Client } else { Role::Server };
            let max = 1 << 20;
            let options = Options { max_message: max, max_frame: max, ..Options::default() };
            let script = Script { incoming: [sent].into(), ..Script::default() };
            let mut peer = Connection::new(script, Bytes::new(), peer, options);
            let text = Frame::from(format!("<{middle}é"));
            assert_eq!(receive(&mut peer, 20), [Ok(text)]);
        }
    }
}

#[test]
fn no_text_in_parts_follows_a_close() {
    let mut server = connection(Role::Server, &[]);
    put(&mut server, Frame::Close(Close::normal()));
    let error = server.start_send_text(&["a", "b"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Close);
}

#[test]
fn a_batch_goes_out_in_one_write_and_one_flush() {
    let mut server = connection(Role::Server, &[]);
    for _ in 0..50 {
        put(&mut server, Message::from("ahoy"));
    }
    assert_eq!(server.io.get_mut().writes, 0);
    assert!(server.poll_flush(&mut cx()).is_ready());
    let script = server.io.get_mut();
    assert_eq!((script.writes, script.flushes, script.outgoing.len()), (1, 1, 300));
    assert!(server.poll_flush(&mut cx()).is_ready());
    let script = server.io.get_mut();
    assert_eq!((script.writes, script.flushes), (1, 1), "there was nothing to flush");
}

#[test]
fn a_peer_that_does_not_read_stops_the_sender() {
    let mut server = connection(Role::Server, &[]);
    server.io.get_mut().full = true;
    let mut taken = 0;
    while server.poll_ready(&mut cx()).is_ready() {
        server.start_send(Message::from(vec![0; 1000]).into()).unwrap();
        taken += 1000;
        assert!(taken < 20_000);
    }
    assert!(server.poll_flush(&mut cx()).is_pending());
    server.io.get_mut().full = false;
    assert!(server.poll_flush(&mut cx()).is_ready());
    assert!(server.io.get_mut().outgoing.len() > taken);
}

#[test]
fn pings_without_number_have_one_answer_while_the_peer_does_not_read() {
    let pings = wire((0..=255).map(|byte| Frame::Ping(vec![byte; 100].into())).collect());
    let mut server = connection(Role::Server, &[&pings]);
    server.io.get_mut().full = true;
    put(&mut server, Message::from(vec![0; 8000]));
    assert!(server.poll_flush(&mut cx()).is_pending());
    assert_eq!(receive(&mut server, 3).len(), 256);
    server.io.get_mut().full = false;
    assert!(server.poll_flush(&mut cx()).is_ready());
    let options = Options::default();
    let written = &server.io.get_mut().outgoing;
    let most = options.write_buffer + 2 * CONTROL_BUFFER;
    assert!(written.len() <= most, "{} bytes", written.len());
    assert!(written.ends_with(&[255; 100]), "the last ping is answered");
}

#[test]
fn a_connection_has_no_buffers_before_its_first_message() {
    let mut server = connection(Role::Server, &[]);
    assert!(receive(&mut server, 5).is_empty());
    assert!(server.poll_flush(&mut cx()).is_ready());
    assert!(server.is_resting());
}

#[test]
fn what_came_with_the_handshake_is_received_after_a_send() {
    let early = wire(vec![Message::from("early").into()]);
    let script = Script::default();
    let mut server = Connection::new(script, early.into(), Role::Server, Options::default());
    put(&mut server, Message::from("first"));
    assert_eq!(receive(&mut server, 3), [Ok(Message::from("early").into())]);
    assert!(server.poll_flush(&mut cx()).is_ready());
    assert!(server.io.get_mut().outgoing.ends_with(b"first"));
}

#[test]
fn a_sign_of_life_gives_the_buffers_back() {
    let message = wire(vec![Message::from("ahoy").into()]);
    let pong = wire(vec![Frame::Pong(Bytes::new())]);
    let mut server = connection(Role::Server, &[&message]);
    assert_eq!(receive(&mut server, 3).len(), 1);
    assert!(server.is_resting(), "it came whole");
    put(&mut server, Message::from("ahoy"));
    assert!(server.poll_flush(&mut cx()).is_ready());
    assert!(!server.is_resting(), "there may be more");
    server.io.get_mut().incoming.push_back(pong);
    assert_eq!(receive(&mut server, 3).len(), 1);
    assert!(server.is_resting());
}

#[test]
fn a_large_message_leaves_no_large_buffers() {
    let message = wire(vec![Message::from(vec![0; 60_000]).into()]);
    let mut server = connection(Role::Server, &[&message]);
    assert_eq!(receive(&mut server, 3).len(), 1);
    assert!(server.is_resting());
    put(&mut server, Message::from(vec![0; 60_000]));
    assert!(receive(&mut server, 3).is_empty());
    assert!(!server.is_resting(), "it was not flushed");
    assert!(server.poll_flush(&mut cx()).is_ready());
    assert!(receive(&mut server, 3).is_empty());
    assert!(server.is_resting());
}

#[test]
fn a_close_is_remembered_while_there_are_signs_of_life() {
    let pong = wire(vec![Frame::Pong(Bytes::new())]);
    let answer = wire(vec![Frame::Close(Close::normal())]);
    let mut server = connection(Role::Server, &[&pong, &answer]);
    put(&mut server, Frame::Close(Close::normal()));
    assert!(server.poll_close(&mut cx()).is_ready());
    let received = receive(&mut server, 3);
    assert_eq!(received[1], Ok(Frame::Close(Close::normal())));
    let mut client = connection(Role::Client, &[&server.io.get_mut().outgoing.clone()]);
    assert_eq!(receive(&mut client, 3), [Ok(Frame::Close(Close::normal()))], "one close only");
}

fn frame() -> impl Strategy<Value = Frame> {
    prop_oneof![
        4 => ".{0,20}".prop_map(|text| Message::from(text).into()),
        4 => vec(any::<u8>(), 0..300).prop_map(|data| Message::from(data).into()),
        1 => (4000_usize..9000).prop_map(|size| Message::from(vec![7; size]).into()),
        2 => vec(any::<u8>(), 0..126).prop_map(|data| Frame::Ping(data.into())),
        2 => vec(any::<u8>(), 0..126).prop_map(|data| Frame::Pong(data.into())),
    ]
}

/// Bytes that are frames at first sight.
fn nearly_frames() -> impl Strategy<Value = Vec<u8>> {
    let first =
        prop_oneof![Just(0x81), Just(0x02), Just(0x80), Just(0x89), Just(0x88), any::<u8>()];
    let frame = (first, vec(any::<u8>(), 0..130), any::<bool>(), any::<[u8; 4]>());
    let frame = frame.prop_map(|(first, payload, masked, mask)| {
        let mut frame = vec![first, payload.len().min(125) as u8];
        if masked {
            frame[1] |= 0x80;
            frame.extend(mask);
        }
        frame.extend(payload);
        frame
    });
    vec(frame, 0..8).prop_map(|frames| frames.concat())
}

proptest! {
    #[test]
    fn frames_arrive_however_the_bytes_are_cut(
        frames in vec(frame(), 0..20),
        cuts in vec(1_usize..3000, 1..20),
        sends: bool,
    ) {
        let bytes = wire(frames.clone());
        let mut server = connection(Role::Server, &[]);
        let (mut received, mut rest, mut cuts) = (Vec::new(), &bytes[..], cuts.iter().cycle());
        while !rest.is_empty() {
            let (chunk, after) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
            server.io.get_mut().incoming.push_back(chunk.to_vec());
            received.extend(receive(&mut server, 3));
            if sends {
                put(&mut server, Message::from("between"));
                prop_assert!(server.poll_flush(&mut cx()).is_ready());
            }
            rest = after;
        }
        let received: Vec<_> = received.into_iter().map(|frame| frame.unwrap()).collect();
        prop_assert_eq!(received, frames);
    }

    #[test]
    fn whole_messages_are_read_as_the_library_reads_them(
        frames in vec((nearly_frames(), frame()), 0..4),
        cut in 1_usize..400,
    ) {
        let mut bytes = Vec::new();
        for (nearly, frame) in frames {
            bytes.extend(wire(vec![frame]));
            bytes.extend(nearly);
        }
        // What comes byte by byte is all read by the library.
        let slowly: Vec<_> = bytes.chunks(1).collect();
        let quickly: Vec<_> = bytes.chunks(cut).collect();
        let [slowly, quickly] = [slowly, quickly].map(|chunks| {
            let mut server = connection(Role::Server, &chunks);
            let received = receive(&mut server, 3 * bytes.len());
            for _ in 0..10 {
                let _ = server.poll_close(&mut cx());
            }
            (received, std::mem::take(&mut server.io.get_mut().outgoing))
        });
        prop_assert_eq!(slowly, quickly);
    }

    #[test]
    fn what_is_sent_is_what_the_library_would_send(frames in vec(frame(), 0..20)) {
        let mut server = connection(Role::Server, &[]);
        let mut library = Vec::new();
        for frame in frames {
            let mut context = tungstenite::protocol::WebSocketContext::new(Role::Server, None);
            let mut stream = io::Cursor::new(Vec::new());
            let sent = match frame.clone() {
                Frame::Message(message) if message.is_binary() => {
                    WireMessage::Binary(message.into_bytes())
                }
                Frame::Message(message) => WireMessage::text(message.as_text().unwrap()),
                Frame::Ping(payload) => WireMessage::Ping(payload),
                Frame::Pong(payload) => WireMessage::Pong(payload),
                _ => unreachable!("not generated"),
            };
            context.write(&mut stream, sent).unwrap();
            context.flush(&mut stream).unwrap();
            library.extend(stream.into_inner());
            put(&mut server, frame);
        }
        prop_assert!(server.poll_flush(&mut cx()).is_ready());
        prop_assert_eq!(&server.io.get_mut().outgoing, &library);
    }

    #[test]
    fn what_goes_out_in_pieces_arrives_in_order(
        frames in vec((frame(), any::<bool>()), 0..20),
        takes in vec(0_usize..3000, 0..8),
    ) {
        let script = Script { takes: [takes, vec![100]].concat(), ..Script::default() };
        let mut server = Connection::new(script, Bytes::new(), Role::Server, Options::default());
        let ping = wire(vec![Frame::Ping(Bytes::new())]);
        let last = (Frame::Close(Close::normal()), false);
        let frames = [frames, vec![last]].concat();
        for (frame, is_pinged) in frames.clone() {
            if is_pinged {
                server.io.get_mut().incoming.push_back(ping.clone());
                prop_assert_eq!(receive(&mut server, 3), [Ok(Frame::Ping(Bytes::new()))]);
            }
            while server.poll_ready(&mut cx()).is_pending() {}
            server.start_send(frame).unwrap();
        }
        while server.poll_close(&mut cx()).is_pending() {}

        let mut client = connection(Role::Client, &[&server.io.get_mut().outgoing]);
        let mut received: Vec<_> = receive(&mut client, 3).into_iter().map(Result::unwrap).collect();
        let mut sent: Vec<_> = frames.into_iter().map(|(frame, _)| frame).collect();
        // Of several pongs that wait, only the last goes out.
        received.retain(|frame| !matches!(frame, Frame::Pong(_)));
        sent.retain(|frame| !matches!(frame, Frame::Pong(_)));
        prop_assert_eq!(received, sent);
    }

    #[test]
    fn any_bytes_end_in_order(
        bytes in prop_oneof![vec(any::<u8>(), 0..300), nearly_frames()],
        cut in 1_usize..100,
        server: bool,
        read_ahead: bool,
    ) {
        let role = if server { Role::Server } else { Role::Client };
        let incoming = bytes.chunks(cut).map(<[u8]>::to_vec).collect();
        let script = Script { incoming, ends: true, ..Script::default() };
        let ahead = if read_ahead { bytes.clone().into() } else { Bytes::new() };
        let mut connection = Connection::new(script, ahead, role, Options::default());
        let received = receive(&mut connection, 3);
        prop_assert!(received.iter().rev().skip(1).all(Result::is_ok));
        if connection.poll_ready(&mut cx()).is_ready() {
            let _ = connection.start_send(Frame::Close(Close::normal()));
        }
        let polls = 3 * bytes.len() + 10;
        prop_assert!((0..polls).any(|_| connection.poll_close(&mut cx()).is_ready()));
    }
}
