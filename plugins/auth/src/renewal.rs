//! The server's side of renewing a credential.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::future::BoxFuture;
use plimsoll::{Error, ErrorKind};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::exchange::Side;
use crate::identity::Identity;
use crate::in_band::{self, Word};
use crate::verifier::Gate;
use crate::{Credential, Denied, Grant, Verifier};

/// Asks for a fresh credential before the present one expires, and ends the connection if none
/// has come by then.
pub(crate) struct Renewal<V: Verifier> {
    gate: Gate<V>,
    identity: Identity<V::Identity>,
    subject: Option<Arc<str>>,
    expires: Option<Instant>,
    warning: Duration,
    state: State<V::Identity>,
    /// The next question, or the end.
    timer: Option<Pin<Box<Sleep>>>,
}

enum State<I> {
    /// The peer was asked.
    Asked,
    /// Nothing is expected of the peer: what it shows is ignored.
    Resting,
    /// The peer has answered.
    Verifying(BoxFuture<'static, Result<Grant<I>, Denied>>),
}

impl<V: Verifier> Renewal<V> {
    pub(crate) fn new(
        gate: Gate<V>,
        identity: Identity<V::Identity>,
        subject: Option<Arc<str>>,
        expires: Option<Instant>,
        warning: Duration,
    ) -> Self {
        let state = State::Resting;
        let mut this = Self { gate, identity, subject, expires, warning, state, timer: None };
        this.set_timer(Instant::now());
        this
    }

    fn verify(&self, credential: Credential) -> State<V::Identity> {
        let gate = self.gate.clone();
        State::Verifying(Box::pin(async move { gate.verify(credential).await }))
    }

    /// Takes over a grant, if it is of the same user and outlasts the present one.
    fn renew(&mut self, grant: Grant<V::Identity>) {
        let outlasts = match (grant.expires, self.expires) {
            (Some(new), Some(old)) => new > old,
            (None, _) => true,
            (Some(_), None) => false,
        };
        if grant.subject == self.subject && outlasts {
            self.identity.set(grant.identity);
            self.expires = grant.expires;
            self.set_timer(Instant::now());
        }
    }

    fn set_timer(&mut self, now: Instant) {
        let Some(expires) = self.expires else {
            self.timer = None;
            return;
        };
        let due = match self.subject {
            Some(_) => next_question(now, expires, self.warning),
            None => expires,
        };
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(due),
            None => self.timer = Some(Box::pin(sleep_until(due))),
        }
    }
}

impl<V: Verifier> Side for Renewal<V> {
    fn hear(&mut self, word: Word) -> Result<(), Error> {
        match (word, &self.state) {
            (Word::Token(credential), State::Asked) => {
                self.state = self.verify(credential);
                Ok(())
            }
            // An answer that was on its way when another one was accepted.
            (Word::Token(_), State::Resting | State::Verifying(_)) => Ok(()),
            (Word::Granted | Word::Refresh, _) => Err(in_band::unexpected()),
        }
    }

    fn poll_word(&mut self, cx: &mut Context<'_>) -> Poll<Result<Word, Error>> {
        loop {
            if let State::Verifying(verification) = &mut self.state
                && let Poll::Ready(verified) = verification.as_mut().poll(cx)
            {
                self.state = State::Resting;
                if let Ok(grant) = verified {
                    self.renew(grant);
                }
            }
            let (Some(timer), Some(expires)) = (&mut self.timer, self.expires) else {
                return Poll::Pending;
            };
            ready!(timer.as_mut().poll(cx));
            let now = Instant::now();
            if now >= expires {
                return Poll::Ready(Err(Error::new(ErrorKind::Expired)));
            }
            self.set_timer(now);
            if !matches!(self.state, State::Verifying(_)) {
                self.state = State::Asked;
                return Poll::Ready(Ok(Word::Refresh));
            }
        }
    }
}

/// When to ask: `warning` before the end, but not before half of the time is over, and again
/// whenever half of the rest is. If that is too short for an answer, there is only the end.
fn next_question(now: Instant, expires: Instant, warning: Duration) -> Instant {
    let half = expires.saturating_duration_since(now) / 2;
    match expires.checked_sub(warning) {
        _ if half < MIN_PAUSE => expires,
        Some(warned) => warned.max(now + half),
        None => now + half,
    }
}

/// The least time between two questions.
const MIN_PAUSE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_come_closer_to_each_other_and_end() {
        let start = Instant::now();
        let expires = start + Duration::from_secs(3600);
        let (mut now, mut before) = (start, Vec::new());
        while now < expires {
            now = next_question(now, expires, Duration::from_secs(30));
            before.push((expires - now).as_millis());
        }
        assert_eq!(before, [30_000, 15_000, 7_500, 3_750, 1_875, 0]);
    }

    #[test]
    fn a_short_life_is_half_over_before_the_first_question() {
        let (now, warning) = (Instant::now(), Duration::from_secs(30));
        let after = |life| {
            let life = Duration::from_secs(life);
            (next_question(now, now + life, warning) - now).as_secs()
        };
        assert_eq!([after(1), after(10), after(40), after(100)], [1, 5, 20, 70]);
    }
}
