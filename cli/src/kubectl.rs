//! A cluster, by what kubectl tells: `kubectl get`, and nothing else.

use std::env;
use std::ffi::{OsStr, OsString};
use std::process::Command;
use std::time::Duration;

use azure_workload_identity_policy::formats::is_object_name;
use azure_workload_identity_trace::why::question::{DISCOVERY, LiveCluster, Question, Unanswered};

use crate::program::{self, NoOutput};

/// How long the API server may take for one answer.
const TIMEOUT: &str = "--request-timeout=20s";

/// How long kubectl may run: a plugin that logs in may ask and wait.
const TIME: Duration = Duration::from_mins(1);

/// kubectl, and the context that it uses.
pub(crate) struct Kubectl<'a> {
    program: OsString,
    context: Option<&'a str>,
}

impl<'a> Kubectl<'a> {
    /// The program that `KUBECTL` names, or that of `PATH`.
    pub(crate) fn new(context: Option<&'a str>) -> Self {
        let own = env::var_os("KUBECTL").filter(|program| !program.is_empty());
        Self { program: own.unwrap_or_else(|| "kubectl".into()), context }
    }

    fn get(&self, arguments: &[String]) -> Result<String, Unanswered> {
        let mut command = Command::new(&self.program);
        if let Some(context) = self.context {
            command.arg(format!("--context={context}"));
        }
        command.arg(TIMEOUT).arg("get").args(arguments);
        let name = OsStr::new(&self.program).to_string_lossy();
        let output = program::output_of(command, TIME).map_err(|why| match why {
            NoOutput::NotInstalled => {
                Unanswered::Failed(format!("{name} is not installed; install it, or set KUBECTL to its path"))
            }
            NoOutput::Failed { said, .. } => refusal(&said),
            other => Unanswered::Failed(format!("{name} {other}")),
        })?;
        let text = String::from_utf8(output);
        let text = text.map_err(|_| Unanswered::Failed(format!("{name} printed a text that is not UTF-8")))?;
        // With --ignore-not-found.
        if text.trim().is_empty() { Err(Unanswered::Missing) } else { Ok(text) }
    }
}

impl LiveCluster for Kubectl<'_> {
    fn ask(&self, question: &Question<'_>) -> Result<String, Unanswered> {
        self.get(&arguments(question)?)
    }
}

/// The arguments of `kubectl get`. Names come from the cluster too: one that is none could be read as an option.
fn arguments(question: &Question<'_>) -> Result<Vec<String>, Unanswered> {
    let Some(resource) = question.resource() else { return Ok(vec![format!("--raw={DISCOVERY}")]) };
    let mut arguments = vec![resource.to_owned()];
    if let Some(name) = question.name() {
        if !is_object_name(name) {
            return Err(Unanswered::Missing);
        }
        arguments.push(name.to_owned());
        arguments.push("--ignore-not-found".to_owned());
    }
    arguments.extend(question.namespace().map(|namespace| format!("--namespace={namespace}")));
    if let Question::List { selector, .. } = question {
        arguments.push(format!("--selector={selector}"));
    }
    arguments.extend(["--output=json".to_owned(), "--show-managed-fields".to_owned()]);
    Ok(arguments)
}

/// Why kubectl failed, by what it says.
fn refusal(said: &str) -> Unanswered {
    if said.contains("(Forbidden)") {
        Unanswered::Forbidden
    } else if said.contains("(NotFound)") {
        Unanswered::Missing
    } else if said.contains("doesn't have a resource type") {
        Unanswered::NoSuchKind
    } else {
        let line = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default().trim();
        Unanswered::Failed(format!("kubectl failed: {line}"))
    }
}

#[cfg(test)]
mod tests {
    use azure_workload_identity_trace::why::question::Kind;

    use super::*;

    #[test]
    fn nothing_is_asked_for_but_to_get() {
        let question = Question::Object { kind: Kind::Deployment, namespace: Some("shop"), name: "web" };
        let expected = ["deployments.apps", "web", "--ignore-not-found", "--namespace=shop"];
        let expected = [&expected[..], &["--output=json", "--show-managed-fields"]].concat();
        assert_eq!(arguments(&question).unwrap(), expected);
        assert_eq!(arguments(&Question::Issuer).unwrap(), ["--raw=/.well-known/openid-configuration"]);
    }

    #[test]
    fn a_name_that_is_an_option_is_not_passed_on() {
        let question = Question::ServiceAccount { namespace: "shop", name: "--raw=/api/v1/secrets" };
        assert_eq!(arguments(&question), Err(Unanswered::Missing));
    }

    #[test]
    fn refusals_are_told_apart() {
        for (said, expected) in [
            (
                "Error from server (Forbidden): pods \"web\" is forbidden: User \"dev\" cannot get",
                Unanswered::Forbidden,
            ),
            ("Error from server (NotFound): namespaces \"shop\" not found", Unanswered::Missing),
            ("error: the server doesn't have a resource type \"clusteradmissionpolicies\"", Unanswered::NoSuchKind),
            (
                "E1127 retry\nerror: no route to host\n",
                Unanswered::Failed("kubectl failed: error: no route to host".into()),
            ),
        ] {
            assert_eq!(refusal(said), expected);
        }
    }
}
