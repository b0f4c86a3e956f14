use bytes::{Buf, BytesMut};
use plimsoll::{Error, ErrorKind, Text};

use super::unquote::lossy_text;

/// Cuts the body of an xhr or xhr_streaming response into frames as it arrives.
#[derive(Debug)]
pub(crate) struct Lines {
    buffer: BytesMut,
    /// So many bytes of the buffer hold no line end.
    searched: usize,
    max_line: usize,
}

impl Lines {
    /// Makes a buffer that holds lines of at most `max_line` bytes.
    pub(crate) fn new(max_line: usize) -> Self {
        Self { buffer: BytesMut::new(), searched: 0, max_line }
    }

    /// Takes a part of the body. Take all lines out before the next.
    pub(crate) fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// The next line that has arrived. Empty ones are left out.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::TooLarge`] as soon as a line is too long.
    pub(crate) fn next(&mut self) -> Result<Option<Text>, Error> {
        loop {
            let unsearched = &self.buffer[self.searched..];
            let end = unsearched.iter().position(|byte| *byte == b'\n');
            let length = self.searched + end.unwrap_or(unsearched.len());
            if length > self.max_line {
                return Err(Error::with_message(ErrorKind::TooLarge, "frame too large"));
            }
            if end.is_none() {
                self.searched = length;
                return Ok(None);
            }
            self.searched = 0;
            let line = self.buffer.split_to(length).freeze();
            self.buffer.advance(1);
            if !line.is_empty() {
                return Ok(Some(lossy_text(line)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(lines: &mut Lines) -> Vec<Text> {
        std::iter::from_fn(|| lines.next().unwrap()).collect()
    }

    #[test]
    fn lines_end_where_they_end_however_they_arrive() {
        let body = "hhh\no\n\na[\"é\"]\nrest".as_bytes();
        for size in 1..body.len() {
            let mut lines = Lines::new(7);
            let mut found = Vec::new();
            for chunk in body.chunks(size) {
                lines.push(chunk);
                found.extend(all(&mut lines));
            }
            assert_eq!(found, ["hhh", "o", "a[\"é\"]"], "in chunks of {size}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_fails_before_it_ends() {
        for (body, fits) in [("12345678", true), ("12345678\n", true), ("123456789", false)] {
            let mut lines = Lines::new(8);
            lines.push(body.as_bytes());
            assert_eq!(lines.next().is_ok(), fits, "{body}");
        }
        let mut lines = Lines::new(8);
        lines.push(b"123456789\n");
        assert_eq!(lines.next().unwrap_err().kind(), ErrorKind::TooLarge);
    }

    proptest! {
        #[test]
        fn any_body_is_cut_without_a_panic(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 0..20),
        ) {
            let mut lines = Lines::new(64);
            let mut found = Vec::new();
            for chunk in &chunks {
                lines.push(chunk);
                while let Ok(Some(line)) = lines.next() {
                    found.push(line);
                }
            }
            let body = chunks.concat();
            let (whole, _) = body.split_at(body.iter().rposition(|byte| *byte == b'\n').unwrap_or(0));
            let expected: Vec<_> = whole
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
                .map(|line| String::from_utf8_lossy(line).into_owned())
                .collect();
            prop_assume!(expected.iter().all(|line| line.len() <= 64));
            prop_assert!(expected.iter().map(String::as_str).eq(found.iter().map(Text::as_str)));
        }
    }
}
