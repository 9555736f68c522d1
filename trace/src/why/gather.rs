//! Asks for all that an explanation needs, one answer leading to the next question.

use std::borrow::Cow;

use azure_workload_identity_policy::json::{Document, Reading, Value};
use azure_workload_identity_policy::kinds::pod_template_of;
use azure_workload_identity_policy::pod::Pod;
use azure_workload_identity_policy::subject::controller;
use kubernetes_manifests::objects::objects;

use super::changes::created;
use super::question::{Kind, LiveCluster, Question, Target, Unanswered};
use super::selector::for_kubectl;

/// How many owners are followed. Kubernetes' own kinds need two.
const OWNERS: usize = 4;

/// An answer.
pub(super) type Reply = Result<String, Unanswered>;

/// What was asked, and the answers.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) namespace: String,
    /// The pod; made of the template if there is none.
    pub(super) pod: String,
    /// Whether `pod` is made of the template of a workload.
    pub(super) is_template: bool,
    /// What owns the pod, the nearest first.
    pub(super) owners: Vec<OwnerReference>,
    /// The other pods of the workload, if a workload is explained.
    pub(super) others: Vec<String>,
    pub(super) service_account_name: String,
    pub(super) service_account: Reply,
    pub(super) namespace_object: Reply,
    pub(super) mutating: Reply,
    pub(super) validating: Reply,
    pub(super) cluster_policies: Reply,
    pub(super) policies: Reply,
    pub(super) issuer: Reply,
}

/// An owner.
#[derive(Debug)]
pub(super) struct OwnerReference {
    pub(super) kind: String,
    pub(super) name: String,
    /// The object; `None` if its kind is not asked for.
    pub(super) object: Option<Reply>,
}

/// Asks.
pub(super) fn gather(target: &Target, namespace: Option<&str>, cluster: &dyn LiveCluster) -> Result<Facts, String> {
    let question = Question::Object { kind: target.kind, namespace, name: &target.name };
    let text = ask(cluster, &question).map_err(|why| why.explain(&question))?;
    let document = Document::parse(text.as_bytes()).map_err(|_| unreadable(&question))?;
    let object = document.root();
    let namespace = text_at(object, "metadata", "namespace").ok_or_else(|| unreadable(&question))?.into_owned();

    let (mut pod, mut others, mut is_template) = (None, Vec::new(), false);
    if target.kind == Kind::Pod {
        pod = Some(text.clone());
    } else {
        let mut pods = pods_of(object, target, &namespace, cluster)?;
        // The newest one tells how pods come out today.
        pods.sort_by_key(|pod| std::cmp::Reverse(of_text(pod, created).flatten()));
        if !pods.is_empty() {
            others = pods.split_off(1);
            pod = pods.pop();
        }
    }
    let pod = match pod {
        Some(pod) => pod,
        None => {
            is_template = true;
            template(target.kind, object).ok_or_else(|| unreadable(&question))?
        }
    };
    let mut owners = Vec::new();
    if is_template {
        owners.push(OwnerReference {
            kind: target.kind.name().into(),
            name: target.name.clone(),
            object: Some(Ok(text.clone())),
        });
    } else {
        let known = (target.kind != Kind::Pod).then_some((target, text.as_str()));
        follow_owners(&pod, &namespace, known, cluster, &mut owners);
    }
    let name = of_text(&pod, |pod| Pod::read(pod, &mut Reading::default()).service_account().to_owned());
    let service_account_name = name.unwrap_or_else(|| "default".to_owned());
    let ask = |question: Question<'_>| ask(cluster, &question);
    Ok(Facts {
        service_account: ask(Question::ServiceAccount { namespace: &namespace, name: &service_account_name }),
        namespace_object: ask(Question::Namespace { name: &namespace }),
        mutating: ask(Question::MutatingWebhooks),
        validating: ask(Question::ValidatingWebhooks),
        cluster_policies: ask(Question::ClusterPolicies),
        policies: ask(Question::Policies { namespace: &namespace }),
        issuer: ask(Question::Issuer),
        namespace,
        pod,
        is_template,
        owners,
        others,
        service_account_name,
    })
}

