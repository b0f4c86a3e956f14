//! Why a connection ends, in terms that do not depend on the transport.

use std::fmt;
use std::time::Duration;

use crate::Text;

/// Why a connection ends.
///
/// ```
/// use std::time::Duration;
/// use plimsoll::{Close, CloseCode};
///
/// let close = Close::new(CloseCode::GOING_AWAY, "restart").retry_after(Duration::from_secs(2));
/// assert!(close.code.may_reconnect());
/// assert_eq!(close.retry_delay(), Some(Duration::from_secs(2)));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Close {
    /// The reason for programs.
    pub code: CloseCode,
    /// The reason for people. Transports cut it to [`MAX_REASON`](Self::MAX_REASON) bytes.
    pub reason: Text,
}

impl Close {
    /// How long a reason may be on the wire, in bytes (RFC 6455, section 5.5).
    pub const MAX_REASON: usize = 123;

    /// Makes a close with a reason.
    pub fn new(code: CloseCode, reason: impl Into<Text>) -> Self {
        Self { code, reason: reason.into() }
    }

    /// A close with [`CloseCode::NORMAL`] and no reason.
    pub const fn normal() -> Self {
        Self { code: CloseCode::NORMAL, reason: Text::from_static("") }
    }

    /// A close with [`CloseCode::GOING_AWAY`] and no reason.
    pub const fn going_away() -> Self {
        Self { code: CloseCode::GOING_AWAY, reason: Text::from_static("") }
    }

    /// Asks the peer to wait for `delay` before it comes back.
    ///
    /// The delay, in whole milliseconds, becomes a part of the reason, so that it reaches the
    /// peer over every transport that carries reasons. A reason that leaves no room for it is
    /// cut. A delay counts as 49 days at most.
    #[must_use]
    pub fn retry_after(self, delay: Duration) -> Self {
        let millis = u32::try_from(delay.as_millis()).unwrap_or(u32::MAX);
        let hint = format!("{RETRY_PREFIX}{millis}{RETRY_SUFFIX}");
        if self.reason.is_empty() {
            return Self::new(self.code, hint);
        }
        let reason = cut(&self.reason, Self::MAX_REASON - hint.len() - 1);
        Self::new(self.code, format!("{reason} {hint}"))
    }

    /// The delay that the peer asked for by [`retry_after`](Self::retry_after).
    pub fn retry_delay(&self) -> Option<Duration> {
        let (_, delay) = self.reason.rsplit_once(RETRY_PREFIX)?;
        let millis = delay.strip_suffix(RETRY_SUFFIX)?.parse::<u32>().ok()?;
        Some(Duration::from_millis(millis.into()))
    }

    /// The reason as it fits on the wire: cut to [`MAX_REASON`](Self::MAX_REASON) bytes between
    /// two characters.
    pub fn wire_reason(&self) -> &str {
        cut(&self.reason, Self::MAX_REASON)
    }
}

impl fmt::Display for Close {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if !self.reason.is_empty() {
            write!(f, ": {}", self.reason)?;
        }
        Ok(())
    }
}

/// A close code, with the meaning that RFC 6455, section 7.4, gives it, on every transport.
///
/// | codes | meaning | comes back |
/// |---|---|---|
/// | 1000 | done | no |
/// | 1001, 1005, 1006, 1011–1015 | trouble that passes | yes |
/// | 1002, 1003, 1007–1010 | the peer did something that it would do again | no |
/// | 3000–3499 | trouble that passes, named by a library | yes |
/// | 3500–3999 | trouble that stays, named by a library | no |
/// | 4400–4499 | an HTTP status of a client's fault, plus 4000 | only 4408, 4425, 4429 |
/// | 4500–4599 | an HTTP status of a server's fault, plus 4000 | yes |
/// | others from 4000 | the application's own | yes |
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CloseCode(u16);

#[rustfmt::skip]
impl CloseCode {
    /// 1000: the purpose of the connection is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// 1001: a server shuts down, or a user leaves a page.
    pub const GOING_AWAY: Self = Self(1001);
    /// 1002: the peer broke the protocol.
    pub const PROTOCOL: Self = Self(1002);
    /// 1003: the peer sent a kind of message that is not accepted.
    pub const UNSUPPORTED: Self = Self(1003);
    /// 1005: the peer gave no code. Never sent.
    pub const NO_STATUS: Self = Self(1005);
    /// 1006: the connection ended without a close. Never sent.
    pub const ABNORMAL: Self = Self(1006);
    /// 1007: a message was not what its kind demands, for example text that is not UTF-8.
    pub const INVALID_DATA: Self = Self(1007);
    /// 1008: the peer broke a policy.
    pub const POLICY: Self = Self(1008);
    /// 1009: a message was too large.
    pub const TOO_LARGE: Self = Self(1009);
    /// 1010: the server did not offer an extension that the client needs.
    pub const EXTENSION_REQUIRED: Self = Self(1010);
    /// 1011: this side failed.
    pub const INTERNAL: Self = Self(1011);
    /// 1012: the service restarts.
    pub const SERVICE_RESTART: Self = Self(1012);
    /// 1013: try again later.
    pub const TRY_AGAIN: Self = Self(1013);
    /// 1014: a gateway got a bad answer.
    pub const BAD_GATEWAY: Self = Self(1014);
    /// 1015: the TLS handshake failed. Never sent.
    pub const TLS: Self = Self(1015);
    /// 3005: the credential expired; come back with a fresh one.
    pub const EXPIRED: Self = Self(3005);
    /// 3008: the peer did not read fast enough.
    pub const SLOW_CONSUMER: Self = Self(3008);
}

