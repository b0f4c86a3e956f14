//! A credential that comes as the first message.

use plimsoll::{BoxDuplex, DuplexExt, Error, ErrorKind, Frame, Info, Message, Reject};

/// Waits for a message, and answers pings meanwhile.
///
/// # Errors
///
/// If the peer closes, its close code becomes the status that it stands for.
pub(crate) async fn receive(io: &mut BoxDuplex, info: &Info) -> Result<Message, Error> {
    loop {
        match io.recv().await.ok_or(ErrorKind::Close)?? {
            Frame::Message(message) => return Ok(message),
            Frame::Ping(payload) if !info.capabilities().answers_pings => {
                io.send(Frame::Pong(payload)).await?;
            }
            Frame::Close(close) => {
                return Err(match close.code.status() {
                    Some(status) => Reject::new(status, close.reason.into_bytes()).into(),
                    None => Error::with_message(ErrorKind::Close, close.to_string()),
                });
            }
            _ => {}
        }
    }
}
