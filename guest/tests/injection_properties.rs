//! What injection does to any pod: it adds what is missing, touches nothing else, and has nothing to do a second time.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

#[path = "common/admission.rs"]
#[expect(dead_code, reason = "what is generated is text, and requests with it")]
mod admission;
#[path = "../../json/tests/common"]
mod common {
    pub(crate) mod json_text;
    pub(crate) mod model;
    pub(crate) mod undo;
}

use std::collections::BTreeMap;

use azure_workload_identity_policy::json::{Document, Path, Segment, Value};
use azure_workload_identity_policy::rule::RuleId;
use common::json_text::{array, member, members_of, object, spelled, string, text};
use common::undo::Undo;
use common::{json_text, model};
use fake_cluster::FakeCluster;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Value as Model, json};

const PREFIX: &str = "azure.workload.identity/";
const USE: &str = "azure.workload.identity/use";
const RESERVED: &str = "azure-workload-identity-reserved-";

/// What a pod is called, and what upstream's webhook (v1.6.0) then calls the token volume.
#[derive(Clone, Copy, Debug)]
struct Naming {
    name: Option<&'static str>,
    generate_name: Option<&'static str>,
    volume: &'static str,
}

const NAMINGS: [Naming; 3] = [
    Naming {
        name: None,
        generate_name: None,
        volume: "azure-workload-identity-reserved-7ae265465cf68a19ccd3c91d70dc31",
    },
    Naming {
        name: Some("pod"),
        generate_name: None,
        volume: "azure-workload-identity-reserved-425c89ed5bb78a7623fae60fd8a6f6",
    },
    Naming {
        name: None,
        generate_name: Some("nginx-deployment-5d4f8c7b9d-"),
        volume: "azure-workload-identity-reserved-6d28f11a41d31d1f6ee3345d98098f",
    },
];

/// The volume's name in a pod that was called something else when it was added.
const FORMER_VOLUME: &str = "azure-workload-identity-reserved-0123456789abcdef0123456789abcd";

/// A pod that asks for an identity, and all that the answer depends on.
#[derive(Clone, Debug)]
struct Case {
    pod: String,
    configuration: Configuration,
    /// Annotations of the pod's service account.
    account: Model,
}

#[derive(Clone, Debug)]
struct Configuration {
    naming: Naming,
    layout: &'static str,
    /// The pod has no label; its service account has a client id.
    follows: bool,
    /// The list of containers to which the proxy is added, if the pod asks for it.
    proxy: Option<&'static str>,
    identity_binding: bool,
}

impl Configuration {
    fn settings(&self) -> Model {
        let mut inject = json!({
            "tenantId": "11111111-1111-1111-1111-111111111111",
            "layout": self.layout,
            "optIn": if self.follows { "serviceAccount" } else { "label" },
            "proxy": {"nativeSidecar": self.proxy == Some("initContainers")},
        });
        if self.identity_binding {
            inject["identityBinding"] = json!({"sniName": "sni.example.com", "ca": {"configMap": "ca"}});
        }
        // What is generated is odd on purpose; how it is judged is not the matter here.
        let rules: BTreeMap<_, _> = RuleId::ALL.map(|rule| (rule.name(), "off")).into_iter().collect();
        json!({"inject": inject, "rules": rules})
    }

    /// Where the token is mounted; `None` where no other mount of these pods can be.
    fn mount_path(&self) -> Option<&'static str> {
        match self.layout {
            "v1.5" => Some("/var/run/secrets/azure/tokens"),
            "v1.6.0" => Some("/var/run/secrets/azure/wi"),
            _ => None,
        }
    }

    fn token_path(&self) -> &'static str {
        if self.layout == "v1.5" { "azure-identity-token" } else { "token/azure-identity-token" }
    }
}

