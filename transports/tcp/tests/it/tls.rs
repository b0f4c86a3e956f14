//! TLS: who is trusted, and what comes before the hello.

use std::sync::LazyLock;
use std::time::Duration;

use plimsoll::{Dialer, Endpoint, ErrorKind, Message};
use plimsoll_tcp::{ClientTls, ServerTls, Tcp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::{Server, dialer, echo};

#[tokio::test]
async fn a_server_with_an_unknown_certificate_is_not_trusted() {
    let server = echo_server().await;
    let stranger = Identity::new();
    let tls = ClientTls::from_pem(stranger.certificate.as_bytes()).unwrap();
    let dialer = Dialer::builder().transport(Tcp::connector().tls(tls)).build().unwrap();
    assert_eq!(dialer.connect(&server.url).await.unwrap_err().kind(), ErrorKind::Io);
}

#[tokio::test]
async fn a_server_under_another_name_is_not_trusted() {
    let server = echo_server().await;
    let url = server.url.replace("localhost", "127.0.0.1");
    assert_eq!(dialer().connect(url).await.unwrap_err().kind(), ErrorKind::Io);
}

#[tokio::test]
async fn a_client_without_tls_is_dropped_and_others_are_served() {
    let server = echo_server().await;
    let url = server.url.replace("tls://", "tcp://");
    assert_ne!(dialer().connect(url).await.unwrap_err().kind(), ErrorKind::Timeout);
    let mut socket = dialer().connect(&server.url).await.unwrap();
    socket.send("ahoy").await.unwrap();
    assert_eq!(socket.recv().await.unwrap().unwrap(), Message::from("ahoy"));
}

#[tokio::test]
async fn a_handshake_that_stays_half_done_ends_by_the_deadline() {
    let endpoint = Endpoint::builder().handshake_timeout(Duration::from_millis(100));
    let server = Server::tls(&endpoint.handle(echo).unwrap()).await;
    for bytes in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01\x00\x01\xFC\x03\x03"] {
        let mut peer = TcpStream::connect(server.addr()).await.unwrap();
        peer.write_all(bytes).await.unwrap();
        assert_eq!(peer.read(&mut [0]).await.unwrap(), 0, "{bytes:?}");
    }
}

#[test]
fn what_is_not_a_certificate_or_its_key_is_named() {
    let Identity { certificate, key } = &*IDENTITY;
    let (certificate, key) = (certificate.as_bytes(), key.as_bytes());
    let other = Identity::new();
    for (certificates, key, option) in [
        (&b""[..], key, "`certificates`"),
        (b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", key, "`certificates`"),
        (certificate, b"", "`key`"),
        (certificate, certificate, "`key`"),
        (certificate, other.key.as_bytes(), "`key`"),
    ] {
        let error = ServerTls::from_pem(certificates, key).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(option), "{error}");
    }
    let error = ClientTls::from_pem(b"").unwrap_err();
    assert!(error.to_string().contains("`certificates`"), "{error}");
}

async fn echo_server() -> Server {
    Server::tls(&Endpoint::builder().handle(echo).unwrap()).await
}

pub(crate) fn server_tls() -> ServerTls {
    ServerTls::from_pem(IDENTITY.certificate.as_bytes(), IDENTITY.key.as_bytes()).unwrap()
}

pub(crate) fn client_tls() -> ClientTls {
    ClientTls::from_pem(IDENTITY.certificate.as_bytes()).unwrap()
}

struct Identity {
    certificate: String,
    key: String,
}

impl Identity {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        Self { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() }
    }
}

static IDENTITY: LazyLock<Identity> = LazyLock::new(Identity::new);
