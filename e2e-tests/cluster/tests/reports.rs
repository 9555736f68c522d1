//! Public bug reports and attacks in a real cluster, with whole recipes: the policy injects, or Microsoft's webhook does, and the
//! guard sees what arrives. Without a cluster, each is judged with its own settings in `e2e-tests/tests/reports.rs`.

#![expect(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests fail and print as tests do"
)]

mod common;

use std::collections::BTreeMap;

use azure_workload_identity_policy::rule::RuleId;
use cluster_tests::{
    control_plane::{ControlPlane, Kubectl},
    manifests::Manifests,
    server::Program,
};
use common::*;
use e2e_tests::{
    kubewarden::{ClusterAdmissionPolicy, KUBEWARDEN_NAMESPACE},
    reports::{FILES, Report},
    vectors,
};
use http::Method;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelectorRequirement;
use serde_json::{Map, Value, json};

/// The tenant of the reports that configure none.
const TENANT_OF_REPORTS: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
/// The API groups of the reports' kinds that every API server has.
const BUILT_IN_GROUPS: [&str; 3] = ["", "apps", "batch"];
/// The policy that stands for Microsoft's webhook.
const WEBHOOK: &str = "microsoft-webhook";
/// What it refuses and the webhook would not, see [`vectors::DIFFERENCES`]: the guard would not be asked.
const NOT_AS_THE_WEBHOOK: [&str; 1] = ["inject-1.5-own-audience"];

/// How a labelled pod gets its identity.
#[derive(Clone, Copy)]
enum Setup {
    /// The recipe `replace-webhook`: the policy injects it.
    ReplaceWebhook,
    /// The recipe `guard-aks` behind a webhook with this layout.
    Webhook(&'static str),
    /// The recipe `guard-aks`, where the report's pod is what webhooks have left.
    Arrived,
}

/// Where a recipe rightly decides otherwise than the policy with a report's own settings.
struct Difference {
    ids: &'static [&'static str],
    setups: &'static [&'static str],
    reason: &'static str,
}

static DIFFERENCES: [Difference; 8] = [
    Difference {
        ids: &["02-dangling-mount-inject-v1.5"],
        setups: &["replace-webhook", "guard-aks v1.5"],
        reason: "v1.5 mounts its volume no second time, so the guard finds no token at the path in AZURE_FEDERATED_TOKEN_FILE",
    },
    Difference {
        ids: &["02-dangling-mount-inject-v1.6.1"],
        setups: &["guard-aks v1.5"],
        reason: "as above: with v1.5 the volume exists, and the guard finds no token at the path in AZURE_FEDERATED_TOKEN_FILE",
    },
    Difference {
        ids: &["06-variable-written-out"],
        setups: &["replace-webhook", "guard-aks v1.6.0", "guard-aks v1.6.1"],
        reason: "injection warns of the path of v1.5 and keeps it; the guard finds no token there",
    },
    Difference {
        ids: &["14-read-only-parent-azure"],
        setups: &["guard-aks v1.5", "guard-aks v1.6.0", "guard-aks v1.6.1"],
        reason: "the pod arrives with the token mounted, and then a read-only volume above it is only a warning",
    },
    Difference {
        ids: &["guard-shadow-parent"],
        setups: &["replace-webhook"],
        reason: "a read-only volume above the token is a denial before injection",
    },
    Difference {
        ids: &["guard-decoy-token-other-audience", "guard-binding-audience-unasked", "guard-subPath"],
        setups: &["replace-webhook", "guard-aks v1.6.1"],
        reason: "injection puts its own volume and mount in the place of those of this name, so the right token arrives",
    },
    Difference {
        ids: &["m-A1-n1"],
        setups: &["replace-webhook", "guard-aks v1.6.1"],
        reason: "the pod's own variable names the path of v1.6.0, and v1.6.1 moves the mount to its own",
    },
    Difference {
        ids: &["guard-good", "guard-shadow-run-alias", "guard-shadow-parent"],
        setups: &["guard-aks v1.6.0"],
        reason: "the pod's own variable names the path of v1.6.1, and v1.6.0 moves the mount to its own",
    },
];

/// A report that a setup is tried with.
struct Trial {
    report: Report,
    namespace: String,
    policies: Vec<ClusterAdmissionPolicy>,
}

/// What became of a request.
enum Outcome {
    Done,
    DeniedByPolicy,
    RefusedByApiServer,
}

#[test]
fn replace_webhook_decides_as_the_reports_require() {
    for program in programs() {
        assert_all_right(&check_all(Setup::ReplaceWebhook, &program));
    }
}

#[test]
fn guard_aks_decides_as_the_reports_require_behind_every_layout_of_the_webhook() {
    for program in programs() {
        let check = |(_, layout)| check_all(Setup::Webhook(layout), &program);
        assert_all_right(&vectors::FILES.into_iter().flat_map(check).collect::<Vec<_>>());
    }
}

#[test]
fn guard_aks_decides_as_the_reports_require_of_pods_as_they_arrive() {
    for program in programs() {
        assert_all_right(&check_all(Setup::Arrived, &program));
    }
}

