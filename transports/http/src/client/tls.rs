//! TLS of a client, by rustls.

use std::fmt;
use std::sync::Arc;

use plimsoll::{Error, ErrorKind};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Whom a client trusts. The default is the roots that Mozilla trusts.
#[derive(Clone)]
pub struct ClientTls(Config);

#[derive(Clone)]
enum Config {
    /// Made at each connection, so that a connector without TLS does not pay for it.
    Default,
    Custom(Arc<ClientConfig>),
}

impl ClientTls {
    /// Trusts the certificates in `roots`, in the PEM format, and no others.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`] if there is no certificate in the input.
    pub fn from_pem(roots: &[u8]) -> Result<Self, Error> {
        let mut store = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(roots) {
            let added = root
                .map_err(|error| error.to_string())
                .and_then(|root| store.add(root).map_err(|error| error.to_string()));
            added.map_err(|error| Error::config("roots", format!("must be PEM: {error}")))?;
        }
        if store.is_empty() {
            return Err(Error::config("roots", "must hold at least one certificate"));
        }
        Ok(Self(Config::Custom(Arc::new(config(store)?))))
    }

    /// Uses a configuration of rustls 0.23, for what [`from_pem`](Self::from_pem) has no words
    /// for, such as a certificate of the client. Its list of protocols for ALPN is replaced.
    pub fn from_rustls(config: Arc<ClientConfig>) -> Self {
        Self(Config::Custom(config))
    }

    /// Begins TLS on a stream to `host`, for HTTP/2, or else for HTTP/1.1.
    ///
    /// Not cancel safe: the stream is lost.
    ///
    /// # Errors
    ///
    /// Fails with [`ErrorKind::Config`] if no certificate can be for `host`, and with
    /// [`ErrorKind::Io`] if the server's certificate is not trusted, or the stream fails.
    pub async fn secure(
        &self,
        host: &str,
        stream: TcpStream,
        http2: bool,
    ) -> Result<impl AsyncRead + AsyncWrite + Send + Unpin + use<>, Error> {
        let mut config = match &self.0 {
            Config::Custom(config) => ClientConfig::clone(config),
            Config::Default => config(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect())?,
        };
        config.alpn_protocols = if http2 { vec![b"h2".into()] } else { vec![b"http/1.1".into()] };
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| Error::config("url", "the host cannot have a certificate"))?;
        let connector = TlsConnector::from(Arc::new(config));
        let connected = connector.connect(name, stream).await;
        connected.map_err(|error| Error::with_source(ErrorKind::Io, error))
    }
}

impl Default for ClientTls {
    fn default() -> Self {
        Self(Config::Default)
    }
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls").finish_non_exhaustive()
    }
}

fn config(roots: RootCertStore) -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::with_source(ErrorKind::Config, error))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
