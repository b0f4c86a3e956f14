//! Polling by scripts and forms, for browsers that know no other way across origins.

use std::borrow::Cow;

use bytes::Bytes;
use plimsoll::Error;

use super::packet::protocol;

/// The index of the function that a client waits to be called: the parameter `j`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Jsonp {
    /// Digits only: what stands here becomes a part of a script.
    index: String,
}

impl Jsonp {
    /// Takes the digits of a parameter, and nothing else.
    pub(crate) fn new(index: &str) -> Self {
        Self { index: index.chars().filter(char::is_ascii_digit).collect() }
    }

    /// Makes a script that hands over a payload. The payload is text: a client of this kind is
    /// sent binary data in base64 only.
    pub(crate) fn script(&self, payload: &str) -> String {
        let json = serde_json::to_string(payload).expect("a string can be written as JSON");
        // Two characters that JSON allows in a string and older JavaScript does not.
        let json = json.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
        format!("___eio[{}]({json});", self.index)
    }

    /// Takes the payload from a form: the field `d`.
    ///
    /// The client escapes newlines, which a form would change: `\n` is one, and any more
    /// backslashes before an `n` are one too many. A backslash before a newline is lost by that: the
    /// client writes both pairs in the same way. The time is linear in the length.
    pub(crate) fn payload(form: &[u8]) -> Result<Bytes, Error> {
        let field = form_urlencoded::parse(form).find(|(name, _)| name == "d");
        let (_, escaped) = field.ok_or_else(|| protocol("a form has no field `d`"))?;
        Ok(unescape(escaped).into())
    }
}

fn unescape(text: Cow<'_, str>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut backslashes = 0;
    for character in text.chars() {
        match (character, backslashes) {
            ('n', 1) => {
                out.pop();
                out.push('\n');
            }
            ('n', 2..) => {
                out.pop();
                out.push('n');
            }
            _ => out.push(character),
        }
        backslashes = if character == '\\' { backslashes + 1 } else { 0_usize };
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As the browser client of Engine.IO 3 does, before the form is encoded.
    fn escape(text: &str) -> String {
        text.replace("\\n", "\\\n").replace('\n', "\\n")
    }

    fn form(payload: &str) -> String {
        form_urlencoded::Serializer::new(String::new()).append_pair("d", payload).finish()
    }

    #[test]
    fn scripts_are_those_of_the_reference_implementation() {
        for (payload, script) in [
            ("hello", r#"___eio[3]("hello");"#),
            ("a\"b\\c", r#"___eio[3]("a\"b\\c");"#),
            ("\n\r\t\u{8}\u{c}\u{1}\u{1f}", r#"___eio[3]("\n\r\t\b\f\u0001\u001f");"#),
            ("x\u{2028}y\u{2029}z", r#"___eio[3]("x\u2028y\u2029z");"#),
            ("\u{1d11e}</script>", "___eio[3](\"\u{1d11e}</script>\");"),
        ] {
            assert_eq!(Jsonp::new("3").script(payload), script);
        }
    }

    #[test]
    fn an_index_has_digits_only() {
        for (index, head) in
            [("12", "___eio[12]("), ("", "___eio[]("), ("a](alert)1;", "___eio[1](")]
        {
            assert!(Jsonp::new(index).script("").starts_with(head), "{index}");
        }
    }

    #[test]
    fn escapes_are_those_of_the_reference_implementation() {
        for (escaped, text) in [
            (r"a\nb", "a\nb"),
            (r"a\\nb", r"a\nb"),
            (r"a\\\nb", r"a\\nb"),
            (r"a\\\\nb", r"a\\\nb"),
            (r"\", r"\"),
            ("n", "n"),
            (r"\x", r"\x"),
            (r"\n\n", "\n\n"),
            (r"\\n\n", "\\n\n"),
        ] {
            let payload = Jsonp::payload(form(escaped).as_bytes()).unwrap();
            assert_eq!(payload, text.as_bytes(), "{escaped}");
        }
        assert!(Jsonp::payload(b"").is_err());
        assert!(Jsonp::payload(b"e=1&dd=2").is_err());
        assert_eq!(Jsonp::payload(b"d=4%zz+%2").unwrap(), &b"4%zz %2"[..]);
    }

    #[test]
    fn long_forms_are_read_in_one_pass() {
        for field in ["&", "d&", "\\", "\\n", "%5C%5Cn", "%"] {
            let form = format!("d={}", field.repeat(1_000_000));
            assert!(Jsonp::payload(form.as_bytes()).is_ok(), "{field}");
        }
    }

    proptest! {
        #[test]
        fn what_a_client_escapes_arrives(text in "[\\PC\n\\\\n]*") {
            prop_assume!(!text.contains("\\\n"));
            let payload = Jsonp::payload(form(&escape(&text)).as_bytes()).unwrap();
            prop_assert_eq!(&payload[..], text.as_bytes());
        }

        #[test]
        fn scripts_hold_the_payload(payload in ".*") {
            let script = Jsonp::new("0").script(&payload);
            let json = script.strip_prefix("___eio[0](").unwrap().strip_suffix(");").unwrap();
            let ends_line = json.contains(['\u{2028}', '\u{2029}', '\n']);
            prop_assert!(!ends_line);
            prop_assert_eq!(serde_json::from_str::<String>(json).unwrap(), payload);
        }
    }
}
