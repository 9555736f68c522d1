//! Pushing to a registry and pulling from one.
//!
//! Nothing is tagged before all of it is there, so a push that breaks leaves no half of a policy under a name; a second push
//! goes on where it broke.

use std::{error::Error as _, net::IpAddr, path::PathBuf, time::Duration};

use anyhow::{Context as _, Error, Result, anyhow, bail, ensure};
use docker_credential::{CredentialRetrievalError, DockerCredential};
use oci_client::{
    Client, Reference, RegistryOperation,
    client::{Certificate, CertificateEncoding, ClientConfig, ClientProtocol},
    errors::{DigestError, OciDistributionError, OciErrorCode},
    manifest::{
        IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE, OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageManifest,
    },
    secrets::RegistryAuth,
};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use serde_json::{Value, json};

use crate::{
    artefact::{self, Artefact, Image},
    digest,
    sbom::{self, Bom},
};

/// How long a registry may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a registry may be silent in the middle of an answer.
const READ_TIMEOUT: Duration = Duration::from_mins(1);

/// How to reach the registry.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// User and password; without them, what docker's configuration has for the registry, or else nobody.
    pub credentials: Option<Credentials>,
    /// A PEM file with certificates to trust besides the system's.
    pub ca: Option<PathBuf>,
    /// HTTP in place of HTTPS, for registries on this machine.
    pub plain_http: bool,
}

/// A user and their password.
#[derive(Clone)]
pub struct Credentials {
    /// The user's name.
    pub username: String,
    /// The password, or a token in its place.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// A name in a registry, and the way there.
pub struct Registry {
    client: Client,
    auth: RegistryAuth,
    reference: Reference,
}

/// A policy as it was found in a registry. The bytes are those of the digests; that is all that was checked.
pub struct Pulled {
    /// Digest of the manifest.
    pub digest: String,
    /// The manifest.
    pub manifest: OciImageManifest,
    /// The module.
    pub module: Vec<u8>,
}

/// A list of crates that refers to a policy.
pub struct Referrer {
    /// Digest of the list's manifest.
    pub digest: String,
    /// The list, or why it is not one that this program wrote.
    pub bom: Result<Bom>,
}

impl Registry {
    /// Gets ready for `name`, as in `ghcr.io/OWNER/azure-workload-identity-policy:v0.1.0`, with `registry://` in front or
    /// without. Connects only later.
    ///
    /// # Errors
    /// When the name is none, when credentials or certificates cannot be read, or for plain HTTP to another machine.
    pub fn new(name: &str, options: &Options) -> Result<Self> {
        let reference = parse(name)?;
        let host = reference.resolve_registry();
        ensure!(
            !options.plain_http || is_loopback(host),
            "--plain-http is for a registry on this machine; {host} would get module and password unprotected"
        );
        let auth = match &options.credentials {
            Some(Credentials { username, password }) => RegistryAuth::Basic(username.clone(), password.clone()),
            None => configured_credentials(host)?,
        };
        let config = ClientConfig {
            protocol: if options.plain_http { ClientProtocol::Http } else { ClientProtocol::Https },
            extra_root_certificates: options.ca.as_ref().map(read_certificates).transpose()?.unwrap_or_default(),
            connect_timeout: Some(CONNECT_TIMEOUT),
            read_timeout: Some(READ_TIMEOUT),
            user_agent: concat!("azure-workload-identity-policy/", env!("CARGO_PKG_NAME")),
            ..ClientConfig::default()
        };
        // It fails when there is one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::try_from(config).context("cannot set up TLS")?;
        Ok(Self { client, auth, reference })
    }

    /// The name, with the tag `latest` if it had neither tag nor digest.
    pub fn reference(&self) -> &Reference {
        &self.reference
    }

    /// Pushes the artefact, tags it, and returns its digest.
    ///
    /// # Errors
    /// When the registry refuses something or cannot be reached.
    pub async fn push(&self, artefact: &Artefact) -> Result<String> {
        self.log_in(RegistryOperation::Push).await?;
        for (what, image) in [("policy", &artefact.policy), ("list of crates", &artefact.sbom)] {
            self.push_image(image).await.with_context(|| format!("cannot push the {what} to {}", self.reference))?;
        }
        let digest = artefact.policy.digest();
        self.list_as_referrer(&digest, &artefact.sbom)
            .await
            .with_context(|| format!("cannot list the crates as referrer of {digest}"))?;
        self.push_manifest(&self.reference, artefact.policy.manifest.clone(), OCI_IMAGE_MEDIA_TYPE)
            .await
            .with_context(|| format!("cannot tag {}", self.reference))?;
        Ok(digest)
    }

