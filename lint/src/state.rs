//! The state of a cluster, from files.

use azure_workload_identity_policy::cluster::{Cluster, Freshness, LookupError, ServiceAccount};

use crate::accounts::ObjectPlace;
use crate::file::File;
use crate::set::Set;

/// The objects of a cluster. What is not among them does not exist.
#[derive(Debug)]
pub struct ClusterState<'f> {
    set: Set<'f>,
}

impl<'f> ClusterState<'f> {
    /// The objects in these files.
    pub fn new(files: &'f [File]) -> Self {
        Self { set: Set::new(&[], files) }
    }
}

impl Cluster for ClusterState<'_> {
    fn service_account(&self, namespace: &str, name: &str, _: Freshness) -> Result<ServiceAccount, LookupError> {
        let account = self.set.account(&ObjectPlace::new("", usize::MAX), Some(namespace), name);
        account.map(|account| account.account.clone()).ok_or(LookupError::Missing)
    }

    fn may_use_identity(&self, namespace: &str, service_account: &str, client_id: &str) -> Result<bool, LookupError> {
        Ok(self.set.may_use_identity(namespace, service_account, client_id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_in_its_namespace_only() {
        let text = "kind: List\napiVersion: v1\nitems:\n- kind: ServiceAccount\n  apiVersion: v1\n  metadata:\n    name: web\n    \
                    namespace: shop\n    annotations: {azure.workload.identity/client-id: x}\n";
        let files = [File::read("state.yaml", text.as_bytes().to_vec())];
        let state = ClusterState::new(&files);
        let lookup = |namespace, name| state.service_account(namespace, name, Freshness::Cached);

        assert_eq!(lookup("shop", "web").unwrap().client_id.as_deref(), Some("x"));
        assert_eq!(lookup("other", "web"), Err(LookupError::Missing));
        assert_eq!(lookup("shop", "api"), Err(LookupError::Missing));
        assert_eq!(state.may_use_identity("shop", "web", "x"), Ok(false));
    }
}
