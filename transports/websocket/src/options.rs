//! The limits of a connection, the same on both sides.

use plimsoll::Error;
use tungstenite::protocol::WebSocketConfig;

/// The limits of a connection, the same for servers and clients.
///
/// ```
/// use plimsoll_websocket::{Options, WebSocket};
///
/// let mut options = Options::default();
/// options.max_message = 1024 * 1024;
/// let transport = WebSocket::new().options(options);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Options {
    /// How long a message from the peer may be, in bytes, all its fragments together. A longer
    /// one ends the connection with close code 1009. At most 1 GiB. Default: 64 KiB.
    pub max_message: usize,
    /// How long one frame from the peer may be, in bytes. The declared length is checked before
    /// room is made for the frame. At most 1 GiB. Default: 64 KiB.
    pub max_frame: usize,
    /// In how many frames a message from the peer may come. One in more ends the connection
    /// with close code 1009. Fragments are joined in one buffer as they come. Default: 16,384.
    pub max_fragments: u32,
    /// How much is read at a time, in bytes. Default: 8 KiB, which holds a batch of small
    /// messages.
    ///
    /// All connections of a thread share a buffer of this size. What a connection has of its own,
    /// to write and for what does not come whole, it has until its next rest: a ping or pong that
    /// nothing follows. A heartbeat thus frees what idle connections hold.
    pub read_buffer: usize,
    /// How much may wait for a flush before it is written anyway, in bytes; a buffer grows up to
    /// this and one message more. Default: 8 KiB.
    pub write_buffer: usize,
}

impl Options {
    pub(crate) fn check(&self) -> Result<(), Error> {
        for (option, value) in [("max_message", self.max_message), ("max_frame", self.max_frame)] {
            if !(1..=MAX_LENGTH).contains(&value) {
                return Err(Error::config(option, "must be from 1 byte to 1 GiB"));
            }
        }
        if self.max_fragments == 0 {
            return Err(Error::config("max_fragments", "must be at least 1"));
        }
        for (option, value) in
            [("read_buffer", self.read_buffer), ("write_buffer", self.write_buffer)]
        {
            if !(MIN_BUFFER..=MAX_BUFFER).contains(&value) {
                let remedy = format!("must be from {MIN_BUFFER} bytes to {MAX_BUFFER} bytes");
                return Err(Error::config(option, remedy));
            }
        }
        Ok(())
    }

    /// What the protocol library is told; nothing is left to its defaults. Transports that are
    /// built on this one give options that nobody has checked.
    pub(crate) fn config(&self) -> WebSocketConfig {
        WebSocketConfig::default()
            .max_message_size(Some(self.max_message))
            .max_frame_size(Some(self.max_frame.min(MAX_LENGTH)))
            .read_buffer_size(LIBRARY_BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(CONTROL_BUFFER)
            .accept_unmasked_frames(false)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_message: 64 * 1024,
            max_frame: 64 * 1024,
            max_fragments: 16_384,
            read_buffer: 8 * 1024,
            write_buffer: 8 * 1024,
        }
    }
}

/// How much of control frames the protocol library keeps while this crate's buffer is full, in
/// bytes.
pub(crate) const CONTROL_BUFFER: usize = 1024;

/// How much the protocol library reads at a time of what this crate has read, in bytes.
pub(crate) const LIBRARY_BUFFER: usize = 1024;

/// A peer makes the protocol library reserve this much by a header alone.
const MAX_LENGTH: usize = 1 << 30;
const MIN_BUFFER: usize = 128;
const MAX_BUFFER: usize = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_that_cannot_work_is_named() {
        type Spoil = fn(&mut Options);
        let table: [(&str, Spoil); 8] = [
            ("max_message", |options| options.max_message = 0),
            ("max_message", |options| options.max_message = usize::MAX),
            ("max_frame", |options| options.max_frame = 0),
            ("max_frame", |options| options.max_frame = usize::MAX),
            ("max_fragments", |options| options.max_fragments = 0),
            ("read_buffer", |options| options.read_buffer = 0),
            ("read_buffer", |options| options.read_buffer = usize::MAX),
            ("write_buffer", |options| options.write_buffer = usize::MAX),
        ];
        for (name, spoil) in table {
            let mut options = Options::default();
            assert!(options.check().is_ok());
            spoil(&mut options);
            let error = options.check().unwrap_err();
            assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
        }
    }

    #[test]
    fn no_header_makes_the_protocol_library_reserve_all_memory() {
        let options = Options { max_frame: usize::MAX, ..Options::default() };
        assert_eq!(options.config().max_frame_size, Some(MAX_LENGTH));
    }

    #[test]
    fn every_limit_of_the_protocol_library_is_set() {
        let config = Options::default().config();
        assert_eq!(config.max_message_size, Some(64 * 1024));
        assert_eq!(config.max_frame_size, Some(64 * 1024));
        assert_eq!(config.read_buffer_size, LIBRARY_BUFFER);
        assert_eq!(config.write_buffer_size, 0);
        assert_eq!(config.max_write_buffer_size, CONTROL_BUFFER);
        assert!(!config.accept_unmasked_frames);
    }
}
