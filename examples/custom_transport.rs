//! A transport in full, on the public API alone: lines of JSON over TCP.
//!
//! Whoever can type lines can talk to it, with `nc 127.0.0.1 4001`: `"[\"/\", []]"` asks to be let
//! in. The answer is `""`, for no subprotocol, then come `"ahoy"` and the close, `[1000,""]`.

use async_trait::async_trait;
use bytes::BytesMut;
use plimsoll::*;
use serde::{Deserialize, Serialize};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Duration, sleep};
use tokio_util::codec::{Decoder, Encoder, Framed, LinesCodec, LinesCodecError};

/// Neither binary messages nor pings have a line. Plugins adapt to that.
const ABILITIES: Capabilities = Capabilities::FULL.with_binary(false).with_liveness(Liveness::None);

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Line {
    Text(String),
    Close(u16, String),
}

pub(crate) struct Lines(pub(crate) TcpListener);

#[async_trait]
impl Listener for Lines {
    async fn accept(&mut self) -> Result<Box<dyn Incoming>, Error> {
        loop {
            match self.0.accept().await {
                Ok((io, peer)) => return Ok(Box::new(Caller(lines(io), PeerAddr::Ip(peer)))),
                Err(_) => sleep(Duration::from_millis(50)).await, // too many open files: that passes
            }
        }
    }
}

/// Its first message is a URL and what protocols it offers; the answer, the chosen one or a close.
struct Caller(BoxDuplex, PeerAddr);

#[async_trait]
impl Incoming for Caller {
    async fn handshake(&mut self) -> Result<Handshake, Error> {
        let hello = self.0.recv().await.transpose()?;
        let Some(Frame::Message(hello)) = hello else { return Err(ErrorKind::Protocol.into()) };
        let (url, offer): (String, _) = serde_json::from_slice(hello.as_bytes()).map_err(broken)?;
        let handshake = Handshake::new("lines", ABILITIES, url.parse().map_err(broken)?);
        Ok(handshake.with_offered_protocols(offer).with_peer(Some(self.1.clone())))
    }

    async fn accept(mut self: Box<Self>, admission: &Admission) -> Result<BoxDuplex, Error> {
        self.0.send(admission.info().protocol().unwrap_or_default()).await?;
        Ok(self.0)
    }

    async fn reject(mut self: Box<Self>, reject: Reject) {
        let _ = self.0.send(Frame::Close(reject.close())).await;
    }
}

pub(crate) struct LinesConnector;

#[async_trait]
impl Connector for LinesConnector {
    fn schemes(&self) -> &[&'static str] {
        &["lines"]
    }

    async fn connect(&self, dial: Dial) -> Result<Connected, Error> {
        let uri: http::Uri = dial.url().parse().map_err(|_| Error::config("url", "must be one"))?;
        let mut io = lines(TcpStream::connect(uri.authority().map_or("", |at| at.as_str())).await?);
        io.send(serde_json::to_string(&(dial.url(), &dial.protocols)).map_err(broken)?).await?;
        let info = Info::new("lines", ABILITIES, uri);
        match io.recv().await.transpose()? {
            Some(Frame::Message(chosen)) => {
                let chosen = chosen.as_text().filter(|chosen| !chosen.is_empty());
                Ok(Connected { io, info: info.with_protocol(chosen.map(Into::into)) })
            }
            Some(Frame::Close(Close { code, reason })) => {
                let status = code.status().ok_or(ErrorKind::Protocol)?;
                Err(Reject::new(status, reason.into_bytes()).into())
            }
            _ => Err(ErrorKind::Protocol.into()),
        }
    }
}

fn lines(stream: TcpStream) -> BoxDuplex {
    let _ = stream.set_nodelay(true); // without it, it is only slower
    let codec = Frames(LinesCodec::new_with_max_length(512 * 1024), false);
    Box::new(from_stream_sink(Framed::new(stream, codec)))
}

/// Frames as lines, and whether the peer has sent its last.
struct Frames(LinesCodec, bool);

impl Decoder for Frames {
    type Item = Frame;
    type Error = Error;

    fn decode(&mut self, input: &mut BytesMut) -> Result<Option<Frame>, Error> {
        if self.1 {
            input.clear();
        }
        let line = match self.0.decode(input) {
            Err(LinesCodecError::MaxLineLengthExceeded) => return Err(ErrorKind::TooLarge.into()),
            decoded => decoded.map_err(broken)?,
        };
        let Some(line) = line else { return Ok(None) };
        let line = serde_json::from_str(&line).map_err(broken)?;
        self.1 = matches!(line, Line::Close(..));
        Ok(Some(match line {
            Line::Text(text) => Frame::from(text),
            Line::Close(code, reason) => Frame::Close(Close::new(code.into(), reason)),
        }))
    }
}

impl Encoder<Frame> for Frames {
    type Error = Error;

    fn encode(&mut self, frame: Frame, output: &mut BytesMut) -> Result<(), Error> {
        let line = match frame {
            Frame::Message(message) => {
                Line::Text(message.as_text().ok_or(ErrorKind::Unsupported)?.into())
            }
            Frame::Close(close) => Line::Close(close.code.into(), close.wire_reason().into()),
            _ => return Ok(()),
        };
        self.0.encode(serde_json::to_string(&line).map_err(broken)?, output).map_err(broken)
    }
}

fn broken(error: impl Into<BoxError>) -> Error {
    Error::with_source(ErrorKind::Protocol, error)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let endpoint = Endpoint::builder().handle(async |socket: Socket| {
        let _ = socket.send("ahoy").await;
    })?;
    let listener = Lines(TcpListener::bind("127.0.0.1:4001").await?);
    let server = tokio::spawn(async move { endpoint.listen(listener).await });
    let dialer = Dialer::builder().transport(LinesConnector).build()?;
    let mut socket = dialer.connect("lines://127.0.0.1:4001").await?;
    assert_eq!(socket.recv().await.transpose()?, Some("ahoy".into()));
    server.await.unwrap_or(Ok(()))
}
