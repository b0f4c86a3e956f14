use super::Format;

/// A version of the protocol: the parameter `EIO`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Version {
    V3,
    V4,
}

/// How a client wants what is sent to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Dialect {
    pub(crate) version: Version,
    /// Whether binary data goes as base64 in text even where it could go as it is.
    pub(crate) base64: bool,
}

impl Dialect {
    pub(crate) const V4: Self = Self { version: Version::V4, base64: false };
}

impl Version {
    /// The format of a body, by whether its content type is `application/octet-stream`; `None` if
    /// this version has no such bodies.
    pub(crate) fn format(self, octet_stream: bool) -> Option<Format> {
        match (self, octet_stream) {
            (Self::V3, false) => Some(Format::V3Text),
            (Self::V3, true) => Some(Format::V3Binary),
            (Self::V4, false) => Some(Format::V4),
            (Self::V4, true) => None,
        }
    }
}
