//! Connections that outlive the HTTP requests that carry them.
//!
//! Where a browser cannot hold a connection open, a transport carries one over many requests:
//! some bring what the client sends, one at a time waits for what the server sends. What such
//! transports have in common is here, without any of their framing:
//!
//! ```text
//!    requests                                         the endpoint's task
//!    POST ──> Session::sender ──> inbox ──> SessionDuplex ──> plugins ──> handler
//!    GET  <── Session::receiver <── outbox <── SessionDuplex <── plugins <── handler
//!                    Sessions: the table in which requests find their session
//! ```
//!
//! [`session`] makes both ends. The [`SessionDuplex`] goes to the endpoint as any connection
//! does. The [`Session`] is for requests: a request that may receive attaches as the one
//! [`SessionReceiver`], and one that sends holds the one [`SessionSender`]. Both queues are
//! bounded in bytes: a client that does not come back for what waits makes the handler wait, and
//! a client that sends faster than the handler reads has to wait for its answer.
//!
//! ```
//! use plimsoll::session::{Delivery, SessionOptions, session};
//! use plimsoll::{DuplexExt, Frame};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), plimsoll::Error> {
//! let (mut io, session) = session(SessionOptions::default());
//!
//! // A request that brings something.
//! session.sender().expect("no other request sends").send("ahoy".into()).await?;
//! assert_eq!(io.recv().await.unwrap()?, Frame::from("ahoy"));
//!
//! // A request that waits for something.
//! io.send("aye").await?;
//! let mut receiver = session.receiver().expect("no other request receives");
//! assert_eq!(receiver.recv().await, Delivery::Frame("aye".into()));
//! receiver.detach();
//! # Ok(())
//! # }
//! ```
//!
//! # What a transport still writes
//!
//! - **Framing**: frames to the bodies of responses, and bodies of requests to frames. Use
//!   [`Message::wire`](crate::Message::wire), so that a broadcast is encoded once.
//! - **Routes**: which request opens a session, receives or sends; ids in URLs; status codes.
//!   [`Sessions`] finds a session, holds their number below a bound, and keeps one that has ended
//!   for a while, for clients that come late to learn why. [`random_id`] makes ids.
//! - **What a protocol does besides**: heartbeats and their time limits, and moving to another
//!   transport. That is a wrapper around the [`SessionDuplex`], which the endpoint's task polls
//!   whether or not there is a request, so timers live there and need no task of their own;
//!   [`Session::wake`] has it polled.
//! - **Meaning of failures**: what a second receiver means is the transport's choice. A receiver
//!   that is dropped without [`SessionReceiver::detach`] ends the session: what it took may be
//!   lost. [`Session::unfinished`] does the same for a request that sends.

mod bridge;
mod duplex;
mod id;
mod options;
mod receiver;
mod sender;
mod table;
mod unfinished;

pub use self::bridge::{Session, session};
pub use self::duplex::SessionDuplex;
pub use self::id::random_id;
pub use self::options::SessionOptions;
pub use self::receiver::{Delivery, SessionReceiver};
pub use self::sender::SessionSender;
pub use self::table::{NoPlace, Place, Sessions};
pub use self::unfinished::Unfinished;