#[track_caller]
fn assert_all_right(problems: &[String]) {
    assert!(problems.is_empty(), "{} are wrong:\n{}", problems.len(), problems.join("\n"));
}

/// Tries a setup with all reports that say something about it. What is wrong.
fn check_all(setup: Setup, program: &Program) -> Vec<String> {
    let mut cluster = ControlPlane::shared().unwrap();
    let name = setup.name();
    let policies = setup.policies(&cluster);
    let (mut trials, mut counts) = (Vec::new(), BTreeMap::<_, usize>::new());
    for report in FILES.iter().flat_map(|file| Report::read(file).unwrap()) {
        match setup.reason_to_skip(&report) {
            Some(reason) => {
                println!("{name}: {}: skipped, {reason}", report.id);
                *counts.entry("skipped").or_default() += 1;
            }
            None => trials.push(Trial::new(report, &policies, setup, &cluster)),
        }
    }
    let policies = trials.iter().flat_map(|trial| trial.policies.clone()).collect();
    let recipe = Manifests::of_recipe(&cluster, setup.recipe()).unwrap();
    let _server = cluster.install(&Manifests { policies, ..recipe }, program).unwrap();

    let listed = DIFFERENCES.iter().filter(|difference| difference.setups.contains(&name.as_str()));
    let untried = listed.flat_map(|it| it.ids).filter(|id| !trials.iter().any(|trial| trial.report.id == **id));
    let mut wrong: Vec<_> = untried.map(|id| format!("{name}: {id}: is listed and not tried")).collect();
    for trial in &trials {
        match trial.check(&name, &cluster) {
            Ok(outcome) => *counts.entry(outcome).or_default() += 1,
            Err(problem) => wrong.push(format!("{name}: {}: {problem}", trial.report.id)),
        }
    }
    println!("{program:?}, {name}: {counts:?}, {} wrong", wrong.len());
    wrong
}

impl Setup {
    fn name(self) -> String {
        match self {
            Self::ReplaceWebhook => self.recipe().to_owned(),
            Self::Webhook(layout) => format!("{} {layout}", self.recipe()),
            Self::Arrived => format!("{} as arrived", self.recipe()),
        }
    }

    fn recipe(self) -> &'static str {
        match self {
            Self::ReplaceWebhook => "replace-webhook",
            Self::Webhook(_) | Self::Arrived => "guard-aks",
        }
    }

    /// The policies of the recipe, and before them what stands for Microsoft's webhook: our injection, without any rule. It is
    /// compared with recorded answers of the webhook in `e2e-tests/tests/conformance.rs`.
    fn policies(self, cluster: &ControlPlane) -> Vec<ClusterAdmissionPolicy> {
        let recipe = |name| Manifests::of_recipe(cluster, name).unwrap().policies;
        let policies = recipe(self.recipe());
        let Self::Webhook(_) = self else { return policies };
        let mut webhook = recipe("replace-webhook").into_iter().find(|policy| policy.spec.mutating).unwrap();
        WEBHOOK.clone_into(&mut webhook.metadata.name);
        [vec![webhook], policies].concat()
    }

    /// Why a report says nothing about this setup.
    fn reason_to_skip(self, report: &Report) -> Option<String> {
        let kind = &report.request.kind;
        if !BUILT_IN_GROUPS.contains(&kind.group.as_str()) {
            return Some(format!("the API server knows no {}/{} {}", kind.group, kind.version, kind.kind));
        }
        match (self, report.settings.pointer("/inject/layout")) {
            (Self::Webhook(_), _) if NOT_AS_THE_WEBHOOK.contains(&report.id.as_str()) => {
                Some("what stands for the webhook refuses it".to_owned())
            }
            (Self::Webhook(layout), Some(own)) if own != layout => Some(format!("it is about layout {own}")),
            (Self::Arrived, _) if report.settings.get("guard").is_none() => {
                Some("its pod is not what webhooks have left".to_owned())
            }
            _ => None,
        }
    }

    /// The settings of one of the policies, with those of a report.
    fn settings(self, policy: &ClusterAdmissionPolicy, report: &Report) -> Map<String, Value> {
        let mut settings = policy.spec.settings.clone();
        let own = report.settings.as_object().unwrap();
        if settings.contains_key("inject") {
            let mut inject = own.get("inject").cloned().unwrap_or_else(|| json!({"tenantId": TENANT_OF_REPORTS}));
            if let Self::Webhook(layout) = self {
                inject.as_object_mut().unwrap().insert("layout".to_owned(), json!(layout));
                let off: Map<_, _> =
                    RuleId::ALL.map(|rule| (rule.name().to_owned(), json!("off"))).into_iter().collect();
                return Map::from_iter([("inject".to_owned(), inject), ("rules".to_owned(), off.into())]);
            }
            settings.insert("inject".to_owned(), inject);
        }
        let others = own.iter().filter(|(key, _)| !["inject", "guard"].contains(&key.as_str()));
        settings.extend(others.map(|(key, value)| (key.clone(), value.clone())));
        settings
    }
}

