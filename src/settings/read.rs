//! Reads settings and reports all problems at once.

use std::borrow::Cow;
use std::fmt;

use super::{
    AllowedIdentity, CaSource, CustomWorkload, DEFAULT_AUDIENCE, DEFAULT_BINDING_ANNOTATION, DEFAULT_BINDING_AUDIENCE,
    Entries, Exemptions, Guard, IdentityBinding, Inject, LabelRequirement, LabelSelector, OptIn, Proxy, Resources,
    Settings, Severities,
};
use crate::finding::quote;
use crate::formats::{
    is_domain_name, is_guid, is_https_url, is_image_reference, is_object_name, is_pattern, is_qualified_name,
    is_quantity,
};
use crate::json::{Kind, Path, Value};
use crate::layout::Layout;
use crate::nearest::nearest;
use crate::rule::{PerRule, RuleId, Severity};
use crate::{clouds, keys};

/// One thing that is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub path: Path,
    /// What, and what belongs there.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.segments().is_empty() {
            f.write_str("settings ")?;
        } else {
            write!(f, "{} ", self.path)?;
        }
        f.write_str(&self.text)
    }
}

/// Where upstream publishes the proxy's images.
const PROXY_REPOSITORY: &str = "mcr.microsoft.com/oss/azure/workload-identity";

/// What the proxy takes as `--log-level`. Source: upstream's `cmd/proxy/main.go`, logrus level names.
const LOG_LEVELS: [&str; 6] = ["trace", "debug", "info", "warn", "warning", "error"];

/// What a key takes, for messages about what is there instead.
const CLIENT_HINT: &str = "it takes a GUID such as \"00000000-0000-0000-0000-000000000000\"";
const TENANT_HINT: &str = "it takes a GUID, or a domain name such as \"contoso.onmicrosoft.com\"";

