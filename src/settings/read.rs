//! Reads settings and reports all problems at once.
//!
//! Each key stands once: the call that reads a member names it, and a member that no call has named is unknown.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use super::{
    AllowedIdentity, CaSource, CustomWorkload, DEFAULT_AUDIENCE, DEFAULT_BINDING_ANNOTATION, DEFAULT_BINDING_AUDIENCE,
    Entries, Exemptions, Guard, IdentityBinding, Inject, LabelRequirement, LabelSelector, OptIn, Proxy, Resources,
    Settings, Severities,
};
use crate::finding::quote;
use crate::formats::{
    is_api_version, is_domain_name, is_guid, is_host_label, is_https_url, is_image_reference, is_object_name,
    is_object_pointer, is_pattern, is_qualified_name, is_quantity,
};
use crate::issuer::Issuer;
use crate::json::{Kind, Path, Value};
use crate::layout::Layout;
use crate::nearest::nearest;
use crate::rule::{PerRule, RuleId, Severity};
use crate::{clouds, keys, kinds};

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

/// What the proxy takes as `--log-level`. Source: upstream's `cmd/proxy/main.go`, logrus level names.
const LOG_LEVELS: [&str; 6] = ["trace", "debug", "info", "warn", "warning", "error"];

/// What a string must look like.
struct TextFormat {
    is_valid: fn(&str) -> bool,
    /// What belongs there, for messages about what is there instead.
    hint: &'static str,
}

impl TextFormat {
    const fn new(is_valid: fn(&str) -> bool, hint: &'static str) -> Self {
        Self { is_valid, hint }
    }
}

const ANY: TextFormat = TextFormat::new(|_| true, "");
const CLIENT_ID: TextFormat =
    TextFormat::new(is_guid, "it requires a GUID such as \"00000000-0000-0000-0000-000000000000\"");
const TENANT: TextFormat = TextFormat::new(
    |text| is_guid(text) || is_domain_name(text),
    "it requires a GUID, or a domain name such as \"contoso.onmicrosoft.com\"",
);
const URL: TextFormat = TextFormat::new(is_https_url, "it requires an https URL without user, query and fragment");
const ISSUER: TextFormat = TextFormat::new(
    |text| Issuer::new(text).fault().is_none() && !Issuer::new(text).lacks_slash(),
    "it requires the https URL that the cluster reports as its issuer and Entra ID reaches; those of AKS and Arc end with a slash",
);
const AUDIENCE: TextFormat = TextFormat::new(is_not_blank, "it requires the audience of a federated credential");
const BINDING_AUDIENCE: TextFormat = TextFormat::new(is_not_blank, "it requires the audience of the token endpoint");
const IMAGE: TextFormat =
    TextFormat::new(is_image_reference, "it requires an image reference such as \"registry.example.com/proxy:v1\"");
const ANNOTATION_SUFFIX: TextFormat = TextFormat::new(
    |suffix| is_qualified_name(&["use-", suffix].concat()),
    "it requires the end of an annotation key that begins with \"azure.workload.identity/use-\"",
);
const DOMAIN: TextFormat = TextFormat::new(is_domain_name, "it requires a domain name");
const CONFIG_MAP: TextFormat = TextFormat::new(is_object_name, "it requires the name of a ConfigMap");
const PEM: TextFormat =
    TextFormat::new(|text| text.contains("-----BEGIN CERTIFICATE-----"), "it requires a certificate as PEM");
const SIGNER: TextFormat = TextFormat::new(is_not_blank, "it requires a signer such as \"example.com/ca\"");
const LABEL: TextFormat = TextFormat::new(is_not_blank, "it requires a label key");
const OPERATOR: TextFormat = TextFormat::new(
    |text| matches!(text, "In" | "NotIn" | "Exists" | "DoesNotExist"),
    "it requires one of In, NotIn, Exists, DoesNotExist",
);
const LAYOUT: TextFormat = TextFormat::new(
    |text| Layout::ALL.iter().any(|layout| layout.name() == text),
    "it requires v1.5, v1.6.0 or v1.6.1",
);
const NAMESPACE: TextFormat = TextFormat::new(is_pattern, "it requires a namespace, with * for any characters");
const SERVICE_ACCOUNT: TextFormat = TextFormat::new(
    |text| text.split_once('/').is_some_and(|(namespace, name)| is_pattern(namespace) && is_pattern(name)),
    "it requires NAMESPACE/NAME, with * for any characters",
);
const API_VERSION: TextFormat = TextFormat::new(is_api_version, "it requires GROUP/VERSION");
const KIND: TextFormat = TextFormat::new(is_host_label, "it requires a kind");
const POINTER: TextFormat = TextFormat::new(
    is_object_pointer,
    "it requires a JSON pointer such as \"/spec/template\", with * for each element of a list",
);

