//! WebSocket frames, as a client writes and reads them.

/// What a frame is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Binary,
    Close,
    Continuation,
    Ping,
    Pong,
    Text,
}

/// A frame of the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Frame<'a> {
    pub(super) kind: Kind,
    /// It is the last of its message.
    pub(super) last: bool,
    pub(super) payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Reads the frame at the start of `bytes` and returns how long it is; `None` if there is not
    /// all of it yet.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, String> {
        let &[first, second, ..] = bytes else { return Ok(None) };
        let (length, head): (u64, usize) = match second & 0x7f {
            126 => match bytes.get(2..4).and_then(|word| word.try_into().ok()) {
                Some(word) => (u16::from_be_bytes(word).into(), 4),
                None => return Ok(None),
            },
            127 => match bytes.get(2..10).and_then(|word| word.try_into().ok()) {
                Some(word) => (u64::from_be_bytes(word), 10),
                None => return Ok(None),
            },
            short => (short.into(), 2),
        };
        if second & 0x80 != 0 {
            return Err("the server masks its frames".to_owned());
        }
        let kind = match first & 0x7f {
            0 => Kind::Continuation,
            1 => Kind::Text,
            2 => Kind::Binary,
            8 => Kind::Close,
            9 => Kind::Ping,
            10 => Kind::Pong,
            other => return Err(format!("frame of an unknown kind: {other:#x}")),
        };
        let end = usize::try_from(length).ok().and_then(|length| head.checked_add(length));
        let Some(payload) = end.and_then(|end| bytes.get(head..end)) else { return Ok(None) };
        Ok(Some((Self { kind, last: first & 0x80 != 0, payload }, head + payload.len())))
    }
}

/// Appends a whole message, or a control frame, masked as a client must.
///
/// The mask is always the same: it is there to protect proxies, and there are none.
pub(super) fn write(output: &mut Vec<u8>, kind: Kind, payload: &[u8]) {
    let opcode = match kind {
        Kind::Continuation => 0,
        Kind::Text => 1,
        Kind::Binary => 2,
        Kind::Close => 8,
        Kind::Ping => 9,
        Kind::Pong => 10,
    };
    output.push(0x80 | opcode);
    match payload.len() {
        length @ ..126 => output.push(0x80 | length as u8),
        length @ ..0x1_0000 => {
            output.push(0x80 | 126);
            output.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            output.push(0x80 | 127);
            output.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    output.extend_from_slice(&MASK);
    output.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

const MASK: [u8; 4] = [0x9d, 0x21, 0x6b, 0xe4];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_all_lengths_are_read() {
        for length in [0, 1, 125, 126, 65_535, 65_536] {
            let payload = vec![7; length];
            let mut masked = Vec::new();
            write(&mut masked, Kind::Binary, &payload);
            // What a server writes is the same without the mask.
            let head = masked.len() - length - MASK.len();
            let mut bytes = masked[..head].to_vec();
            bytes[1] &= 0x7f;
            bytes.extend_from_slice(&payload);

            let frame = Frame { kind: Kind::Binary, last: true, payload: &payload };
            assert_eq!(Frame::read(&bytes), Ok(Some((frame, bytes.len()))));
            assert_eq!(Frame::read(&bytes[..bytes.len() - 1]), Ok(None));
            assert!(Frame::read(&masked).is_err());
        }
    }

    #[test]
    fn an_absurd_length_is_only_a_frame_not_yet_there() {
        let bytes = [0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255, 0];
        assert_eq!(Frame::read(&bytes), Ok(None));
    }
}
