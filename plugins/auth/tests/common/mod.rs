//! A server that says who the peer is.

use plimsoll::{Dialer, Endpoint, Socket};
use plimsoll_auth::{Auth, IdentityExt, Source, Token, Verifier};
use plimsoll_memory::Memory;

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) source: Source,
}

pub(crate) fn user(name: &str, source: Source) -> User {
    User { name: name.to_owned(), source }
}

/// An endpoint at `mem://server` that sends each peer its name, then echoes until it is told
/// `who?` and says the name again.
pub(crate) struct Server {
    memory: Memory,
    pub(crate) endpoint: Endpoint,
}

impl Server {
    pub(crate) fn start<V: Verifier>(auth: Auth<V>) -> Self {
        let memory = Memory::new();
        let endpoint = Endpoint::builder().plugin(auth).handle(serve).unwrap();
        let listener = memory.listen("server").unwrap();
        let listening = endpoint.clone();
        tokio::spawn(async move { listening.listen(listener).await });
        Self { memory, endpoint }
    }

    pub(crate) fn dialer(&self, token: Token) -> Dialer {
        Dialer::builder().transport(self.memory.connector()).plugin(token).build().unwrap()
    }

    /// A dialer without the plugin.
    pub(crate) fn bare_dialer(&self) -> Dialer {
        Dialer::builder().transport(self.memory.connector()).build().unwrap()
    }
}

async fn serve(mut socket: Socket) {
    let who = |socket: &Socket| {
        let user: Option<User> = socket.identity();
        user.map_or("nobody".to_owned(), |user| format!("{} by {:?}", user.name, user.source))
    };
    if socket.send(who(&socket)).await.is_err() {
        return;
    }
    while let Some(Ok(message)) = socket.recv().await {
        let answer = if message.as_text() == Some("who?") { who(&socket).into() } else { message };
        if socket.send(answer).await.is_err() {
            return;
        }
    }
}
