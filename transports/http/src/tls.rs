//! TLS by rustls.

use std::fmt;
use std::io;
use std::sync::Arc;

use plimsoll::{Error, ErrorKind};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

/// A certificate and its key.
#[derive(Clone)]
pub struct Tls(Arc<ServerConfig>);

impl Tls {
    /// Reads a certificate with its chain, the server's own first, and its private key, both in
    /// the PEM format.
    ///
    /// TLS 1.2 and 1.3 are spoken, clients need no certificate.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`] if there is no certificate or no key in the input, or
    /// they do not fit together.
    pub fn from_pem(certificates: &[u8], key: &[u8]) -> Result<Self, Error> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(certificates)
            .collect::<Result<_, _>>()
            .map_err(|error| Error::config("certificates", format!("must be PEM: {error}")))?;
        if chain.is_empty() {
            return Err(Error::config("certificates", "must hold at least one certificate"));
        }
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| Error::config("key", format!("must be a private key: {error}")))?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::with_source(ErrorKind::Config, error))?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| Error::config("key", format!("must fit the certificate: {error}")))?;
        Ok(Self(Arc::new(config)))
    }

    /// Uses a configuration of rustls 0.23, for what [`from_pem`](Self::from_pem) has no words
    /// for, such as certificates of clients. Its list of protocols for ALPN is replaced.
    pub fn from_rustls(config: Arc<ServerConfig>) -> Self {
        Self(config)
    }

    pub(crate) fn acceptor(self, http2: bool) -> Acceptor {
        let mut config = Arc::unwrap_or_clone(self.0);
        config.alpn_protocols =
            if http2 { vec![b"h2".into(), b"http/1.1".into()] } else { vec![b"http/1.1".into()] };
        Acceptor(TlsAcceptor::from(Arc::new(config)))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

pub(crate) struct Acceptor(TlsAcceptor);

impl Acceptor {
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.0.accept(stream).await
    }
}
