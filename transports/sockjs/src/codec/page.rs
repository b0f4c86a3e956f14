//! The pages of the protocol, byte for byte as the reference server sends them: its clients and
//! its test suites depend on them.

use bytes::Bytes;
use data_encoding::HEXLOWER;
use md5::{Digest, Md5};

use super::Callback;

/// What the base URL answers.
pub(crate) const GREETING: &str = "Welcome to SockJS!\n";

/// The page that old browsers load for requests to another domain.
#[derive(Clone, Debug)]
pub(crate) struct IframePage {
    /// The page.
    pub(crate) html: Bytes,
    /// Its entity tag, with quotation marks (RFC 9110, section 8.8.3).
    pub(crate) etag: String,
}

impl IframePage {
    /// Makes the page, with the address of the client's script.
    pub(crate) fn new(sockjs_url: &str) -> Self {
        let html = IFRAME.replacen("{{ sockjs_url }}", sockjs_url, 1);
        let etag = format!("\"{}\"", HEXLOWER.encode(&Md5::digest(&html)));
        Self { html: html.into(), etag }
    }

    /// Whether a client that sent this `If-None-Match` has the page (RFC 9110, section 13.1.2).
    pub(crate) fn is_known(&self, if_none_match: &str) -> bool {
        if_none_match
            .split(',')
            .map(str::trim)
            .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.etag)
    }
}

/// The page that an htmlfile response begins with. Browsers start to run it once they have 1 KiB.
pub(crate) fn html_file(callback: &Callback) -> Bytes {
    let page = HTML_FILE.replacen(CALLBACK, callback.as_str(), 1);
    let padding = HTML_FILE_LEN - HTML_FILE.len();
    format!("{page}{:padding$}\r\n\r\n", "").into()
}

const IFRAME: &str = r#"<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="{{ sockjs_url }}"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe();
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>"#;

const HTML_FILE: &str = r#"<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body><h2>Don't panic!</h2>
  <script>
    document.domain = document.domain;
    var c = parent.{{ callback }};
    c.start();
    function p(d) {c.message(d);};
    window.onload = function() {c.stop();};
  </script>"#;
const CALLBACK: &str = "{{ callback }}";

/// The length of the padded page before the callback takes its place.
const HTML_FILE_LEN: usize = 1024 - 1 + CALLBACK.len();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_that_has_the_page_need_not_load_it_again() {
        let page = IframePage::new("https://example.com/sockjs.js");
        let other = IframePage::new("https://example.com/sockjs.min.js");
        let etag = &page.etag;
        for known in [etag.clone(), format!("\"a\", {etag}"), format!("W/{etag}"), "*".into()] {
            assert!(page.is_known(&known), "{known}");
        }
        for unknown in [&other.etag, "", "\"\"", &etag[1..33]] {
            assert!(!page.is_known(unknown), "{unknown}");
        }
    }
}
