//! The module in the real kwctl: it reads in the metadata what we have written, scaffolds what we generate, and decides as our
//! host does. Without a kwctl, which `KWCTL` names or the path has, these tests skip, and say so.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "helpers of tests fail, and say what they skip, as tests do"
)]

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use e2e_tests::cluster::{CanIRequest, Exchange, Failure, FakeCluster, ObjectKey, Request, ResourceAttributes};
use e2e_tests::policy::Policy;
use e2e_tests::request::AdmissionRequest;
use e2e_tests::response::AdmissionResponse;
use serde_json::{Value, json};

/// A kwctl with a home of its own, so that it neither finds nor leaves anything in that of whoever runs the tests.
struct Kwctl {
    program: PathBuf,
    home: PathBuf,
}

impl Kwctl {
    /// A kwctl that runs; `test` names its home.
    fn find(test: &str) -> Option<Self> {
        let named = env::var_os("KWCTL").filter(|name| !name.is_empty());
        let program = PathBuf::from(named.clone().unwrap_or_else(|| "kwctl".into()));
        match Command::new(&program).arg("--version").output() {
            Ok(output) => assert!(output.status.success(), "{}: {output:?}", program.display()),
            Err(error) => {
                assert!(named.is_none(), "KWCTL is {}: {error}", program.display());
                eprintln!("skipped: kwctl {test}: there is no kwctl; put it on the path, or its path into KWCTL");
                return None;
            }
        }
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kwctl").join(test);
        fs::create_dir_all(&home).unwrap();
        // No trust root: kwctl would fetch one from the network, only to warn that it cannot.
        fs::write(home.join("trust.json"), "{}").unwrap();
        Some(Self { program, home })
    }

    fn output(&self, arguments: &[&str]) -> Output {
        Command::new(&self.program)
            .current_dir(&self.home)
            .args(arguments)
            .env("HOME", &self.home)
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .env_remove("XDG_DATA_HOME")
            .env_remove("KUBECONFIG")
            .env_remove("RUST_BACKTRACE") // it would be part of the errors that the guest is told
            .output()
            .unwrap()
    }

