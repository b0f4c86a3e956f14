//! A member inside of the server's own process, over memory: it greets who comes, and tells the
//! time.

use std::time::SystemTime;

use plimsoll::{Close, Dialer, Error, LinkState};
use plimsoll_memory::MemoryConnector;

use crate::member::{Event, MAX_UNHEARD, Member};
use crate::messages::ToClient;

/// Takes part until the conversation ends, and returns how it did.
pub(crate) async fn take_part(memory: MemoryConnector, url: String) -> Result<Close, Error> {
    let dialer = Dialer::builder().transport(memory);
    let mut member = Member::connect(dialer, &url, valid("Harbour master")?).await?;
    while let Some(Ok(event)) = member.recv().await {
        let answer = match event {
            Event::News(news) => answer(&news, member.you()),
            Event::Link(LinkState::Waiting { reason, .. }) => {
                eprintln!("the harbour master lost the connection: {reason}");
                None
            }
            Event::Link(_) => None,
        };
        // When many come at once, not each of them is greeted.
        if let Some(text) = answer.filter(|_| member.unheard() < MAX_UNHEARD) {
            member.say(valid(&text)?).await?;
        }
    }
    Ok(member.leave().await)
}

fn answer(news: &ToClient, me: u64) -> Option<String> {
    match news {
        ToClient::Joined { member } => Some(format!(
            "Welcome aboard, {}. You came by {}. Say “time” to hear the time.",
            member.name, member.transport
        )),
        ToClient::Said(line) if line.from.id != me && is_question(line.text.as_str()) => {
            Some(format!("It is {} UTC, {}.", time_of_day(), line.from.name))
        }
        ToClient::Said(_)
        | ToClient::Welcome(_)
        | ToClient::Left { .. }
        | ToClient::Moved { .. } => None,
    }
}

fn is_question(text: &str) -> bool {
    text.trim_end_matches(['?', '!', '.']).eq_ignore_ascii_case("time")
}

fn time_of_day() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let minutes = since.as_secs() / 60;
    format!("{:02}:{:02}", minutes / 60 % 24, minutes % 60)
}

/// A name or a line of the harbour master's own.
fn valid<T: TryFrom<String, Error = String>>(text: &str) -> Result<T, Error> {
    T::try_from(text.to_owned()).map_err(|error| Error::config("text", error))
}
