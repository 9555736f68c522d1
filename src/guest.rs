//! The waPC guest: the only place that knows the host.

use kubewarden_policy_sdk::protocol_version_guest;
use kubewarden_policy_sdk::wapc_guest::{CallResult, host_call, register_function};

use crate::host::HostCluster;
use crate::policy;

/// Called by the host once an instance is made.
#[unsafe(no_mangle)]
#[allow(unsafe_code)] // an exported name is unsafe to the compiler; waPC asks for this one
pub(crate) extern "C" fn wapc_init() {
    register_function("validate", validate);
    register_function("validate_settings", validate_settings);
    register_function("protocol_version", protocol_version_guest);
}

fn validate(payload: &[u8]) -> CallResult {
    let cluster = HostCluster(|operation: &str, request: &[u8]| {
        host_call("kubewarden", "kubernetes", operation, request).map_err(|error| error.to_string())
    });
    Ok(policy::validate(payload, &cluster))
}

fn validate_settings(payload: &[u8]) -> CallResult {
    Ok(policy::validate_settings(payload))
}
