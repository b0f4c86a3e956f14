//! Names of rooms with wildcards.

/// A pattern in which each `*` stands for any characters, or none; all else stands for itself.
///
/// Matching takes a time in proportion to the length of the name, whatever the pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern<'a> {
    text: &'a str,
    first: &'a str,
    middle: Vec<&'a str>,
    /// What follows the last `*`, if there is one.
    last: Option<&'a str>,
    min_len: usize,
}

impl<'a> Pattern<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let (first, rest) = text.split_once('*').unwrap_or((text, ""));
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        let middle: Vec<_> = middle.split('*').filter(|part| !part.is_empty()).collect();
        let last = text.contains('*').then_some(last);
        let min_len = text.bytes().filter(|byte| *byte != b'*').count();
        Self { text, first, middle, last, min_len }
    }

    pub(crate) fn as_str(&self) -> &'a str {
        self.text
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        let Some(last) = self.last else { return name == self.text };
        // Also keeps a long pattern from being looked at for each short name.
        if name.len() < self.min_len {
            return false;
        }
        let inner = name.strip_prefix(self.first).and_then(|rest| rest.strip_suffix(last));
        let Some(mut rest) = inner else { return false };
        // The leftmost place for each part leaves the most room for those that follow.
        self.middle.iter().all(|part| match rest.find(part) {
            Some(at) => {
                rest = &rest[at + part.len()..];
                true
            }
            None => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_all_else_for_itself() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*", "a", true),
            ("", "", true),
            ("", "a", false),
            ("a", "a", true),
            ("a", "ab", false),
            ("team:*", "team:", true),
            ("team:*", "team:1", true),
            ("team:*", "team", false),
            ("*:team", "1:team", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("a*b*c", "abc", true),
            ("a**c", "abc", true),
            ("*b*", "abc", true),
            ("*b*", "ac", false),
            ("*ab*b", "ab", false),
            ("*ab*ab*", "abab", true),
            ("*aba*aba*", "ababa", false),
            ("r.*", "room", false),
            ("[a-z]*", "a", false),
            ("é*é", "éxé", true),
            ("a*", "*", false),
            ("a*", "a*", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(name), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn the_leftmost_places_find_a_match_whenever_there_is_one() {
        /// Tries all that a star can stand for.
        fn by_trial(pattern: &[u8], name: &[u8]) -> bool {
            match pattern.split_first() {
                None => name.is_empty(),
                Some((b'*', rest)) => (0..=name.len()).any(|at| by_trial(rest, &name[at..])),
                Some((byte, rest)) => name.first() == Some(byte) && by_trial(rest, &name[1..]),
            }
        }
        let mut random = fastrand::Rng::with_seed(7);
        let mut matched = 0;
        for _ in 0..20_000 {
            let mut text = |letters: &[char], len| -> String {
                (0..random.usize(..len)).filter_map(|_| random.choice(letters).copied()).collect()
            };
            let (pattern, name) = (text(&['a', 'b', '*'], 8), text(&['a', 'b'], 8));
            let expected = by_trial(pattern.as_bytes(), name.as_bytes());
            assert_eq!(Pattern::new(&pattern).matches(&name), expected, "{pattern} on {name}");
            matched += usize::from(expected);
        }
        assert!((1_000..19_000).contains(&matched), "{matched}");
    }
}
