//! TLS: who may take how long, and what is agreed on.

use std::sync::Arc;
use std::time::Duration;

use plimsoll::ErrorKind;
use plimsoll_http::{Server, Tls};
use rcgen::CertifiedKey;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::common::{App, Running, closed, get, response, serve, within};

const LONG: Duration = Duration::from_secs(60);

struct Identity {
    tls: Tls,
    roots: RootCertStore,
}

impl Identity {
    fn new() -> Self {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(cert.der().clone()).unwrap();
        let key = signing_key.serialize_pem();
        Self { tls: Tls::from_pem(cert.pem().as_bytes(), key.as_bytes()).unwrap(), roots }
    }

    fn server(&self) -> Server<App> {
        Server::new(App::new()).tls(self.tls.clone())
    }

    async fn connect(&self, server: &Running, protocols: &[&str]) -> TlsStream<TcpStream> {
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = server.connect().await;
        within(TlsConnector::from(Arc::new(config)).connect(name, stream)).await.unwrap()
    }
}

#[tokio::test]
async fn http_is_spoken_over_tls() {
    let identity = Identity::new();
    let server = serve(identity.server()).await;
    let mut stream = identity.connect(&server, &[]).await;
    stream.write_all(get("/").as_bytes()).await.unwrap();
    assert_eq!(response(&mut stream).await.0, 200);
}

#[tokio::test]
async fn the_version_of_http_is_agreed_on_in_the_handshake() {
    let identity = Identity::new();
    let (both, http1) = (identity.server(), identity.server().http2(false));
    for (server, offered, agreed) in [
        (both.clone(), &["h2", "http/1.1"][..], Some("h2")),
        (both.clone(), &["http/1.1"], Some("http/1.1")),
        (both, &[], None),
        (http1.clone(), &["h2", "http/1.1"], Some("http/1.1")),
        (http1, &[], None),
    ] {
        let server = serve(server).await;
        let stream = identity.connect(&server, offered).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), agreed.map(str::as_bytes), "{offered:?}");
        if agreed == Some("h2") {
            let (client, connection) = h2::client::handshake(stream).await.unwrap();
            tokio::spawn(connection);
            let request = http::Request::get("https://localhost/").body(()).unwrap();
            let (answer, _) = client.ready().await.unwrap().send_request(request, true).unwrap();
            assert_eq!(within(answer).await.unwrap().status(), 200);
        }
    }
}

#[tokio::test]
async fn half_handshakes_are_closed_by_the_deadline() {
    let identity = Identity::new();
    let limit = Duration::from_millis(500);
    let server = serve(identity.server().tls_timeout(limit).header_timeout(LONG)).await;
    // The header of a handshake record that is never completed (RFC 8446, section 5.1).
    let half: &[&[u8]] = &[b"", b"\x16", b"\x16\x03\x01\x02\x00", b"\x16\x03\x01\x02\x00\x01\x00"];
    let mut clients = Vec::new();
    for begin in half.repeat(50) {
        clients.push(server.send(begin).await);
    }
    for client in &mut clients {
        closed(client).await;
    }
    identity.connect(&server, &[]).await;
}

#[tokio::test]
async fn a_client_that_says_nothing_after_the_handshake_is_closed_by_the_deadline() {
    let identity = Identity::new();
    let limit = Duration::from_millis(200);
    let server = serve(identity.server().header_timeout(limit)).await;
    for offered in [&["h2"][..], &["http/1.1"]] {
        closed(&mut identity.connect(&server, offered).await).await;
    }
}

#[tokio::test]
async fn what_is_no_tls_is_closed_at_once() {
    let identity = Identity::new();
    let server = serve(identity.server().tls_timeout(LONG)).await;
    let answer = closed(&mut server.send(get("/")).await).await;
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
    assert_eq!(server.handle.panics(), 0);
}

#[tokio::test]
async fn a_shutdown_does_not_wait_for_handshakes() {
    let identity = Identity::new();
    let mut server = serve(identity.server().tls_timeout(LONG)).await;
    let mut half = server.send(b"\x16").await;
    // Whoever came later is served, so the first one has been accepted.
    drop(identity.connect(&server, &[]).await);
    server.handle.shutdown(LONG);
    closed(&mut half).await;
    server.ended().await;
}

#[test]
fn what_is_no_certificate_or_key_is_named() {
    let identity = |name: &str| {
        let CertifiedKey { cert, signing_key } =
            rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        (cert.pem(), signing_key.serialize_pem())
    };
    let (cert, key) = identity("localhost");
    let (_, other) = identity("localhost");
    for (cert, key, name) in [
        ("", &*key, "certificates"),
        ("-----BEGIN CERTIFICATE-----\n!", &key, "certificates"),
        (&cert, "", "key"),
        (&cert, &other, "key"),
    ] {
        let error = Tls::from_pem(cert.as_bytes(), key.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
    }
}