impl CloseCode {
    /// Whether it makes sense to connect again after a close with this code.
    pub const fn may_reconnect(self) -> bool {
        match self.0 {
            1001 | 1005 | 1006 | 1011..=1015 => true,
            3000..=3499 => true,
            4408 | 4425 | 4429 => true,
            4400..=4499 => false,
            4000..=4999 => true,
            _ => false,
        }
    }

    /// Whether the code may be sent: 1004, 1005, 1006, 1015 and what no range covers may not
    /// (RFC 6455, section 7.4).
    pub const fn is_sendable(self) -> bool {
        matches!(self.0, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }

    /// The code that stands for an HTTP status where there is no HTTP: 4000 more.
    pub const fn from_status(status: http::StatusCode) -> Self {
        Self(4000 + status.as_u16())
    }

    /// The HTTP status that the code stands for, see [`from_status`](Self::from_status).
    pub fn status(self) -> Option<http::StatusCode> {
        let status = self.0.checked_sub(4000).filter(|status| (400..600).contains(status))?;
        http::StatusCode::from_u16(status).ok()
    }

    const fn name(self) -> &'static str {
        match self {
            Self::NORMAL => "normal",
            Self::GOING_AWAY => "going away",
            Self::PROTOCOL => "protocol error",
            Self::UNSUPPORTED => "unsupported data",
            Self::NO_STATUS => "no status",
            Self::ABNORMAL => "abnormal",
            Self::INVALID_DATA => "invalid data",
            Self::POLICY => "policy violation",
            Self::TOO_LARGE => "message too large",
            Self::EXTENSION_REQUIRED => "extension required",
            Self::INTERNAL => "internal error",
            Self::SERVICE_RESTART => "service restart",
            Self::TRY_AGAIN => "try again later",
            Self::BAD_GATEWAY => "bad gateway",
            Self::TLS => "TLS handshake failed",
            Self::EXPIRED => "credential expired",
            Self::SLOW_CONSUMER => "slow consumer",
            _ => "",
        }
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            "" => write!(f, "{}", self.0),
            name => write!(f, "{} ({name})", self.0),
        }
    }
}

impl From<u16> for CloseCode {
    fn from(code: u16) -> Self {
        Self(code)
    }
}

impl From<CloseCode> for u16 {
    fn from(code: CloseCode) -> Self {
        code.0
    }
}

/// The start of `text`, at most `max` bytes, cut between two characters.
fn cut(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

const RETRY_PREFIX: &str = "(retry after ";
const RETRY_SUFFIX: &str = " ms)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_travels_in_the_reason() {
        let delay = Duration::from_millis(1500);
        let close = Close::new(CloseCode::GOING_AWAY, "deploy (blue)").retry_after(delay);
        assert_eq!(close.reason, "deploy (blue) (retry after 1500 ms)");
        assert_eq!(close.retry_delay(), Some(delay));
        assert_eq!(Close::going_away().retry_after(delay).retry_delay(), Some(delay));
        for reason in ["", "(retry after  ms)", "(retry after -1 ms)", "(retry after 1 ms) more"] {
            assert_eq!(Close::new(CloseCode::NORMAL, reason).retry_delay(), None, "{reason}");
        }
    }

    #[test]
    fn a_delay_reaches_the_peer_whatever_the_reason() {
        let delay = Duration::from_millis(u32::MAX.into());
        let close = Close::new(CloseCode::GOING_AWAY, "é".repeat(100)).retry_after(Duration::MAX);
        let on_the_wire = Close::new(close.code, close.wire_reason());
        assert_eq!(on_the_wire.retry_delay(), Some(delay));
    }

    #[test]
    fn reasons_are_cut_between_characters() {
        let close = Close::new(CloseCode::NORMAL, "é".repeat(100));
        assert_eq!(close.wire_reason(), "é".repeat(61));
        assert_eq!(Close::new(CloseCode::NORMAL, "short").wire_reason(), "short");
    }

    #[test]
    fn the_table_says_who_comes_back() {
        let back = [1001, 1005, 1006, 1011, 1012, 1013, 1014, 1015, 3000, 3005, 3008, 3499];
        let back = back.into_iter().chain([4000, 4399, 4408, 4429, 4500, 4503, 4999]);
        for code in back {
            assert!(CloseCode::from(code).may_reconnect(), "{code}");
        }
        for code in [0, 999, 1000, 1002, 1003, 1007, 1008, 1009, 1010, 3500, 4401, 4403, 5000] {
            assert!(!CloseCode::from(code).may_reconnect(), "{code}");
        }
    }

    #[test]
    fn a_status_survives_the_way_through_a_code() {
        let code = CloseCode::from_status(http::StatusCode::UNAUTHORIZED);
        assert_eq!(u16::from(code), 4401);
        assert_eq!(code.status(), Some(http::StatusCode::UNAUTHORIZED));
        assert_eq!(CloseCode::NORMAL.status(), None);
        assert_eq!(CloseCode::from(4000).status(), None);
    }
}
