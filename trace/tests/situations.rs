//! Why a pod has its identity or none, in situations whose reason is known.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::fmt::Write as _;

use azure_workload_identity_trace::azure::AzureFile;
use azure_workload_identity_trace::why::explanation::{Detail, Explanation};
use azure_workload_identity_trace::why::question::{Kind, LiveCluster, Question, Target, Unanswered};
use azure_workload_identity_trace::why::why;
use serde_json::{Value, json};

const ID: &str = "11111111-1111-1111-1111-111111111111";
const OTHER_ID: &str = "22222222-2222-2222-2222-222222222222";
const TENANT: &str = "99999999-9999-9999-9999-999999999999";
const ISSUER: &str = "https://westeurope.oic.prod-aks.azure.com/99999999-9999-9999-9999-999999999999/77777777-7777-7777-7777-777777777777/";
const USE: &str = "azure.workload.identity/use";
const CLIENT: &str = "azure.workload.identity/client-id";

/// Objects by the resource that holds them, as kubectl names it. What is a text in place of a list is why there is no answer.
struct World(Value);

impl LiveCluster for World {
    fn ask(&self, question: &Question<'_>) -> Result<String, Unanswered> {
        let Some(resource) = question.resource() else {
            return self.0["issuer"]
                .as_str()
                .map_or(Err(Unanswered::Forbidden), |issuer| Ok(json!({"issuer": issuer}).to_string()));
        };
        let objects = match &self.0[resource] {
            Value::Array(objects) => objects.clone(),
            Value::String(why) if why == "forbidden" => return Err(Unanswered::Forbidden),
            Value::String(why) => return Err(Unanswered::Failed(why.clone())),
            _ => Vec::new(),
        };
        match question.name() {
            Some(name) => {
                // An answer about another object is one too.
                let is_named = |object: &&Value| object["metadata"]["name"] == name || object["answers"] == name;
                objects.iter().find(is_named).map(Value::to_string).ok_or(Unanswered::Missing)
            }
            None => Ok(json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string()),
        }
    }
}

/// A Deployment with a pod that has its identity.
fn healthy() -> Value {
    let field = |map: &str, key: &str| json!([{"manager": "kubectl", "time": "2026-05-01T08:00:00Z", "fieldsV1": {"f:metadata": {map: {format!("f:{key}"): {}}}}}]);
    let owner = |kind: &str, name: &str| json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": "u", "controller": true}]);
    json!({
        "issuer": ISSUER,
        "pods": [{
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {
                "name": "web-1-a", "namespace": "shop", "labels": {USE: "true", "app": "web"}, "creationTimestamp": "2026-05-02T08:00:00Z",
                "ownerReferences": owner("ReplicaSet", "web-1"),
                "managedFields": [{"manager": "kube-controller-manager", "time": "2026-05-02T08:00:00Z", "fieldsV1": {"f:metadata": {"f:labels": {format!("f:{USE}"): {}}}}}],
            },
            "spec": {
                "serviceAccountName": "api",
                "containers": [{
                    "name": "web", "image": "web",
                    "env": [
                        {"name": "AZURE_CLIENT_ID", "value": ID},
                        {"name": "AZURE_TENANT_ID", "value": TENANT},
                        {"name": "AZURE_FEDERATED_TOKEN_FILE", "value": "/var/run/secrets/azure/tokens/azure-identity-token"},
                        {"name": "AZURE_AUTHORITY_HOST", "value": "https://login.microsoftonline.com/"},
                    ],
                    "volumeMounts": [{"name": "azure-identity-token", "mountPath": "/var/run/secrets/azure/tokens", "readOnly": true}],
                }],
                "volumes": [{"name": "azure-identity-token", "projected": {"defaultMode": 420, "sources": [{"serviceAccountToken": {
                    "audience": "api://AzureADTokenExchange", "expirationSeconds": 3600, "path": "azure-identity-token"}}]}}],
            },
            "status": {"phase": "Running"},
        }],
        "replicasets.apps": [{
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": "web-1", "namespace": "shop", "ownerReferences": owner("Deployment", "web")},
            "spec": {"selector": {"matchLabels": {"app": "web"}}}, "status": {},
        }],
        "deployments.apps": [{
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"selector": {"matchLabels": {"app": "web"}}, "template": {
                "metadata": {"labels": {USE: "true", "app": "web"}},
                "spec": {"serviceAccountName": "api", "containers": [{"name": "web", "image": "web"}]},
            }}, "status": {},
        }],
        "serviceaccounts": [{
            "apiVersion": "v1", "kind": "ServiceAccount",
            "metadata": {"name": "api", "namespace": "shop", "annotations": {CLIENT: ID}, "managedFields": field("f:annotations", CLIENT)},
        }],
        "namespaces": [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": {"kubernetes.io/metadata.name": "shop"}}}],
        "mutatingwebhookconfigurations.admissionregistration.k8s.io": [{
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": "azure-wi-webhook-mutating-webhook-configuration", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "webhooks": [{
                "name": "mutation.azure-workload-identity.io", "failurePolicy": "Fail",
                "rules": [{"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}],
                "objectSelector": {"matchLabels": {USE: "true"}}, "namespaceSelector": {},
            }],
        }],
    })
}

