//! Query strings: `application/x-www-form-urlencoded`, as the URL Standard defines it.

/// The value of the first parameter called `name`.
pub(crate) fn find(query: &str, name: &str) -> Option<String> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(key) == name).then(|| decode(value))
    })
}

/// Appends a parameter to a URL.
pub(crate) fn append(url: &mut String, name: &str, value: &str) {
    let fragment = url.find('#').map(|at| url.split_off(at)).unwrap_or_default();
    url.push(if url.contains('?') { '&' } else { '?' });
    encode(name, url);
    url.push('=');
    encode(value, url);
    url.push_str(&fragment);
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'+', _) => bytes.push(b' '),
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    bytes.push(high << 4 | low);
                    rest = after;
                }
                _ => bytes.push(b'%'),
            },
            (&byte, _) => bytes.push(byte),
        }
    }
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn encode(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => {
                out.push(byte.into());
            }
            _ => {
                out.push('%');
                out.push(HEX[usize::from(byte >> 4)].into());
                out.push(HEX[usize::from(byte & 15)].into());
            }
        }
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parameters_are_found_and_decoded() {
        let query = "a=1&token=x%2By+z&empty=&bare&bad=%zz%4&a=2";
        for (name, value) in
            [("a", "1"), ("token", "x+y z"), ("empty", ""), ("bare", ""), ("bad", "%zz%4")]
        {
            assert_eq!(find(query, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(find(query, "b"), None);
    }

    proptest! {
        #[test]
        fn what_is_appended_is_found(name in "\\PC{1,20}", value in "\\PC*") {
            let mut url = String::from("ws://host/path?first=1#fragment");
            append(&mut url, &name, &value);
            let uri: http::Uri = url.split('#').next().unwrap().parse().unwrap();
            prop_assume!(name != "first");
            prop_assert_eq!(find(uri.query().unwrap(), &name), Some(value));
        }

        #[test]
        fn any_query_is_read_without_a_panic(query in ".*", name in ".*") {
            let _ = find(&query, &name);
        }
    }
}
