//! Sends to connections and rooms from outside, over HTTP.
//!
//! An application often has parts that hold no connections: a web shop, a cron job, a script of
//! the operator. [`Publish`] lets them say something to those who are connected: an authenticated
//! service beside the sockets, which takes a request and sends what it says to all connections,
//! to some, or to the members of [`Rooms`](plimsoll_rooms::Rooms).
//!
//! ```
//! use axum::Router;
//! use plimsoll::{Endpoint, HttpService, Socket};
//! use plimsoll_http::Server;
//! use plimsoll_publish::Publish;
//! use plimsoll_rooms::Rooms;
//! use plimsoll_websocket::WebSocket;
//!
//! # async fn example(token: String) -> Result<(), plimsoll::Error> {
//! let rooms = Rooms::new();
//! let endpoint = Endpoint::builder().plugin(rooms.clone()).handle({
//!     let rooms = rooms.clone();
//!     move |mut socket: Socket| {
//!         let rooms = rooms.clone();
//!         async move {
//!             let joined = rooms.join("news", socket.sender());
//!             while joined.is_ok() && socket.recv().await.is_some() {}
//!         }
//!     }
//! })?;
//! let sockets = HttpService::builder(endpoint.clone()).at("/ws", WebSocket::new()).build()?;
//! let publish = Publish::builder(endpoint, rooms).bearer(token).build()?;
//! let app = Router::new()
//!     .nest_service("/realtime", sockets)
//!     .route_service("/publish", publish);
//! Server::new(app).bind("127.0.0.1:3000").await?.serve().await
//! # }
//! ```
//!
//! ```sh
//! curl http://127.0.0.1:3000/publish --json '{"rooms": ["news"], "text": "ahoy"}' \
//!     --header "Authorization: Bearer $TOKEN"
//! # {"sent":2,"dropped":0,"closed":0}
//! ```
//!
//! # Requests
//!
//! A request is a `POST` or a `PUT` of a JSON object, with `Content-Type: application/json`:
//!
//! | field | type | meaning |
//! |---|---|---|
//! | `all` | boolean | to all connections; if true, without the next four |
//! | `rooms` | strings | to the members of these rooms |
//! | `patterns` | strings | to those of all rooms that match: see [`Rooms::to_matching`](plimsoll_rooms::Rooms::to_matching) |
//! | `topics` | strings | to who joined these, or patterns of them: see [`Rooms::to_topic`](plimsoll_rooms::Rooms::to_topic) |
//! | `connections` | strings | to these connections, by their [`ConnectionId`](plimsoll::ConnectionId), or [what else](PublishBuilder::find_connection) an id is |
//! | `except_rooms` | strings | but not to the members of these rooms |
//! | `except_connections` | strings | nor to these connections |
//! | `text` | string | a text message |
//! | `binary` | string | a binary message, in Base64 with padding (RFC 4648, section 4) |
//! | `value` | any | a value, in the format that each connection has agreed on, or in JSON: see [`Target::send_value`](plimsoll_rooms::Target::send_value) |
//!
//! It names somebody, and has exactly one of the last three. Who is named several times gets the
//! message once. Fields that are not in the table are errors.
//!
//! # Answers
//!
//! Status 200 comes with what became of the message at this process, as in
//! [`Delivery`](plimsoll_rooms::Delivery): `sent`, `dropped`, `closed`; and in `unknown` the
//! connections that are not there, if there are any. That a message is sent means that it is in
//! the outbox of a connection. All other answers have a body `{"error": "what is wrong"}`:
//!
//! | status | meaning |
//! |---|---|
//! | 400 | the request is not as above; the body says where |
//! | 401 | no credential, or a wrong one; `WWW-Authenticate` says which may be shown |
//! | 404 | the request is for connections only, and none of them is there |
//! | 405 | neither `POST` nor `PUT` |
//! | 408 | the body took too long |
//! | 413 | the body is too large |
//! | 415 | the body is not said to be JSON |
//! | 422 | the format of a connection cannot express the value; nobody got it |
//! | 503 | the endpoint shuts down, or there are too many requests at once; `Retry-After` |
//!
//! # Who may send
//!
//! Whoever shows one of the credentials: a token by [`bearer`](PublishBuilder::bearer), or a user
//! and a password by [`basic`](PublishBuilder::basic). Without any the service is not built. They
//! are compared in a time that tells nothing but whether the length is right, and do not show in
//! debug output. A credential allows everything; keep the service off the public network if you
//! can, and serve it over TLS.
//!
//! # Bounds
//!
//! | what | default | where |
//! |---|---|---|
//! | body of a request | 64 KiB | [`PublishBuilder::max_body`] |
//! | time for a body | 10 s | [`PublishBuilder::body_timeout`] |
//! | rooms, patterns, topics and connections in a request | 1,000 | [`PublishBuilder::max_names`] |
//! | patterns and topics in a request | 16 | [`PublishBuilder::max_patterns`] |
//! | requests at once | 64 | [`PublishBuilder::max_requests`] |
//! | nesting of a value | 127 | |
//!
//! How many requests come in a second is not bounded here: those who may send are trusted that
//! far. What members that are too slow lose, the
//! [`slow_policy`](plimsoll_rooms::Options::slow_policy) of the rooms says.
//!
//! # omega-supreme
//!
//! [`Dialect::OmegaSupreme`] takes the requests of that plugin of Primus, version 3, so that
//! `primus.forward` of a Node process reaches the connections of this one:
//!
//! ```
//! # use plimsoll::{Endpoint, Socket};
//! # use plimsoll_publish::{Dialect, Publish};
//! # use plimsoll_rooms::Rooms;
//! # let rooms = Rooms::new();
//! # let endpoint = Endpoint::builder().plugin(rooms.clone()).handle(async |_: Socket| {})?;
//! let publish = Publish::builder(endpoint, rooms)
//!     .dialect(Dialect::OmegaSupreme)
//!     .basic("omega", "a password of your own")
//!     .build()?;
//! # Ok::<(), plimsoll::Error>(())
//! ```
//!
//! It belongs at `/primus/omega/supreme`. A request is a `PUT` of `{"msg": value, "sparks": ids}`,
//! where `ids` is one id, a list, or not there for all; the answer is `{"ok":true,"send":n}`, or
//! `{"ok":false,"reason":"what is wrong"}` with a status as above, but for 404: connections that
//! are not there count as none. Unlike the original it takes any value for `msg`, `0` and `false`
//! included, and refuses `sparks` that are neither a string nor a list, where the original would
//! send to all.

mod answer;
mod credential;
mod omega_supreme;
mod options;
mod order;
mod publish;

pub use self::options::{Dialect, PublishBuilder};
pub use self::publish::Publish;
