//! TLS by rustls.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use plimsoll::{Admission, BoxDuplex, Error, ErrorKind, Handshake, Incoming, Reject};
use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

use crate::Options;
use crate::server::{Caller, Peer};

/// A server's certificate and its key.
///
/// ```
/// use plimsoll::{Dialer, Endpoint, Socket};
/// use plimsoll_tcp::{ClientTls, ServerTls, Tcp};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
/// # let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
/// let tls = ServerTls::from_pem(certificate.as_bytes(), key.as_bytes())?;
/// let listener = Tcp::new().tls(tls).bind("127.0.0.1:0").await?;
/// let port = listener.local_addr()?.port();
/// let endpoint = Endpoint::builder().handle(async |socket: Socket| {
///     let _ = socket.send("ahoy").await;
/// })?;
/// tokio::spawn(async move { endpoint.listen(listener).await });
///
/// let connector = Tcp::connector().tls(ClientTls::from_pem(certificate.as_bytes())?);
/// let dialer = Dialer::builder().transport(connector).build()?;
/// let mut socket = dialer.connect(format!("tls://localhost:{port}")).await?;
/// assert_eq!(socket.recv().await.unwrap()?.as_text(), Some("ahoy"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ServerTls(TlsAcceptor);

impl ServerTls {
    /// Reads a certificate with its chain, the server's own first, and its private key, both in
    /// the PEM format.
    ///
    /// TLS 1.2 and 1.3 are spoken, clients need no certificate.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if there is no certificate or no key in the input, or they do not
    /// fit together.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, Error> {
        let chain = read_certificates(certificates)?;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| Error::config("key", format!("must be a private key: {error}")))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::with_source(ErrorKind::Config, error))?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| Error::config("key", format!("must fit the certificate: {error}")))?;
        Ok(Self::from_rustls(Arc::new(config)))
    }

    /// Uses a configuration of rustls 0.23, for what [`from_pem`](Self::from_pem) has no words
    /// for, such as certificates of clients. Its list of protocols for ALPN is replaced.
    pub fn from_rustls(config: Arc<ServerConfig>) -> Self {
        let mut config = Arc::unwrap_or_clone(config);
        config.alpn_protocols = vec![ALPN.into()];
        Self(TlsAcceptor::from(Arc::new(config)))
    }
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").finish_non_exhaustive()
    }
}

/// Which servers a client trusts.
#[derive(Clone)]
pub struct ClientTls(TlsConnector);

impl ClientTls {
    /// Trusts the authorities that the system trusts. Reads files, so keep what it returns.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if the system has none.
    pub fn system() -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        let (added, _) =
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if added == 0 {
            let remedy = "must be set where the system has no list of trusted authorities";
            return Err(Error::config("tls", remedy));
        }
        Self::trusting(roots)
    }

    /// Trusts the authorities, or the servers' own certificates, that are in the input, in the
    /// PEM format, and nobody else.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Config`] if there is no certificate in the input.
    pub fn from_pem(certificates: &[u8]) -> Result<Self, Error> {
        let mut roots = RootCertStore::empty();
        for certificate in read_certificates(certificates)? {
            roots.add(certificate).map_err(|error| {
                Error::config("certificates", format!("must be certificates: {error}"))
            })?;
        }
        Self::trusting(roots)
    }

    /// Uses a configuration of rustls 0.23, for what the others have no words for, such as a
    /// certificate of the client's own. Its list of protocols for ALPN is replaced.
    pub fn from_rustls(config: Arc<ClientConfig>) -> Self {
        let mut config = Arc::unwrap_or_clone(config);
        config.alpn_protocols = vec![ALPN.into()];
        Self(TlsConnector::from(Arc::new(config)))
    }

    pub(crate) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<client::TlsStream<TcpStream>, Error> {
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| Error::config("url", "must have a name or an IP address"))?;
        Ok(self.0.connect(name, stream).await?)
    }

    fn trusting(roots: RootCertStore) -> Result<Self, Error> {
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::with_source(ErrorKind::Config, error))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self::from_rustls(Arc::new(config)))
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls").finish_non_exhaustive()
    }
}

/// A client that asks to be let in, after a TLS handshake.
pub(crate) enum TlsCaller {
    /// Before the TLS handshake.
    New { tls: ServerTls, stream: TcpStream, peer: Peer, options: Options },
    /// During it, and after one that failed.
    Failed,
    /// After it.
    Secured(Box<Caller<server::TlsStream<TcpStream>>>),
}

impl TlsCaller {
    pub(crate) fn new(tls: ServerTls, stream: TcpStream, peer: Peer, options: Options) -> Self {
        Self::New { tls, stream, peer, options }
    }
}

#[async_trait]
impl Incoming for TlsCaller {
    async fn handshake(&mut self) -> Result<Handshake, Error> {
        if let Self::New { tls, stream, peer, options } = std::mem::replace(self, Self::Failed) {
            let stream = tls.0.accept(stream).await?;
            *self = Self::Secured(Box::new(Caller::new(stream, peer, options)));
        }
        match self {
            Self::Secured(caller) => caller.handshake().await,
            Self::New { .. } | Self::Failed => Err(Error::new(ErrorKind::Close)),
        }
    }

    async fn accept(self: Box<Self>, admission: &Admission) -> Result<BoxDuplex, Error> {
        match *self {
            Self::Secured(caller) => caller.accept(admission).await,
            Self::New { .. } | Self::Failed => Err(Error::new(ErrorKind::Close)),
        }
    }

    async fn reject(self: Box<Self>, reject: Reject) {
        match *self {
            Self::Secured(caller) => caller.reject(reject).await,
            Self::New { .. } | Self::Failed => {}
        }
    }
}

fn read_certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| Error::config("certificates", format!("must be PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(Error::config("certificates", "must hold at least one certificate"));
    }
    Ok(certificates)
}

/// So that no server of another protocol takes the connection for its own, nor this one.
const ALPN: &[u8] = b"plimsoll/1";
