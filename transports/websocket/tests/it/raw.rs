//! Peers that know no rules: bytes out, bytes in.

use std::net::SocketAddr;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::server::PATIENCE;

/// One end of a connection.
pub(crate) struct Raw {
    stream: BufReader<TcpStream>,
}

impl Raw {
    pub(crate) async fn connect(addr: SocketAddr) -> Self {
        Self { stream: BufReader::new(TcpStream::connect(addr).await.unwrap()) }
    }

    pub(crate) async fn accept(listener: &TcpListener) -> Self {
        Self { stream: BufReader::new(listener.accept().await.unwrap().0) }
    }

    /// The handshake of a client.
    pub(crate) async fn open(&mut self) {
        let head = self.request(HANDSHAKE.as_bytes()).await;
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    }

    /// Makes a request and returns the head of the response, empty if there is none.
    pub(crate) async fn request(&mut self, request: &[u8]) -> String {
        self.write(request).await;
        self.head().await
    }

    /// Writes, if the other end still reads.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> bool {
        timeout(PATIENCE, self.stream.write_all(bytes)).await.expect("nobody reads").is_ok()
    }

    /// Writes, and throws away what comes meanwhile.
    pub(crate) async fn write_and_read(&mut self, bytes: &[u8]) {
        let (mut reader, mut writer) = self.stream.get_mut().split();
        let mut answers = vec![0; 64 * 1024];
        let reading = async { while matches!(reader.read(&mut answers).await, Ok(1..)) {} };
        tokio::select! {
            written = writer.write_all(bytes) => written.unwrap(),
            () = reading => panic!("the connection ended"),
        }
    }

    /// Ends the sending direction.
    pub(crate) async fn finish(&mut self) {
        // The other end may be gone.
        let _ = self.stream.shutdown().await;
    }

    /// Everything up to the end, as text.
    pub(crate) async fn text(&mut self) -> String {
        let mut text = Vec::new();
        let reading = self.stream.read_to_end(&mut text);
        let _ = timeout(PATIENCE, reading).await.expect("no end");
        String::from_utf8_lossy(&text).into_owned()
    }

    pub(crate) fn into_stream(self) -> TcpStream {
        self.stream.into_inner()
    }

    /// Everything up to an empty line.
    pub(crate) async fn head(&mut self) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let line = timeout(PATIENCE, self.stream.read_until(b'\n', &mut head));
            if !matches!(line.await.expect("no head"), Ok(1..)) {
                break;
            }
        }
        String::from_utf8(head).unwrap()
    }

    /// Answers a client's handshake, with more headers.
    pub(crate) async fn switch(&mut self, headers: &str) {
        let head = self.head().await;
        let key = header(&head, "sec-websocket-key").unwrap();
        let accept = derive_accept_key(key.as_bytes());
        let response = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {accept}\r\n{headers}\r\n"
        );
        self.write(response.as_bytes()).await;
    }

    /// The next frame's opcode and payload; `None` at the end.
    pub(crate) async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        timeout(PATIENCE, self.try_frame()).await.expect("no frame").ok()
    }

    /// The code of the close that ends what comes; `None` if there is no close.
    pub(crate) async fn close_code(&mut self) -> Option<u16> {
        loop {
            match self.frame().await? {
                (CLOSE, payload) => {
                    return Some(u16::from_be_bytes(payload[..2].try_into().unwrap()));
                }
                (1..=2 | PING | PONG, _) => {}
                (other, _) => panic!("a frame with opcode {other}"),
            }
        }
    }

    /// Waits until the other end has closed the connection.
    pub(crate) async fn end(&mut self) {
        let mut rest = [0; 4096];
        while matches!(timeout(PATIENCE, self.stream.read(&mut rest)).await.unwrap(), Ok(1..)) {}
    }

    async fn try_frame(&mut self) -> std::io::Result<(u8, Vec<u8>)> {
        let first = self.stream.read_u8().await?;
        let second = self.stream.read_u8().await?;
        let length = match second & 0x7f {
            126 => self.stream.read_u16().await?.into(),
            127 => self.stream.read_u64().await?,
            short => short.into(),
        };
        let mut mask = [0; 4];
        if second & 0x80 != 0 {
            self.stream.read_exact(&mut mask).await?;
        }
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.stream.read_exact(&mut payload).await?;
        payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        Ok((first & 0x0f, payload))
    }
}

/// The value of a header in a head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// A frame of a client, masked with zeros.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = length(first, 0x80, payload.len() as u64);
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// A frame of a server.
pub(crate) fn unmasked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = length(first, 0, payload.len() as u64);
    frame.extend(payload);
    frame
}

/// The header of a frame without its mask.
pub(crate) fn length(first: u8, mask: u8, length: u64) -> Vec<u8> {
    let mut header = vec![first];
    match length {
        short @ 0..126 => header.push(mask | short as u8),
        medium @ 126..65_536 => {
            header.push(mask | 126);
            header.extend((medium as u16).to_be_bytes());
        }
        long => {
            header.push(mask | 127);
            header.extend(long.to_be_bytes());
        }
    }
    header
}

pub(crate) const FIN: u8 = 0x80;
pub(crate) const CONTINUATION: u8 = 0;
pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const PONG: u8 = 10;

pub(crate) const HANDSHAKE: &str = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
