//! JSON strings as SockJS sends them: ASCII controls, invisible characters and everything outside
//! the Basic Multilingual Plane as escapes, because browsers and proxies were seen to spoil them.

use super::scan;

/// Appends `text` as a JSON string with its quotation marks.
pub(crate) fn quote(text: &str, out: &mut String) {
    out.push('"');
    escape(text, out);
    out.push('"');
}

/// Appends `text` as the inside of a JSON string.
pub(crate) fn escape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = scan::find(rest.as_bytes(), may_begin_special) {
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let mut characters = special.chars();
        if let Some(character) = characters.next() {
            escape_character(character, out);
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
}

/// Whether nothing in `text` may begin a character to escape.
pub(crate) fn is_plain(text: &str) -> bool {
    scan::find(text.as_bytes(), may_begin_special).is_none()
}

/// Whether a byte may be the first of a character to escape: none that this holds for is inside
/// a character.
const fn may_begin_special(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\') | (byte == 0xe2) | (byte >= 0xef)
}

fn escape_character(character: char, out: &mut String) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\u{c}' => out.push_str("\\f"),
        '\r' => out.push_str("\\r"),
        '\0'..='\u{1f}'
        | '\u{200c}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}'
        | '\u{2060}'..='\u{206f}'
        | '\u{fff0}'..='\u{ffff}'
        | '\u{10000}'.. => {
            for unit in character.encode_utf16(&mut [0; 2]) {
                push_unit(*unit, out);
            }
        }
        _ => out.push(character),
    }
}

fn push_unit(unit: u16, out: &mut String) {
    out.push_str("\\u");
    for shift in [12, 8, 4, 0] {
        out.push(char::from(HEX[usize::from(unit >> shift & 15)]));
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    /// Reads one JSON string for each character, in order, and says how many were right.
    const SCRIPT: &str = r"
        const lines = require('fs').readFileSync(0, 'utf8').split('\n');
        let point = -1;
        let right = 0;
        for (const line of lines) {
            do point += 1; while (point >= 0xd800 && point <= 0xdfff);
            if (JSON.parse(line) === `a${String.fromCodePoint(point)}b`) right += 1;
        }
        console.log(right);
    ";

    #[test]
    #[expect(clippy::print_stderr, reason = "a test that did not run says so")]
    fn javascript_reads_every_character() {
        let node = Command::new("node")
            .args(["-e", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut node) = node else {
            eprintln!("SKIPPED: there is no node to read what was quoted");
            return;
        };
        let mut lines = String::new();
        for character in '\0'..=char::MAX {
            if character != '\0' {
                lines.push('\n');
            }
            quote(&format!("a{character}b"), &mut lines);
        }
        node.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let output = node.wait_with_output().unwrap();
        let characters = ('\0'..=char::MAX).count();
        assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), characters.to_string());
    }
}