    /// Pulls the policy.
    ///
    /// # Errors
    /// When it is not there, when it is no policy, or when bytes are not those of their digest.
    pub async fn pull(&self) -> Result<Pulled> {
        self.log_in(RegistryOperation::Pull).await?;
        let what = || format!("cannot pull {}", self.reference);
        let (bytes, digest) = self.pull_manifest(&self.reference).await.with_context(what)?;
        let (manifest, layer) =
            artefact::read_policy_manifest(&bytes).with_context(|| format!("{} is no policy", self.reference))?;
        let module = self.pull_blob(&layer).await.with_context(what)?;
        Ok(Pulled { digest, manifest, module })
    }

    /// Pulls the lists of crates that refer to the manifest of this digest.
    ///
    /// # Errors
    /// When the registry cannot be asked for them.
    pub async fn lists_of_crates(&self, digest: &str) -> Result<Vec<Referrer>> {
        let subject = self.reference.clone_with_digest(digest.to_owned());
        let index = self.client.pull_referrers(&subject, None).await;
        let index = index.map_err(|error| self.explain(error)).context("cannot ask for referrers")?;
        let mut lists = Vec::new();
        for entry in index.manifests {
            // Some registries give the type of the manifest's configuration, which is the empty one.
            let may_be_a_list = [Some(sbom::MEDIA_TYPE), Some(artefact::EMPTY_MEDIA_TYPE), None];
            if may_be_a_list.contains(&entry.artifact_type.as_deref())
                && let Some(bom) = self.pull_list(&entry.digest, digest).await.transpose()
            {
                lists.push(Referrer { digest: entry.digest, bom });
            }
        }
        Ok(lists)
    }

    /// Pulls the list whose manifest has this digest; nothing if that is the manifest of something else.
    async fn pull_list(&self, digest: &str, subject: &str) -> Result<Option<Bom>> {
        let (bytes, _) = self.pull_manifest(&self.reference.clone_with_digest(digest.to_owned())).await?;
        let manifest: OciImageManifest = serde_json::from_slice(&bytes).context("cannot read its manifest")?;
        if manifest.artifact_type.as_deref() != Some(sbom::MEDIA_TYPE) {
            return Ok(None);
        }
        let named = manifest.subject.map(|subject| subject.digest).unwrap_or_default();
        ensure!(named == subject, "its subject is {named:?}, not {subject}");
        let [layer] = manifest.layers.as_slice() else {
            bail!("its manifest has {} layers in place of one", manifest.layers.len());
        };
        let bom = serde_json::from_slice(&self.pull_blob(layer).await?).context("other tools have written it")?;
        Ok(Some(bom))
    }

    /// Refused credentials are better reported once, before anything is sent.
    async fn log_in(&self, operation: RegistryOperation) -> Result<()> {
        let host = self.reference.resolve_registry();
        self.client.store_auth_if_needed(host, &self.auth).await;
        let answer = self.client.auth(&self.reference, &self.auth, operation).await;
        answer.map(drop).map_err(|error| self.explain(error)).with_context(|| format!("cannot log in to {host}"))
    }

    /// Pushes blobs that are not there yet, then the manifest without a tag.
    async fn push_image(&self, image: &Image) -> Result<()> {
        for blob in &image.blobs {
            let digest = digest::sha256(blob);
            if self.has_blob(&digest).await? {
                continue;
            }
            match self.client.push_blob(&self.reference, blob.clone(), &digest).await {
                // Some registries take a blob and do not say where they have put it.
                Err(OciDistributionError::RegistryNoLocationError) if self.has_blob(&digest).await? => {}
                pushed => drop(pushed.map_err(|error| self.explain(error))?),
            }
        }
        // oci-client panics where a registry gives no location and the name has a digest in place of a tag; in the URL both are
        // the same.
        let place = self.with_tag(image.digest());
        self.push_manifest(&place, image.manifest.clone(), OCI_IMAGE_MEDIA_TYPE).await
    }

    /// Another name in the same repository.
    fn with_tag(&self, tag: String) -> Reference {
        Reference::with_tag(self.reference.registry().to_owned(), self.reference.repository().to_owned(), tag)
    }

    async fn has_blob(&self, digest: &str) -> Result<bool> {
        self.client.blob_exists(&self.reference, digest).await.map_err(|error| self.explain(error))
    }

    async fn push_manifest(&self, place: &Reference, bytes: Vec<u8>, media_type: &'static str) -> Result<()> {
        let media_type = media_type.try_into().context("not a media type")?;
        let pushed = self.client.push_manifest_raw(place, bytes, media_type).await;
        pushed.map(drop).map_err(|error| self.explain(error))
    }