    /// What kwctl prints when it succeeds.
    fn stdout(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kwctl {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.home.join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

/// The file of the annotated module.
fn module() -> String {
    xtask::policy_under_test().unwrap().to_str().unwrap().to_owned()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(file: &str) -> String {
    fs::read_to_string(repository().join(file)).unwrap()
}

fn yaml(text: &str) -> Value {
    yaml_serde::from_str(text).expect(text)
}

/// What a cluster was asked and what it answered, as kwctl records it.
fn session(cluster: &FakeCluster) -> String {
    let exchanges: Value = cluster.exchanges().iter().map(recorded).collect();
    yaml_serde::to_string(&exchanges).unwrap()
}

fn recorded(exchange: &Exchange) -> Value {
    let request = match &exchange.request {
        Request::GetResource(request) => {
            format!("!KubernetesGetResource\n{}", yaml_serde::to_string(request).unwrap())
        }
        Request::CanI(CanIRequest { subject_access_review, disable_cache }) => {
            let request = json!({"request": subject_access_review, "disable_cache": disable_cache});
            format!("!KubernetesCanI\n{}", yaml_serde::to_string(&request).unwrap())
        }
    };
    let response = match &exchange.answer {
        Ok(payload) => json!({"type": "Success", "payload": String::from_utf8(payload.clone()).unwrap()}),
        Err(message) => json!({"type": "Error", "message": message}),
    };
    json!({"type": "Exchange", "request": request, "response": response})
}

/// A request under settings, and the beginning of what is to come of it.
struct Case {
    name: &'static str,
    settings: Value,
    request: AdmissionRequest,
    cluster: FakeCluster,
    /// Whether it is let in, and a word of the message or of a warning, or `patch` for a change.
    expected: (bool, &'static str),
}

const CLIENT_ID: &str = "9b2d6f10-47ac-4e35-8c91-0d7a5e3b6f28";

fn cluster() -> FakeCluster {
    FakeCluster::with_objects([json!({
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": "orders",
            "namespace": "shop",
            "annotations": {"azure.workload.identity/client-id": CLIENT_ID},
        },
        "secrets": [{"name": "orders-token"}],
    })])
    .unwrap()
}

fn pod(metadata: &Value, spec: &Value) -> AdmissionRequest {
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "orders", "namespace": "shop", "labels": {"azure.workload.identity/use": "true"}},
        "spec": {"serviceAccountName": "orders", "containers": [{"name": "web", "image": "web:1", "cpu": 1.50}]},
    });
    for (part, members) in [("metadata", metadata), ("spec", spec)] {
        for (key, value) in members.as_object().unwrap() {
            pod[part][key] = value.clone();
        }
    }
    AdmissionRequest::create(pod).unwrap()
}

fn cases() -> Vec<Case> {
    let injecting = json!({"inject": {"tenantId": "3f1c9a52-8d0e-4b7f-9a63-2c5e71d0b846"}});
    let none = json!({});
    let case = |name, settings: &Value, request, expected| Case {
        name,
        settings: settings.clone(),
        request,
        cluster: cluster(),
        expected,
    };
    let binding = json!({"azure.workload.identity/use-identity-binding": "true"});
    let demo = |review| AdmissionRequest::from_review(review).unwrap();
    vec![
        case("checked", &none, pod(&none, &none), (true, "")),
        case("injected", &injecting, pod(&none, &none), (true, "patch")),
        case("of-a-deployment", &injecting, demo(include_str!("../demo/deployment-pod.json")), (true, "patch")),
        case("unlabelled", &injecting, demo(include_str!("../demo/unlabelled-pod.json")), (true, "")),
        case(
            "two-problems",
            &injecting,
            demo(include_str!("../demo/two-problems.json")),
            (false, "2 workload identity problems"),
        ),
        case("not-guarded", &json!({"guard": {}}), pod(&none, &none), (false, "injection-missing")),
        case(
            "warned",
            &none,
            pod(
                &none,
                &json!({"containers": [{"name": "web", "env": [{"name": "AZURE_CLIENT_SECRET", "value": "x"}]}]}),
            ),
            (true, "static-credentials"),
        ),
        case(
            "no-service-account",
            &injecting,
            pod(&none, &json!({"serviceAccountName": "missing"})),
            (false, "service-account-missing"),
        ),
        Case {
            cluster: cluster().and_failing(ObjectKey::service_account("shop", "orders"), Failure::Forbidden),
            ..case("lookup-forbidden", &injecting, pod(&none, &none), (false, "lookup-failed"))
        },
        Case {
            cluster: cluster().and_permission("system:serviceaccount:shop:orders", ResourceAttributes::default()),
            ..case(
                "identity-binding",
                &none,
                pod(&json!({"annotations": binding}), &none),
                (true, "identity-binding-rbac"),
            )
        },
        case(
            "service-account",
            &none,
            AdmissionRequest::create(json!({
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {
                    "name": "orders",
                    "namespace": "shop",
                    "annotations": {"azure.workload.identity/client-id": "orders-identity"},
                },
            }))
            .unwrap(),
            (false, "client-id-format"),
        ),
        case("deleted", &injecting, AdmissionRequest::delete(pod(&none, &none).object.unwrap()).unwrap(), (true, "")),
    ]
}

/// What kwctl prints, in the form of our host.
fn response(printed: &str) -> AdmissionResponse {
    let printed: Value = serde_json::from_str(printed).expect(printed);
    let text = |pointer| printed.pointer(pointer).and_then(Value::as_str);
    let patch = text("/patch").map(|patch| serde_json::from_slice(&STANDARD.decode(patch).unwrap()).unwrap());
    assert_eq!(text("/patchType"), patch.as_ref().map(|_| "JSONPatch"));
    AdmissionResponse {
        uid: text("/uid").unwrap().to_owned(),
        allowed: printed["allowed"].as_bool().unwrap(),
        patch,
        message: text("/status/message").map(str::to_owned),
        code: printed.pointer("/status/code").map(|code| code.as_u64().unwrap().try_into().unwrap()),
        warnings: serde_json::from_value(printed["warnings"].clone()).unwrap(),
        audit_annotations: serde_json::from_value(printed["auditAnnotations"].clone()).unwrap(),
    }
}

#[test]
fn kwctl_decides_as_our_host_does() {
    let Some(kwctl) = Kwctl::find("run") else { return };
    let module = module();
    for Case { name, settings, request, cluster, expected: (allowed, word) } in cases() {
        let cluster = Arc::new(cluster);
        let policy = Policy::new(e2e_tests::policy_module().unwrap(), settings.clone()).unwrap();
        let ours = policy.connected_to(Arc::clone(&cluster)).validate(&request).unwrap().response;

        let request = kwctl.write(&format!("{name}.request.json"), &serde_json::to_string(&request).unwrap());
        let session = kwctl.write(&format!("{name}.session.yml"), &session(&cluster));
        let printed = kwctl.stdout(&[
            "run",
            "--request-path",
            &request,
            "--settings-json",
            &settings.to_string(),
            "--allow-context-aware",
            "--replay-host-capabilities-interactions",
            &session,
            "--sigstore-trust-config",
            "trust.json",
            &module,
        ]);

        assert_eq!(response(&printed), ours, "{name}");
        assert_eq!(ours.allowed, allowed, "{name}: {ours:?}");
        let said = format!("{:?} {:?}", ours.message, ours.warnings);
        let is_said = if word == "patch" { ours.patch.is_some() } else { said.contains(word) };
        assert!(is_said && (word == "patch" || ours.patch.is_none()), "{name}: {ours:?}");
    }
}

#[test]
fn kwctl_refuses_settings_in_the_policys_words() {
    let Some(kwctl) = Kwctl::find("settings") else { return };
    let request = serde_json::to_string(&pod(&json!({}), &json!({}))).unwrap();
    let request = kwctl.write("request.json", &request);
    let settings = json!({"injekt": {}, "guard": null});
    let ours = Policy::new(e2e_tests::policy_module().unwrap(), settings.clone()).err().unwrap();
    let settings = settings.to_string();
    let arguments =
        ["run", "--request-path", &request, "--settings-json", &settings, "--sigstore-trust-config", "trust.json"];
    let output = kwctl.output(&[&arguments[..], &[&module()]].concat());
    let errors = String::from_utf8(output.stderr).unwrap();

    assert!(!output.status.success(), "{errors}");
    let ours = ours.to_string();
    let problems = ours.strip_prefix("Policy settings are invalid: ").expect(&ours);
    assert!(errors.contains(&format!("Provided settings are not valid: {problems}")), "{errors}\n{problems}");
}

#[test]
fn kwctl_finds_our_metadata_in_the_module() {
    let Some(kwctl) = Kwctl::find("inspect") else { return };
    let shown = yaml(&kwctl.stdout(&["inspect", "--output", "yaml", &module()]));
    let ours = serde_json::to_value(e2e_tests::policy_module().unwrap().metadata()).unwrap();

    assert_eq!(shown, ours);
}

/// Where a scaffold of kwctl differs from what we publish.
struct Difference {
    place: &'static str,
    reason: &'static str,
}

/// `kwctl scaffold artifacthub` next to `artifacthub/artifacthub-pkg.yml`.
const OF_THE_PACKAGE: [Difference; 3] = [
    Difference {
        place: "/createdAt",
        reason: "ours is the release's date from the changelog, absent before; kwctl takes the clock",
    },
    Difference {
        place: "/install",
        reason: "kwctl's leaves contextAwareResources empty, with which every lookup fails",
    },
    Difference {
        place: "/links/0/url",
        reason: "kwctl's is of a module without metadata, which policy-server refuses",
    },
];

/// `kwctl scaffold manifest` next to `deploy/policies/inject/policy.yaml`, the rules apart.
const OF_THE_MANIFEST: [Difference; 10] = [
    Difference { place: "/metadata/annotations", reason: "category and severity are for catalogues" },
    Difference { place: "/metadata/name", reason: "a recipe has several policies of one module" },
    Difference { place: "/spec/backgroundAudit", reason: "an audit sees pods after injection; the guard judges those" },
    Difference { place: "/spec/contextAwareResources", reason: "of all policies: in deploy/common" },
    Difference { place: "/spec/failurePolicy", reason: "the default, said aloud" },
    Difference { place: "/spec/matchConditions", reason: "static pods get nothing injected" },
    Difference { place: "/spec/module", reason: "of all policies: in deploy/common" },
    Difference { place: "/spec/objectSelector", reason: "only pods that ask for an identity depend on policy-server" },
    Difference { place: "/spec/settings/inject", reason: "kwctl knows no settings" },
    Difference { place: "/spec/timeoutSeconds", reason: "the default, said aloud" },
];

fn check_differences(theirs: &Value, ours: &Value, allowed: &[Difference]) {
    let patch = json_patch::diff(theirs, ours);
    let found: BTreeSet<String> = patch.iter().map(|operation| operation.path().to_string()).collect();
    let allowed: BTreeSet<String> = allowed
        .iter()
        .map(|difference| {
            assert!(!difference.reason.is_empty());
            difference.place.to_owned()
        })
        .collect();
    assert_eq!(found, allowed, "{patch}");
}

#[test]
fn kwctl_scaffolds_our_artifact_hub_package() {
    let Some(kwctl) = Kwctl::find("artifacthub") else { return };
    let metadata = repository().join("policy-metadata");
    let path = |name: &str| metadata.join(name).to_str().unwrap().to_owned();
    let (file, questions) = (path("metadata.yml"), path("questions-ui.yml"));
    let scaffold = kwctl.stdout(&["scaffold", "artifacthub", "--metadata-path", &file, "--questions-path", &questions]);
    let ours = read("artifacthub/artifacthub-pkg.yml");

    check_differences(&with_annotations_read(&scaffold), &with_annotations_read(&ours), &OF_THE_PACKAGE);
}

/// A package whose annotations are what their text means.
fn with_annotations_read(package: &str) -> Value {
    let mut package = yaml(package);
    for annotation in ["kubewarden/contextAwareResources", "kubewarden/questions-ui", "kubewarden/rules"] {
        let value = &mut package["annotations"][annotation];
        *value = yaml(value.as_str().expect(annotation));
    }
    package
}

#[test]
fn kwctl_scaffolds_what_the_recipes_divide_into_policies() {
    let Some(kwctl) = Kwctl::find("manifest") else { return };
    let module = format!("file://{}", module());
    let scaffold = ["scaffold", "manifest", "--type", "ClusterAdmissionPolicy", "--allow-context-aware", &module];
    let mut scaffold = yaml(&kwctl.stdout(&scaffold));
    let policy = |name| yaml(&read(&format!("deploy/policies/{name}/policy.yaml")));
    let mut inject = policy("inject");

    let divided = ["checks", "guard", "inject", "unlabelled"].map(|name| requests(&policy(name)["spec"]["rules"]));
    assert_eq!(requests(&scaffold["spec"]["rules"].take()), divided.into_iter().flatten().collect());
    assert!(requests(&inject["spec"]["rules"].take()).len() == 1, "{inject}");
    let common = yaml(&read("deploy/common/kustomization.yaml"));
    let patch = yaml(common["patches"][0]["patch"].as_str().unwrap());
    let resources = patch.as_array().unwrap().iter().find(|patch| patch["path"] == "/spec/contextAwareResources");
    assert_eq!(scaffold["spec"]["contextAwareResources"], resources.unwrap()["value"]);

    check_differences(&scaffold, &inject, &OF_THE_MANIFEST);
}

/// Rules taken apart: what they ask for is the same however they are put together.
fn requests(rules: &Value) -> BTreeSet<String> {
    let list = |rule: &Value, key: &str| -> Vec<String> {
        rule[key].as_array().unwrap().iter().map(|value| value.as_str().unwrap().to_owned()).collect()
    };
    let mut requests = BTreeSet::new();
    for rule in rules.as_array().unwrap() {
        for (group, version) in list(rule, "apiGroups").iter().zip(list(rule, "apiVersions")) {
            for resource in list(rule, "resources") {
                let operations = list(rule, "operations").into_iter();
                requests.extend(operations.map(|operation| format!("{operation} {group}/{version} {resource}")));
            }
        }
    }
    requests
}
