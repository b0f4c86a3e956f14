//! The command line, read one word at a time.
//!
//! The three programs share this instead of a parser crate: a word, an option, its value, and a
//! clear refusal of whatever else is there.

use std::collections::VecDeque;
use std::io;
use std::str::FromStr;

/// The words of a command line that nobody has read yet.
#[derive(Clone, Debug)]
pub struct Arguments {
    words: VecDeque<String>,
}

impl Arguments {
    /// What this process was started with, without its own name.
    pub fn from_env() -> Self {
        std::env::args().skip(1).collect()
    }

    /// Takes the next word if it equals `word`.
    pub fn take(&mut self, word: &str) -> bool {
        let found = self.words.front().is_some_and(|next| next == word);
        if found {
            self.words.pop_front();
        }
        found
    }

    /// Takes the next word as a positional argument, which messages call `what`.
    ///
    /// # Errors
    /// There is no word left, it is an option, or it does not parse.
    pub fn positional<T>(&mut self, what: &str) -> io::Result<T>
    where
        T: FromStr<Err: ToString>,
    {
        match self.words.pop_front() {
            Some(word) if !word.starts_with('-') => parse(what, &word),
            Some(word) => Err(usage(format!("{what} must come before the option {word}"))),
            None => Err(usage(format!("{what} is missing"))),
        }
    }

    /// Takes the next option's name, `None` at the end.
    ///
    /// # Errors
    /// The next word is not an option.
    pub fn option(&mut self) -> io::Result<Option<String>> {
        match self.words.pop_front() {
            Some(word) if word.starts_with("--") => Ok(Some(word)),
            Some(word) => Err(usage(format!("unexpected argument {word}"))),
            None => Ok(None),
        }
    }

    /// Takes the value of `option`.
    ///
    /// # Errors
    /// There is none, or it does not parse.
    pub fn value<T>(&mut self, option: &str) -> io::Result<T>
    where
        T: FromStr<Err: ToString>,
    {
        match self.words.pop_front() {
            Some(word) => parse(option, &word),
            None => Err(usage(format!("{option} needs a value"))),
        }
    }
}

impl<S: Into<String>> FromIterator<S> for Arguments {
    fn from_iter<I: IntoIterator<Item = S>>(words: I) -> Self {
        Self { words: words.into_iter().map(Into::into).collect() }
    }
}

/// The error for an option that the program does not have.
pub fn unknown(option: &str) -> io::Error {
    usage(format!("unknown option {option}"))
}

/// The error for a command line that makes no sense.
pub fn usage(message: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message.into())
}

fn parse<T>(what: &str, word: &str) -> io::Result<T>
where
    T: FromStr<Err: ToString>,
{
    word.parse().map_err(|error: T::Err| {
        usage(format!("bad value {word} for {what}: {}", error.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_in_order() {
        let mut arguments: Arguments = ["echo", "--size", "125"].into_iter().collect();
        assert_eq!(arguments.positional::<String>("MODE").unwrap(), "echo");
        assert_eq!(arguments.option().unwrap().unwrap(), "--size");
        assert_eq!(arguments.value::<usize>("--size").unwrap(), 125);
        assert!(arguments.option().unwrap().is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let mut arguments: Arguments = ["--size", "large", "stray"].into_iter().collect();
        let option = arguments.option().unwrap().unwrap();
        let error = arguments.value::<usize>(&option).unwrap_err();
        assert!(error.to_string().starts_with("bad value large for --size"), "{error}");
        assert_eq!(arguments.option().unwrap_err().to_string(), "unexpected argument stray");
        assert_eq!(arguments.value::<u8>("--x").unwrap_err().to_string(), "--x needs a value");
    }
}
