//! The volume with the token.

use serde::Serialize;

use crate::identity::Identity;
use crate::json::{Changes, Document, Value, text};
use crate::layout::{CA_PATH, Layout};
use crate::mounts::volume_for_token;
use crate::pod::{Pod, Volume};
use crate::settings::{CaSource, Inject, LabelSelector};

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
    /// The volume in the pod whose place it takes.
    present: Option<&'a Volume<'a>>,
    layout: Layout,
}

#[derive(Serialize)]
struct ProjectedVolume<'a> {
    name: &'a str,
    projected: Projected<'a>,
}

#[derive(Serialize)]
struct Projected<'a> {
    sources: Vec<Source<'a>>,
}

/// A `v1.VolumeProjection`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Source<'a> {
    ServiceAccountToken {
        audience: &'a str,
        expiration_seconds: u32,
        path: &'a str,
    },
    ConfigMap {
        name: &'a str,
        items: [KeyToPath<'a>; 1],
        optional: bool,
    },
    ClusterTrustBundle {
        signer_name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        label_selector: Option<&'a LabelSelector<'a>>,
        path: &'a str,
        optional: bool,
    },
}

#[derive(Serialize)]
struct KeyToPath<'a> {
    key: &'a str,
    path: &'a str,
}

impl<'a> TokenVolume<'a> {
    pub(super) fn of(pod: &'a Pod<'a>, identity: &Identity<'_>, inject: &Inject<'_>, expiration: u32) -> Self {
        let layout = inject.layout;
        let (present, name) = volume_for_token(pod, layout);
        let mut sources = vec![Source::ServiceAccountToken {
            audience: identity.audience(inject),
            expiration_seconds: expiration,
            path: layout.token_path(),
        }];
        sources.extend(identity.binding.and_then(|binding| binding.ca.as_ref()).and_then(ca_source));
        let json = text(&ProjectedVolume { name: &name, projected: Projected { sources } });
        Self { mount_path: layout.mount_path(&name), name, json, present, layout }
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

fn ca_source<'a>(ca: &'a CaSource<'_>) -> Option<Source<'a>> {
    match ca {
        CaSource::ConfigMap(name) => {
            Some(Source::ConfigMap { name, items: [KeyToPath { key: "ca.crt", path: CA_PATH }], optional: false })
        }
        CaSource::ClusterTrustBundle { signer_name, label_selector } => Some(Source::ClusterTrustBundle {
            signer_name,
            label_selector: label_selector.as_ref(),
            path: CA_PATH,
            optional: false,
        }),
        CaSource::Data(_) => None,
    }
}
