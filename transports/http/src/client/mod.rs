//! The client under the transports that make HTTP requests.
//!
//! A [`Client`] makes one request at a time, over HTTP/1.1, on a connection that it keeps. It runs
//! in no task of its own: whoever waits for a response polls the connection, and dropping the
//! client closes it. [`Cookies`] are those that a server sets, by which load balancers find it
//! again, and [`Wakers`] are for a session whose reader and writer wait in different places.
//!
//! ```
//! use bytes::Bytes;
//! use http::Request;
//! use http::header::HOST;
//! use plimsoll_http::client::{Client, Origin};
//!
//! # async fn example(address: std::net::SocketAddr) -> Result<(), plimsoll::Error> {
//! let url = format!("http://{address}/").parse().unwrap();
//! let mut client = Client::new(Origin::new(&url, false)?);
//! let request = Request::get("/").header(HOST, address.to_string());
//! let response = client.send(request.body(Bytes::new()).unwrap()).await?;
//! assert_eq!(response.status(), 404);
//! let body = client.read_short(response.into_body()).await?;
//! # drop(body);
//! # Ok(())
//! # }
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), plimsoll::Error> {
//! # use plimsoll::{Endpoint, HttpService, Socket};
//! # use plimsoll_websocket::WebSocket;
//! # let endpoint = Endpoint::builder().handle(async |_: Socket| {})?;
//! # let service = HttpService::builder(endpoint).at("/ws", WebSocket::new()).build()?;
//! # let server = plimsoll_http::Server::new(service).bind("127.0.0.1:0").await?;
//! # let address = server.local_addr();
//! # tokio::spawn(server.serve());
//! # example(address).await
//! # }
//! ```
//!
//! | limit | value |
//! |---|---|
//! | headers of a response | 16 KiB in all, 64 in number |
//! | body of a response that is read at once, by [`Client::read_short`] | 8 KiB |
//! | idle time after which a connection is not used again | 4 s |
//! | cookies that are kept | 32 |

mod connection;
mod cookies;
mod http1;
mod origin;
#[cfg(feature = "tls")]
mod tls;
mod wakers;

pub use self::cookies::Cookies;
pub use self::http1::{Client, ResponseBody};
pub use self::origin::Origin;
#[cfg(feature = "tls")]
pub use self::tls::ClientTls;
pub use self::wakers::Wakers;