fn is_not_blank(text: &str) -> bool {
    !text.trim().is_empty()
}

/// What cannot be read is absent from the result, which counts only if there is no problem.
pub(super) fn settings(root: Value<'_>) -> Result<Settings<'_>, Vec<Problem>> {
    if root.is_null() {
        return Ok(Settings::default());
    }
    let reader = Reader { root, problems: Cell::default() };
    let settings = reader.table(root).map(all);
    let problems = reader.problems.into_inner();
    settings.filter(|_| problems.is_empty()).ok_or(problems)
}

fn all<'a>(mut root: Table<'_, 'a>) -> Settings<'a> {
    Settings {
        inject: root.table("inject").map(inject),
        guard: root.table("guard").map(guard),
        severities: severities(&mut root),
        identities: root.list("identities").map(|list| root.all(list, identity)),
        exemptions: root.table("exemptions").map(exemptions).unwrap_or_default(),
        workloads: root.list("workloads").map(|list| root.all(list, workload)).unwrap_or_default(),
        issuer: root.string("issuer", &ISSUER),
    }
}

fn inject<'a>(mut inject: Table<'_, 'a>) -> Inject<'a> {
    let tenant_id = inject.string("tenantId", &TENANT);
    let layout = inject.choice("layout", &Layout::ALL.map(Layout::name));
    let layout = layout.and_then(|chosen| Layout::ALL.get(chosen).copied()).unwrap_or_default();
    let audience = inject.string("audience", &AUDIENCE).unwrap_or(Cow::Borrowed(DEFAULT_AUDIENCE));
    Inject {
        tenant_id,
        authority_host: authority_host(&mut inject),
        layout,
        opt_in: match inject.choice("optIn", &["label", "serviceAccount"]) {
            Some(1) => OptIn::ServiceAccount,
            _ => OptIn::Label,
        },
        proxy: proxy(inject.table("proxy"), layout),
        identity_binding: inject.table("identityBinding").map(|binding| identity_binding(binding, layout, &audience)),
        audience,
    }
}

fn authority_host<'a>(inject: &mut Table<'_, 'a>) -> Cow<'a, str> {
    let host = inject.string("authorityHost", &URL);
    let environment = inject.string("azureEnvironment", &ANY);
    if host.is_some() && environment.is_some() {
        inject.problem("authorityHost", "and azureEnvironment exclude each other; keep the one you need");
    }
    if let Some(host) = host {
        return host;
    }
    let name = environment.unwrap_or(Cow::Borrowed(clouds::DEFAULT));
    if let Some(host) = clouds::authority_host(&name) {
        return Cow::Borrowed(host);
    }
    let names: Vec<_> = clouds::names().collect();
    let advice = if name.eq_ignore_ascii_case("AzureStackCloud") {
        "; for Azure Stack set authorityHost instead".to_owned()
    } else {
        suggestion(&name, &names)
    };
    let text = ["is ", &quote(&name), "; it requires one of ", &names.join(", "), &advice].concat();
    inject.problem("azureEnvironment", text);
    Cow::Borrowed("")
}

fn proxy<'a>(table: Option<Table<'_, 'a>>, layout: Layout) -> Proxy<'a> {
    let image = |name: &str| Cow::Owned([layout.image_repository(), "/", name, ":", layout.image_tag()].concat());
    let mut proxy = Proxy {
        image: image("proxy"),
        init_image: image("proxy-init"),
        native_sidecar: true,
        log_level: Cow::Borrowed("info"),
        resources: None,
    };
    let Some(mut table) = table else { return proxy };
    if let Some(image) = table.string("image", &IMAGE) {
        proxy.image = image;
    }
    if let Some(image) = table.string("initImage", &IMAGE) {
        proxy.init_image = image;
    }
    if let Some(value) = table.typed("nativeSidecar", Kind::Bool) {
        proxy.native_sidecar = value.as_bool() != Some(false);
    }
    if let Some(level) = table.choice("logLevel", &LOG_LEVELS).and_then(|chosen| LOG_LEVELS.get(chosen)) {
        proxy.log_level = Cow::Borrowed(level);
    }
    proxy.resources = table.table("resources").map(|mut resources| Resources {
        limits: quantities(&mut resources, "limits"),
        requests: quantities(&mut resources, "requests"),
    });
    proxy
}

fn quantities<'a>(resources: &mut Table<'_, 'a>, key: &'static str) -> Entries<'a> {
    let mut entries = Vec::new();
    for (name, value) in resources.typed(key, Kind::Object).into_iter().flat_map(Value::members) {
        // A number is a quantity too; Kubernetes reads its text.
        let quantity = if value.kind() == Kind::Number { Some(Cow::Borrowed(value.raw())) } else { value.as_str() };
        match quantity.filter(|quantity| is_quantity(quantity)) {
            Some(quantity) => entries.push((name, quantity)),
            None => resources.reader.problem(value, "is not a quantity; write one such as \"100m\" or \"64Mi\""),
        }
    }
    Entries(entries)
}

