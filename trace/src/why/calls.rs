//! The step about webhooks: which of them are called for the pod, and why others are not.

use azure_workload_identity_policy::json::Reading;
use azure_workload_identity_policy::pod::StringMap;

use super::explain::{Explainer, NAMED, at, document};
use super::explanation::{Detail, Step, StepState, StepTopic};
use super::question::{Question, Unanswered};
use super::webhooks::{InstalledPolicy, Webhook};

impl Explainer<'_, '_> {
    /// The webhooks that inject the identity: which of them select the pod, or why they do not.
    pub(super) fn webhook_step(&self, policies: &[InstalledPolicy<'_>]) -> Step {
        let mut step = Step::new(StepTopic::Webhook, StepState::Ok, "");
        let is_asking = self.pod.is_labelled() || self.needs_no_label().is_none();
        let mutating = document(&self.facts.mutating);
        let webhooks = match &mutating {
            Ok(list) => Webhook::all(list.root()),
            Err(why) => {
                step.say("which webhooks inject the identity is not known");
                step.unknown(why.explain(&Question::MutatingWebhooks));
                Vec::new()
            }
        };
        let namespace_document = document(&self.facts.namespace_object);
        let labels = namespace_document
            .as_ref()
            .ok()
            .map(|namespace| StringMap::read(namespace.root().field("metadata"), "labels", &mut Reading::default()));
        let (injectors, others): (Vec<_>, Vec<_>) = webhooks.iter().partition(|it| it.injects(policies));
        if mutating.is_ok() && injectors.is_empty() {
            step.say("no mutating webhook injects identities");
            if !self.is_injected() && is_asking {
                match policies.iter().find(|policy| policy.injects()) {
                    Some(policy) => step.broken(format!("the webhook of {} does not exist", policy.describe())),
                    None => step.broken("neither Microsoft's webhook nor a policy that injects is installed"),
                }
                step.fix("install one; on AKS: `az aks update --enable-oidc-issuer --enable-workload-identity`");
            }
        }
        let mut selecting = Vec::new();
        for webhook in &injectors {
            if self.injector(webhook, policies, labels.as_ref(), &mut step) {
                selecting.push(&*webhook.configuration);
            }
        }
        if !injectors.is_empty() {
            step.text = match (self.is_injected(), selecting.is_empty()) {
                (_, false) if self.facts.is_template => format!("{} will be called", selecting.join(", ")),
                (true, false) => format!("{} selects the pod", selecting.join(", ")),
                (true, true) => "no webhook selects the pod now, but it was injected".to_owned(),
                (false, false) => format!("{} selects the pod now, but it was not injected", selecting.join(", ")),
                (false, true) => "no webhook that injects identities selects the pod".to_owned(),
            };
            let is_needed = !self.is_injected() && (self.pod.is_labelled() || self.needs_no_label().is_none());
            if is_needed && selecting.is_empty() {
                step.state = StepState::Broken;
            } else if is_needed && !self.facts.is_template {
                step.state = StepState::Broken;
                self.advise_restart(&mut step);
            }
        }
        if let (Err(why), true) = (&namespace_document, injectors.iter().any(|it| it.selects_namespaces())) {
            step.unknown(why.explain(&Question::Namespace { name: &self.facts.namespace }));
        }
        let called = |webhook: &&&Webhook<'_>| webhook.obstacles(self.pod, labels.as_ref()).is_empty();
        let mut names: Vec<_> = others.iter().filter(called).map(|it| &*it.configuration).collect();
        names.dedup();
        if !names.is_empty() {
            let shown: Vec<_> = names.iter().take(NAMED).copied().collect();
            step.fact(format!("other webhooks that change the pod: {}", shown.join(", ")));
        }
        let is_said = |policy: &InstalledPolicy<'_>| {
            injectors.iter().filter_map(|it| it.policy(policies)).any(|it| std::ptr::eq(it, policy))
        };
        for policy in policies.iter().filter(|policy| !is_said(policy)) {
            if let Some(idle) = &policy.idle {
                step.fact(format!("{} {idle}", policy.describe()));
            }
        }
        self.guards(policies, labels.as_ref(), &mut step);
        step
    }

    /// Tells about a webhook that injects, and whether it is called for the pod.
    fn injector(
        &self,
        webhook: &Webhook<'_>,
        policies: &[InstalledPolicy<'_>],
        labels: Option<&StringMap<'_>>,
        step: &mut Step,
    ) -> bool {
        let name = &webhook.configuration;
        let mut obstacles = webhook.obstacles(self.pod, labels);
        obstacles.extend(
            webhook
                .policy(policies)
                .and_then(|policy| Some(format!("its {} {}", policy.describe(), policy.idle.as_ref()?))),
        );
        if !obstacles.is_empty() {
            step.details.extend(obstacles.iter().map(|why| Detail::Problem(format!("{name} is not called: {why}"))));
            return false;
        }
        let conditions = webhook.unknown_conditions();
        if !conditions.is_empty() {
            step.details.push(Detail::Unknown(format!(
                "{name} has match conditions, which are not evaluated: {}",
                conditions.join(", ")
            )));
        }
        if self.is_injected() || self.facts.is_template {
            return true;
        }
        if let (Some(webhook), Some(pod)) = (&webhook.created, &self.created)
            && webhook > pod
        {
            step.fact(format!("{name} was created {webhook}, after the pod"));
        } else if let Some(change) = self.label_change() {
            step.fact(format!(
                "the label was set {}, after the pod was created: webhooks are called for new pods only",
                at(&change)
            ));
        } else if webhook.is_ignored_if_it_fails() {
            step.fact(format!(
                "{name} has failurePolicy Ignore: the pod may have been created while the webhook was unavailable"
            ));
        } else {
            step.fact(format!("{name} may not have selected the pod when it was created: its selectors, the namespace or the label may have changed"));
        }
        true
    }

    /// Names the validating webhooks that check identities.
    fn guards(&self, policies: &[InstalledPolicy<'_>], labels: Option<&StringMap<'_>>, step: &mut Step) {
        match document(&self.facts.validating) {
            Ok(list) => {
                let webhooks = Webhook::all(list.root());
                let is_guard = |it: &&Webhook<'_>| it.is_about_the_label() || it.policy(policies).is_some();
                for webhook in webhooks.iter().filter(is_guard) {
                    if webhook.obstacles(self.pod, labels).is_empty() {
                        let fails = if webhook.is_ignored_if_it_fails() { "Ignore" } else { "Fail" };
                        step.fact(format!("{} checks the pod (failurePolicy {fails})", webhook.configuration));
                    }
                }
            }
            Err(why) => step.details.push(Detail::Unknown(why.explain(&Question::ValidatingWebhooks))),
        }
        for (answer, question) in [
            (&self.facts.cluster_policies, Question::ClusterPolicies),
            (&self.facts.policies, Question::Policies { namespace: &self.facts.namespace }),
        ] {
            // Without Kubewarden there are none.
            if let Err(why @ (Unanswered::Forbidden | Unanswered::Failed(_))) = answer {
                step.details.push(Detail::Unknown(why.explain(&question)));
            }
        }
    }
}
