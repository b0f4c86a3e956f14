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
    /// The last of them was not marked as such, or has not begun.
    unfinished: bool,
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
            unfinished: false,
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

    /// Whether all that has begun has ended, control frames included.
    pub(crate) fn is_between_messages(&self) -> bool {
        !self.is_within_frame() && !self.unfinished
    }

    /// Whether a part of a frame is still to come.
    pub(crate) fn is_within_frame(&self) -> bool {
        self.payload > 0 || self.header_len > 0
    }

    /// Follows the next bytes up to the end of a frame. Returns how many of them there are: none
    /// of a frame too many.
    pub(crate) fn follow(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        if self.payload == 0 && !self.exceeded {
            rest = self.follow_header(rest);
        }
        if self.exceeded {
            return 0;
        }
        let payload = rest.len().min(usize::try_from(self.payload).unwrap_or(usize::MAX));
        self.payload -= payload as u64;
        bytes.len() - rest.len() + payload
    }

    /// Takes what belongs to a header; returns the rest.
    fn follow_header<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        if self.header_len == 0
            && let Some((length, payload)) = parse(bytes)
        {
            self.payload = payload;
            self.count(bytes[0]);
            return &bytes[length..];
        }
        let mut rest = bytes;
        while let [byte, after @ ..] = rest {
            self.header[usize::from(self.header_len)] = *byte;
            self.header_len += 1;
            rest = after;
            if let Some((_, payload)) = parse(&self.header[..usize::from(self.header_len)]) {
                self.header_len = 0;
                self.payload = payload;
                self.count(self.header[0]);
                break;
            }
        }
        rest
    }

    fn count(&mut self, first: u8) {
        match first & 0x0f {
            CONTINUATION => self.fragments = self.fragments.saturating_add(1),
            TEXT | BINARY => self.fragments = 1,
            _ => return,
        }
        self.unfinished = first & FIN == 0;
        self.exceeded = self.fragments > self.max_fragments;
    }
}

/// The lengths of a header that is complete and of its payload.
pub(crate) fn parse(bytes: &[u8]) -> Option<(usize, u64)> {
    let [_, second, rest @ ..] = bytes else { return None };
    let (extended, payload) = match second & 0x7f {
        126 => (2, u16::from_be_bytes(*rest.first_chunk()?).into()),
        127 => (8, u64::from_be_bytes(*rest.first_chunk()?)),
        short => (0, short.into()),
    };
    let mask = if second & MASK == 0 { 0 } else { 4 };
    (rest.len() >= extended + mask).then_some((2 + extended + mask, payload))
}

/// Two bytes, eight of length, four of mask.
pub(crate) const MAX_HEADER: usize = 14;

pub(crate) const FIN: u8 = 0x80;
pub(crate) const MASK: u8 = 0x80;
const CONTINUATION: u8 = 0x0;
pub(crate) const TEXT: u8 = 0x1;
pub(crate) const BINARY: u8 = 0x2;

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    struct Wire {
        first: u8,
        mask: bool,
        payload: usize,
    }

    impl Wire {
        fn header(&self) -> Vec<u8> {
            let mask = if self.mask { 0x80 } else { 0 };
            let mut header = vec![self.first];
            match self.payload {
                short @ 0..126 => header.push(mask | short as u8),
                medium @ 126..65_536 => {
                    header.push(mask | 126);
                    header.extend((medium as u16).to_be_bytes());
                }
                long => {
                    header.push(mask | 127);
                    header.extend((long as u64).to_be_bytes());
                }
            }
            header.extend([0; 4].iter().take(if self.mask { 4 } else { 0 }));
            header
        }
    }

    fn frames() -> impl Strategy<Value = Vec<Wire>> {
        let first = prop_oneof![
            Just(CONTINUATION),
            Just(FIN | CONTINUATION),
            Just(TEXT),
            Just(FIN | BINARY),
            any::<u8>()
        ];
        let payload = prop_oneof![0_usize..10, 120_usize..130, Just(65_535), Just(65_536)];
        let frame = (first, any::<bool>(), payload);
        vec(frame.prop_map(|(first, mask, payload)| Wire { first, mask, payload }), 0..20)
    }

    /// How many bytes go through before the frame too many, the least and the most, or all.
    fn model(frames: &[Wire], max: u32) -> Result<usize, (usize, usize)> {
        let (mut at, mut fragments) = (0, 0);
        for frame in frames {
            fragments = match frame.first & 0x0f {
                CONTINUATION => fragments + 1,
                TEXT | BINARY => 1,
                _ => fragments,
            };
            let header = frame.header().len();
            if frame.first & 0x0f <= BINARY && fragments > max {
                return Err((at, at + header));
            }
            at += header + frame.payload;
        }
        Ok(at)
    }

    proptest! {
        #[test]
        fn the_count_does_not_depend_on_how_the_bytes_are_cut(
            frames in frames(),
            max in 1_u32..5,
            cuts in vec(1_usize..40_000, 1..20),
            end in 0_usize..20,
        ) {
            let mut bytes = Vec::new();
            for frame in &frames {
                bytes.extend(frame.header());
                bytes.resize(bytes.len() + frame.payload, 0xff);
            }
            let complete = bytes.len();
            bytes.truncate(complete.saturating_sub(end));
            let mut follower = Frames::new(max);
            let (mut passed, mut rest, mut cuts) = (0, &bytes[..], cuts.iter().cycle());
            while !rest.is_empty() && !follower.exceeded() {
                let cut = rest.len().min(*cuts.next().unwrap());
                let followed = follower.follow(&rest[..cut]);
                passed += followed;
                rest = &rest[followed..];
            }
            match model(&frames, max) {
                Err((least, most)) if most <= bytes.len() => {
                    prop_assert!(follower.exceeded());
                    prop_assert!((least..most).contains(&passed));
                    prop_assert_eq!(follower.follow(&bytes), 0);
                }
                _ => {
                    prop_assert!(!follower.exceeded());
                    prop_assert_eq!(passed, bytes.len());
                }
            }
        }

        #[test]
        fn a_message_ends_with_its_last_byte(
            mask: bool,
            fragments in vec(0_usize..200, 1..10),
            ping in 0_usize..126,
        ) {
            let mut follower = Frames::new(100);
            prop_assert!(follower.is_between_messages());
            let last = fragments.len() - 1;
            for (index, payload) in fragments.into_iter().enumerate() {
                let opcode = if index == 0 { BINARY } else { CONTINUATION };
                let fin = if index == last { FIN } else { 0 };
                let control = Wire { first: FIN | 0x9, mask, payload: ping };
                let data = Wire { first: fin | opcode, mask, payload };
                for frame in [data, control] {
                    let ends = index == last;
                    let mut bytes = frame.header();
                    bytes.resize(bytes.len() + frame.payload, 0);
                    let (end, begin) = bytes.split_last().unwrap();
                    follower.follow(begin);
                    prop_assert!(!follower.is_between_messages());
                    follower.follow(&[*end]);
                    prop_assert_eq!(follower.is_between_messages(), ends);
                }
            }
        }

        #[test]
        fn any_bytes_are_followed(chunks in vec(vec(any::<u8>(), 0..50), 0..50), max: u32) {
            let mut follower = Frames::new(max);
            for chunk in chunks {
                prop_assert!(follower.follow(&chunk) <= chunk.len());
            }
        }
    }
}
