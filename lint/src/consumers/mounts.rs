//! The volumes that CSI drivers mount with the identity of a pod: from the pod to what describes them, which may be in another file.

use azure_workload_identity_policy::json::Value;
use azure_workload_identity_policy::pod::{SECRETS_STORE_DRIVER, STORAGE_DRIVERS};

use super::fields::Fields;
use super::{ConsumerObject, Consumption, IdSource, azure_storage_driver, find, secret_provider_class};

/// A volume of a pod that a driver of a consumer mounts.
#[derive(Debug)]
pub struct MountedVolume {
    /// What describes it.
    pub source: MountSource,
    /// The client id of the volume's own attributes, which replaces that of the class.
    pub client: Option<IdSource>,
    /// The tenant, likewise.
    pub tenant: Option<IdSource>,
}

/// What describes a volume.
#[derive(Debug)]
pub enum MountSource {
    /// The object of this number: a `SecretProviderClass`, a `PersistentVolume` or a `StorageClass`.
    Object(usize),
    /// The volume itself, with what the driver makes of it; paths begin at the object with the pod.
    Inline(Consumption),
}

/// The volumes of a pod, which is the object, or a part of it.
pub fn of_pod(object: &ConsumerObject<'_, '_>, pod: Value<'_>) -> Vec<MountedVolume> {
    let mut mounted = Vec::new();
    let of_object =
        |position: usize| MountedVolume { source: MountSource::Object(position), client: None, tenant: None };
    for volume in find(pod, "spec.volumes").into_iter().flat_map(Value::elements) {
        let csi = volume.field("csi");
        let driver = csi.and_then(|csi| csi.field("driver")).and_then(Value::as_str).unwrap_or_default();
        if let Some(csi) = csi.filter(|_| driver == SECRETS_STORE_DRIVER) {
            let at = csi.path_from(object.value).key("volumeAttributes");
            let attributes = Fields::new(csi.field("volumeAttributes"), at, secret_provider_class::PARAMETERS);
            let class = attributes.text("secretProviderClass");
            let class = class
                .and_then(|name| object.files.find(object.position, "SecretProviderClass", object.namespace, &name));
            let own = |key: &str| attributes.text(key).map(|_| attributes.id(key, IdSource::Missing));
            mounted.extend(class.map(|class| MountedVolume {
                client: own("clientID"),
                tenant: own("tenantID").or_else(|| own("tenantId")),
                ..of_object(class)
            }));
        } else if let Some(csi) = csi.filter(|_| STORAGE_DRIVERS.contains(&&*driver)) {
            let mut found = Consumption::default();
            azure_storage_driver::judge_inline(object, csi, &mut found);
            mounted.push(MountedVolume { source: MountSource::Inline(found), client: None, tenant: None });
        } else if let Some(claim) = find(volume, "persistentVolumeClaim.claimName").and_then(Value::as_str) {
            mounted.extend(object.files.volume_of_claim(object.position, object.namespace, &claim).map(of_object));
        } else if let Some(template) = find(volume, "ephemeral.volumeClaimTemplate") {
            mounted.extend(object.files.volume_of(object.position, template).map(of_object));
        }
    }
    let templates = find(object.value, "spec.volumeClaimTemplates").into_iter().flat_map(Value::elements);
    mounted.extend(templates.filter_map(|it| object.files.volume_of(object.position, it)).map(of_object));
    mounted
}

/// Whether a driver mounts a volume of a pod with its identity, as the files show: then the pod needs no label.
pub fn lend_identity(object: &ConsumerObject<'_, '_>, pod: Value<'_>) -> bool {
    of_pod(object, pod).iter().any(|volume| match &volume.source {
        MountSource::Inline(found) => !found.requests.is_empty(),
        MountSource::Object(position) => object.files.asks(*position),
    })
}
