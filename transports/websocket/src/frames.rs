//! Finding frames in a stream of bytes (RFC 6455, section 5.2).

/// Follows the frames that a peer sends, to count those that make up one message: the protocol
/// library joins fragments without telling how many there were.
///
/// It reads headers only and checks nothing else: what is no WebSocket frame is the protocol
/// library's to refuse.
#[derive(Debug)]
pub(crate) struct Frames {
    max_fragments: u32,
    /// How many frames of the present message have begun.
    fragments: u32,
    /// How much of the present frame's payload is to come.
    payload: u64,
    /// The part of a header that has come.
    header: [u8; MAX_HEADER],
    header_len: u8,
    exceeded: bool,
}

impl Frames {
    pub(crate) fn new(max_fragments: u32) -> Self {
        Self {
            max_fragments,
            fragments: 0,
            payload: 0,
            header: [0; MAX_HEADER],
            header_len: 0,
            exceeded: false,
        }
    }

    /// Whether a message came in too many frames: nothing after it may be read.
    pub(crate) fn exceeded(&self) -> bool {
        self.exceeded
    }

    /// Follows the next bytes. Returns how many of them come before a frame too many.
    pub(crate) fn follow(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() && !self.exceeded {
            let skipped = rest.len().min(usize::try_from(self.payload).unwrap_or(usize::MAX));
            self.payload -= skipped as u64;
            rest = &rest[skipped..];
            let begin = bytes.len() - rest.len();
            rest = self.follow_header(rest);
            if self.exceeded {
                return begin;
            }
        }
        bytes.len() - rest.len()
    }

    /// Takes what belongs to a header; returns the rest.
    fn follow_header<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let mut rest = bytes;
        while let [byte, after @ ..] = rest {
            self.header[usize::from(self.header_len)] = *byte;
            self.header_len += 1;
            rest = after;
            if let Some(payload) = self.complete() {
                self.header_len = 0;
                self.payload = payload;
                self.count(self.header[0]);
                break;
            }
        }
        rest
    }

    /// The length of the payload, once the header is complete.
    fn complete(&self) -> Option<u64> {
        let header = &self.header[..usize::from(self.header_len)];
        let [_, second, rest @ ..] = header else { return None };
        let mask = if second & 0x80 == 0 { 0 } else { 4 };
        match second & 0x7f {
            126 => match rest {
                [a, b, rest @ ..] if rest.len() == mask => {
                    Some(u16::from_be_bytes([*a, *b]).into())
                }
                _ => None,
            },
            127 => match rest {
                [a, b, c, d, e, f, g, h, rest @ ..] if rest.len() == mask => {
                    Some(u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]))
                }
                _ => None,
            },
            short => (rest.len() == mask).then_some(short.into()),
        }
    }

    fn count(&mut self, first: u8) {
        match first & 0x0f {
            CONTINUATION => self.fragments = self.fragments.saturating_add(1),
            TEXT | BINARY => self.fragments = 1,
            _ => return,
        }
        self.exceeded = self.fragments > self.max_fragments;
    }
}

/// Two bytes, eight of length, four of mask.
const MAX_HEADER: usize = 14;

const CONTINUATION: u8 = 0x0;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
