//! What a client id and a tenant id are.
//!
//! Source: Microsoft Entra ID takes the application (client) id as a GUID, and a tenant by its GUID or one of its domain names.

use crate::formats::{is_domain_name, is_guid};

/// Whether this can be a client id: a GUID other than all zeros.
pub fn is_client_id(id: &str) -> bool {
    is_guid(id) && id.bytes().any(|byte| byte != b'0' && byte != b'-')
}

/// Whether this can name a tenant: its GUID, or one of its domain names.
pub fn is_tenant_id(id: &str) -> bool {
    is_client_id(id) || is_domain_name(id)
}
