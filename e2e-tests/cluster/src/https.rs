//! An HTTPS server of one handler.

use std::{net::SocketAddr, sync::Arc};

use anyhow::{Context as _, Result};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{
    body::{Bytes, Incoming},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::net::TcpListener;
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

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

/// What a server answers: a status and JSON.
pub type Answer = (StatusCode, String);

/// Serves at `address` until the future is dropped: `handler` gets the path and the body of every request, on a thread that
/// may block.
///
/// # Errors
/// When the address is taken or the certificate cannot be read.
pub async fn serve<H>(address: SocketAddr, identity: &Identity, handler: H) -> Result<()>
where
    H: Fn(&str, &str) -> Answer + Send + Sync + 'static,
{
    let acceptor = TlsAcceptor::from(Arc::new(server_config(identity)?));
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    let handler = Arc::new(handler);
    loop {
        let (stream, _) = listener.accept().await?;
        let (acceptor, handler) = (acceptor.clone(), Arc::clone(&handler));
        tokio::spawn(async move {
            // Whoever connects without TLS, to see whether the server is up, or hangs up is of no interest.
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(move |request| answer(request, Arc::clone(&handler)));
            let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn server_config(identity: &Identity) -> Result<ServerConfig> {
    let certificate = CertificateDer::from_pem_slice(identity.certificate.as_bytes())?;
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes())?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

async fn answer<H>(request: Request<Incoming>, handler: Arc<H>) -> Result<Response<Full<Bytes>>>
where
    H: Fn(&str, &str) -> Answer + Send + Sync + 'static,
{
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await?.to_bytes();
    let answer = tokio::task::spawn_blocking(move || match str::from_utf8(&body) {
        Ok(body) => handler(&path, body),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()),
    });
    let (status, body) = answer.await?;
    let response = Response::builder().status(status).header("content-type", "application/json");
    Ok(response.body(Full::from(body))?)
}