    /// A registry that knows referrers has listed `sbom` when it took its manifest. For the others the specification has a tag
    /// that is named after the subject, with an index that clients keep themselves. Two that do so at once may lose an entry,
    /// which the next push repairs.
    async fn list_as_referrer(&self, subject: &str, sbom: &Image) -> Result<()> {
        let OciDescriptor { media_type, digest, size, .. } = sbom.descriptor()?;
        let listed = self.client.pull_referrers(&self.reference.clone_with_digest(subject.to_owned()), None).await;
        let listed = listed.map_err(|error| self.explain(error))?;
        if listed.manifests.iter().any(|entry| entry.digest == digest) {
            return Ok(());
        }

        let place = self.with_tag(subject.replace(':', "-"));
        let entry = json!({"mediaType": media_type, "digest": digest, "size": size, "artifactType": sbom::MEDIA_TYPE});
        // As untyped JSON: what others have written there stays as it is.
        let mut index = match self.client.pull_manifest_raw(&place, &self.auth, &[OCI_IMAGE_INDEX_MEDIA_TYPE]).await {
            Ok((bytes, _)) => serde_json::from_slice::<Value>(&bytes).context("cannot read the index of referrers")?,
            Err(error) if is_not_found(&error) => {
                json!({"schemaVersion": 2, "mediaType": OCI_IMAGE_INDEX_MEDIA_TYPE, "manifests": []})
            }
            Err(error) => return Err(self.explain(error)),
        };
        let manifests = index.get_mut("manifests").and_then(Value::as_array_mut);
        manifests.with_context(|| format!("{place} is no index of referrers"))?.push(entry);
        self.push_manifest(&place, artefact::canonical(&index)?, OCI_IMAGE_INDEX_MEDIA_TYPE).await
    }

    async fn pull_manifest(&self, place: &Reference) -> Result<(Vec<u8>, String)> {
        // An index too, so that the message can say that it is one.
        let accepted = [OCI_IMAGE_MEDIA_TYPE, IMAGE_MANIFEST_MEDIA_TYPE, OCI_IMAGE_INDEX_MEDIA_TYPE];
        let pulled = self.client.pull_manifest_raw(place, &self.auth, &accepted).await;
        let (bytes, digest) = pulled.map_err(|error| self.explain(error))?;
        Ok((bytes.to_vec(), digest))
    }

    async fn pull_blob(&self, descriptor: &OciDescriptor) -> Result<Vec<u8>> {
        let mut blob = Vec::new();
        let pulled = self.client.pull_blob(&self.reference, descriptor, &mut blob).await;
        pulled.map_err(|error| self.explain(error))?;
        ensure!(
            i64::try_from(blob.len()) == Ok(descriptor.size),
            "blob {} has {} bytes; its manifest says {}",
            descriptor.digest,
            blob.len(),
            descriptor.size
        );
        Ok(blob)
    }

    /// What oci-client's errors mean to the person who reads them.
    fn explain(&self, error: OciDistributionError) -> Error {
        let host = self.reference.resolve_registry();
        if is_not_found(&error) {
            return anyhow!("{host} has no {}, or does not show it to {}", self.name_in_registry(), self.user());
        }
        match error {
            OciDistributionError::DigestError(DigestError::VerificationError { expected, actual }) => {
                anyhow!("{host} sent other bytes than asked for: digest {actual} in place of {expected}")
            }
            OciDistributionError::AuthenticationFailure(_) | OciDistributionError::UnauthorizedError { .. } => {
                self.refused()
            }
            OciDistributionError::ServerError { code: 401 | 403, .. } => self.refused(),
            OciDistributionError::RegistryError { envelope, .. }
                if envelope
                    .errors
                    .iter()
                    .any(|error| matches!(error.code, OciErrorCode::Unauthorized | OciErrorCode::Denied)) =>
            {
                self.refused()
            }
            OciDistributionError::RequestError(error) => {
                if error.status().is_some_and(|status| [401, 403].contains(&status.as_u16())) {
                    return self.refused();
                }
                let connecting = error.is_connect();
                // Without the URL, which may hold the state of an upload.
                let error = error.without_url();
                let mut causes = Vec::new();
                let mut cause = error.source();
                while let Some(inner) = cause {
                    causes.push(inner.to_string());
                    cause = inner.source();
                }
                let causes = if causes.is_empty() { error.to_string() } else { causes.join(": ") };
                let what = if connecting { "cannot connect to" } else { "the connection broke to" };
                let hint = if causes.contains("UnknownIssuer") {
                    "; if its certificate is from a CA of your own, name that with --ca"
                } else if causes.contains("InvalidContentType") {
                    "; if it speaks HTTP only and is on this machine, say --plain-http"
                } else if connecting {
                    ""
                } else {
                    "; try again"
                };
                anyhow!("{what} {host}: {causes}{hint}")
            }
            error => Error::new(error),
        }
    }