pub(super) fn settings(root: Value<'_>) -> Result<Settings<'_>, Vec<Problem>> {
    let mut reader = Reader { root, problems: Vec::new() };
    let settings = reader.settings(root);
    if reader.problems.is_empty() { Ok(settings) } else { Err(reader.problems) }
}

/// Goes through the settings and collects problems. What cannot be read is absent from the result, which is thrown away
/// if there is any problem.
struct Reader<'a> {
    root: Value<'a>,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    fn settings(&mut self, root: Value<'a>) -> Settings<'a> {
        let absent = root.is_null();
        if !absent {
            self.keys(root, &["inject", "guard", "preset", "rules", "identities", "exemptions", "workloads"]);
        }
        Settings {
            inject: self.object(root, "inject").map(|inject| self.inject(inject)),
            guard: self.object(root, "guard").map(|guard| self.guard(guard)),
            severities: self.severities(root),
            identities: self.get(root, "identities").map(|list| self.list(list, Self::identity)),
            exemptions: self.object(root, "exemptions").map(|it| self.exemptions(it)).unwrap_or_default(),
            workloads: self.get(root, "workloads").map(|list| self.list(list, Self::workload)).unwrap_or_default(),
        }
    }

    fn inject(&mut self, inject: Value<'a>) -> Inject<'a> {
        self.keys(
            inject,
            &[
                "tenantId",
                "azureEnvironment",
                "authorityHost",
                "audience",
                "layout",
                "optIn",
                "proxy",
                "identityBinding",
            ],
        );
        let tenant_id = self.string(inject, "tenantId", &|text| is_guid(text) || is_domain_name(text), TENANT_HINT);
        let layout =
            self.choice(inject, "layout", &Layout::ALL.map(|layout| (layout.name(), layout))).unwrap_or_default();
        let audience = self
            .string(inject, "audience", &is_not_blank, "it takes the audience of a federated credential")
            .unwrap_or(Cow::Borrowed(DEFAULT_AUDIENCE));
        Inject {
            tenant_id,
            authority_host: self.authority_host(inject),
            layout,
            opt_in: self
                .choice(inject, "optIn", &[("label", OptIn::Label), ("serviceAccount", OptIn::ServiceAccount)])
                .unwrap_or_default(),
            proxy: {
                let proxy = self.object(inject, "proxy");
                self.proxy(proxy, layout)
            },
            identity_binding: self
                .object(inject, "identityBinding")
                .map(|binding| self.identity_binding(binding, layout, &audience)),
            audience,
        }
    }

    fn authority_host(&mut self, inject: Value<'a>) -> Cow<'a, str> {
        let hint = "it takes an https URL without user, query and fragment";
        let host = self.string(inject, "authorityHost", &is_https_url, hint);
        let environment = self.string(inject, "azureEnvironment", &|_| true, "");
        if host.is_some() && environment.is_some() {
            self.problem(inject, "authorityHost", "and azureEnvironment exclude each other; keep the one you need");
        }
        if let Some(host) = host {
            return host;
        }
        let name = environment.unwrap_or(Cow::Borrowed(clouds::DEFAULT));
        clouds::authority_host(&name).map_or_else(
            || {
                let advice = if name.eq_ignore_ascii_case("AzureStackCloud") {
                    "; for Azure Stack set authorityHost instead".to_owned()
                } else {
                    suggestion(&name, clouds::names())
                };
                let names: Vec<_> = clouds::names().collect();
                let text = format!("is {}; it takes one of {}{advice}", quote(&name), names.join(", "));
                self.problem(inject, "azureEnvironment", text);
                Cow::Borrowed("")
            },
            Cow::Borrowed,
        )
    }

    fn proxy(&mut self, proxy: Option<Value<'a>>, layout: Layout) -> Proxy<'a> {
        let image = |name: &str| Cow::Owned([PROXY_REPOSITORY, "/", name, ":", layout.image_tag()].concat());
        let defaults = Proxy {
            image: image("proxy"),
            init_image: image("proxy-init"),
            native_sidecar: true,
            log_level: Cow::Borrowed("info"),
            resources: None,
        };
        let Some(proxy) = proxy else { return defaults };
        self.keys(proxy, &["image", "initImage", "nativeSidecar", "logLevel", "resources"]);
        let hint = "it takes an image reference such as \"registry.example.com/proxy:v1\"";
        Proxy {
            image: self.string(proxy, "image", &is_image_reference, hint).unwrap_or(defaults.image),
            init_image: self.string(proxy, "initImage", &is_image_reference, hint).unwrap_or(defaults.init_image),
            native_sidecar: self.typed(proxy, "nativeSidecar", Kind::Bool).and_then(Value::as_bool).unwrap_or(true),
            log_level: self
                .choice(proxy, "logLevel", &LOG_LEVELS.map(|level| (level, level)))
                .map_or(defaults.log_level, Cow::Borrowed),
            resources: self.object(proxy, "resources").map(|resources| self.resources(resources)),
        }
    }

    fn resources(&mut self, resources: Value<'a>) -> Resources<'a> {
        self.keys(resources, &["limits", "requests"]);
        Resources { limits: self.quantities(resources, "limits"), requests: self.quantities(resources, "requests") }
    }

    fn quantities(&mut self, resources: Value<'a>, key: &str) -> Entries<'a> {
        let Some(map) = self.object(resources, key) else { return Entries::default() };
        let mut entries = Vec::new();
        for (name, value) in map.members() {
            // A number is a quantity too; Kubernetes reads its text.
            let quantity = if value.kind() == Kind::Number { Some(Cow::Borrowed(value.raw())) } else { value.as_str() };
            match quantity.filter(|quantity| is_quantity(quantity)) {
                Some(quantity) => entries.push((name, quantity)),
                None => self.problem(map, &name, "is no quantity; write one such as \"100m\" or \"64Mi\""),
            }
        }
        Entries(entries)
    }

    fn identity_binding(&mut self, binding: Value<'a>, layout: Layout, audience: &str) -> IdentityBinding<'a> {
        self.keys(binding, &["annotationSuffix", "audience", "tokenProxy", "sniName", "ca"]);
        if layout == Layout::V1_5 {
            let text = format!("needs layout v1.6.0 or later, but the layout is {}", layout.name());
            self.problems.push(Problem { path: binding.path_from(self.root), text });
        }
        let is_suffix = |suffix: &str| is_qualified_name(&format!("use-{suffix}"));
        let suffix_hint = "it takes what may follow \"azure.workload.identity/use-\" in an annotation key";
        let suffix = self.string(binding, "annotationSuffix", &is_suffix, suffix_hint);
        let own_audience = self
            .string(binding, "audience", &is_not_blank, "it takes the audience of the token endpoint")
            .unwrap_or(Cow::Borrowed(DEFAULT_BINDING_AUDIENCE));
        if [audience, DEFAULT_AUDIENCE].iter().any(|other| own_audience.eq_ignore_ascii_case(other)) {
            let text = format!(
                "is {}, which is the audience of Entra ID; the token endpoint needs one of its own",
                quote(&own_audience)
            );
            self.problem(binding, "audience", text);
        }
        let url_hint = "it takes an https URL without user, query and fragment";
        IdentityBinding {
            annotation: suffix
                .map_or(DEFAULT_BINDING_ANNOTATION.to_owned(), |suffix| format!("{}{suffix}", keys::ENDPOINT_PREFIX)),
            audience: own_audience,
            token_proxy: self.string(binding, "tokenProxy", &is_https_url, url_hint),
            sni_name: self.string(binding, "sniName", &is_domain_name, "it takes a domain name"),
            ca: self.object(binding, "ca").and_then(|ca| self.ca_source(ca)),
        }
    }

    fn ca_source(&mut self, ca: Value<'a>) -> Option<CaSource<'a>> {
        self.keys(ca, &["configMap", "clusterTrustBundle", "data"]);
        let config_map =
            self.string(ca, "configMap", &is_object_name, "it takes the name of a ConfigMap").map(CaSource::ConfigMap);
        let bundle = self.object(ca, "clusterTrustBundle").and_then(|bundle| self.trust_bundle(bundle));
        let is_pem = |text: &str| text.contains("-----BEGIN CERTIFICATE-----");
        let data = self.string(ca, "data", &is_pem, "it takes a certificate as PEM").map(CaSource::Data);
        if ca.members().count() != 1 {
            let text = "takes exactly one of configMap, clusterTrustBundle and data".to_owned();
            self.problems.push(Problem { path: ca.path_from(self.root), text });
        }
        config_map.or(bundle).or(data)
    }

    fn trust_bundle(&mut self, bundle: Value<'a>) -> Option<CaSource<'a>> {
        self.keys(bundle, &["signerName", "labelSelector"]);
        let signer_name =
            self.required_string(bundle, "signerName", &is_not_blank, "it takes a signer such as \"example.com/ca\"");
        let label_selector = self.object(bundle, "labelSelector").map(|selector| self.label_selector(selector));
        Some(CaSource::ClusterTrustBundle { signer_name: signer_name?, label_selector })
    }

    fn label_selector(&mut self, selector: Value<'a>) -> LabelSelector<'a> {
        self.keys(selector, &["matchLabels", "matchExpressions"]);
        let mut match_labels = Vec::new();
        if let Some(labels) = self.object(selector, "matchLabels") {
            for (key, _) in labels.members() {
                let value = self.string(labels, &key, &|_| true, "");
                match_labels.extend(value.map(|value| (key, value)));
            }
        }
        let expressions = self.get(selector, "matchExpressions");
        LabelSelector {
            match_labels: Entries(match_labels),
            match_expressions: expressions.map(|list| self.list(list, Self::label_requirement)).unwrap_or_default(),
        }
    }

    fn label_requirement(&mut self, requirement: Value<'a>) -> Option<LabelRequirement<'a>> {
        self.keys(requirement, &["key", "operator", "values"]);
        let key = self.required_string(requirement, "key", &is_not_blank, "it takes a label key");
        let operators = ["In", "NotIn", "Exists", "DoesNotExist"];
        let operator = self.required_string(
            requirement,
            "operator",
            &|text| operators.contains(&text),
            "it takes one of In, NotIn, Exists, DoesNotExist",
        );
        let values = self.get(requirement, "values").map(|list| self.strings(list, &|_| true, "")).unwrap_or_default();
        Some(LabelRequirement { key: key?, operator: operator?, values })
    }

    fn guard(&mut self, guard: Value<'a>) -> Guard {
        self.keys(guard, &["layouts"]);
        let Some(list) = self.get(guard, "layouts") else { return Guard { layouts: Layout::ALL.to_vec() } };
        let names = Layout::ALL.map(Layout::name);
        let chosen = self.strings(list, &|text| names.contains(&text), "it takes v1.5, v1.6.0 or v1.6.1");
        if list.kind() == Kind::Array && list.is_empty() {
            self.problem(
                guard,
                "layouts",
                "is empty, so that no pod could pass; name the layouts, or leave it out for all",
            );
        }
        Guard {
            layouts: Layout::ALL.into_iter().filter(|layout| chosen.iter().any(|name| name == layout.name())).collect(),
        }
    }

    fn severities(&mut self, root: Value<'a>) -> Severities {
        let strict = self.choice(root, "preset", &[("recommended", false), ("strict", true)]).unwrap_or_default();
        let mut severities = PerRule::from_fn(|rule| match rule.severity() {
            Severity::Warn if strict => Severity::Deny,
            severity => severity,
        });
        let choices = Severity::ALL.map(|severity| (severity.name(), severity));
        if let Some(members) = self.object(root, "rules") {
            self.keys(members, &RuleId::ALL.map(RuleId::name));
            for (key, value) in members.members() {
                // To kubectl, as in YAML 1.1, a bare `off` is `false`.
                let is_off = value.as_bool() == Some(false);
                let severity = if is_off { Some(Severity::Off) } else { self.choice(members, &key, &choices) };
                if let (Some(rule), Some(severity)) = (RuleId::from_name(&key), severity) {
                    severities.set(rule, severity);
                }
            }
        }
        Severities(severities)
    }

    fn identity(&mut self, identity: Value<'a>) -> Option<AllowedIdentity<'a>> {
        self.keys(identity, &["clientId", "tenantId", "serviceAccounts"]);
        let client_id = self.required_string(identity, "clientId", &is_guid, CLIENT_HINT);
        let tenant_id = self.string(identity, "tenantId", &|text| is_guid(text) || is_domain_name(text), TENANT_HINT);
        let service_accounts = self.service_accounts(identity);
        let missing = match identity.get("serviceAccounts") {
            None if identity.kind() == Kind::Object => Some("missing"),
            Some(list) if list.kind() == Kind::Array && list.is_empty() => Some("empty"),
            _ => None,
        };
        if let Some(missing) = missing {
            let text = format!("is {missing}; name who may use the identity, \"*/*\" for everybody");
            self.problem(identity, "serviceAccounts", text);
        }
        Some(AllowedIdentity { client_id: client_id?, tenant_id, service_accounts })
    }

    fn service_accounts(&mut self, holder: Value<'a>) -> Vec<Cow<'a, str>> {
        let is_service_account = |text: &str| {
            text.split_once('/').is_some_and(|(namespace, name)| is_pattern(namespace) && is_pattern(name))
        };
        let hint = "it takes NAMESPACE/NAME, with * for any characters";
        self.get(holder, "serviceAccounts")
            .map(|list| self.strings(list, &is_service_account, hint))
            .unwrap_or_default()
    }

    fn exemptions(&mut self, exemptions: Value<'a>) -> Exemptions<'a> {
        self.keys(exemptions, &["namespaces", "serviceAccounts"]);
        let hint = "it takes a namespace, with * for any characters";
        Exemptions {
            namespaces: self
                .get(exemptions, "namespaces")
                .map(|list| self.strings(list, &is_pattern, hint))
                .unwrap_or_default(),
            service_accounts: self.service_accounts(exemptions),
        }
    }

    fn workload(&mut self, workload: Value<'a>) -> Option<CustomWorkload<'a>> {
        self.keys(workload, &["apiVersion", "kind", "podTemplate"]);
        let api_version = self.required_string(workload, "apiVersion", &is_not_blank, "it takes GROUP/VERSION");
        let kind = self.required_string(workload, "kind", &is_not_blank, "it takes a kind");
        let is_pointer = |text: &str| text.len() > 1 && text.starts_with('/');
        let pod_template = self.required_string(
            workload,
            "podTemplate",
            &is_pointer,
            "it takes a JSON pointer such as \"/spec/template\"",
        );
        Some(CustomWorkload { api_version: api_version?, kind: kind?, pod_template: pod_template? })
    }

    /// Checks that `object` is one and has no other keys than these.
    fn keys(&mut self, object: Value<'a>, known: &[&str]) {
        if object.kind() != Kind::Object {
            self.problems.push(Problem {
                path: object.path_from(self.root),
                text: format!("is {}; it takes an object", object.kind()),
            });
        }
        for (key, _) in object.members() {
            if !known.contains(&key.as_ref()) {
                let text = format!("is not known{}", suggestion(&key, known.iter().copied()));
                self.problem(object, &key, text);
            }
        }
    }

    /// A member that is there. Null is not: most likely a comment ate the value, and guessing would switch things off.
    fn get(&mut self, holder: Value<'a>, key: &str) -> Option<Value<'a>> {
        let value = holder.get(key)?;
        if value.is_null() {
            self.problem(holder, key, "is null; give it a value or leave it out");
            return None;
        }
        Some(value)
    }

    fn typed(&mut self, holder: Value<'a>, key: &str, kind: Kind) -> Option<Value<'a>> {
        let value = self.get(holder, key)?;
        if value.kind() != kind {
            self.problem(holder, key, format!("is {}; it takes {kind}", value.kind()));
            return None;
        }
        Some(value)
    }

    fn object(&mut self, holder: Value<'a>, key: &str) -> Option<Value<'a>> {
        self.typed(holder, key, Kind::Object)
    }

    fn string(
        &mut self,
        holder: Value<'a>,
        key: &str,
        valid: &dyn Fn(&str) -> bool,
        hint: &str,
    ) -> Option<Cow<'a, str>> {
        let text = self.typed(holder, key, Kind::String)?.as_str()?;
        if !valid(&text) {
            self.problem(holder, key, format!("is {}; {hint}", quote(&text)));
            return None;
        }
        Some(text)
    }

    fn required_string(
        &mut self,
        holder: Value<'a>,
        key: &str,
        valid: &dyn Fn(&str) -> bool,
        hint: &str,
    ) -> Option<Cow<'a, str>> {
        if holder.get(key).is_none() && holder.kind() == Kind::Object {
            self.problem(holder, key, format!("is missing; {hint}"));
        }
        self.string(holder, key, valid, hint)
    }

    fn choice<T: Copy>(&mut self, holder: Value<'a>, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.string(holder, key, &|_| true, "")?;
        let choice = choices.iter().find_map(|(name, choice)| (*name == text).then_some(*choice));
        if choice.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            self.problem(holder, key, format!("is {}; it takes one of {}", quote(&text), names.join(", ")));
        }
        choice
    }

    fn list<T>(&mut self, list: Value<'a>, mut read: impl FnMut(&mut Self, Value<'a>) -> Option<T>) -> Vec<T> {
        if list.kind() != Kind::Array {
            self.problems.push(Problem {
                path: list.path_from(self.root),
                text: format!("is {}; it takes a list", list.kind()),
            });
        }
        list.elements().filter_map(|element| read(self, element)).collect()
    }

    fn strings(&mut self, list: Value<'a>, valid: &dyn Fn(&str) -> bool, hint: &str) -> Vec<Cow<'a, str>> {
        self.list(list, |reader, element| {
            let text = match element.as_str() {
                Some(text) if valid(&text) => return Some(text),
                Some(text) => format!("is {}; {hint}", quote(&text)),
                None => format!("is {}; it takes a string", element.kind()),
            };
            reader.problems.push(Problem { path: element.path_from(reader.root), text });
            None
        })
    }

    fn problem(&mut self, holder: Value<'a>, key: &str, text: impl Into<String>) {
        self.problems.push(Problem { path: holder.path_from(self.root).key(key), text: text.into() });
    }
}

fn is_not_blank(text: &str) -> bool {
    !text.trim().is_empty()
}

fn suggestion<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> String {
    nearest(name, known).map(|known| format!("; did you mean {known}?")).unwrap_or_default()
}
