//! Lets in only those who show a credential, for as long as it is valid.
//!
//! On a server, [`Auth`] takes a credential from the handshake, has a [`Verifier`] of the
//! application's decide on it, and keeps the identity that comes of it for the handler and for
//! other plugins. On a client, [`Token`] shows a fresh credential at each attempt to connect.
//!
//! ```
//! use std::time::Duration;
//!
//! use plimsoll::{Dialer, Endpoint, Socket};
//! use plimsoll_auth::{Auth, Credential, Denied, Grant, IdentityExt, Token};
//! use plimsoll_memory::Memory;
//!
//! #[derive(Clone)]
//! struct User {
//!     name: String,
//! }
//!
//! async fn find_user(credential: Credential) -> Result<Grant<User>, Denied> {
//!     if !credential.matches("s3cret") {
//!         return Err(Denied::invalid("unknown token"));
//!     }
//!     let user = User { name: "ann".to_owned() };
//!     Ok(Grant::new(user).subject("ann").valid_for(Duration::from_secs(900)))
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), plimsoll::Error> {
//! let memory = Memory::new();
//! let endpoint =
//!     Endpoint::builder().plugin(Auth::new(find_user)).handle(async |socket: Socket| {
//!         if let Some(user) = socket.identity::<User>() {
//!             let _ = socket.send(format!("ahoy, {}", user.name)).await;
//!         }
//!     })?;
//! let listener = memory.listen("harbour")?;
//! tokio::spawn(async move { endpoint.listen(listener).await });
//!
//! let dialer = Dialer::builder()
//!     .transport(memory.connector())
//!     .plugin(Token::new(async || Ok("s3cret".to_owned())))
//!     .build()?;
//! let mut socket = dialer.connect("mem://harbour").await?;
//! assert_eq!(socket.recv().await.unwrap()?.as_text(), Some("ahoy, ann"));
//!
//! let stranger = Dialer::builder().transport(memory.connector()).build()?;
//! let error = stranger.connect("mem://harbour").await.unwrap_err();
//! assert_eq!(error.reject().unwrap().status(), 401);
//! # Ok(())
//! # }
//! ```
//!
//! # Where the credential is
//!
//! | server | client | fit for |
//! |---|---|---|
//! | [`from_header`](Auth::from_header), the default | [`in_header`](Token::in_header), the default | all but web pages |
//! | [`from_cookie`](Auth::from_cookie) | [`in_cookie`](Token::in_cookie) | web pages of the same site |
//! | [`from_subprotocol`](Auth::from_subprotocol) | [`in_subprotocol`](Token::in_subprotocol) | web pages over WebSocket |
//! | [`from_query`](Auth::from_query) | [`in_query`](Token::in_query) | web pages, with a credential for one use |
//! | [`from_first_message`](Auth::from_first_message) | [`in_first_message`](Token::in_first_message) | transports without a handshake of their own |
//!
//! A server may name several. Who is turned away gets a status and a challenge: see [`Denied`].
//!
//! # Who the peer is
//!
//! [`IdentityExt::identity`] gives what the verifier made of the latest credential. In the
//! extensions of the connection's [`Info`](plimsoll::Info) is also the identity that the first
//! one gave, under its own type, as HTTP middleware would leave it there: `info.get::<User>()`.
//!
//! To end the connections of a user whose rights were revoked, look for them in
//! [`Endpoint::senders`](plimsoll::Endpoint::senders) and close them; nothing here asks the
//! verifier again before a credential expires.
//!
//! # How long
//!
//! A [`Grant`] may say until when it holds. After that the connection is closed with
//! [`CloseCode::EXPIRED`](plimsoll::CloseCode::EXPIRED) (3005), on time whatever the handler or
//! the peer does, and a client that [keeps connected](plimsoll::Dialer::keep_connected) comes
//! back with a fresh credential.
//!
//! A client with [`Token`] need not lose its connection: 30 s [before](Auth::warning) the end
//! the server asks for a fresh credential. It must be of the same
//! [subject](Grant::subject), and valid for longer; then the identity and the end are those of
//! the new grant. Otherwise the server asks again when half of the rest is over, down to a
//! second, before it gives up. What a client shows unasked is not looked at, so that no client
//! can keep the verifier busy.
//!
//! The wall clock counts when a credential is verified, a monotonic clock after that. Where the
//! handler reads nothing, a fresh credential may wait behind other messages until it is too late.
//!
//! # What is sent
//!
//! A client announces the plugin by the header `plimsoll-auth: 1`, or the query parameter
//! `plimsoll-auth=1`; if there is something to say, the server confirms by the same header in
//! its response. Then these text messages may follow, which do not reach the application:
//!
//! | message | from | meaning |
//! |---|---|---|
//! | `~auth:granted` | server | the credential in the first message is good |
//! | `~auth:refresh` | server | show a fresh credential |
//! | `~auth:token ` and the credential | client | here it is |
//! | `~auth:text ` and a text | both | a message of the application that begins with `~auth:` |
//!
//! Nothing is sent to others, and no message of theirs is changed.
//!
//! # Order
//!
//! Add it before the plugins that want to know who the peer is, or that cost the server
//! something. On a client add it before those that offer subprotocols.
//!
//! # Secrets
//!
//! Debug output of a [`Credential`], of an [`Info`](plimsoll::Info) and of a
//! [`Dial`](plimsoll::Dial) leaves credentials out, and errors do not hold them. At its level
//! `trace` the WebSocket library logs the payload of every message: do not log that in
//! production if credentials come in messages.
//!
//! # Bounds
//!
//! | what | default | where |
//! |---|---|---|
//! | length of a credential | 4 KiB | [`Auth::max_bytes`] |
//! | time of the verifier | 5 s | [`Auth::timeout`] |
//! | verifications at once, for each connection | 1 | |
//! | questions before an expiry | 5, for a warning of 30 s | [`Auth::warning`] |
//! | wait for a first message | 10 s | [`EndpointBuilder::handshake_timeout`](plimsoll::EndpointBuilder::handshake_timeout) |
//!
//! # Features
//!
//! - `jwt`: `Jwt`, a verifier of JSON Web Tokens.

mod auth;
mod credential;
mod denied;
mod exchange;
mod expiry;
mod first_message;
mod grant;
mod identity;
mod in_band;
#[cfg(feature = "jwt")]
mod jwt;
mod place;
mod renewal;
mod supply;
mod token;
mod verifier;

pub use self::auth::Auth;
pub use self::credential::{Credential, Source};
pub use self::denied::Denied;
pub use self::grant::Grant;
pub use self::identity::{Identity, IdentityExt};
#[cfg(feature = "jwt")]
pub use self::jwt::Jwt;
pub use self::token::Token;
pub use self::verifier::Verifier;
