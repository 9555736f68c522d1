//! The recipes in `deploy/`: they are what they should be, they send to policy-server what the policy can judge and nothing
//! that it need not see, and `docs/install.md` says so.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests fail as tests do")]

mod common {
    #[expect(dead_code, reason = "what cases expect of the policy, other tests ask")]
    pub(crate) mod cases;
    pub(crate) mod library;
    pub(crate) mod recipe;
}

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use azure_workload_identity_policy::rule::{RuleId, Severity};
use common::cases::{self, Case};
use common::library;
use common::recipe::{self, Policy, RECIPES};
use e2e_tests::cluster::FakeCluster;
use e2e_tests::kubewarden::FailurePolicy;
use e2e_tests::request::AdmissionRequest;
use e2e_tests::response::Mode;
use k8s_openapi::api::admissionregistration::v1::RuleWithOperations;
use serde::Deserialize;
use serde_json::{Value, json};
use xtask::metadata::Metadata;

const PAGE: &str = include_str!("../../docs/install.md");
const METADATA: &str = include_str!("../../policy-metadata/metadata.yml");

/// What policies of ours are named, before their own name.
const PREFIX: &str = "azure-workload-identity-";
const LABEL: &str = "azure.workload.identity/use";

#[test]
fn recipes_are_put_together_as_kubectl_does() {
    let kubectl = std::env::var_os("KUBEBUILDER_ASSETS").map(|assets| Path::new(&assets).join("kubectl"));
    let kubectl = kubectl.filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from("kubectl"));
    for recipe in RECIPES {
        let Ok(output) = Command::new(&kubectl).arg("kustomize").arg(recipe::deploy().join(recipe)).output() else {
            eprintln!("skipped: there is no kubectl");
            return;
        };
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let mut theirs: Vec<Value> = text.split("\n---\n").map(|text| yaml_serde::from_str(text).unwrap()).collect();
        let mut ours = recipe::objects(recipe);
        for objects in [&mut theirs, &mut ours] {
            objects.sort_by_key(|object| format!("{} {}", object["kind"], object["metadata"]["name"]));
        }
        assert_eq!(ours, theirs, "{recipe}");
    }
}

#[test]
fn the_module_is_that_of_this_version() {
    let version = metadata().annotations.unwrap()["io.kubewarden.policy.version"].clone();
    let repository = "azure-workload-identity-policy/azure-workload-identity-policy";
    for (recipe, policy) in all_policies() {
        let module = format!("registry://ghcr.io/{repository}:v{version}");
        assert_eq!(policy.spec.module, module, "{recipe} {}", policy.name);
    }
    let references = PAGE.split("?ref=").skip(1).map(|rest| rest.split(['"', '`', '\n', ' ']).next().unwrap());
    assert_eq!(references.collect::<BTreeSet<_>>(), BTreeSet::from([format!("v{version}").as_str()]));
}

#[test]
fn settings_are_valid_and_fit_the_policy() {
    for (recipe, policy) in all_policies() {
        assert_eq!(policy.problems(), [""; 0], "{recipe} {}", policy.name);
        let injects = policy.spec.settings.get("inject").is_some();
        assert_eq!(policy.spec.mutating, injects, "{recipe} {}", policy.name);
        assert_eq!(policy.spec.context_aware_resources, Vec::from_iter(metadata().context_aware_resources));
    }
}

#[test]
fn a_recipe_rules_what_the_metadata_rules() {
    let whole: Vec<RuleWithOperations> = serde_json::from_value(json!(metadata().rules)).unwrap();
    for recipe in RECIPES {
        let rules: Vec<_> = recipe::policies(recipe).into_iter().flat_map(|policy| policy.spec.rules).collect();
        assert_eq!(resources(&rules), resources(&whole), "{recipe}");
    }
}

/// The rules, one by one.
fn resources(rules: &[RuleWithOperations]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for rule in rules {
        for group in rule.api_groups.iter().flatten() {
            for resource in rule.resources.iter().flatten() {
                all.extend(
                    rule.operations.iter().flatten().map(|operation| format!("{operation} {resource} of {group:?}")),
                );
            }
        }
    }
    all
}