fn identity_binding<'a>(mut binding: Table<'_, 'a>, layout: Layout, audience: &str) -> IdentityBinding<'a> {
    if layout == Layout::V1_5 {
        binding.reader.problem(binding.object, "needs layout v1.6.0 or later, but the layout is v1.5");
    }
    let suffix = binding.string("annotationSuffix", &ANNOTATION_SUFFIX);
    let own_audience = binding.string("audience", &BINDING_AUDIENCE);
    let own_audience = own_audience.unwrap_or(Cow::Borrowed(DEFAULT_BINDING_AUDIENCE));
    if [audience, DEFAULT_AUDIENCE].iter().any(|other| own_audience.eq_ignore_ascii_case(other)) {
        let own = quote(&own_audience);
        let text = ["is ", &own, ", which is the audience of Entra ID; the token endpoint needs one of its own"];
        binding.problem("audience", text.concat());
    }
    IdentityBinding {
        annotation: suffix
            .map_or(DEFAULT_BINDING_ANNOTATION.to_owned(), |suffix| [keys::ENDPOINT_PREFIX, &suffix].concat()),
        audience: own_audience,
        token_proxy: binding.string("tokenProxy", &URL),
        sni_name: binding.string("sniName", &DOMAIN),
        ca: binding.table("ca").and_then(ca_source),
    }
}

fn ca_source<'a>(mut ca: Table<'_, 'a>) -> Option<CaSource<'a>> {
    let config_map = ca.string("configMap", &CONFIG_MAP).map(CaSource::ConfigMap);
    let bundle = ca.table("clusterTrustBundle").and_then(trust_bundle);
    let data = ca.string("data", &PEM).map(CaSource::Data);
    if ca.object.members().count() != 1 {
        ca.reader.problem(ca.object, "requires exactly one of configMap, clusterTrustBundle and data");
    }
    config_map.or(bundle).or(data)
}

fn trust_bundle<'a>(mut bundle: Table<'_, 'a>) -> Option<CaSource<'a>> {
    let signer_name = bundle.required_string("signerName", &SIGNER);
    let label_selector = bundle.table("labelSelector").map(label_selector);
    Some(CaSource::ClusterTrustBundle { signer_name: signer_name?, label_selector })
}

fn label_selector<'a>(mut selector: Table<'_, 'a>) -> LabelSelector<'a> {
    let mut match_labels = Vec::new();
    for (key, value) in selector.typed("matchLabels", Kind::Object).into_iter().flat_map(Value::members) {
        match_labels.extend(selector.reader.present_string(value).map(|value| (key, value)));
    }
    let expressions = selector.list("matchExpressions");
    LabelSelector {
        match_labels: Entries(match_labels),
        match_expressions: expressions.map(|list| selector.all(list, label_requirement)).unwrap_or_default(),
    }
}

fn label_requirement<'a>(mut requirement: Table<'_, 'a>) -> Option<LabelRequirement<'a>> {
    let key = requirement.required_string("key", &LABEL);
    let operator = requirement.required_string("operator", &OPERATOR);
    let values = requirement.strings("values", &ANY).unwrap_or_default();
    Some(LabelRequirement { key: key?, operator: operator?, values })
}

fn guard(mut guard: Table<'_, '_>) -> Guard {
    let Some(list) = guard.list("layouts") else { return Guard { layouts: Layout::ALL.to_vec() } };
    if list.is_empty() {
        let text = "is empty, so that no pod could pass; name the layouts, or leave it out for all";
        guard.problem("layouts", text);
    }
    let chosen = guard.reader.strings(list, &LAYOUT);
    let is_chosen = |layout: &Layout| chosen.iter().any(|name| name == layout.name());
    Guard { layouts: Layout::ALL.into_iter().filter(is_chosen).collect() }
}

