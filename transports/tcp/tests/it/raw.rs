//! Peers that write bytes of their own.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A client that is let in and from there on does as it likes.
pub(crate) async fn open(addr: &str) -> TcpStream {
    let mut peer = TcpStream::connect(addr).await.unwrap();
    peer.write_all(&packet(HELLO, b"PLIM\x01\x00\x01/\x00\x00")).await.unwrap();
    assert_eq!(read(&mut peer).await, Some((ACCEPT, b"\0\0".to_vec())));
    peer
}

pub(crate) fn packet(kind: u8, payload: &[u8]) -> Vec<u8> {
    let len = u32::try_from(payload.len()).unwrap();
    [&len.to_be_bytes()[..], &[kind], payload].concat()
}

/// The next packet; `None` at the end of the connection.
pub(crate) async fn read(peer: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut header = [0; 5];
    peer.read_exact(&mut header).await.ok()?;
    let [len @ .., kind] = header;
    let mut payload = vec![0; u32::from_be_bytes(len) as usize];
    peer.read_exact(&mut payload).await.ok()?;
    Some((kind, payload))
}

/// The code of a close, which has to be the next packet, and the last.
pub(crate) async fn read_close(peer: &mut TcpStream) -> u16 {
    let (kind, payload) = read(peer).await.expect("a close");
    assert_eq!(kind, CLOSE);
    assert_eq!(read(peer).await, None);
    u16::from_be_bytes([payload[0], payload[1]])
}

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PING: u8 = 9;
pub(crate) const HELLO: u8 = 16;
pub(crate) const ACCEPT: u8 = 17;
pub(crate) const REFUSE: u8 = 18;