impl Trial {
    /// Creates a namespace in the place of the report's, with what is in it.
    fn new(report: Report, policies: &[ClusterAdmissionPolicy], setup: Setup, cluster: &ControlPlane) -> Self {
        let namespace = new_namespace(cluster);
        let own = report.request.namespace.clone().unwrap();
        let here = LabelSelectorRequirement {
            key: "kubernetes.io/metadata.name".to_owned(),
            operator: "In".to_owned(),
            values: Some(vec![namespace.clone()]),
        };
        let adapt = |policy: &ClusterAdmissionPolicy| {
            let mut adapted = policy.clone();
            adapted.metadata.name = format!("{namespace}-{}", policy.metadata.name);
            let settings = json!(setup.settings(policy, &report)).to_string();
            let settings = settings.replace(&format!("\"{own}/"), &format!("\"{namespace}/"));
            adapted.spec.settings = serde_json::from_str(&settings).unwrap();
            adapted.spec.namespace_selector.match_expressions.get_or_insert_default().push(here.clone());
            adapted
        };
        let policies = policies.iter().map(adapt).collect();
        for namespace in [&namespace, KUBEWARDEN_NAMESPACE] {
            for account in
                report.cluster.iter().filter(|account| account.pointer("/metadata/namespace") == Some(&json!(own)))
            {
                let path = format!("/api/v1/namespaces/{namespace}/serviceaccounts");
                cluster.api().put(&path, &moved(account, namespace)).unwrap();
            }
        }
        Self { report, namespace, policies }
    }

    /// Sends the report's request. What came of it, or what is wrong with that.
    fn check(&self, setup: &str, cluster: &ControlPlane) -> Result<&'static str, String> {
        let Self { report, .. } = self;
        let sent = self.send(cluster);
        let text = sent.stderr.trim();
        let outcome = Outcome::of(&sent);
        let is_here = |difference: &&Difference| {
            difference.ids.contains(&report.id.as_str()) && difference.setups.contains(&setup)
        };
        let difference = DIFFERENCES.iter().find(is_here);
        let note = difference.map(|it| format!(" (differs: {})", it.reason)).unwrap_or_default();
        let accepted = report.accepted != difference.is_some();
        let name = match &outcome {
            Outcome::Done => "accepted",
            Outcome::DeniedByPolicy => "denied by the policy",
            Outcome::RefusedByApiServer => "refused by the API server itself",
        };
        println!("{setup}: {}: {name}{note}\n    {}", report.id, text.replace('\n', "\n    "));
        match outcome {
            _ if text.contains(WEBHOOK) => Err(format!("what stands for the webhook is in the way\n{text}")),
            Outcome::Done if accepted => Ok(name),
            Outcome::DeniedByPolicy | Outcome::RefusedByApiServer if !accepted => Ok(name),
            // No fault of what was injected.
            Outcome::RefusedByApiServer if self.is_refused_without_policies(cluster) => {
                Ok("cannot exist, whatever the policy says")
            }
            _ => Err(format!("{name}{note}, {}\n{text}", report.note)),
        }
    }

    fn send(&self, cluster: &ControlPlane) -> Kubectl {
        let kubectl = |command: &str, object: &Option<Value>| {
            let object = moved(object.as_ref().unwrap(), &self.namespace).to_string();
            cluster.kubectl(&[command, "--filename=-"], &object).unwrap()
        };
        match self.report.request.operation.as_str() {
            "CREATE" => kubectl("create", &self.report.request.object),
            "UPDATE" => {
                assert_done(&kubectl("create", &self.report.request.old_object));
                kubectl("replace", &self.report.request.object)
            }
            operation => panic!("no report is about {operation}"),
        }
    }

    /// Whether the API server refuses the object where no policy judges it.
    fn is_refused_without_policies(&self, cluster: &ControlPlane) -> bool {
        let object = moved(self.report.request.object.as_ref().unwrap(), KUBEWARDEN_NAMESPACE);
        let resource = &self.report.request.resource;
        let group = if resource.group.is_empty() { "/api/".to_owned() } else { format!("/apis/{}/", resource.group) };
        let version = &resource.version;
        let path = format!("{group}{version}/namespaces/{KUBEWARDEN_NAMESPACE}/{}?dryRun=All", resource.resource);
        cluster.api().request(Method::POST, &path, Some(&object)).unwrap().is_err()
    }
}

impl Outcome {
    fn of(sent: &Kubectl) -> Self {
        let text = &sent.stderr;
        assert!(!text.contains("failed calling webhook"), "a policy gives no answer: {text}");
        match (sent.success, text.contains("denied the request")) {
            (true, _) => Self::Done,
            (false, true) => Self::DeniedByPolicy,
            (false, false) => Self::RefusedByApiServer,
        }
    }
}

/// The object in another namespace.
fn moved(object: &Value, namespace: &str) -> Value {
    let mut object = object.clone();
    let metadata = object.get_mut("metadata").and_then(Value::as_object_mut).unwrap();
    metadata.insert("namespace".to_owned(), json!(namespace));
    object
}