fn severities(root: &mut Table<'_, '_>) -> Severities {
    let is_strict = root.choice("preset", &["recommended", "strict"]) == Some(1);
    let mut severities = PerRule::from_fn(|rule| match rule.severity() {
        Severity::Warn if is_strict && rule.is_certain() => Severity::Deny,
        severity => severity,
    });
    if let Some(mut rules) = root.table("rules") {
        for rule in RuleId::ALL {
            let Some(value) = rules.get(rule.name()) else { continue };
            let names = Severity::ALL.map(Severity::name);
            // To kubectl, as in YAML 1.1, a bare `off` is `false`.
            let is_off = value.as_bool() == Some(false);
            let chosen = if is_off { Some(0) } else { rules.reader.choice(value, &names) };
            if let Some(severity) = chosen.and_then(|chosen| Severity::ALL.get(chosen)) {
                severities.set(rule, *severity);
            }
        }
    }
    Severities(severities)
}

fn identity<'a>(mut identity: Table<'_, 'a>) -> Option<AllowedIdentity<'a>> {
    let client_id = identity.required_string("clientId", &CLIENT_ID);
    let tenant_id = identity.string("tenantId", &TENANT);
    let list = identity.required_list("serviceAccounts", "; name who may use the identity, \"*/*\" for everybody");
    let service_accounts = list.map(|list| identity.reader.strings(list, &SERVICE_ACCOUNT)).unwrap_or_default();
    Some(AllowedIdentity { client_id: client_id?, tenant_id, service_accounts })
}

fn exemptions<'a>(mut exemptions: Table<'_, 'a>) -> Exemptions<'a> {
    Exemptions {
        namespaces: exemptions.strings("namespaces", &NAMESPACE).unwrap_or_default(),
        service_accounts: exemptions.strings("serviceAccounts", &SERVICE_ACCOUNT).unwrap_or_default(),
    }
}

fn workload<'a>(mut workload: Table<'_, 'a>) -> Option<CustomWorkload<'a>> {
    let api_version = workload.required_string("apiVersion", &API_VERSION);
    let kind = workload.required_string("kind", &KIND);
    let pod_template = workload.required_string("podTemplate", &POINTER);
    let (table, workload) =
        (workload, CustomWorkload { api_version: api_version?, kind: kind?, pod_template: pod_template? });
    let group = workload.api_version.split_once('/').map_or("", |(group, _)| group);
    if kinds::is_built_in(group, &workload.kind) {
        let text = ["is ", &quote(&workload.kind), ", which is built in; leave the entry out"].concat();
        table.problem("kind", text);
    }
    Some(workload)
}

/// Collects problems.
struct Reader<'a> {
    root: Value<'a>,
    problems: Cell<Vec<Problem>>,
}

impl<'a> Reader<'a> {
    fn table(&self, value: Value<'a>) -> Option<Table<'_, 'a>> {
        self.expect(value, Kind::Object)?;
        let problems = self.problems.take();
        let begin = problems.len();
        self.problems.set(problems);
        Some(Table { reader: self, object: value, known: Vec::with_capacity(8), begin })
    }

