//! An HTTPS server on loopback, with the libraries of policy-server.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};
use axum::Router;
use axum_server::tls_rustls::RustlsConfig;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use rcgen::{CertifiedKey, generate_simple_self_signed};

/// A key with a certificate for 127.0.0.1 that it has signed itself, both as PEM.
#[derive(Clone, Debug)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// The private key.
    pub key: String,
}

impl Identity {
    /// Makes a new key and certificate.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn generate() -> Result<Self> {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["127.0.0.1".to_owned()])?;
        Ok(Self { certificate: cert.pem(), key: signing_key.serialize_pem() })
    }

    /// The certificate as webhook configurations and kubeconfigs want it.
    pub fn ca_bundle(&self) -> String {
        BASE64_STANDARD.encode(&self.certificate)
    }
}

/// Serves `router` at `address` until the future is dropped.
///
/// # Errors
/// When the address is taken or the certificate cannot be read.
pub async fn serve(address: SocketAddr, identity: &Identity, router: Router) -> Result<()> {
    let Identity { certificate, key } = identity.clone();
    let config = RustlsConfig::from_pem(certificate.into_bytes(), key.into_bytes()).await;
    let server = axum_server::bind_rustls(address, config.context("cannot read the certificate")?);
    server.serve(router.into_make_service()).await.with_context(|| format!("cannot listen on {address}"))
}
