use alloc::sync::Arc;
use std::path::Path;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::Failed;
use crate::settings::Settings;

/// What speaks TLS, where the settings have a certificate.
pub(super) fn acceptor(settings: &Settings) -> Result<Option<TlsAcceptor>, Failed> {
    let (Some(certificate), Some(key)) = (&settings.tls_certificate, &settings.tls_key) else {
        return Ok(None);
    };
    let unreadable = |path: &Path, what: &str, why: &dyn core::fmt::Display| {
        Failed(format!(
            "{}: no {what} in PEM that can be read: {why}",
            path.display()
        ))
    };
    let chain =
        CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| unreadable(certificate, "certificate", &error))?;
    let secret = PrivateKeyDer::from_pem_file(key);
    let secret = secret.map_err(|error| unreadable(key, "private key", &error))?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, secret);
    let mut config = config.map_err(|error| {
        Failed(format!(
            "{} and {} do not belong together: {error}",
            certificate.display(),
            key.display()
        ))
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(TlsAcceptor::from(Arc::new(config))))
}