    #[inline(never)]
    fn expect(&self, value: Value<'a>, kind: Kind) -> Option<Value<'a>> {
        if value.kind() == kind {
            return Some(value);
        }
        let expected = if kind == Kind::Array { "a list".to_owned() } else { kind.to_string() };
        self.problem(value, ["is ", &value.kind().to_string(), "; it requires ", &expected].concat());
        None
    }

    /// Rejects null: most likely the value was commented out, and to ignore it could switch off a check.
    #[inline(never)]
    fn present(&self, value: Value<'a>) -> Option<Value<'a>> {
        if value.is_null() {
            self.problem(value, "is null; give it a value or leave it out");
            return None;
        }
        Some(value)
    }

    fn present_string(&self, value: Value<'a>) -> Option<Cow<'a, str>> {
        self.string(self.present(value)?, &ANY)
    }

    #[inline(never)]
    fn string(&self, value: Value<'a>, format: &TextFormat) -> Option<Cow<'a, str>> {
        let text = self.expect(value, Kind::String)?.as_str()?;
        if !(format.is_valid)(&text) {
            self.problem(value, ["is ", &quote(&text), "; ", format.hint].concat());
            return None;
        }
        Some(text)
    }

    #[inline(never)]
    fn strings(&self, list: Value<'a>, format: &TextFormat) -> Vec<Cow<'a, str>> {
        let mut strings = Vec::new();
        for element in list.elements() {
            strings.extend(self.string(element, format));
        }
        strings
    }

    /// The position of a text in `choices`.
    #[inline(never)]
    fn choice(&self, value: Value<'a>, choices: &[&str]) -> Option<usize> {
        let text = self.string(value, &ANY)?;
        let chosen = choices.iter().position(|choice| *choice == text);
        if chosen.is_none() {
            self.problem(value, ["is ", &quote(&text), "; it requires one of ", &choices.join(", ")].concat());
        }
        chosen
    }

    #[inline(never)]
    fn problem<'t>(&self, value: Value<'a>, text: impl Into<Cow<'t, str>>) {
        self.insert(usize::MAX, value.path_from(self.root), text.into());
    }

    /// Adds a problem before those that are from `position` on.
    #[inline(never)]
    fn insert(&self, position: usize, path: Path, text: Cow<'_, str>) {
        let mut problems = self.problems.take();
        problems.insert(position.min(problems.len()), Problem { path, text: text.into_owned() });
        self.problems.set(problems);
    }
}

/// An object of the settings. When all is read, keys that no reader has asked for are problems.
struct Table<'r, 'a> {
    reader: &'r Reader<'a>,
    object: Value<'a>,
    known: Vec<&'static str>,
    /// How many problems there were before.
    begin: usize,
}

impl<'r, 'a> Table<'r, 'a> {
    #[inline(never)]
    fn get(&mut self, key: &'static str) -> Option<Value<'a>> {
        self.known.push(key);
        self.reader.present(self.object.get(key)?)
    }

    #[inline(never)]
    fn typed(&mut self, key: &'static str, kind: Kind) -> Option<Value<'a>> {
        let value = self.get(key)?;
        self.reader.expect(value, kind)
    }

    #[inline(never)]
    fn table(&mut self, key: &'static str) -> Option<Table<'r, 'a>> {
        let value = self.get(key)?;
        self.reader.table(value)
    }

    fn list(&mut self, key: &'static str) -> Option<Value<'a>> {
        self.typed(key, Kind::Array)
    }

    /// What `read` makes of those elements of a list that are objects.
    fn all<T>(&self, list: Value<'a>, read: fn(Table<'r, 'a>) -> Option<T>) -> Vec<T> {
        let mut all = Vec::new();
        for table in list.elements().filter_map(|element| self.reader.table(element)) {
            all.extend(read(table));
        }
        all
    }

    #[inline(never)]
    fn string(&mut self, key: &'static str, format: &TextFormat) -> Option<Cow<'a, str>> {
        let value = self.get(key)?;
        self.reader.string(value, format)
    }

    #[inline(never)]
    fn required_string(&mut self, key: &'static str, format: &TextFormat) -> Option<Cow<'a, str>> {
        if self.object.get(key).is_none() {
            self.problem(key, ["is missing; ", format.hint].concat());
        }
        self.string(key, format)
    }

    /// A list that must be there and have elements.
    fn required_list(&mut self, key: &'static str, hint: &str) -> Option<Value<'a>> {
        let is_missing = self.object.get(key).is_none();
        let list = self.list(key);
        let what = match list {
            None if is_missing => "missing",
            Some(list) if list.is_empty() => "empty",
            _ => return list,
        };
        self.problem(key, ["is ", what, hint].concat());
        None
    }

    #[inline(never)]
    fn strings(&mut self, key: &'static str, format: &TextFormat) -> Option<Vec<Cow<'a, str>>> {
        let list = self.list(key)?;
        Some(self.reader.strings(list, format))
    }

    fn choice(&mut self, key: &'static str, choices: &[&str]) -> Option<usize> {
        let value = self.get(key)?;
        self.reader.choice(value, choices)
    }

    /// Says what is wrong with a member, which may be missing.
    fn problem<'t>(&self, key: &str, text: impl Into<Cow<'t, str>>) {
        self.problem_before(usize::MAX, key, text.into());
    }

    #[inline(never)]
    fn problem_before(&self, position: usize, key: &str, text: Cow<'_, str>) {
        self.reader.insert(position, self.object.path_from(self.reader.root).key(key), text);
    }
}

impl Drop for Table<'_, '_> {
    fn drop(&mut self) {
        let unknown = self.object.members().filter(|(key, _)| !self.known.contains(&key.as_ref()));
        for (position, (key, _)) in unknown.enumerate() {
            let text = ["is not known", &suggestion(&key, &self.known)].concat();
            self.problem_before(self.begin + position, &key, text.into());
        }
    }
}

fn suggestion(name: &str, known: &[&str]) -> String {
    nearest(name, known).map(|known| ["; did you mean ", known, "?"].concat()).unwrap_or_default()
}