#[test]
fn only_pods_that_ask_for_an_identity_depend_on_policy_server() {
    let mut fail = 0;
    for (recipe, policy) in all_policies() {
        let name = &policy.name;
        // Kubewarden refuses a policy whose evaluation may take longer than its webhook.
        let evaluation = policy.spec.timeout_eval_seconds.unwrap_or(2);
        assert!(evaluation <= policy.spec.timeout_seconds, "{recipe} {name}");
        if policy.spec.failure_policy == FailurePolicy::Ignore {
            assert!(policy.spec.timeout_seconds <= 3, "{recipe} {name}: nobody waits long for what is ignored");
            continue;
        }
        fail += 1;
        assert!(is_for_pods(&policy.spec.rules), "{recipe} {name}");
        let labels = policy.spec.object_selector.match_labels.unwrap_or_default();
        assert_eq!(labels.get(LABEL).map(String::as_str), Some("true"), "{recipe} {name}");
    }
    assert_eq!(fail, 3, "the guard twice, and inject");
}

#[test]
fn audit_only_refuses_nothing_and_nobody_waits_for_it() {
    for policy in recipe::policies("audit-only") {
        assert_eq!(policy.spec.mode, Mode::Monitor);
        assert_eq!(policy.spec.failure_policy, FailurePolicy::Ignore);
        assert!(!policy.spec.mutating);
        assert!(policy.spec.background_audit);
        assert_eq!(policy.spec.settings["preset"], "strict");
    }
}

#[test]
fn audit_only_shares_no_object_with_the_recipes_that_it_may_be_next_to() {
    let names = |recipe| -> BTreeSet<String> {
        let objects = recipe::objects(recipe);
        objects.iter().map(|object| format!("{} {}", object["kind"], object["metadata"]["name"])).collect()
    };
    for recipe in ["guard-aks", "replace-webhook"] {
        assert_eq!(names("audit-only").intersection(&names(recipe)).next(), None);
    }
}