impl Case {
    /// What becomes of a pod, which is this case's or came from it; `None` if it is right as it is.
    fn mutated(&self, pod: &str) -> Option<String> {
        let cluster = FakeCluster::default().and_service_account("default", "default", &self.account);
        let request = format!(r#"{{"operation":"CREATE","kind":{{"group":"","kind":"Pod"}},"object":{pod}}}"#);
        let payload = format!(r#"{{"request":{request},"settings":{}}}"#, self.configuration.settings());
        let answer = String::from_utf8(admission::answer(payload.as_bytes(), &cluster)).unwrap();
        let document = Document::parse(answer.as_bytes()).unwrap();
        assert_eq!(document.root().get("accepted").and_then(Value::as_bool), Some(true), "{answer}");
        document.root().get("mutated_object").map(|object| object.raw().to_owned())
    }

    /// The pod as it is stored.
    fn stored(&self) -> String {
        self.mutated(&self.pod).unwrap_or_else(|| self.pod.clone())
    }
}

fn configuration(proxy: bool) -> impl Strategy<Value = Configuration> {
    let naming = select(NAMINGS.to_vec());
    let layout = select(vec!["v1.6.1", "v1.6.0", "v1.5"]);
    let lists = if proxy { vec![Some("initContainers"), Some("containers")] } else { vec![None] };
    (naming, layout, any::<bool>(), select(lists), any::<bool>()).prop_map(
        |(naming, layout, follows, proxy, identity_binding)| Configuration {
            naming,
            layout,
            follows,
            proxy,
            identity_binding: identity_binding && layout != "v1.5",
        },
    )
}

fn case(proxy: bool) -> impl Strategy<Value = Case> {
    configuration(proxy).prop_flat_map(|configuration| {
        let account = (any::<bool>(), select(vec![None, Some(""), Some("tenant")]));
        let account = account.prop_map({
            let follows = configuration.follows;
            move |(has_client, tenant)| {
                let client_id = (follows || has_client).then_some("client");
                let ids = [("client-id", client_id), ("tenant-id", tenant)];
                let annotations = ids.into_iter().filter_map(|(key, id)| Some((format!("{PREFIX}{key}"), json!(id?))));
                annotations.collect()
            }
        });
        (pod(&configuration), Just(configuration), account).prop_map(|(pod, configuration, account)| {
            // White space around it is the request's, not the pod's.
            Case { pod: pod.trim().to_owned(), configuration, account }
        })
    })
}

/// A member of an object, or nothing.
type Field = BoxedStrategy<Option<String>>;

fn required(key: &'static str, value: impl Strategy<Value = String> + 'static) -> Field {
    member(Just(key.to_owned()), value).prop_map(Some).boxed()
}

/// A member that may also be null or absent.
fn optional(key: &'static str, value: impl Strategy<Value = String> + 'static) -> Field {
    prop_oneof![
        3 => required(key, value),
        1 => required(key, Just("null".to_owned())),
        1 => Just(None),
    ]
    .boxed()
}

fn one_of(texts: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    string(select(texts.to_vec()).prop_map(str::to_owned))
}

fn array_of(element: impl Strategy<Value = String>, most: usize) -> impl Strategy<Value = String> {
    array(prop::collection::vec(element, 0..=most))
}

/// An object of these members and some that nobody knows.
fn record(fields: Vec<Field>) -> BoxedStrategy<String> {
    object_with(fields, members_of(0..3, json_text::value(1)))
}

/// Labels or annotations: as [`record`], with nothing but strings.
fn string_map(fields: Vec<Field>) -> BoxedStrategy<String> {
    object_with(fields, members_of(0..3, string(text())))
}

fn object_with(fields: Vec<Field>, unknown: impl Strategy<Value = Vec<String>> + 'static) -> BoxedStrategy<String> {
    let members = (fields, unknown).prop_map(|(known, unknown)| known.into_iter().flatten().chain(unknown).collect());
    object(members).boxed()
}

fn pod(configuration: &Configuration) -> BoxedStrategy<String> {
    let metadata = metadata(configuration);
    let metadata = if configuration.follows && configuration.proxy.is_none() {
        optional("metadata", metadata)
    } else {
        required("metadata", metadata)
    };
    record(vec![metadata, required("spec", spec(configuration.naming.volume, configuration.token_path()))])
}

fn metadata(configuration: &Configuration) -> BoxedStrategy<String> {
    let names = [("name", configuration.naming.name), ("generateName", configuration.naming.generate_name)];
    let mut fields: Vec<_> =
        names.into_iter().filter_map(|(key, name)| Some(required(key, one_of(&[name?])))).collect();
    fields.push(if configuration.follows {
        optional("labels", string_map(vec![]))
    } else {
        required("labels", string_map(vec![required(USE, one_of(&["true"]))]))
    });
    let mut annotations = vec![
        optional("azure.workload.identity/skip-containers", one_of(&["", "web;log", " init ; azwi-proxy-init"])),
        optional("azure.workload.identity/service-account-token-expiration", one_of(&["", "3600", "86400"])),
        optional("azure.workload.identity/use-identity-binding", one_of(&["true", "TRUE", "false"])),
    ];
    if configuration.proxy.is_some() {
        annotations.push(required("azure.workload.identity/inject-proxy-sidecar", one_of(&["true", "false"])));
    }
    let annotations = string_map(annotations);
    fields.push(if configuration.proxy.is_some() {
        required("annotations", annotations)
    } else {
        optional("annotations", annotations)
    });
    record(fields)
}

fn spec(volume: &'static str, token_path: &'static str) -> BoxedStrategy<String> {
    let containers = array_of(container(volume), 2).boxed();
    record(vec![
        optional("initContainers", containers.clone()),
        optional("containers", containers),
        optional("volumes", volumes(volume, token_path)),
    ])
}

fn container(volume: &'static str) -> BoxedStrategy<String> {
    let variable = record(vec![optional(
        "name",
        one_of(&[
            "LOG_LEVEL",
            "AZURE_CLIENT_ID",
            "AZURE_TENANT_ID",
            "AZURE_FEDERATED_TOKEN_FILE",
            "AZURE_AUTHORITY_HOST",
            "AZURE_KUBERNETES_CA_FILE",
        ]),
    )]);
    let mount = record(vec![
        required("name", one_of(&[volume, FORMER_VOLUME, "azure-identity-token", "data"])),
        optional("mountPath", one_of(&["/data", "/var/run/secrets/azure/wi", "/var/run/secrets/azure/tokens"])),
        optional("readOnly", Just("true".to_owned())),
    ]);
    record(vec![
        required("name", one_of(&["web", "log", "init", "azwi-proxy", "azwi-proxy-init"])),
        optional("env", array_of(variable, 3)),
        optional("volumeMounts", array_of(mount, 2)),
        optional("ports", array_of(spelled(&json!({"containerPort": 80, "protocol": "TCP"})), 1)),
    ])
}

/// Volumes of which at most one is that of the token: right, or with something wrong in it.
fn volumes(name: &'static str, token_path: &'static str) -> BoxedStrategy<String> {
    let token = |audience: &str, path: &str| json!({"serviceAccountToken": {"audience": audience, "expirationSeconds": 3600, "path": path}});
    let right = token("api://AzureADTokenExchange", token_path);
    // Up to v1.5 a token for others at the path of the token makes injection impossible.
    let other_audience = if token_path == "azure-identity-token" { "api://AzureADTokenExchange" } else { "other" };
    let contents = [
        json!({"projected": {"sources": [right]}}),
        json!({"projected": {"sources": [right], "defaultMode": 420}}),
        json!({"projected": {"sources": [right], "defaultMode": 256}}),
        json!({"projected": {"sources": [right, {"configMap": {"name": "a"}}]}}),
        json!({"projected": {"sources": [token(other_audience, token_path)]}}),
        json!({"projected": {"sources": null}}),
        json!({"emptyDir": {}}),
    ];
    let named = |name: &str, mut volume: Model| {
        volume["name"] = name.into();
        volume
    };
    let names = [name, FORMER_VOLUME, "azure-identity-token"];
    let of_token = names.iter().flat_map(|name| contents.iter().map(|content| named(name, content.clone())));
    let others = [
        json!({"name": "data", "emptyDir": {}}),
        json!({"name": "tmp", "projected": {"sources": [token("vault", "token")]}}),
        json!({"name": null, "csi": {"driver": "d"}}),
    ];
    let of_token = select(of_token.collect::<Vec<_>>()).prop_flat_map(|volume| spelled(&volume));
    let others = subsequence(others.to_vec(), 0..=others.len());
    let others = others.prop_flat_map(|volumes| volumes.iter().map(spelled).collect::<Vec<_>>());
    let volumes = (prop::option::of(of_token), others)
        .prop_map(|(token, others)| token.into_iter().chain(others).collect::<Vec<String>>());
    array(volumes.prop_shuffle()).boxed()
}

/// The keys on the way to a value, as `spec.containers.env`.
fn keys(path: &Path) -> String {
    let keys = path.segments().iter().filter_map(|segment| match segment {
        Segment::Key(key) => Some(key.as_str()),
        Segment::Index(_) => None,
    });
    keys.collect::<Vec<_>>().join(".")
}

/// What injection may do to a pod besides adding at the end.
fn permitted_changes(pod: Value<'_>, configuration: &Configuration) -> Undo {
    let mut changes = Undo::default();
    let is_for_token =
        |value: Value<'_>| value.field("name").and_then(Value::as_str).is_some_and(|name| name.starts_with(RESERVED));
    for value in model::all_values(pod) {
        let path = value.path_from(pod);
        let is_permitted = match keys(&path).as_str() {
            "metadata" | "metadata.labels" | "spec.containers.env" | "spec.initContainers.env" => value.is_null(),
            "spec.volumes" | "spec.containers.volumeMounts" | "spec.initContainers.volumeMounts" => {
                value.is_null() || is_for_token(value)
            }
            "spec.containers" | "spec.initContainers" => value.is_null() && configuration.proxy.is_some(),
            _ => false,
        };
        if is_permitted {
            changes.overwritten.insert(path);
        }
    }
    if let Some(list) = configuration.proxy {
        let pod = model::model(pod);
        let is_there = ["initContainers", "containers"].iter().any(|list| has_container(&pod, list, "azwi-proxy"));
        changes.prepended.insert(Path::default().key("spec").key(list), usize::from(!is_there));
    }
    changes
}

fn has_container(pod: &Model, list: &str, name: &str) -> bool {
    pod["spec"][list].as_array().is_some_and(|containers| containers.iter().any(|container| container["name"] == name))
}

/// The pod without the containers of the proxy that `input` has not.
fn without_proxy(mut pod: Model, input: &Model) -> Model {
    for list in ["initContainers", "containers"] {
        if let Some(containers) = pod["spec"].get_mut(list).and_then(Model::as_array_mut) {
            containers.retain(|container| {
                let name = container["name"].as_str().unwrap();
                !name.starts_with("azwi-proxy") || has_container(input, list, name)
            });
        }
    }
    pod
}

/// The pod as the API server stores it: with the mode of projected files filled in.
fn defaulted(mut pod: Model) -> Model {
    for volume in pod["spec"]["volumes"].as_array_mut().into_iter().flatten() {
        if let Some(projected) = volume.get_mut("projected").and_then(Model::as_object_mut) {
            projected.entry("defaultMode").or_insert(json!(420));
        }
    }
    pod
}

/// The name of the volume that holds the token; up to v1.5 it may be any.
fn token_volume(pod: &Model, configuration: &Configuration) -> Option<String> {
    let holds_token = |volume: &&Model| {
        let sources = volume["projected"]["sources"].as_array();
        let is_token = |source: &Model| source["serviceAccountToken"]["path"] == configuration.token_path();
        sources.into_iter().flatten().any(is_token)
    };
    let names =
        pod["spec"]["volumes"].as_array()?.iter().filter(holds_token).filter_map(|volume| volume["name"].as_str());
    let mut names = names.filter(|name| configuration.layout == "v1.5" || name.starts_with(RESERVED));
    names.next().map(str::to_owned)
}

fn assert_adds_only(case: &Case) -> Result<(), TestCaseError> {
    let Some(output) = case.mutated(&case.pod) else { return Ok(()) };
    let (before, after) = (Document::parse(case.pod.as_bytes()).unwrap(), Document::parse(output.as_bytes()).unwrap());
    let changes = permitted_changes(before.root(), &case.configuration);
    prop_assert_eq!(&changes.undo(before.root(), after.root()), &case.pod, "{}", output);

    let input = model::model(before.root());
    let patch = json_patch::diff(&input, &without_proxy(model::model(after.root()), &input));
    for operation in &*patch {
        let path = format!("{}/", operation.path());
        let is_permitted = matches!(operation, json_patch::PatchOperation::Add(_))
            || changes.overwritten.iter().any(|place| path.starts_with(&format!("{}/", place.to_pointer())));
        prop_assert!(is_permitted, "{}", operation);
    }
    Ok(())
}

fn assert_is_complete(case: &Case) -> Result<(), TestCaseError> {
    let pod: Model = serde_json::from_str(&case.stored()).unwrap();
    let volume = token_volume(&pod, &case.configuration);
    prop_assert!(volume.is_some(), "no token volume in {}", pod);
    prop_assert!(!case.configuration.follows || pod["metadata"]["labels"][USE] == "true", "no label on {}", pod);

    let skipped =
        pod["metadata"]["annotations"]["azure.workload.identity/skip-containers"].as_str().unwrap_or_default();
    let skipped: Vec<_> = skipped.split(';').map(str::trim).collect();
    let containers = ["initContainers", "containers"].map(|list| pod["spec"][list].as_array());
    for container in containers.into_iter().flatten().flatten() {
        let has = |list: &str, name: &str| {
            container[list].as_array().is_some_and(|entries| entries.iter().any(|entry| entry["name"] == name))
        };
        if skipped.contains(&container["name"].as_str().unwrap()) {
            continue;
        }
        for variable in ["AZURE_FEDERATED_TOKEN_FILE", "AZURE_AUTHORITY_HOST"] {
            prop_assert!(has("env", variable), "no {} in {}", variable, container);
        }
        let mounts = container["volumeMounts"].as_array();
        let is_taken = mounts
            .into_iter()
            .flatten()
            .any(|mount| case.configuration.mount_path().is_some_and(|path| mount["mountPath"] == path));
        prop_assert!(is_taken || has("volumeMounts", volume.as_ref().unwrap()), "no token in {}", container);
    }
    Ok(())
}

fn assert_done_once(case: &Case) -> Result<(), TestCaseError> {
    let stored = case.stored();
    prop_assert_eq!(case.mutated(&stored), None);

    let stored: Model = serde_json::from_str(&stored).unwrap();
    let mut named = stored.clone();
    named["metadata"]["name"] = "named-meanwhile".into();
    for later in [&named, &defaulted(stored), &defaulted(named.clone())] {
        prop_assert_eq!(case.mutated(&later.to_string()), None, "{}", later);
    }
    Ok(())
}

proptest! {
    #[test]
    fn injection_adds_and_changes_no_byte_elsewhere(case in case(false)) {
        assert_adds_only(&case)?;
    }

    #[test]
    fn injection_with_the_proxy_adds_and_changes_no_byte_elsewhere(case in case(true)) {
        assert_adds_only(&case)?;
    }

    #[test]
    fn every_container_that_takes_part_gets_the_identity(case in any::<bool>().prop_flat_map(case)) {
        assert_is_complete(&case)?;
    }

    #[test]
    fn a_second_injection_has_nothing_to_do(case in case(false)) {
        assert_done_once(&case)?;
    }

    #[test]
    fn a_second_injection_with_the_proxy_has_nothing_to_do(case in case(true)) {
        assert_done_once(&case)?;
    }
}
