//! The volume with the token.

use crate::identity::Identity;
use crate::json::{Changes, Document, Value, string, text};
use crate::layout::{CA_PATH, Layout};
use crate::mounts::volume_for_token;
use crate::pod::{Pod, Volume};
use crate::settings::{CaSource, Inject};

/// The mode of projected files unless it is set: the API server fills it in. Source: `v1.ProjectedVolumeSourceDefaultMode`.
const DEFAULT_MODE: i64 = 0o644;

/// The volume that a pod is to have.
#[derive(Debug)]
pub(super) struct TokenVolume<'a> {
    /// Its name: that of the volume in the pod if there is one, else the one that the layout makes of the pod's name.
    pub(super) name: String,
    /// Where containers see it.
    pub(super) mount_path: String,
    /// The whole volume as JSON.
    json: String,
    /// A container's mount of it, as JSON.
    pub(super) mount: String,
    /// The volume in the pod whose place it takes.
    present: Option<&'a Volume<'a>>,
    layout: Layout,
}

impl<'a> TokenVolume<'a> {
    pub(super) fn of(pod: &'a Pod<'a>, identity: &Identity<'_>, inject: &Inject<'_>, expiration: u32) -> Option<Self> {
        let layout = inject.layout;
        let (present, name) = volume_for_token(pod, layout);
        let audience = identity.audience(inject);
        // Up to v1.5 a volume stays as it is.
        let is_of_others = |volume: &Volume<'_>| volume.holds_token_of_others_at(layout.token_path(), audience);
        if layout == Layout::V1_5 && present.is_some_and(is_of_others) {
            return None;
        }
        let audience = string(audience);
        let ca = identity.binding.and_then(|binding| binding.ca.as_ref()).map(ca_source);
        let json = [
            "{\"name\":",
            &string(name.as_str()),
            ",\"projected\":{\"sources\":[{\"serviceAccountToken\":{\"audience\":",
            &audience,
            ",\"expirationSeconds\":",
            &expiration.to_string(),
            ",\"path\":\"",
            layout.token_path(),
            "\"}}",
            ca.as_deref().unwrap_or_default(),
            "]}}",
        ]
        .concat();
        let mount_path = layout.mount_path(&name);
        let (quoted_name, quoted_path) = (string(name.as_str()), string(mount_path.as_str()));
        let mount = ["{\"name\":", &quoted_name, ",\"mountPath\":", &quoted_path, ",\"readOnly\":true}"].concat();
        Some(Self { name, mount_path, json, mount, present, layout })
    }

    /// Adds the volume, or puts it in the place of one that has its name and is not right.
    pub(super) fn add_to(&self, spec: Value<'_>, changes: &mut Changes) {
        match self.present {
            Some(volume) if self.is_right(volume) => {}
            Some(volume) => changes.replace(volume.object, self.json.clone()),
            None => changes.extend(spec, "volumes", &[], &[&self.json]),
        }
    }

    /// Whether containers may mount it at other paths: up to v1.5 the webhook does not compare paths.
    pub(super) fn keeps_mounts(&self) -> bool {
        self.layout == Layout::V1_5
    }

    /// Whether the volume in the pod is the one that injection would add, ignoring defaults that the API server fills in.
    fn is_right(&self, volume: &Volume<'_>) -> bool {
        if self.layout == Layout::V1_5 {
            return true;
        }
        let Ok(ours) = Document::parse(self.json.as_bytes()) else { return false };
        let Some(projected) = volume.object.field("projected") else { return false };
        let adds_nothing = volume.object.fields().all(|(key, _)| key == "name" || key == "projected")
            && projected.fields().all(|(key, value)| match key.as_ref() {
                "sources" => true,
                "defaultMode" => value.as_i64() == Some(DEFAULT_MODE),
                _ => false,
            });
        let our_sources = ours.root().field("projected").and_then(|projected| projected.field("sources"));
        adds_nothing
            && our_sources.is_some_and(|ours| projected.field("sources").is_some_and(|sources| sources.same_as(ours)))
    }
}

/// The source of the CA certificate after another source.
fn ca_source(ca: &CaSource<'_>) -> String {
    match ca {
        CaSource::ConfigMap(name) => {
            let items = ["\"items\":[{\"key\":\"ca.crt\",\"path\":\"", CA_PATH, "\"}]"].concat();
            [",{\"configMap\":{\"name\":", &string(name.as_ref()), ",", &items, ",\"optional\":false}}"].concat()
        }
        CaSource::ClusterTrustBundle { signer_name, label_selector } => {
            let selector =
                label_selector.as_ref().map(|selector| ["\"labelSelector\":", &text(selector), ","].concat());
            [
                ",{\"clusterTrustBundle\":{\"signerName\":",
                &string(signer_name.as_ref()),
                ",",
                selector.as_deref().unwrap_or_default(),
                "\"path\":\"",
                CA_PATH,
                "\",\"optional\":false}}",
            ]
            .concat()
        }
        CaSource::Data(_) => String::new(),
    }
}
