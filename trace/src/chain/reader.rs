//! An object of a file that is being read, and where what it tells goes.

use azure_workload_identity_lint::Options;
use azure_workload_identity_lint::check::namespace_of;
use azure_workload_identity_lint::consumers::neighbours::Neighbours;
use azure_workload_identity_lint::file::Object;
use azure_workload_identity_lint::report::ObjectName;
use azure_workload_identity_lint::set::Set;
use azure_workload_identity_policy::json::Value;

use super::facts::FileFacts;
use super::report::User;
use super::texts::DocumentText;

/// An object that is being read.
pub(super) struct ObjectReader<'r, 'f, 't, 's, 'n> {
    pub(super) set: &'r Set<'f>,
    pub(super) neighbours: &'r Neighbours<'n>,
    pub(super) options: &'r Options<'r>,
    pub(super) file: usize,
    pub(super) position: usize,
    pub(super) object: &'r Object,
    pub(super) text: &'r DocumentText<'t, 's>,
    pub(super) facts: &'r mut FileFacts,
}

impl ObjectReader<'_, '_, '_, '_, '_> {
    pub(super) fn namespace(&self) -> Option<String> {
        let kind = self.object.name.kind.as_str();
        let is_cluster_scoped = kind.starts_with("Cluster") || matches!(kind, "PersistentVolume" | "StorageClass");
        namespace_of(self.object, self.options).filter(|_| !is_cluster_scoped).map(String::from)
    }

    pub(super) fn name(&self) -> ObjectName {
        ObjectName { namespace: self.namespace(), ..self.object.name.clone() }
    }

    pub(super) fn user(&self, value: Value<'_>, expiration: Option<u32>) -> User {
        User { object: self.name(), place: self.text.of_name(value), expiration }
    }
}
