use std::time::Duration;

use plimsoll::Error;

use super::Options;

impl Options {
    /// Checks the options.
    ///
    /// # Errors
    ///
    /// Names the option that cannot work.
    pub fn check(&self) -> Result<(), Error> {
        if self.transports.is_empty() {
            return Err(Error::config("transports", "must name at least one"));
        }
        if self.sockjs_url.is_empty() || self.sockjs_url.contains(is_unfit_for_page) {
            let remedy = "must be a URL without quotation marks, angle brackets and spaces";
            return Err(Error::config("sockjs_url", remedy));
        }
        if self.base_url.as_ref().is_some_and(String::is_empty) {
            return Err(Error::config("base_url", "must be a URL, or none"));
        }
        for (option, value) in [
            ("response_limit", self.response_limit),
            ("max_message", self.max_message),
            ("max_messages", self.max_messages),
            ("max_sessions", self.max_sessions),
            ("outbox_bytes", self.outbox_bytes),
            ("inbox_bytes", self.inbox_bytes),
        ] {
            if value == 0 {
                return Err(Error::config(option, "must be at least 1"));
            }
        }
        if self.max_body < self.max_message.saturating_add(BRACKETS) {
            return Err(Error::config("max_body", "must be at least `max_message` and 4 bytes"));
        }
        for (option, value) in [
            ("disconnect_delay", self.disconnect_delay),
            ("heartbeat_delay", self.heartbeat_delay),
            ("pong_timeout", self.pong_timeout),
        ] {
            if value.is_zero() || value > MAX_DELAY {
                return Err(Error::config(option, "must be longer than zero, and at most a day"));
            }
        }
        Ok(())
    }
}

fn is_unfit_for_page(character: char) -> bool {
    matches!(character, '"' | '\'' | '<' | '>') || !character.is_ascii_graphic()
}

/// Of an array and its string.
const BRACKETS: usize = 4;
const MAX_DELAY: Duration = Duration::from_secs(24 * 60 * 60);

#[cfg(test)]
mod tests {
    use plimsoll::ErrorKind;

    use super::*;
    use crate::Transport;
    use crate::codec::SendFormat;

    #[test]
    fn an_option_that_cannot_work_is_named() {
        type Spoil = fn(&mut Options);
        let cases: [(&str, Spoil); 18] = [
            ("transports", |options| options.transports.clear()),
            ("sockjs_url", |options| options.sockjs_url.clear()),
            ("sockjs_url", |options| options.sockjs_url = "https://a/\"><script>".into()),
            ("sockjs_url", |options| options.sockjs_url = "https://a/\n".into()),
            ("base_url", |options| options.base_url = Some(String::new())),
            ("response_limit", |options| options.response_limit = 0),
            ("max_message", |options| options.max_message = 0),
            ("max_messages", |options| options.max_messages = 0),
            ("max_body", |options| options.max_body = options.max_message),
            ("max_body", |options| options.max_message = usize::MAX),
            ("max_sessions", |options| options.max_sessions = 0),
            ("outbox_bytes", |options| options.outbox_bytes = 0),
            ("inbox_bytes", |options| options.inbox_bytes = 0),
            ("disconnect_delay", |options| options.disconnect_delay = Duration::ZERO),
            ("disconnect_delay", |options| options.disconnect_delay = Duration::MAX),
            ("heartbeat_delay", |options| options.heartbeat_delay = Duration::ZERO),
            ("pong_timeout", |options| options.pong_timeout = Duration::ZERO),
            ("pong_timeout", |options| options.pong_timeout = Duration::MAX),
        ];
        for (name, spoil) in cases {
            let mut options = Options::default();
            assert!(options.check().is_ok());
            spoil(&mut options);
            let error = options.check().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
        }
    }

    #[test]
    fn transports_that_run_scripts_are_off() {
        let options = Options::default();
        assert!(options.has(Transport::WebSocket) && options.has(Transport::EventSource));
        assert!(!options.has(Transport::HtmlFile) && !options.has(Transport::JsonpPolling));
        assert!(options.has_format(SendFormat::Json) && !options.has_format(SendFormat::Form));
        let options = options.transports([Transport::WebSocket, Transport::JsonpPolling]);
        assert!(options.has_format(SendFormat::Form) && !options.has_format(SendFormat::Json));
    }
}
