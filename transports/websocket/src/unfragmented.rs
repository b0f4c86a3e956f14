//! Messages of one frame, which nearly all are (RFC 6455, section 5.4).
//!
//! The protocol library is for everything else: control frames, fragments, what comes in pieces,
//! and whatever breaks the rules. A frame that it would refuse is no message here.

use plimsoll::{Message, Text};
use tungstenite::protocol::Role;

use crate::frames::{BINARY, FIN, MASK, MAX_HEADER, TEXT, parse};
use crate::options::Options;

/// Reads the message that `bytes` begin with and says how many of them it took; `None` if they
/// begin with anything else.
pub(crate) fn read(bytes: &[u8], role: Role, options: &Options) -> Option<(Message, usize)> {
    let (header, payload) = parse(bytes)?;
    let is_text = match bytes[0] {
        FIRST_TEXT => true,
        FIRST_BINARY => false,
        _ => return None,
    };
    let is_masked = bytes[1] & MASK != 0;
    let payload = usize::try_from(payload).ok()?;
    let fits = payload <= options.max_frame.min(options.max_message);
    if is_masked != (role == Role::Server) || !fits {
        return None;
    }
    let end = header.checked_add(payload)?;
    let mut data = bytes.get(header..end)?.to_vec();
    if is_masked {
        apply_mask(&mut data, *bytes[..header].last_chunk()?);
    }
    let message = match is_text {
        true => Message::text(Text::from_utf8(data.into()).ok()?),
        false => Message::binary(data),
    };
    Some((message, end))
}

/// Appends a message to `out` that consists of `parts`, which have `length` bytes together.
#[inline]
pub(crate) fn write<'a>(
    is_text: bool,
    length: usize,
    parts: impl Iterator<Item = &'a [u8]>,
    role: Role,
    out: &mut Vec<u8>,
) {
    out.reserve(MAX_HEADER + length);
    let first = if is_text { FIRST_TEXT } else { FIRST_BINARY };
    let mask_bit = if role == Role::Client { MASK } else { 0 };
    match length {
        length @ ..126 => out.extend_from_slice(&[first, mask_bit | length as u8]),
        length @ ..0x1_0000 => {
            out.extend_from_slice(&[first, mask_bit | 126]);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.extend_from_slice(&[first, mask_bit | 127]);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    if role == Role::Server {
        parts.for_each(|part| out.extend_from_slice(part));
        return;
    }
    let mask: [u8; 4] = rand::random();
    out.extend_from_slice(&mask);
    let begin = out.len();
    parts.for_each(|part| out.extend_from_slice(part));
    apply_mask(&mut out[begin..], mask);
}

/// Masks, or takes the mask away (RFC 6455, section 5.3).
fn apply_mask(data: &mut [u8], mask: [u8; 4]) {
    let word = u32::from_ne_bytes(mask);
    let words = u128::from_ne_bytes(std::array::from_fn(|at| mask[at % 4]));
    let (chunks, rest) = data.as_chunks_mut();
    for chunk in chunks {
        *chunk = (u128::from_ne_bytes(*chunk) ^ words).to_ne_bytes();
    }
    let (chunks, rest) = rest.as_chunks_mut();
    for chunk in chunks {
        *chunk = (u32::from_ne_bytes(*chunk) ^ word).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(mask) {
        *byte ^= mask;
    }
}

const FIRST_TEXT: u8 = FIN | TEXT;
const FIRST_BINARY: u8 = FIN | BINARY;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_beyond_all_memory_is_no_message() {
        let mut options = Options::default();
        (options.max_message, options.max_frame) = (usize::MAX, usize::MAX);
        let mut bytes = vec![FIRST_BINARY, MASK | 127];
        bytes.extend([0xff; 8 + 4]);
        assert!(read(&bytes, Role::Server, &options).is_none());
    }
}