    fn refused(&self) -> Error {
        let host = self.reference.resolve_registry();
        let repository = self.reference.repository();
        if self.auth == RegistryAuth::Anonymous {
            anyhow!(
                "{host} lets nobody do this to {repository} without credentials, and docker's configuration has none for it: \
                 log in with docker, or use --username and --password-stdin"
            )
        } else {
            anyhow!("{host} refuses {}: the password is wrong, or {repository} is not theirs to do this", self.user())
        }
    }

    fn user(&self) -> String {
        match &self.auth {
            RegistryAuth::Basic(username, _) => format!("user {username:?}"),
            RegistryAuth::Bearer(_) => "the bearer of this token".to_owned(),
            RegistryAuth::Anonymous => "anonymous users".to_owned(),
        }
    }

    fn name_in_registry(&self) -> String {
        let repository = self.reference.repository();
        match (self.reference.tag(), self.reference.digest()) {
            (_, Some(digest)) => format!("{repository}@{digest}"),
            (Some(tag), None) => format!("{repository}:{tag}"),
            (None, None) => repository.to_owned(),
        }
    }
}

/// Checks that a policy of `version` can be pushed to a name: with a tag, which is not that of another version, and without a
/// digest, which the content decides.
///
/// # Errors
/// When it cannot.
pub fn check_push_target(name: &str, version: &str) -> Result<()> {
    let reference = parse(name)?;
    ensure!(reference.digest().is_none(), "cannot push to a digest: name a tag, as in :v{version}");
    // The parser fills in `latest`.
    let tagged = name.rsplit('/').next().is_some_and(|last| last.contains(':'));
    ensure!(tagged, "{name:?} has no tag: add one, as in :v{version}");
    if let Some(other) = reference.tag().and_then(version_of_tag)
        && other != version
    {
        bail!("the tag is v{other}, but the policy in the layout is of version {version}: push to :v{version}");
    }
    Ok(())
}

/// The version that a tag names; nothing for tags that may point at any version, `latest` say.
pub(crate) fn version_of_tag(tag: &str) -> Option<&str> {
    tag.strip_prefix('v').filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn parse(name: &str) -> Result<Reference> {
    let stripped = name.strip_prefix("registry://").unwrap_or(name);
    let reference = stripped.parse::<Reference>();
    reference.map_err(|error| anyhow!("{name:?} is not a name like ghcr.io/OWNER/NAME:TAG: {error}"))
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

fn is_not_found(error: &OciDistributionError) -> bool {
    match error {
        OciDistributionError::ImageManifestNotFoundError(_) | OciDistributionError::ServerError { code: 404, .. } => {
            true
        }
        OciDistributionError::RegistryError { envelope, .. } => envelope.errors.iter().any(|error| {
            matches!(
                error.code,
                OciErrorCode::ManifestUnknown
                    | OciErrorCode::NameUnknown
                    | OciErrorCode::NotFound
                    | OciErrorCode::BlobUnknown
            )
        }),
        OciDistributionError::RequestError(error) => error.status().is_some_and(|status| status.as_u16() == 404),
        _ => false,
    }
}

fn configured_credentials(host: &str) -> Result<RegistryAuth> {
    match docker_credential::get_credential(host) {
        Ok(DockerCredential::UsernamePassword(username, password)) => Ok(RegistryAuth::Basic(username, password)),
        Ok(DockerCredential::IdentityToken(_)) => {
            bail!(
                "docker's configuration has an identity token for {host}, which is not supported: use --username and --password-stdin"
            )
        }
        Err(
            CredentialRetrievalError::ConfigNotFound
            | CredentialRetrievalError::ConfigReadError
            | CredentialRetrievalError::NoCredentialConfigured,
        ) => Ok(RegistryAuth::Anonymous),
        // Not the helper's output, in which there may be secrets.
        Err(CredentialRetrievalError::HelperFailure { helper, .. }) => {
            bail!(
                "docker's credential helper {helper:?} failed for {host}: log in again, or use --username and --password-stdin"
            )
        }
        Err(error) => bail!("cannot read docker's credentials for {host}: {error}"),
    }
}

fn read_certificates(path: &PathBuf) -> Result<Vec<Certificate>> {
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| anyhow!("cannot read certificates from {}: {error}", path.display()))?;
    ensure!(!certificates.is_empty(), "{} holds no certificate in PEM", path.display());
    let der = certificates
        .iter()
        .map(|certificate| Certificate { encoding: CertificateEncoding::Der, data: certificate.to_vec() });
    Ok(der.collect())
}
