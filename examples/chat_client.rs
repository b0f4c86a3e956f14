//! A member of the example `chat`, at a terminal: what is typed is said, what others say is
//! printed. When the connection is lost it comes back, and nothing is lost or doubled.
//!
//! ```sh
//! cargo run --release --example chat_client -- tcp://127.0.0.1:8081 --name Ann
//! ```
//!
//! The URL may be `tcp:`, `unix:` or `ws:`, the latter with the path `/ws`; the program is the
//! same. A `mem:` URL leads to a member of the same process only: `chat` has one of its own.
#![expect(clippy::print_stderr, clippy::print_stdout, reason = "it talks to whoever runs it")]

#[path = "chat/member.rs"]
mod member;
#[path = "chat/messages.rs"]
mod messages;

use std::env;
use std::process;

use plimsoll::{Close, Dialer, Error, LinkState};
use plimsoll_tcp::{Tcp, Unix};
use plimsoll_websocket::WebSocket;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

use crate::member::{Event, MAX_UNHEARD, Member};
use crate::messages::{LineText, Name, ToClient};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let (url, name) = parse(env::args().skip(1)).unwrap_or_else(|error| {
        eprintln!("{error}\nusage: chat_client URL [--name NAME]");
        process::exit(2)
    });
    let dialer = Dialer::builder()
        .transport(Tcp::connector())
        .transport(Unix::connector())
        .transport(WebSocket::connector());
    let mut member = Member::connect(dialer, &url, name).await?;

    let mut input = BufReader::new(stdin()).lines();
    let mut has_input = true;
    while has_input || member.unheard() > 0 {
        tokio::select! {
            line = input.next_line(), if has_input && member.unheard() < MAX_UNHEARD => match line? {
                Some(line) => match LineText::try_from(line) {
                    Ok(text) => member.say(text).await?,
                    Err(error) => eprintln!("{error}"),
                },
                None => has_input = false,
            },
            event = member.recv() => match event {
                Some(event) => show(event?, member.you()),
                None => break,
            },
        }
    }
    let close = member.leave().await;
    if close != Close::normal() {
        eprintln!("* the conversation is over: {close}");
    }
    Ok(())
}

fn show(event: Event, me: u64) {
    match event {
        Event::News(ToClient::Said(line)) if line.from.id == me => {}
        Event::News(ToClient::Said(line)) => {
            println!("{} ({}): {}", line.from.name, line.from.transport, line.text.as_str());
        }
        Event::News(ToClient::Welcome(welcome)) => {
            let names: Vec<_> = welcome.members.iter().map(|member| &*member.name).collect();
            eprintln!("* on board: {}", names.join(", "));
        }
        Event::News(ToClient::Joined { member }) => {
            eprintln!("* {} came aboard by {}", member.name, member.transport);
        }
        Event::News(ToClient::Moved { member }) => {
            eprintln!("* {} is back, by {}", member.name, member.transport);
        }
        Event::News(ToClient::Left { member }) => eprintln!("* {} went ashore", member.name),
        Event::Link(LinkState::Waiting { reason, delay, .. }) => {
            eprintln!("* connection lost ({reason}), next try in {delay:.1?}");
        }
        Event::Link(LinkState::GaveUp(reason)) => eprintln!("* {reason}"),
        Event::Link(_) => {}
    }
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<(String, Name), String> {
    let url = args.next().ok_or("the URL is missing")?;
    let name = match (args.next().as_deref(), args.next()) {
        (None, _) => env::var("USER").unwrap_or_else(|_| "Guest".into()),
        (Some("--name"), Some(name)) => name,
        (Some(option), _) => return Err(format!("`{option}` is no option, or lacks a value")),
    };
    Ok((url, Name::try_from(name)?))
}
