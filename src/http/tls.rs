//! TLS of the service's own (`server.tls_certificate`, `server.tls_key`): TLS 1.2 and 1.3, HTTP/1.1.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{Error, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::settings::Server;

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// When the file of certificates is not there or has none in it.
    #[error("server.tls_certificate: {path}: {why}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// When the file of the key is not there or has none in it.
    #[error("server.tls_key: {path}: {why}")]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it. Nothing of the key is quoted.
        why: String,
    },
    /// When the two do not belong together.
    #[error("server.tls_key: it is not the key of server.tls_certificate")]
    Mismatch,
    /// When the new settings have none, or the running service had none.
    #[error("server.tls_certificate: switching TLS on or off takes a restart")]
    Switched,
}

/// The certificate that the service shows, and its key. Clones share it, so that a new one is shown to every client that
/// comes after; connections that are there keep theirs.
#[derive(Clone)]
pub struct Certificate(Arc<RwLock<Arc<CertifiedKey>>>);

impl Certificate {
    /// The certificate of these settings, or `None` where TLS is off.
    pub(super) fn open(server: &Server) -> Result<Option<Self>, CertificateError> {
        Ok(read(server)?.map(|certified| Self(Arc::new(RwLock::new(Arc::new(certified))))))
    }

    /// Takes the certificate of these settings in place of the one that is there.
    ///
    /// # Errors
    /// When it cannot be used; the one that was there stays.
    pub fn reload(&self, server: &Server) -> Result<(), CertificateError> {
        let new = Arc::new(read(server)?.ok_or(CertificateError::Switched)?);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    pub(super) fn acceptor(&self) -> Result<TlsAcceptor, Error> {
        let mut config = ServerConfig::builder_with_provider(default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(self.clone()));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Certificate(***)")
    }
}

fn read(server: &Server) -> Result<Option<CertifiedKey>, CertificateError> {
    let (Some(certificate), Some(key)) = (&server.tls_certificate, &server.tls_key) else { return Ok(None) };
    let chain = chain(certificate).map_err(|why| bad_certificate(certificate, why))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| bad_key(key, words(&error, "private key")))?;
    match CertifiedKey::from_der(chain, private, &default_provider()) {
        Ok(certified) => Ok(Some(certified)),
        Err(Error::InconsistentKeys(_)) => Err(CertificateError::Mismatch),
        Err(Error::InvalidCertificate(_)) => Err(bad_certificate(certificate, "it cannot be read".to_owned())),
        Err(_) => Err(bad_key(key, "it is of no kind that is known here".to_owned())),
    }
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match chain.map_err(|error| words(&error, "certificate"))? {
        chain if chain.is_empty() => Err(words(&pem::Error::NoItemsFound, "certificate")),
        chain => Ok(chain),
    }
}

/// In one line, and without the text that a broken file has.
fn words(error: &pem::Error, wanted: &str) -> String {
    match error {
        pem::Error::Io(error) => format!("cannot be read: {error}"),
        pem::Error::NoItemsFound => format!("has no {wanted} in PEM"),
        _ => "is no PEM".to_owned(),
    }
}

fn bad_certificate(path: &Path, why: String) -> CertificateError {
    CertificateError::Certificate { path: path.to_owned(), why }
}

fn bad_key(path: &Path, why: String) -> CertificateError {
    CertificateError::Key { path: path.to_owned(), why }
}