/// The pods of a workload.
fn pods_of(
    object: Value<'_>,
    target: &Target,
    namespace: &str,
    cluster: &dyn LiveCluster,
) -> Result<Vec<String>, String> {
    let selectors = if target.kind == Kind::CronJob {
        let question = Question::List { kind: Kind::Job, namespace, selector: "" };
        let jobs = ask(cluster, &question).map_err(|why| why.explain(&question))?;
        let uid = text_at(object, "metadata", "uid");
        let owned = |job: &Value<'_>| {
            controller(*job).is_some_and(|owner| owner.field("uid").and_then(Value::as_str) == uid && uid.is_some())
        };
        let selectors = |list: Value<'_>| values(list).filter(owned).filter_map(selector_of).collect::<Vec<_>>();
        of_text(&jobs, selectors).unwrap_or_default()
    } else {
        selector_of(object).into_iter().collect()
    };
    let mut pods = Vec::new();
    for selector in selectors {
        let question = Question::List { kind: Kind::Pod, namespace, selector: &selector };
        let list = ask(cluster, &question).map_err(|why| why.explain(&question))?;
        pods.extend(of_text(&list, present).unwrap_or_default());
    }
    Ok(pods)
}

/// The objects of a list that are not being deleted.
fn present(list: Value<'_>) -> Vec<String> {
    let is_leaving = |object: &Value<'_>| text_at(*object, "metadata", "deletionTimestamp").is_some();
    values(list).filter(|object| !is_leaving(object)).map(|object| object.raw().to_owned()).collect()
}

fn selector_of(object: Value<'_>) -> Option<String> {
    for_kubectl(object.field("spec")?.field("selector")?)
}

/// The pod that a template would make.
fn template(kind: Kind, object: Value<'_>) -> Option<String> {
    let template = pod_template_of(kind.group(), kind.name(), object)?;
    let member = |key| template.field(key).map_or("{}", Value::raw);
    Some(format!(r#"{{"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{}}}"#, member("metadata"), member("spec")))
}

/// Follows the controllers of a pod. `known` need not be asked for.
fn follow_owners(
    pod: &str,
    namespace: &str,
    known: Option<(&Target, &str)>,
    cluster: &dyn LiveCluster,
    owners: &mut Vec<OwnerReference>,
) {
    let mut text = pod.to_owned();
    while owners.len() < OWNERS {
        let reference = of_text(&text, |object| {
            let owner = controller(object)?;
            let text = |key| owner.field(key).and_then(Value::as_str).map(Cow::into_owned);
            Some((text("apiVersion")?, text("kind")?, text("name")?))
        });
        let Some((api_version, kind, name)) = reference.flatten() else { break };
        let object = Kind::of_owner(&api_version, &kind).map(|kind| match known {
            Some((target, text)) if target.kind == kind && target.name == name => Ok(text.to_owned()),
            _ => ask(cluster, &Question::Object { kind, namespace: Some(namespace), name: &name }),
        });
        let next = object.as_ref().and_then(|answer| answer.as_ref().ok()).cloned();
        owners.push(OwnerReference { kind, name, object });
        match next {
            Some(next) => text = next,
            None => break,
        }
    }
}

/// The answer to a question, which is about the object that was asked for.
fn ask(cluster: &dyn LiveCluster, question: &Question<'_>) -> Reply {
    let text = cluster.ask(question)?;
    let Some(name) = question.name() else { return Ok(text) };
    let is_of = |object: Value<'_>| text_at(object, "metadata", "name").as_deref() == Some(name);
    match of_text(&text, is_of) {
        Some(false) => Err(Unanswered::Failed("the answer is about another object".to_owned())),
        Some(true) | None => Ok(text),
    }
}

/// The objects of an answer.
pub(super) fn values(answer: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    objects(answer).map(|object| object.value)
}

/// What a function makes of a JSON text; `None` if it is none.
pub(super) fn of_text<T>(text: &str, read: impl FnOnce(Value<'_>) -> T) -> Option<T> {
    let document = Document::parse(text.as_bytes()).ok()?;
    Some(read(document.root()))
}

/// The text member `key` of the member `holder`.
pub(super) fn text_at<'a>(object: Value<'a>, holder: &str, key: &str) -> Option<Cow<'a, str>> {
    object.field(holder)?.field(key)?.as_str()
}

fn unreadable(question: &Question<'_>) -> String {
    format!("{}: the answer is no object of Kubernetes", question.describe())
}