#[test]
fn policy_server_may_do_no_more_than_it_needs() {
    for recipe in RECIPES {
        let objects = recipe::objects(recipe);
        let of_kind = |kind: &str| objects.iter().filter(|object| object["kind"] == kind).collect::<Vec<_>>();
        let (roles, bindings) = (of_kind("ClusterRole"), of_kind("ClusterRoleBinding"));
        assert_eq!((roles.len(), bindings.len()), (1, 1), "{recipe}");
        assert_eq!(roles[0]["rules"], json!([{"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["get"]}]));
        assert_eq!(bindings[0]["roleRef"]["name"], roles[0]["metadata"]["name"], "{recipe}");
        let subject = json!([{"kind": "ServiceAccount", "name": "policy-server", "namespace": "kubewarden"}]);
        assert_eq!(bindings[0]["subjects"], subject, "{recipe}");
        assert_eq!(objects.len(), 2 + recipe::policies(recipe).len(), "{recipe}");
    }
}

/// What a rule can find, some policy of each recipe must see: labelled pods that which fails closed, everything else another.
#[test]
fn what_the_policy_objects_to_is_seen_by_one_policy_and_labelled_pods_by_the_one_that_fails_closed() {
    let recipes = ["guard-aks", "replace-webhook"].map(|recipe| (recipe, recipe::policies(recipe)));
    let mut problems = Vec::new();
    let mut seen = BTreeMap::new();
    for (note, request, settings, cluster) in questions() {
        let findings = library::verdict(&request, &settings, &cluster).findings;
        let objects = findings.iter().any(|(severity, _)| *severity >= Severity::Warn);
        let is_labelled = is_pod(&request) && request.object.as_ref().unwrap()["metadata"]["labels"][LABEL] == "true";
        for (recipe, policies) in &recipes {
            let judges: Vec<&Policy> =
                policies.iter().filter(|policy| !policy.spec.mutating && policy.sees(&request).unwrap()).collect();
            let fails = judges.iter().all(|policy| policy.spec.failure_policy == FailurePolicy::Fail);
            let names: Vec<&str> = judges.iter().map(|policy| policy.name.as_str()).collect();
            if judges.len() > 1 || (objects && (judges.is_empty() || fails != is_labelled)) {
                problems.push(format!("{recipe}: {note}: {:?}: seen by {names:?}", request.object));
            }
            for name in names.into_iter().filter(|_| objects) {
                *seen.entry(name.to_owned()).or_insert(0) += 1;
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(seen.len() == 3 && seen.values().all(|count| *count > 20), "{seen:?}");
}

/// The cases of the rules, and keys that are near to ours in other ways; pods also as they would be without the label, and as
/// the service account `default`, which lets most pods go unseen.
fn questions() -> Vec<(String, AdmissionRequest, Value, FakeCluster)> {
    let mut questions = Vec::new();
    for (name, case) in cases() {
        // Who gives more kinds a template adds to the rules too, and a component adds federated credentials: docs/install.md.
        if case.settings.contains_key("workloads") || case.subject() == "federated credentials" {
            continue;
        }
        let settings = Value::Object(case.settings.clone());
        for request in variants(recipe::completed(case.request())) {
            let cluster = FakeCluster::with_objects(case.objects()).unwrap();
            questions.push((format!("{name}: {}", case.note), request, settings.clone(), cluster));
        }
    }
    for key in
        ["Azure.Workload.Identity/client-id", "azure.workloda.identity/client-id", "azure.workload.identty/client-id"]
    {
        for (kind, map) in
            [("Pod", "labels"), ("Pod", "annotations"), ("ServiceAccount", "labels"), ("ServiceAccount", "annotations")]
        {
            let object = json!({"apiVersion": "v1", "kind": kind, "spec": {"containers": [{"name": "web"}]},
                                "metadata": {"name": "web", "namespace": "shop", map: {key: "x"}}});
            let request = recipe::completed(AdmissionRequest::create(object).unwrap());
            questions.push((key.to_owned(), request, json!({}), FakeCluster::default()));
        }
    }
    questions
}

fn variants(request: AdmissionRequest) -> Vec<AdmissionRequest> {
    let mut variants = vec![request];
    let mut vary = |change: fn(&mut Value)| {
        for mut request in variants.clone().into_iter().filter(is_pod) {
            change(request.object.as_mut().unwrap());
            variants.push(request);
        }
    };
    vary(|pod| {
        pod["metadata"]["labels"].as_object_mut().map(|labels| labels.remove(LABEL));
    });
    vary(|pod| pod["spec"]["serviceAccountName"] = json!("default"));
    vary(|pod| {
        let containers = std::mem::replace(&mut pod["spec"]["containers"], json!([{"name": "other"}]));
        let first = pod["spec"].as_object_mut().unwrap().remove("initContainers").unwrap_or_else(|| json!([]));
        pod["spec"]["initContainers"] =
            json!([first.as_array().unwrap().as_slice(), containers.as_array().unwrap()].concat());
    });
    variants
}

#[test]
fn federated_credentials_are_seen_with_their_component_by_the_policy_for_what_people_apply() {
    let text = "{apiVersion: kustomize.config.k8s.io/v1beta1, kind: Kustomization, resources: [guard-aks], \
                components: [federated-credentials]}";
    let objects = recipe::objects_of(text, &|resource| recipe::deploy().join(resource));
    let (with, without) = (recipe::policies_among(&objects), recipe::policies("guard-aks"));
    let seen = |policies: &[Policy], request: &AdmissionRequest| -> Vec<String> {
        policies.iter().filter(|policy| policy.sees(request).unwrap()).map(|policy| policy.name.clone()).collect()
    };
    let mut groups = BTreeSet::new();
    for (name, case) in cases() {
        let request = recipe::completed(case.request());
        if case.subject() == "federated credentials" {
            assert_eq!(seen(&with, &request), ["azure-workload-identity-checks"], "{name}: {}", case.note);
            assert_eq!(seen(&without, &request), [""; 0], "{name}: {}", case.note);
            groups.insert(request.kind.group);
        } else {
            assert_eq!(seen(&with, &request), seen(&without, &request), "{name}: {}", case.note);
        }
    }
    let rules = with.iter().flat_map(|policy| &policy.spec.rules);
    let rule = rules.filter(|rule| rule.resources.iter().flatten().any(|of| of == "federatedidentitycredentials"));
    let ruled: BTreeSet<_> = rule.flat_map(|rule| rule.api_groups.clone().unwrap()).collect();
    assert_eq!(groups, ruled, "each group has a case");
}

fn is_for_pods(rules: &[RuleWithOperations]) -> bool {
    resources(rules) == BTreeSet::from(["CREATE pods of \"\"".to_owned()])
}

fn is_pod(request: &AdmissionRequest) -> bool {
    request.resource.resource == "pods" && request.sub_resource.is_none()
}

#[test]
fn static_pods_are_seen_by_no_policy() {
    let policies = RECIPES.map(recipe::policies).into_iter().flatten().collect::<Vec<_>>();
    for (name, case) in cases().into_iter().filter(|(_, case)| case.subject() == "pods") {
        let mut request = case.request();
        let metadata = request.object.as_mut().unwrap()["metadata"].as_object_mut().unwrap();
        metadata.insert("annotations".to_owned(), json!({"kubernetes.io/config.mirror": "1"}));
        let request = recipe::completed(request);
        assert!(!policies.iter().any(|policy| policy.sees(&request).unwrap()), "{name}: {}", case.note);
    }
}

/// A condition that cannot be evaluated counts as a policy-server that is down: it would let in what it should not.
#[test]
fn conditions_hold_or_do_not_but_never_fail() {
    let bare = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": []}});
    let with = |pointer: &str, value: Value| {
        let mut pod = bare.clone();
        let (holder, key) = pointer.rsplit_once('/').unwrap();
        pod.pointer_mut(holder).unwrap()[key] = value;
        pod
    };
    let pods = [
        bare.clone(),
        with("/metadata/labels", json!({})),
        with("/metadata/annotations", json!({})),
        with("/spec/serviceAccountName", json!("")),
        with("/spec/volumes", json!([])),
        // As the API server writes an empty projection.
        with("/spec/volumes", json!([{"name": "none", "projected": {"sources": null}}])),
        with("/spec/volumes", json!([{"name": "ca", "projected": {"sources": [{"configMap": {"name": "ca"}}]}}])),
        with(
            "/spec/volumes",
            json!([{"name": "api", "projected": {"sources": [{"serviceAccountToken": {"path": "token"}}]}}]),
        ),
        with("/spec/initContainers", json!([{"name": "init", "env": [{"name": "A"}]}])),
        with(
            "/spec/containers",
            json!([{"name": "web", "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]}]),
        ),
    ];
    let mut requests: Vec<_> = pods.into_iter().map(|pod| AdmissionRequest::create(pod).unwrap()).collect();
    for object in cases().into_iter().map(|(_, case)| case.request()) {
        requests.push(recipe::completed(object));
    }
    let mut answers = BTreeSet::new();
    for (recipe, policy) in all_policies() {
        for request in &requests {
            // A condition is only ever asked about what the rules select.
            if is_pod(request) != is_for_pods(&policy.spec.rules) || request.object.is_none() {
                continue;
            }
            for condition in &policy.conditions {
                let answer = condition.holds(request);
                assert!(answer.is_ok(), "{recipe} {}: {answer:?} for {request:?}", policy.name);
                answers.insert((condition.name.clone(), answer));
            }
        }
    }
    // Each can do both.
    let names: BTreeSet<_> = answers.iter().map(|(name, _)| name).collect();
    assert_eq!(answers.len(), 2 * names.len(), "{answers:#?}");
}

/// As the API server's own evaluator answers, which cluster-tests asks about the same requests.
#[test]
fn conditions_hold_for_requests_with_little_in_them_as_in_the_api_server() {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase", deny_unknown_fields)]
    struct Request {
        note: String,
        object: Value,
        old_object: Option<Value>,
        sees: BTreeSet<String>,
    }
    let requests: Vec<Request> =
        yaml_serde::from_str(include_str!("../cluster/go/matchconditions/requests.yaml")).unwrap();
    let policies = recipe::policies("replace-webhook");
    for Request { note, object, old_object, sees } in requests {
        let request = match old_object {
            Some(old_object) => AdmissionRequest::update(object, old_object),
            None => AdmissionRequest::create(object),
        };
        let request = request.unwrap();
        let judges = policies.iter().filter(|policy| policy.sees(&request).unwrap());
        let judges: BTreeSet<_> = judges.map(|policy| policy.name.strip_prefix(PREFIX).unwrap().to_owned()).collect();
        assert_eq!(judges, sees, "{note}");
    }
}

#[test]
fn the_page_says_who_judges_what() {
    let recipes = RECIPES.map(recipe::policies);
    let mut table = String::from("| what | guard-aks | replace-webhook | audit-only |\n|---|---|---|---|\n");
    for (what, request) in samples() {
        let request = recipe::completed(request);
        let cells = recipes.iter().map(|policies| judges(policies, &request));
        let cells: Vec<String> = std::iter::once(what.to_owned()).chain(cells).collect();
        table += &["| ", &cells.join(" | "), " |\n"].concat();
    }
    assert!(PAGE.contains(&table), "docs/install.md must have this table:\n{table}");
}

/// Who judges a request, and what becomes of it when policy-server does not answer.
fn judges(policies: &[Policy], request: &AdmissionRequest) -> String {
    let mut policies: Vec<&Policy> = policies.iter().filter(|policy| policy.sees(request).unwrap()).collect();
    // As the API server asks them.
    policies.sort_by_key(|policy| !policy.spec.mutating);
    let names: Vec<_> =
        policies.iter().map(|policy| format!("`{}`", policy.name.strip_prefix(PREFIX).unwrap())).collect();
    let failure: BTreeSet<_> = policies.iter().map(|policy| policy.spec.failure_policy).collect();
    match failure.first() {
        None => "-".to_owned(),
        Some(policy) => {
            assert_eq!(failure.len(), 1, "{names:?}");
            let policy = if *policy == FailurePolicy::Fail { "**Fail**" } else { "Ignore" };
            format!("{}: {policy}", names.join(", "))
        }
    }
}

/// What there is in a cluster, as the page names it.
fn samples() -> Vec<(&'static str, AdmissionRequest)> {
    let create = |object: Value| AdmissionRequest::create(object).unwrap();
    let pod = |namespace: &str, metadata: Value, spec: Value| {
        let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec});
        pod["metadata"]["namespace"] = json!(namespace);
        pod["metadata"]["name"] = json!("web");
        pod["spec"]["containers"] = json!([{"name": "web", "image": "web:1"}]);
        pod
    };
    let labelled =
        |namespace: &str| pod(namespace, json!({"labels": {LABEL: "true"}}), json!({"serviceAccountName": "api"}));
    let own_account = |namespace: &str| pod(namespace, json!({}), json!({"serviceAccountName": "api"}));
    let token = json!({"serviceAccountToken": {"audience": "api://AzureADTokenExchange", "path": "token"}});
    let by_hand = json!({"volumes": [{"name": "azure", "projected": {"sources": [token]}}]});
    let mut static_pod = labelled("shop");
    static_pod["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "1"});
    let debug = AdmissionRequest::update(labelled("shop"), labelled("shop")).unwrap();
    let replica_set = |owners: Value| {
        let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}});
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": {"template": template},
               "metadata": {"name": "web", "namespace": "shop", "ownerReferences": owners}})
    };
    let account = |annotations: Value| {
        json!({"apiVersion": "v1", "kind": "ServiceAccount",
               "metadata": {"name": "api", "namespace": "shop", "annotations": annotations}})
    };
    let annotated = account(json!({"azure.workload.identity/client-id": "97335aad-fb4e-4a1f-b5bc-3463ea695687"}));
    let service = |selector: Value| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
               "spec": {"selector": selector}})
    };
    let mut kubewarden = labelled("kubewarden");
    kubewarden["metadata"]["labels"]["app"] = json!("policy-server");
    vec![
        ("a pod with the label", create(labelled("shop"))),
        ("the same in `kube-system`", create(labelled("kube-system"))),
        ("a pod without the label, of a service account other than `default`", create(own_account("shop"))),
        ("the same in `kube-system`", create(own_account("kube-system"))),
        (
            "a pod with another value of the label, or with another label or annotation of workload identity",
            create(pod("shop", json!({"annotations": {"azure.workload.identity/skip-containers": "log"}}), json!({}))),
        ),
        (
            "a pod without the label that declares a token for another audience than the API server",
            create(pod("shop", json!({}), by_hand)),
        ),
        ("any other pod", create(pod("shop", json!({"labels": {"app": "web"}}), json!({})))),
        ("a mirror pod, which represents a static pod of a node", create(static_pod)),
        ("any object in the namespace of Kubewarden", create(kubewarden)),
        ("a debug container", AdmissionRequest { sub_resource: Some("ephemeralcontainers".to_owned()), ..debug }),
        ("a Deployment, Job, … that a person applies", create(replica_set(json!([])))),
        (
            "a workload that a controller creates, such as the ReplicaSet of a Deployment",
            create(replica_set(json!([{"kind": "Deployment", "name": "web", "controller": true}]))),
        ),
        ("a service account with a label or annotation of workload identity", create(annotated.clone())),
        (
            "a service account that loses its last annotation of workload identity",
            AdmissionRequest::update(account(json!({})), annotated).unwrap(),
        ),
        ("any other service account", create(account(json!({"team": "shop"})))),
        ("a service that selects pods by the label", create(service(json!({LABEL: "true"})))),
        ("any other service", create(service(json!({"app": "web"})))),
    ]
}

/// The kustomizations on the page are put together from the recipes of this repository.
#[test]
fn the_overlays_of_the_page_give_valid_policies() {
    let blocks = PAGE.split("\n```yaml\n").skip(1).map(|block| block.split("\n```").next().unwrap());
    let overlays: Vec<&str> = blocks.filter(|block| block.contains("kind: Kustomization")).collect();
    assert!(overlays.len() > 3, "{} overlays", overlays.len());
    for overlay in overlays {
        let find = |resource: &str| {
            let path = resource.split_once("//deploy/").unwrap_or_else(|| panic!("{resource} is none of ours")).1;
            recipe::deploy().join(path.split_once('?').unwrap().0)
        };
        let objects = recipe::objects_of(overlay, &find);
        let policies = recipe::policies_among(&objects);
        assert!(!policies.is_empty(), "{overlay}");
        for policy in policies {
            assert_eq!(policy.problems(), [""; 0], "{overlay}");
        }
    }
}

#[test]
fn identity_bindings_let_policy_server_ask_what_a_service_account_may_do() {
    let overlay = "apiVersion: v1\nkind: Kustomization\nresources: [guard-aks]\ncomponents: [identity-bindings]\n";
    let objects = recipe::objects_of(overlay, &|name| recipe::deploy().join(name));
    let role = objects.iter().find(|object| object["kind"] == "ClusterRole").unwrap();
    assert_eq!(
        role["rules"][1],
        json!({"apiGroups": ["authorization.k8s.io"], "resources": ["subjectaccessreviews"], "verbs": ["create"]})
    );
}

fn all_policies() -> Vec<(&'static str, Policy)> {
    RECIPES
        .into_iter()
        .flat_map(|recipe| recipe::policies(recipe).into_iter().map(move |policy| (recipe, policy)))
        .collect()
}

fn cases() -> Vec<(&'static str, Case)> {
    // This evaluator takes seconds for thousands of containers.
    let rules = RuleId::ALL.into_iter().filter(|rule| *rule != RuleId::InjectionSize);
    let names = rules.map(RuleId::name).chain(["bypasses", "controllers"]);
    let all = names.flat_map(|name| cases::read(name).into_iter().map(move |case| (name, case)));
    // Where pods follow their service account, the recipe's selector is not the one to have: docs/settings.md.
    all.filter(|(_, case)| case.settings.get("inject").is_none_or(|inject| inject.get("optIn").is_none())).collect()
}

fn metadata() -> Metadata {
    yaml_serde::from_str(METADATA).unwrap()
}
