use std::io;

use crate::{Error, ErrorKind};

/// Makes an id that nobody can guess: 128 bits from the operating system, as 22 characters that
/// need no escape in a URL (the alphabet of RFC 4648, section 5).
///
/// # Errors
///
/// Fails with [`ErrorKind::Io`] if the operating system gives no random bytes.
pub fn random_id() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::with_source(ErrorKind::Io, io::Error::other(error.to_string())))?;
    Ok(encode(u128::from_be_bytes(bytes)))
}

fn encode(mut bits: u128) -> String {
    let mut id = String::with_capacity(CHARACTERS);
    for _ in 0..CHARACTERS {
        id.push(char::from(ALPHABET[(bits % 64) as usize]));
        bits /= 64;
    }
    id
}

const CHARACTERS: usize = 22;
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn all_bits_of_an_id_are_in_its_characters() {
        let ids: HashSet<_> = (0..128).map(|bit| encode(1 << bit)).chain([encode(0)]).collect();
        assert_eq!(ids.len(), 129);
        assert_eq!(encode(u128::MAX).len(), CHARACTERS);
    }

    #[test]
    fn ids_are_random_in_every_character() {
        let ids: Vec<_> = (0..1000).map(|_| random_id().unwrap()).collect();
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        for at in 0..CHARACTERS - 1 {
            let seen: HashSet<_> = ids.iter().map(|id| id.as_bytes()[at]).collect();
            assert!(seen.len() > 50, "only {} characters at {at}", seen.len());
        }
    }
}