fn credential(issuer: &str, subject: &str, audience: &str) -> Value {
    json!([{
        "name": "shop-api", "issuer": issuer, "subject": subject, "audiences": [audience],
        "id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/api/federatedIdentityCredentials/shop-api",
        "type": "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
    }])
}

/// A situation: how the world differs from a healthy one, the step that is broken, and what is said.
type Situation = (&'static str, fn(&mut Value), Option<&'static str>, &'static str);

fn pod(world: &mut Value) -> &mut Value {
    &mut world["pods"][0]
}

fn env(world: &mut Value) -> &mut Vec<Value> {
    pod(world)["spec"]["containers"][0]["env"].as_array_mut().unwrap()
}

fn account(world: &mut Value) -> &mut Value {
    &mut world["serviceaccounts"][0]["metadata"]
}

fn template(world: &mut Value) -> &mut Value {
    &mut world["deployments.apps"][0]["spec"]["template"]
}

fn webhook(world: &mut Value) -> &mut Value {
    &mut world["mutatingwebhookconfigurations.admissionregistration.k8s.io"][0]["webhooks"][0]
}

fn remove(object: &mut Value, key: &str) {
    object.as_object_mut().unwrap().remove(key);
}

/// The pod as it is where nothing injects.
fn not_injected(world: &mut Value) {
    env(world).clear();
    let spec = &mut pod(world)["spec"];
    spec["volumes"] = json!([]);
    spec["containers"][0]["volumeMounts"] = json!([]);
}

const SITUATIONS: &[Situation] = &[
    ("nothing is wrong", |_| {}, None, "injected, with the layout of v1.5"),
    (
        "no label",
        |w| {
            not_injected(w);
            remove(&mut pod(w)["metadata"]["labels"], USE);
            remove(&mut template(w)["metadata"]["labels"], USE);
        },
        Some("label"),
        "the pod has no label",
    ),
    (
        "a label that says no",
        |w| {
            not_injected(w);
            pod(w)["metadata"]["labels"][USE] = json!("false");
        },
        Some("label"),
        "is \"false\": the pod asks for no identity",
    ),
    (
        "a label in another spelling",
        |w| {
            not_injected(w);
            pod(w)["metadata"]["labels"][USE] = json!("True");
        },
        Some("label"),
        "is \"True\", which is ignored",
    ),
    (
        "the template has the label now",
        |w| {
            not_injected(w);
            remove(&mut pod(w)["metadata"]["labels"], USE);
        },
        Some("label"),
        "has the label now: the pod is older",
    ),
    ("no service account", |w| w["serviceaccounts"] = json!([]), Some("service-account"), "it does not exist"),
    ("a service account that may not be read", |w| w["serviceaccounts"] = json!("forbidden"), None, "RBAC"),
    (
        "kubectl hangs",
        |w| w["serviceaccounts"] = json!("kubectl did not answer in time, and was stopped"),
        None,
        "did not answer in time",
    ),
    (
        "an answer about another object",
        |w| {
            account(w)["name"] = json!("other");
            w["serviceaccounts"][0]["answers"] = json!("api");
        },
        None,
        "the answer is about another object",
    ),
    (
        "no client id anywhere",
        |w| {
            account(w)["annotations"] = json!({});
            env(w).remove(0);
        },
        Some("service-account"),
        "a container sets no AZURE_CLIENT_ID",
    ),
    (
        "an empty client id",
        |w| {
            account(w)["annotations"][CLIENT] = json!("");
            env(w).remove(0);
        },
        Some("service-account"),
        "AZURE_CLIENT_ID",
    ),
    (
        "a client id that is no GUID",
        |w| {
            account(w)["annotations"][CLIENT] = json!("web");
        },
        Some("service-account"),
        "a GUID",
    ),
    (
        "a tenant that is none",
        |w| {
            account(w)["annotations"]["azure.workload.identity/tenant-id"] = json!("contoso");
        },
        Some("service-account"),
        "the tenant's GUID or domain name",
    ),
    (
        "a misspelt annotation",
        |w| {
            account(w)["annotations"] = json!({"azure.workload.identity/client_id": ID});
            env(w).remove(0);
        },
        Some("service-account"),
        "client_id",
    ),
    (
        "no webhook at all",
        |w| {
            not_injected(w);
            w["mutatingwebhookconfigurations.admissionregistration.k8s.io"] = json!([]);
        },
        Some("webhook"),
        "",
    ),
    (
        "a webhook for other namespaces",
        |w| {
            not_injected(w);
            webhook(w)["namespaceSelector"] = json!({"matchLabels": {"team": "a"}});
        },
        Some("webhook"),
        "",
    ),
    (
        "a webhook for other labels",
        |w| {
            not_injected(w);
            webhook(w)["objectSelector"] = json!({"matchLabels": {"inject": "yes"}});
        },
        Some("webhook"),
        "",
    ),
    (
        "a webhook that did not answer",
        |w| {
            not_injected(w);
            webhook(w)["failurePolicy"] = json!("Ignore");
        },
        Some("webhook"),
        "may have been created while the webhook was unavailable",
    ),
    (
        "a webhook that came later",
        |w| {
            not_injected(w);
            w["mutatingwebhookconfigurations.admissionregistration.k8s.io"][0]["metadata"]["creationTimestamp"] =
                json!("2026-05-03T00:00:00Z");
        },
        Some("webhook"),
        "was created 2026-05-03T00:00:00Z, after the pod",
    ),
    (
        "webhooks that may not be listed",
        |w| w["mutatingwebhookconfigurations.admissionregistration.k8s.io"] = json!("forbidden"),
        None,
        "RBAC",
    ),
    (
        "the client id was changed later",
        |w| {
            account(w)["annotations"][CLIENT] = json!(OTHER_ID);
            account(w)["managedFields"][0]["time"] = json!("2026-05-03T08:00:00Z");
        },
        Some("age"),
        "was changed at 2026-05-03T08:00:00Z by kubectl",
    ),
    (
        "the annotation was set later, and nothing tells when",
        |w| {
            env(w).remove(0);
            remove(account(w), "managedFields");
        },
        Some("age"),
        "it got its annotation after the pod was created",
    ),
    (
        "a container that has its own client id",
        |w| {
            env(w)[0]["value"] = json!(OTHER_ID);
        },
        None,
        "containers have other ids than the service account",
    ),
    (
        "a container that was added after injection",
        |w| pod(w)["spec"]["containers"].as_array_mut().unwrap().push(json!({"name": "mesh", "image": "mesh"})),
        None,
        "container-not-injected",
    ),
    (
        "no tenant",
        |w| {
            env(w).remove(1);
        },
        Some("injection"),
        "no container has AZURE_TENANT_ID",
    ),
    (
        "an empty tenant",
        |w| {
            env(w)[1]["value"] = json!("");
        },
        Some("injection"),
        "no container has AZURE_TENANT_ID",
    ),
    (
        "an authority of nobody",
        |w| {
            env(w)[3]["value"] = json!("https://login.example.com/");
        },
        Some("injection"),
        "AZURE_AUTHORITY_HOST",
    ),
    (
        "the token of the API server",
        |w| {
            env(w)[2]["value"] = json!("/var/run/secrets/kubernetes.io/serviceaccount/token");
        },
        Some("injection"),
        "AZURE_FEDERATED_TOKEN_FILE",
    ),
    (
        "a token file that is not there",
        |w| {
            env(w)[2]["value"] = json!("/tmp/token");
        },
        Some("injection"),
        "AZURE_FEDERATED_TOKEN_FILE",
    ),
    (
        "a mount over the token",
        |w| {
            pod(w)["spec"]["volumes"].as_array_mut().unwrap().push(json!({"name": "cache", "emptyDir": {}}));
            pod(w)["spec"]["containers"][0]["volumeMounts"]
                .as_array_mut()
                .unwrap()
                .push(json!({"name": "cache", "mountPath": "/var/run/secrets/azure/tokens/azure-identity-token"}));
        },
        Some("injection"),
        "mount-clash",
    ),
    (
        "a token for another audience",
        |w| {
            pod(w)["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"]["audience"] =
                json!("api://other");
        },
        Some("injection"),
        "",
    ),
    (
        "a pod that was evicted",
        |w| {
            pod(w)["status"] =
                json!({"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."});
        },
        None,
        "does not run any more: Evicted: The node was low on resource",
    ),
    (
        "a static pod",
        |w| pod(w)["metadata"]["annotations"] = json!({"kubernetes.io/config.mirror": "x"}),
        Some("pod"),
        "a static pod of a node",
    ),
    (
        "quota",
        |w| {
            w["pods"] = json!([]);
            w["replicasets.apps"][0]["status"] = json!({"conditions": [{"type": "ReplicaFailure", "status": "True", "message": "pods \"web-1-\" is forbidden: exceeded quota: compute"}]});
            w["deployments.apps"][0]["status"] = w["replicasets.apps"][0]["status"].clone();
        },
        Some("pod"),
        "exceeded quota",
    ),
    (
        "Pod Security",
        |w| {
            w["pods"] = json!([]);
            w["deployments.apps"][0]["status"] = json!({"conditions": [{"type": "ReplicaFailure", "status": "True", "message": "pods \"web-1-\" is forbidden: violates PodSecurity \"restricted:latest\""}]});
        },
        Some("pod"),
        "violates PodSecurity",
    ),
    (
        "another webhook refuses",
        |w| {
            w["pods"] = json!([]);
            w["deployments.apps"][0]["status"] = json!({"conditions": [{"type": "ReplicaFailure", "status": "True", "message": "admission webhook \"other.example\" denied the request"}]});
        },
        Some("pod"),
        "admission webhook \"other.example\" denied",
    ),
    (
        "a template whose token expires too soon",
        |w| {
            w["pods"] = json!([]);
            template(w)["metadata"]["annotations"] =
                json!({"azure.workload.identity/service-account-token-expiration": "90m"});
        },
        Some("injection"),
        "90m",
    ),
    (
        "a template without the label",
        |w| {
            w["pods"] = json!([]);
            remove(&mut template(w)["metadata"]["labels"], USE);
        },
        Some("label"),
        "the pod has no label",
    ),
    ("a template with nothing wrong", |w| w["pods"] = json!([]), None, "there is no pod"),
    (
        "the issuer of another cluster",
        |w| w["issuer"] = json!(ISSUER.replace("777/", "778/")),
        Some("federated-credential"),
        "issuer",
    ),
    ("an issuer that may not be read", |w| w["issuer"] = Value::Null, None, "issuer"),
    (
        "an issuer that nobody reaches",
        |w| w["issuer"] = json!("https://kubernetes.default.svc.cluster.local"),
        Some("federated-credential"),
        "",
    ),
    (
        "a credential for another service account",
        |w| {
            pod(w)["spec"]["serviceAccountName"] = json!("web");
            account(w)["name"] = json!("web");
        },
        Some("federated-credential"),
        "subject",
    ),
];

fn lines(explanation: &Explanation) -> String {
    let mut text = String::new();
    for step in &explanation.steps {
        writeln!(text, "{} {}: {}", step.state.name(), step.link.name(), step.text).unwrap();
        for detail in &step.details {
            let (Detail::Fact(line)
            | Detail::Problem(line)
            | Detail::Warning(line)
            | Detail::Unknown(line)
            | Detail::Fix(line)
            | Detail::Command(line)) = detail;
            writeln!(text, "  {line}").unwrap();
        }
    }
    text
}

#[test]
fn each_situation_is_explained_by_its_reason() {
    let text = credential(ISSUER, "system:serviceaccount:shop:api", "api://AzureADTokenExchange").to_string();
    let target = Target { kind: Kind::Deployment, name: "web".to_owned() };
    let mut wrong = Vec::new();
    for (name, change, broken, says) in SITUATIONS {
        let mut world = healthy();
        change(&mut world);
        let azure = AzureFile::read("credentials.json", text.clone().into_bytes());
        let explanation = why(&target, Some("shop"), &[azure], &World(world)).unwrap();
        let first = explanation.first_broken().map(|step| explanation.steps[step].link.name());
        let said = lines(&explanation);
        if first != *broken || !said.contains(says) {
            wrong.push(format!("{name}: {first:?} in place of {broken:?}, or not {says:?}:\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), SITUATIONS.len(), wrong.join("\n"));
    assert!(SITUATIONS.len() > 40);
}
