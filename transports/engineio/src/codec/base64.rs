//! Binary data in text.

use data_encoding::{BASE64, BASE64_NOPAD};
use plimsoll::{Error, ErrorKind};

/// Appends `data` in the standard alphabet, padded (RFC 4648, section 4).
pub(super) fn encode(data: &[u8], out: &mut String) {
    BASE64.encode_append(data, out);
}

pub(super) fn encoded_len(len: usize) -> usize {
    BASE64.encode_len(len)
}

/// Decodes the standard alphabet, padded or not.
///
/// The reference implementation skips whatever else it meets. Here that is an error: no client
/// sends it, and data that silently differs is worse than a session that ends.
pub(super) fn decode(text: &[u8]) -> Result<Vec<u8>, Error> {
    let unpadded = text.strip_suffix(b"==").or(text.strip_suffix(b"=")).unwrap_or(text);
    BASE64_NOPAD.decode(unpadded).map_err(|error| Error::with_source(ErrorKind::Codec, error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_may_be_left_out() {
        for (text, data) in [("", &b""[..]), ("QQ==", b"A"), ("QQ", b"A"), ("QUI=", b"AB")] {
            assert_eq!(decode(text.as_bytes()).unwrap(), data, "{text}");
        }
    }

    #[test]
    fn whatever_else_is_no_base64() {
        for text in ["Q", "Q===", "QQ==QQ==", "Q Q=", "____", "QR==", "Q\u{e9}"] {
            assert!(decode(text.as_bytes()).is_err(), "{text}");
        }
    }
}
