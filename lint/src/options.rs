//! What a check can be told.

use std::fmt;

use azure_workload_identity_policy::rule::Severity;
use azure_workload_identity_policy::settings::Settings;

use crate::file::File;
use crate::rule::Rule;

/// Whether findings of a rule in a file of this name are ignored.
pub type IsIgnored<'s> = &'s (dyn Fn(Rule, &str) -> bool + Sync);

/// What a check can be told.
pub struct Options<'s> {
    /// The settings of all policies. A finding counts with the highest severity that one of them gives it.
    pub settings: Vec<Settings<'s>>,
    /// The severities of the linter's own rules, where they are not the recommended ones.
    own: Vec<(Rule, Severity)>,
    /// The namespace of objects that name none; `None` if that is not known.
    pub namespace: Option<String>,
    /// Objects of a cluster. If there are any, a service account that is neither in them nor in the files does not exist.
    pub cluster_state: &'s [File],
    /// What is ignored.
    pub is_ignored: IsIgnored<'s>,
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("settings", &self.settings).field("own", &self.own).finish_non_exhaustive()
    }
}

impl<'s> Options<'s> {
    /// Options with the settings of all policies, `{}` if there are none. `severities` replace those of the settings, the last one of a
    /// rule counts.
    ///
    /// The setting `guard` has no effect: it is about pods after all webhooks, and files are before them.
    pub fn new(settings: Vec<Settings<'s>>, severities: &[(Rule, Severity)]) -> Self {
        let mut settings = if settings.is_empty() { vec![Settings::default()] } else { settings };
        for settings in &mut settings {
            settings.guard = None;
            for (rule, severity) in severities {
                if let Rule::Policy(rule) = rule {
                    settings.severities.set(*rule, *severity);
                }
            }
        }
        let own = severities.iter().filter(|(rule, _)| !matches!(rule, Rule::Policy(_))).copied().collect();
        Self { settings, own, namespace: None, cluster_state: &[], is_ignored: &|_, _| false }
    }

    /// The severity of one of the linter's own rules.
    pub fn severity_of(&self, rule: Rule) -> Severity {
        let configured = self.own.iter().rev().find(|(of, _)| *of == rule);
        configured.map_or(rule.severity(), |(_, severity)| *severity)
    }
}
