//! What explaining gives, ready to be rendered.

use azure_workload_identity_policy::rule::RuleId;

/// Why a pod has the identity that it has, or none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// What is explained: `Pod shop/web-7c9d8`.
    pub subject: String,
    /// The steps, in the order in which one depends on the other.
    pub steps: Vec<Step>,
}

impl Explanation {
    /// The position of the first step that is broken: those behind it may be broken because of it.
    pub fn first_broken(&self) -> Option<usize> {
        self.steps.iter().position(|step| step.state == StepState::Broken)
    }

    /// Whether something could not be known.
    pub fn has_unknown(&self) -> bool {
        self.steps.iter().any(|step| step.state == StepState::Unknown)
    }
}

/// A step from the pod to its federated credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is about.
    pub link: StepTopic,
    /// How it stands.
    pub state: StepState,
    /// What there is.
    pub text: String,
    /// More about it, in order.
    pub details: Vec<Detail>,
    /// The rules whose findings it says in words of its own.
    pub(super) said: Vec<RuleId>,
}

/// What a step is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepTopic {
    /// The pod, and what made it.
    Pod,
    /// Its label.
    Label,
    /// Its service account.
    ServiceAccount,
    /// The webhooks that inject the identity.
    Webhook,
    /// What was injected.
    Injection,
    /// Whether that is still what the service account says.
    Age,
    /// The federated credential.
    FederatedCredential,
}

impl StepTopic {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pod => "pod",
            Self::Label => "label",
            Self::ServiceAccount => "service-account",
            Self::Webhook => "webhook",
            Self::Injection => "injection",
            Self::Age => "age",
            Self::FederatedCredential => "federated-credential",
        }
    }
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StepState {
    /// As it is to be.
    Ok,
    /// It cannot be known.
    Unknown,
    /// The identity ends here.
    Broken,
}

impl StepState {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unknown => "unknown",
            Self::Broken => "broken",
        }
    }
}

/// More about a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A fact.
    Fact(String),
    /// Something that is wrong.
    Problem(String),
    /// Something that may be wrong.
    Warning(String),
    /// What could not be read or known.
    Unknown(String),
    /// What to do.
    Fix(String),
    /// A command for a shell.
    Command(String),
}

impl Step {
    pub(super) fn new(link: StepTopic, state: StepState, text: impl Into<String>) -> Self {
        Self { link, state, text: text.into(), details: Vec::new(), said: Vec::new() }
    }

    /// Whether nothing is to be said about it.
    pub(super) fn is_bare(&self) -> bool {
        self.state == StepState::Ok && self.details.is_empty()
    }

    /// Says in a sentence what there is.
    pub(super) fn say(&mut self, text: &str) {
        text.clone_into(&mut self.text);
    }

    pub(super) fn fact(&mut self, text: impl Into<String>) {
        self.details.push(Detail::Fact(text.into()));
    }

    pub(super) fn fix(&mut self, text: impl Into<String>) {
        self.details.push(Detail::Fix(text.into()));
    }

    pub(super) fn command(&mut self, text: impl Into<String>) {
        self.details.push(Detail::Command(text.into()));
    }

    /// Adds something that is wrong; the step is broken.
    pub(super) fn broken(&mut self, text: impl Into<String>) {
        self.state = StepState::Broken;
        self.details.push(Detail::Problem(text.into()));
    }

    /// Adds something that cannot be known; the step is unknown unless it is broken.
    pub(super) fn unknown(&mut self, text: impl Into<String>) {
        self.state = self.state.max(StepState::Unknown);
        self.details.push(Detail::Unknown(text.into()));
    }
}
