use super::Refusal;

/// The name of a function in a page, as jsonp and htmlfile are told it. It becomes a part of a
/// script: hence the strict check.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Callback(String);

impl Callback {
    /// Takes the parameter `c` of a query, or `callback` if there is none.
    ///
    /// # Errors
    ///
    /// Refuses a query without it, and a name other than 1 to 64 ASCII letters, digits, `_`,
    /// `.` and `$`.
    pub(crate) fn from_query(query: Option<&str>) -> Result<Self, Refusal> {
        let query = query.unwrap_or_default().as_bytes();
        let find = |wanted: &str| {
            form_urlencoded::parse(query)
                .find_map(|(name, value)| (name == wanted).then_some(value))
        };
        let name = find("c").or_else(|| find("callback")).ok_or(Refusal::CallbackRequired)?;
        if !(1..=MAX_LEN).contains(&name.len()) || !name.bytes().all(is_allowed) {
            return Err(Refusal::CallbackInvalid);
        }
        Ok(Self(name.into_owned()))
    }

    /// The name.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

const fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$')
}

const MAX_LEN: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_functions_are_taken() {
        let long = format!("c={}", "a".repeat(64));
        for (query, name) in [
            ("c=_jp.a1b2c3", "_jp.a1b2c3"),
            ("t=1&c=%5Fjp%2Ex", "_jp.x"),
            ("callback=f", "f"),
            ("callback=f&c=g", "g"),
            ("c=$", "$"),
            (&long, &long[2..]),
        ] {
            assert_eq!(Callback::from_query(Some(query)).unwrap().as_str(), name);
        }
    }

    #[test]
    fn scripts_are_refused() {
        let long = format!("c={}", "a".repeat(65));
        for query in [
            "c=",
            "c",
            "c=a-b",
            "c=%20",
            "c=a+b",
            "c=alert(1)",
            "c=a;b",
            "c=<script>",
            "c=%3Cscript%3E",
            "c=a%0Ab",
            "c=%00",
            "c=%E2%80%A8",
            "c=é",
            "c=a%22",
            "c=a'",
            "c=a[0]",
            "c=a%2Fb",
            "c=a%25",
            "c=%FF",
            &long,
        ] {
            assert_eq!(Callback::from_query(Some(query)), Err(Refusal::CallbackInvalid), "{query}");
        }
        for query in [None, Some(""), Some("C=f"), Some("t=1")] {
            assert_eq!(Callback::from_query(query), Err(Refusal::CallbackRequired), "{query:?}");
        }
    }
}
