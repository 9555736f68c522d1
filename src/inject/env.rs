//! The environment variables.

use super::token_volume::TokenVolume;
use crate::identity::Identity;
use crate::json::string;
use crate::keys;
use crate::layout::CA_PATH;
use crate::settings::{CaSource, Inject};

/// A variable: its name, and the whole of it as JSON.
pub(super) type WrittenVariable = (&'static str, String);

/// A variable with this value.
#[inline(never)]
pub(super) fn variable(name: &'static str, value: &str) -> WrittenVariable {
    (name, ["{\"name\":\"", name, "\",\"value\":", &string(value), "}"].concat())
}

/// The variables that a container gets unless it has its own of that name, in upstream's order. Empty ones are left out.
pub(super) fn variables(
    identity: &Identity<'_>,
    inject: &Inject<'_>,
    volume: &TokenVolume<'_>,
) -> Vec<WrittenVariable> {
    let mut variables = Vec::with_capacity(8);
    let mut add = |name: &'static str, value: &str| {
        if !value.is_empty() {
            variables.push(variable(name, value));
        }
    };
    let file = |path: &str| [&volume.mount_path, "/", path].concat();
    add(keys::ENV_CLIENT_ID, identity.client_id().unwrap_or_default());
    add(keys::ENV_TENANT_ID, identity.tenant_id().unwrap_or_default());
    add(keys::ENV_TOKEN_FILE, &file(inject.layout.token_path()));
    add(keys::ENV_AUTHORITY_HOST, &inject.authority_host);
    if let Some(binding) = identity.binding {
        add(keys::ENV_TOKEN_PROXY, binding.token_proxy.as_deref().unwrap_or_default());
        add(keys::ENV_SNI_NAME, binding.sni_name.as_deref().unwrap_or_default());
        // One or the other: Azure SDKs refuse both, and a file that is not there. Upstream always sets the file.
        match &binding.ca {
            Some(CaSource::Data(pem)) => add(keys::ENV_CA_DATA, pem),
            Some(_) => add(keys::ENV_CA_FILE, &file(CA_PATH)),
            None => {}
        }
    }
    variables
}
