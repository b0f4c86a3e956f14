//! Looking for a byte among many that are plain.

/// Where the first byte is for which `is_special` holds. Looks at 16 bytes at a time, with a few
/// instructions if `is_special` has no branches: `|`, not `||` or `matches!`.
#[inline]
pub(super) fn find(bytes: &[u8], is_special: impl Fn(u8) -> bool) -> Option<usize> {
    let is_plain =
        |chunk: &[u8; CHUNK]| !chunk.iter().fold(false, |found, byte| found | is_special(*byte));
    let plain = bytes.as_chunks().0.iter().take_while(|chunk| is_plain(chunk)).count() * CHUNK;
    let rest = &bytes[plain..];
    // The last chunk may overlap one that is plain.
    if rest.len() < CHUNK && bytes.last_chunk().is_some_and(is_plain) {
        return None;
    }
    rest.iter().position(|byte| is_special(*byte)).map(|at| plain + at)
}

const CHUNK: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_found_wherever_it_is() {
        for length in 0..70 {
            let mut bytes = vec![b'x'; length];
            assert_eq!(find(&bytes, |byte| byte == b'"'), None);
            for at in (0..length).rev() {
                bytes[at] = b'"';
                assert_eq!(find(&bytes, |byte| byte == b'"'), Some(at));
            }
        }
    }
}
