//! The environment variables.

use serde::Serialize;

use super::token_volume::TokenVolume;
use crate::identity::Identity;
use crate::keys;
use crate::layout::CA_PATH;
use crate::settings::{CaSource, Inject};

/// A variable as Kubernetes wants it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct EnvVar<'a> {
    pub(super) name: &'a str,
    pub(super) value: String,
}

/// The variables that a container gets unless it has its own of that name, in upstream's order. Empty ones are left out.
pub(super) fn variables(
    identity: &Identity<'_>,
    inject: &Inject<'_>,
    volume: &TokenVolume<'_>,
) -> Vec<EnvVar<'static>> {
    let file = |path: &str| [&volume.mount_path, "/", path].concat();
    let owned = |text: Option<&str>| text.unwrap_or_default().to_owned();
    let mut variables = vec![
        EnvVar { name: keys::ENV_CLIENT_ID, value: owned(identity.client_id()) },
        EnvVar { name: keys::ENV_TENANT_ID, value: owned(identity.tenant_id()) },
        EnvVar { name: keys::ENV_TOKEN_FILE, value: file(inject.layout.token_path()) },
        EnvVar { name: keys::ENV_AUTHORITY_HOST, value: inject.authority_host.clone().into_owned() },
    ];
    if let Some(binding) = identity.binding {
        variables.push(EnvVar { name: keys::ENV_TOKEN_PROXY, value: owned(binding.token_proxy.as_deref()) });
        variables.push(EnvVar { name: keys::ENV_SNI_NAME, value: owned(binding.sni_name.as_deref()) });
        // One or the other: Azure SDKs refuse both, and a file that is not there. Upstream always sets the file.
        match &binding.ca {
            Some(CaSource::Data(pem)) => {
                variables.push(EnvVar { name: keys::ENV_CA_DATA, value: pem.clone().into_owned() });
            }
            Some(_) => variables.push(EnvVar { name: keys::ENV_CA_FILE, value: file(CA_PATH) }),
            None => {}
        }
    }
    variables.retain(|variable| !variable.value.is_empty());
    variables
}
