//! Compressed answers (RFC 9110, section 8.4.1).

use std::io::{self, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, HeaderValue};

/// A content coding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Coding {
    Deflate,
    Gzip,
}

impl Coding {
    /// What a client takes, gzip rather than deflate (RFC 9110, section 12.5.3).
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let mut accepted = None;
        for coding in headers.get_all(ACCEPT_ENCODING).iter().flat_map(list) {
            match coding {
                b"gzip" | b"x-gzip" => return Some(Self::Gzip),
                b"deflate" => accepted = Some(Self::Deflate),
                _ => {}
            }
        }
        accepted
    }

    pub(super) fn name(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Deflate => "deflate",
            Self::Gzip => "gzip",
        })
    }

    pub(super) fn encode(self, data: &[u8]) -> io::Result<Bytes> {
        let out = Vec::with_capacity(data.len() / 4);
        let out = match self {
            Self::Deflate => {
                let mut encoder = ZlibEncoder::new(out, Compression::fast());
                encoder.write_all(data)?;
                encoder.finish()?
            }
            Self::Gzip => {
                let mut encoder = GzEncoder::new(out, Compression::fast());
                encoder.write_all(data)?;
                encoder.finish()?
            }
        };
        Ok(out.into())
    }
}

/// The codings in a header, without those of weight 0.
fn list(header: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    header.as_bytes().split(|byte| *byte == b',').filter_map(|entry| {
        let mut parts = entry.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
        let coding = parts.next()?;
        let refused = parts.any(|weight| {
            weight.strip_prefix(b"q=0").is_some_and(|rest| rest.iter().all(|b| b"0.".contains(b)))
        });
        (!refused).then_some(coding)
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::{GzDecoder, ZlibDecoder};

    use super::*;

    #[test]
    fn the_client_chooses() {
        for (header, coding) in [
            ("gzip, deflate, br", Some(Coding::Gzip)),
            ("deflate;q=0.5 , gzip;q=0.1", Some(Coding::Gzip)),
            ("gzip;q=0, deflate", Some(Coding::Deflate)),
            ("gzip; q=0.000, deflate; q=0", None),
            ("br", None),
            ("identity", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(header));
            assert_eq!(Coding::accepted(&headers), coding, "{header}");
        }
        assert_eq!(Coding::accepted(&HeaderMap::new()), None);
    }

    #[test]
    fn what_is_compressed_comes_back() {
        let data = b"4hello ".repeat(1000);
        let mut back = Vec::new();
        let gzip = Coding::Gzip.encode(&data).unwrap();
        GzDecoder::new(&gzip[..]).read_to_end(&mut back).unwrap();
        assert_eq!(back, data);
        back.clear();
        let deflate = Coding::Deflate.encode(&data).unwrap();
        ZlibDecoder::new(&deflate[..]).read_to_end(&mut back).unwrap();
        assert_eq!(back, data);
        assert!(gzip.len() < data.len() / 10 && deflate.len() < data.len() / 10);
    }
}
