//! The settings: what they mean, and what is said about those that mean nothing.

#![expect(clippy::expect_used, clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "../json/tests/common"]
mod common {
    pub(crate) mod json_text;
    pub(crate) mod model;
}

use azure_workload_identity_policy::json::{self, Document, Kind, Path};
use azure_workload_identity_policy::layout::Layout;
use azure_workload_identity_policy::rule::RuleId;
use azure_workload_identity_policy::rule::Severity;
use azure_workload_identity_policy::settings::{CaSource, OptIn, Problem, Settings};
use common::json_text;
use common::model::all_values;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;

/// Every setting there is, one of the sources of a CA certificate aside.
const FULL: &str = r#"{
    "inject": {
        "tenantId": "11111111-1111-1111-1111-111111111111",
        "azureEnvironment": "AzureUSGovernmentCloud",
        "audience": "api://own",
        "layout": "v1.6.0",
        "optIn": "serviceAccount",
        "proxy": {
            "image": "registry.example.com/proxy:v1",
            "initImage": "registry.example.com/proxy-init:v1",
            "nativeSidecar": false,
            "logLevel": "debug",
            "resources": {"limits": {"memory": "64Mi", "cpu": 1}, "requests": {"cpu": "10m"}}
        },
        "identityBinding": {
            "annotationSuffix": "binding",
            "audience": "api://binding",
            "tokenProxy": "https://kubernetes.default.svc",
            "sniName": "sni.example.com",
            "ca": {"clusterTrustBundle": {
                "signerName": "example.com/signer",
                "labelSelector": {
                    "matchLabels": {"live": "true"},
                    "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}]
                }
            }}
        }
    },
    "guard": {"layouts": ["v1.6.1", "v1.5"]},
    "preset": "strict",
    "rules": {"token-expiration": "warn", "static-credentials": "off"},
    "identities": [{
        "clientId": "22222222-2222-2222-2222-222222222222",
        "tenantId": "contoso.onmicrosoft.com",
        "serviceAccounts": ["payments/api", "payments-*/*"]
    }],
    "exemptions": {"namespaces": ["kube-*"], "serviceAccounts": ["ci/runner", "*/job-*"]},
    "workloads": [{"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "podTemplate": "/spec/template"}]
}"#;

fn problems(text: &str) -> Vec<String> {
    let document = Document::parse(text.as_bytes()).expect("a test case is no JSON");
    Settings::read(document.root()).err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

/// Settings that are valid; what they borrow from lives as long as the tests.
fn read(text: &str) -> Settings<'static> {
    let text: &str = text.to_owned().leak();
    let document: &Document<'_> = Box::leak(Box::new(Document::parse(text.as_bytes()).unwrap()));
    Settings::read(document.root()).unwrap()
}

#[test]
fn without_settings_the_recommended_rules_judge_and_nothing_is_changed() {
    for text in ["{}", "null"] {
        let settings = read(text);

        assert!(settings.inject.is_none() && settings.guard.is_none() && settings.identities.is_none());
        assert!(settings.workloads.is_empty());
        assert!(!settings.exemptions.cover("kube-system", "default"));
        for rule in RuleId::ALL {
            assert_eq!(settings.severities.of(rule), rule.severity(), "{rule}");
        }
    }
}

#[test]
fn every_setting_is_read() {
    let settings = read(FULL);

    let inject = settings.inject.unwrap();
    assert_eq!(inject.tenant_id.as_deref(), Some("11111111-1111-1111-1111-111111111111"));
    assert_eq!(inject.authority_host, "https://login.microsoftonline.us/");
    assert_eq!(inject.audience, "api://own");
    assert_eq!(inject.layout, Layout::V1_6_0);
    assert_eq!(inject.opt_in, OptIn::ServiceAccount);

    assert_eq!(inject.proxy.image, "registry.example.com/proxy:v1");
    assert_eq!(inject.proxy.init_image, "registry.example.com/proxy-init:v1");
    assert!(!inject.proxy.native_sidecar);
    assert_eq!(inject.proxy.log_level, "debug");
    let resources = r#"{"limits":{"memory":"64Mi","cpu":"1"},"requests":{"cpu":"10m"}}"#;
    assert_eq!(json::text(&inject.proxy.resources), resources);

    let binding = inject.identity_binding.unwrap();
    assert_eq!(binding.annotation, "azure.workload.identity/use-binding");
    assert_eq!(binding.audience, "api://binding");
    assert_eq!(binding.token_proxy.as_deref(), Some("https://kubernetes.default.svc"));
    assert_eq!(binding.sni_name.as_deref(), Some("sni.example.com"));
    let Some(CaSource::ClusterTrustBundle { signer_name, label_selector }) = binding.ca else { panic!("{binding:?}") };
    let selector =
        r#"{"matchLabels":{"live":"true"},"matchExpressions":[{"key":"tier","operator":"In","values":["a","b"]}]}"#;
    assert_eq!((signer_name.as_ref(), json::text(&label_selector).as_str()), ("example.com/signer", selector));

    assert_eq!(settings.guard.unwrap().layouts, [Layout::V1_5, Layout::V1_6_1]);
    assert_eq!(settings.severities.of(RuleId::TokenExpiration), Severity::Warn);
    assert_eq!(settings.severities.of(RuleId::StaticCredentials), Severity::Off);
    assert_eq!(settings.severities.of(RuleId::LabelMissing), Severity::Deny);

    let [identity] = settings.identities.unwrap().try_into().unwrap();
    assert_eq!(identity.client_id, "22222222-2222-2222-2222-222222222222");
    assert_eq!(identity.tenant_id.as_deref(), Some("contoso.onmicrosoft.com"));
    assert_eq!(identity.service_accounts, ["payments/api", "payments-*/*"]);

    let [workload] = settings.workloads.try_into().unwrap();
    assert_eq!(
        [workload.api_version, workload.kind, workload.pod_template],
        ["argoproj.io/v1alpha1", "Rollout", "/spec/template"]
    );
}

#[test]
fn injection_without_settings_of_its_own_is_as_upstreams() {
    for (layout, repository, tag) in [
        (None, "oss/v2", "v1.6.1"),
        (Some("v1.5"), "oss", "v1.5.1"),
        (Some("v1.6.0"), "oss/v2", "v1.6.0"),
        (Some("v1.6.1"), "oss/v2", "v1.6.1"),
    ] {
        let text = layout.map_or(json!({"inject": {}}), |layout| json!({"inject": {"layout": layout}})).to_string();
        let inject = read(&text).inject.unwrap();

        assert_eq!(inject.layout.name(), layout.unwrap_or("v1.6.1"));
        assert_eq!(inject.tenant_id, None);
        assert_eq!(inject.authority_host, "https://login.microsoftonline.com/");
        assert_eq!(inject.audience, "api://AzureADTokenExchange");
        assert_eq!(inject.opt_in, OptIn::Label);
        let image = |name: &str| format!("mcr.microsoft.com/{repository}/azure/workload-identity/{name}:{tag}");
        assert_eq!(inject.proxy.image, image("proxy"));
        assert_eq!(inject.proxy.init_image, image("proxy-init"));
        assert!(inject.proxy.native_sidecar && inject.proxy.resources.is_none());
        assert_eq!(inject.proxy.log_level, "info");
        assert!(inject.identity_binding.is_none());
    }
}

#[test]
fn the_identity_binding_without_settings_of_its_own_is_that_of_aks() {
    let binding = read(r#"{"inject":{"identityBinding":{}}}"#).inject.unwrap().identity_binding.unwrap();

    assert_eq!(binding.annotation, "azure.workload.identity/use-identity-binding");
    assert_eq!(binding.audience, "api://AKSIdentityBinding");
    assert_eq!((binding.token_proxy, binding.sni_name, binding.ca.is_none()), (None, None, true));
}

#[test]
fn each_source_of_a_ca_certificate_is_read() {
    let pem = "-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----";
    let cases = [
        (r#"{"configMap":"kube-root-ca.crt"}"#.to_owned(), r#"ConfigMap("kube-root-ca.crt")"#.to_owned()),
        (format!(r#"{{"data":"{pem}"}}"#), format!("Data(\"{pem}\")")),
        (
            r#"{"clusterTrustBundle":{"signerName":"a/b"}}"#.to_owned(),
            r#"ClusterTrustBundle { signer_name: "a/b", label_selector: None }"#.to_owned(),
        ),
    ];
    for (ca, expected) in cases {
        let text = format!(r#"{{"inject":{{"identityBinding":{{"ca":{ca}}}}}}}"#);
        let binding = read(&text).inject.unwrap().identity_binding.unwrap();
        assert_eq!(format!("{:?}", binding.ca.unwrap()), expected);
    }
}

#[test]
fn clouds_are_known_by_upstreams_names_in_any_case() {
    let clouds = [
        ("", "https://login.microsoftonline.com/"),
        ("AzurePublicCloud", "https://login.microsoftonline.com/"),
        ("AzureCloud", "https://login.microsoftonline.com/"),
        ("AzureUSGovernmentCloud", "https://login.microsoftonline.us/"),
        ("AzureUSGovernment", "https://login.microsoftonline.us/"),
        ("AzureChinaCloud", "https://login.chinacloudapi.cn/"),
        ("AzureGermanCloud", "https://login.microsoftonline.de/"),
    ];
    for (name, host) in clouds {
        for name in [name.to_owned(), name.to_uppercase(), name.to_lowercase()] {
            let text = json!({"inject": {"azureEnvironment": name}}).to_string();
            assert_eq!(read(&text).inject.unwrap().authority_host, host, "{name}");
        }
    }
}

#[test]
fn an_authority_host_stands_in_for_a_cloud() {
    let inject = read(r#"{"inject":{"authorityHost":"https://login.local.azurestack.external/"}}"#).inject;
    assert_eq!(inject.unwrap().authority_host, "https://login.local.azurestack.external/");
}

#[test]
fn every_rule_has_a_name_of_its_own() {
    let mut names: Vec<_> = RuleId::ALL.map(RuleId::name).into_iter().collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn strict_denies_what_recommended_warns_of_and_changes_nothing_else() {
    let strict = read(r#"{"preset":"strict"}"#).severities;
    for rule in RuleId::ALL {
        let recommended = rule.severity();
        let is_raised = recommended == Severity::Warn && rule != RuleId::IdentityBindingRbac;
        assert_eq!(strict.of(rule), if is_raised { Severity::Deny } else { recommended }, "{rule}");
    }
}

#[test]
fn a_bare_off_which_kubectl_reads_as_false_switches_a_rule_off() {
    let severities = read(r#"{"rules":{"label-value":false},"preset":"strict"}"#).severities;
    assert_eq!(severities.of(RuleId::LabelValue), Severity::Off);
}

#[test]
fn the_severity_of_a_rule_overrides_the_preset() {
    for preset in ["recommended", "strict"] {
        for severity in Severity::ALL {
            for rule in RuleId::ALL {
                let text = json!({"rules": {rule.name(): severity.name()}, "preset": preset}).to_string();
                assert_eq!(read(&text).severities.of(rule), severity, "{rule} with {preset}");
            }
        }
    }
}

#[test]
fn exemptions_cover_namespaces_and_service_accounts_by_pattern() {
    let exemptions = read(FULL).exemptions;
    let cases = [
        ("kube-system", "any", true),
        ("kube-", "any", true),
        ("kube", "any", false),
        ("my-kube-system", "any", false),
        ("ci", "runner", true),
        ("ci", "runners", false),
        ("other", "runner", false),
        ("shop", "job-1", true),
        ("shop", "job", false),
        ("shop", "default", false),
    ];
    for (namespace, service_account, expected) in cases {
        assert_eq!(exemptions.cover(namespace, service_account), expected, "{namespace}/{service_account}");
    }
}

#[test]
fn a_star_stands_for_any_characters() {
    let cases = [
        ("*", "", true),
        ("*", "shop", true),
        ("**", "shop", true),
        ("shop", "shop", true),
        ("shop", "shops", false),
        ("shops", "shop", false),
        ("*-dev", "team-dev", true),
        ("*-dev", "team-dev-dev", true),
        ("*-dev", "team-dev-prod", false),
        ("team-*-dev", "team--dev", true),
        ("team-*-dev", "team-dev", false),
        ("a*b*c", "abbcbc", true),
        ("a*b*c", "abbcb", false),
        ("*ab", "aab", true),
    ];
    for (pattern, namespace, expected) in cases {
        let exemptions = read(&json!({"exemptions": {"namespaces": [pattern]}}).to_string()).exemptions;
        assert_eq!(exemptions.cover_namespace(namespace), expected, "{pattern} {namespace}");
    }
}

/// Settings with `@` where a value belongs, the path of the value, values that belong there, and values that do not.
type Format = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

const GUID: &str = "0aF59b4c-8A7d-4c3e-9f00-123456789abc";
const NO_GUIDS: [&str; 11] = [
    "",
    " ",
    "contoso",
    "${CLIENT_ID}",
    "0af59b4c8a7d4c3e9f00123456789abc",
    "{0af59b4c-8a7d-4c3e-9f00-123456789abc}",
    " 0af59b4c-8a7d-4c3e-9f00-123456789abc",
    "0af59b4c-8a7d-4c3e-9f00-123456789ab",
    "0af59b4c-8a7d-4c3e-9f00-123456789abcd",
    "0af59b4c-8a7d-4c3e-9f00-123456789abg",
    "0af59b4c-8a7d-4c3e-9f00-123456789abc-",
];
const NO_URLS: [&str; 16] = [
    "",
    "login.example.com",
    "http://login.example.com",
    "HTTPS://login.example.com",
    "https://",
    "https:///path",
    "https://user@login.example.com",
    "https://login.example.com?query",
    "https://login.example.com/#fragment",
    "https://login example.com",
    "https://login.example.com\\path",
    "https://login.example.com:0",
    "https://login.example.com:65536",
    "https://login.example.com:+443",
    "https://[::1",
    "https://-login.example.com",
];

const FORMATS: &[Format] = &[
    (r#"{"inject":{"tenantId":@}}"#, "inject.tenantId", &[GUID, "contoso.onmicrosoft.com", "contoso.com"], &NO_GUIDS),
    (r#"{"identities":[{"clientId":@,"serviceAccounts":["*/*"]}]}"#, "identities[0].clientId", &[GUID], &NO_GUIDS),
    (
        r#"{"identities":[{"clientId":"0af59b4c-8a7d-4c3e-9f00-123456789abc","tenantId":@,"serviceAccounts":["*/*"]}]}"#,
        "identities[0].tenantId",
        &[GUID, "contoso.onmicrosoft.com"],
        &NO_GUIDS,
    ),
    (
        r#"{"identities":[{"clientId":"0af59b4c-8a7d-4c3e-9f00-123456789abc","serviceAccounts":[@]}]}"#,
        "identities[0].serviceAccounts[0]",
        &["payments/api", "*/*", "payments-*/api.v1", "*/default"],
        &["", "/", "payments", "payments/", "/api", "payments/api/v1", "Payments/api", "payments/ api", "a?/b"],
    ),
    (
        r#"{"exemptions":{"namespaces":[@]}}"#,
        "exemptions.namespaces[0]",
        &["kube-system", "*", "team-*-dev"],
        &["", "Kube", "kube system", "a/b", "a_b"],
    ),
    (
        r#"{"inject":{"authorityHost":@}}"#,
        "inject.authorityHost",
        &[
            "https://login.example.com",
            "https://login.example.com/",
            "https://login.example.com:8443/adfs/",
            "https://localhost",
            "https://192.0.2.1",
            "https://[2001:db8::1]:8443/",
        ],
        &NO_URLS,
    ),
    (
        r#"{"inject":{"identityBinding":{"tokenProxy":@}}}"#,
        "inject.identityBinding.tokenProxy",
        &["https://kubernetes.default.svc", "https://10.0.0.1:443/token"],
        &NO_URLS,
    ),
    (
        r#"{"inject":{"identityBinding":{"annotationSuffix":@}}}"#,
        "inject.identityBinding.annotationSuffix",
        &["identity-binding", "Custom_1.x", "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-59891"],
        &["", "a b", "a/b", "ends-", "-é", "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-608912"],
    ),
    (
        r#"{"inject":{"identityBinding":{"sniName":@}}}"#,
        "inject.identityBinding.sniName",
        &["sni.example.com"],
        &["", "sni", "a..b", "a.b-", "https://sni.example.com"],
    ),
    (
        r#"{"inject":{"identityBinding":{"ca":{"configMap":@}}}}"#,
        "inject.identityBinding.ca.configMap",
        &["kube-root-ca.crt", "ca"],
        &["", "kube-*", "-ca", "ca.", "Ca", "my ca"],
    ),
    (
        r#"{"inject":{"identityBinding":{"ca":{"data":@}}}}"#,
        "inject.identityBinding.ca.data",
        &["-----BEGIN CERTIFICATE-----"],
        &["", "LS0tLS1CRUdJTi", "-----BEGIN PRIVATE KEY-----"],
    ),
    (
        r#"{"inject":{"proxy":{"image":@}}}"#,
        "inject.proxy.image",
        &[
            "proxy",
            "proxy:v1.6.1",
            "library/proxy",
            "registry.example.com/a/b_c/d-e.f:V1_x",
            "localhost:5000/proxy",
            "registry.example.com:443/proxy:v1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        ],
        &[
            "",
            "proxy image",
            "Proxy",
            "registry.example.com/Proxy",
            "proxy:",
            "proxy:-v1",
            "proxy:v1:v2",
            "/proxy",
            "proxy/",
            "a//b",
            "registry.example.com:port/proxy",
            "registry.example.com:+80/proxy",
            "proxy@sha256",
            "proxy@sha256:0123",
            "https://registry.example.com/proxy",
        ],
    ),
    (
        r#"{"inject":{"proxy":{"resources":{"limits":{"cpu":@}}}}}"#,
        "inject.proxy.resources.limits.cpu",
        &["1", "0.5", "100m", "64Mi", "1.5Gi", "2k", "1e3", "1.5E6", "2e+3", "100e-3", "1E"],
        &["", "1e", "1e3Mi", "1e1.5", "1E+", "e3", "fast", "1 Gi", "-1", "1.2.3", ".", "Mi", "1mi", "64MB"],
    ),
    (
        r#"{"workloads":[{"apiVersion":"a/v1","kind":"A","podTemplate":@}]}"#,
        "workloads[0].podTemplate",
        &["/spec/template", "/template", "/spec/groups/0/template", "/spec/groups/*/template", "/spec/a~1b~0/template"],
        &[
            "",
            "/",
            "spec/template",
            "spec.template",
            "/spec//template",
            "/spec/template/",
            "/spec/a~b",
            "/*/template",
            "/spec/groups/-/template",
        ],
    ),
    (
        r#"{"workloads":[{"apiVersion":@,"kind":"A","podTemplate":"/a"}]}"#,
        "workloads[0].apiVersion",
        &["a/v1", "argoproj.io/v1alpha1", "v1"],
        &["", "v2", "argoproj.io", "argoproj.io/", "/v1", "a/b/v1", "Argoproj.io/v1", "a/*", "a /v1"],
    ),
    (
        r#"{"workloads":[{"apiVersion":"a/v1","kind":@,"podTemplate":"/a"}]}"#,
        "workloads[0].kind",
        &["Rollout", "RayCluster", "VM2"],
        &["", "*", "Ray Cluster", "rollouts.argoproj.io", "Ray_Cluster"],
    ),
];

#[test]
fn texts_that_are_not_of_the_right_format_are_refused_where_they_are() {
    for (settings, path, valid, invalid) in FORMATS {
        for value in *valid {
            let problems = problems(&settings.replace('@', &json::text(value)));
            assert!(problems.is_empty(), "{path}, {value:?}: {problems:?}");
        }
        for value in *invalid {
            let problems = problems(&settings.replace('@', &json::text(value)));
            let [problem] = problems.as_slice() else { panic!("{path}, {value:?}: {problems:?}") };
            assert!(problem.starts_with(&format!("{path} is ")), "{value:?}: {problem}");
        }
    }
}

const REFUSALS: &[(&str, &[&str])] = &[
    (r#""text""#, &["settings is a string; it requires an object"]),
    ("[]", &["settings is an array; it requires an object"]),
    (r#"{"Inject":{}}"#, &["Inject is not known; did you mean inject?"]),
    (r#"{"whatever":{}}"#, &["whatever is not known"]),
    (r#"{"inject":{"tenant":""}}"#, &["inject.tenant is not known; did you mean tenantId?"]),
    (r#"{"inject":{"proxy":{"img":"a"}}}"#, &["inject.proxy.img is not known"]),
    (
        r#"{"inject":{"proxy":{"resources":{"limit":{}}}}}"#,
        &["inject.proxy.resources.limit is not known; did you mean limits?"],
    ),
    (r#"{"guard":{"layout":[]}}"#, &["guard.layout is not known; did you mean layouts?"]),
    (r#"{"exemptions":{"namespace":[]}}"#, &["exemptions.namespace is not known; did you mean namespaces?"]),
    (
        r#"{"rules":{"token-experation":"deny"}}"#,
        &["rules.token-experation is not known; did you mean token-expiration?"],
    ),
    (
        r#"{"rules":{"token-expiration":"error"}}"#,
        &[r#"rules.token-expiration is "error"; it requires one of off, note, warn, deny"#],
    ),
    (r#"{"rules":{"token-expiration":true}}"#, &["rules.token-expiration is a boolean; it requires a string"]),
    (r#"{"preset":"Strict"}"#, &[r#"preset is "Strict"; it requires one of recommended, strict"#]),
    (
        r#"{"inject":null,"guard":null,"preset":null,"rules":null,"identities":null,"exemptions":null,"workloads":null}"#,
        &[
            "inject is null; give it a value or leave it out",
            "guard is null; give it a value or leave it out",
            "preset is null; give it a value or leave it out",
            "rules is null; give it a value or leave it out",
            "identities is null; give it a value or leave it out",
            "exemptions is null; give it a value or leave it out",
            "workloads is null; give it a value or leave it out",
        ],
    ),
    (
        r#"{"inject":[],"guard":"x","preset":1,"rules":[],"identities":{},"exemptions":true,"workloads":"x"}"#,
        &[
            "inject is an array; it requires an object",
            "guard is a string; it requires an object",
            "preset is a number; it requires a string",
            "rules is an array; it requires an object",
            "identities is an object; it requires a list",
            "exemptions is a boolean; it requires an object",
            "workloads is a string; it requires a list",
        ],
    ),
    (
        r#"{"inject":{"tenantId":1,"azureEnvironment":2,"authorityHost":3,"audience":4,"layout":5,"optIn":6,"proxy":7,"identityBinding":8}}"#,
        &[
            "inject.tenantId is a number; it requires a string",
            "inject.layout is a number; it requires a string",
            "inject.audience is a number; it requires a string",
            "inject.authorityHost is a number; it requires a string",
            "inject.azureEnvironment is a number; it requires a string",
            "inject.optIn is a number; it requires a string",
            "inject.proxy is a number; it requires an object",
            "inject.identityBinding is a number; it requires an object",
        ],
    ),
    (
        r#"{"inject":{"tenantId":"contoso"}}"#,
        &[r#"inject.tenantId is "contoso"; it requires a GUID, or a domain name such as "contoso.onmicrosoft.com""#],
    ),
    (
        r#"{"inject":{"azureEnvironment":"AzureBleuCloud"}}"#,
        &[
            r#"inject.azureEnvironment is "AzureBleuCloud"; it requires one of AzurePublicCloud, AzureCloud, AzureUSGovernmentCloud, AzureUSGovernment, AzureChinaCloud, AzureGermanCloud"#,
        ],
    ),
    (
        r#"{"inject":{"azureEnvironment":"AZURESTACKCLOUD"}}"#,
        &[
            r#"inject.azureEnvironment is "AZURESTACKCLOUD"; it requires one of AzurePublicCloud, AzureCloud, AzureUSGovernmentCloud, AzureUSGovernment, AzureChinaCloud, AzureGermanCloud; for Azure Stack set authorityHost instead"#,
        ],
    ),
    (
        r#"{"inject":{"azureEnvironment":"AzureStackCloud","authorityHost":"https://login.local"}}"#,
        &["inject.authorityHost and azureEnvironment exclude each other; keep the one you need"],
    ),
    (
        r#"{"inject":{"authorityHost":"ftp://login.local"}}"#,
        &[r#"inject.authorityHost is "ftp://login.local"; it requires an https URL without user, query and fragment"#],
    ),
    (
        r#"{"issuer":"https://northeurope.oic.prod-arc.azure.com/11111111-2222-4333-8444-555555555555/0f"}"#,
        &[
            r#"issuer is "https://northeurope.oic.prod-arc.azure.com/11111111-2222-4333-84"…; it requires the https URL that the cluster reports as its issuer and Entra ID reaches; those of AKS and Arc end with a slash"#,
        ],
    ),
    (
        r#"{"inject":{"audience":" "}}"#,
        &[r#"inject.audience is " "; it requires the audience of a federated credential"#],
    ),
    (r#"{"inject":{"layout":"v1.6"}}"#, &[r#"inject.layout is "v1.6"; it requires one of v1.5, v1.6.0, v1.6.1"#]),
    (
        r#"{"inject":{"optIn":"serviceaccount"}}"#,
        &[r#"inject.optIn is "serviceaccount"; it requires one of label, serviceAccount"#],
    ),
    (
        r#"{"inject":{"proxy":{"image":"","initImage":"a b","nativeSidecar":"true","logLevel":"INFO","resources":{"limits":{"cpu":null},"requests":7}}}}"#,
        &[
            r#"inject.proxy.image is ""; it requires an image reference such as "registry.example.com/proxy:v1""#,
            r#"inject.proxy.initImage is "a b"; it requires an image reference such as "registry.example.com/proxy:v1""#,
            "inject.proxy.nativeSidecar is a string; it requires a boolean",
            r#"inject.proxy.logLevel is "INFO"; it requires one of trace, debug, info, warn, warning, error"#,
            r#"inject.proxy.resources.limits.cpu is not a quantity; write one such as "100m" or "64Mi""#,
            "inject.proxy.resources.requests is a number; it requires an object",
        ],
    ),
    (
        r#"{"inject":{"identityBinding":{"annotationSuffix":"","audience":"","tokenProxy":"http://x","sniName":"x","ca":{}}}}"#,
        &[
            r#"inject.identityBinding.annotationSuffix is ""; it requires the end of an annotation key that begins with "azure.workload.identity/use-""#,
            r#"inject.identityBinding.audience is ""; it requires the audience of the token endpoint"#,
            r#"inject.identityBinding.tokenProxy is "http://x"; it requires an https URL without user, query and fragment"#,
            r#"inject.identityBinding.sniName is "x"; it requires a domain name"#,
            "inject.identityBinding.ca requires exactly one of configMap, clusterTrustBundle and data",
        ],
    ),
    (
        r#"{"inject":{"identityBinding":{"audience":"API://azureadtokenexchange"}}}"#,
        &[
            r#"inject.identityBinding.audience is "API://azureadtokenexchange", which is the audience of Entra ID; the token endpoint needs one of its own"#,
        ],
    ),
    (
        r#"{"inject":{"audience":"api://Own","identityBinding":{"audience":"API://OWN"}}}"#,
        &[
            r#"inject.identityBinding.audience is "API://OWN", which is the audience of Entra ID; the token endpoint needs one of its own"#,
        ],
    ),
    (
        r#"{"inject":{"layout":"v1.5","identityBinding":{}}}"#,
        &["inject.identityBinding needs layout v1.6.0 or later, but the layout is v1.5"],
    ),
    (
        r#"{"inject":{"identityBinding":{"ca":{"configMap":"a","data":"-----BEGIN CERTIFICATE-----"}}}}"#,
        &["inject.identityBinding.ca requires exactly one of configMap, clusterTrustBundle and data"],
    ),
    (
        r#"{"inject":{"identityBinding":{"ca":{"data":"MIIB"}}}}"#,
        &[r#"inject.identityBinding.ca.data is "MIIB"; it requires a certificate as PEM"#],
    ),
    (
        r#"{"inject":{"identityBinding":{"ca":{"configMap":"kube-*"}}}}"#,
        &[r#"inject.identityBinding.ca.configMap is "kube-*"; it requires the name of a ConfigMap"#],
    ),
    (
        r#"{"inject":{"identityBinding":{"ca":{"clusterTrustBundle":{"labelSelector":{"matchLabels":{"a/b":1},"matchExpressions":[1,{},{"key":"","operator":"in","values":[1]},{"key":"a","operator":"In","values":"x"}]}}}}}}"#,
        &[
            r#"inject.identityBinding.ca.clusterTrustBundle.signerName is missing; it requires a signer such as "example.com/ca""#,
            r#"inject.identityBinding.ca.clusterTrustBundle.labelSelector.matchLabels["a/b"] is a number; it requires a string"#,
            "inject.identityBinding.ca.clusterTrustBundle.labelSelector.matchExpressions[0] is a number; it requires an object",
            "inject.identityBinding.ca.clusterTrustBundle.labelSelector.matchExpressions[1].key is missing; it requires a label key",
            "inject.identityBinding.ca.clusterTrustBundle.labelSelector.matchExpressions[1].operator is missing; it requires one of In, NotIn, Exists, DoesNotExist",
            r#"inject.identityBinding.ca.clusterTrustBundle.labelSelector.matchExpressions[2].key is ""; it requires a label key"#,
            r#"inject.identityBinding.ca.clusterTrustBundle.labelSelector.matchExpressions[2].operator is "in"; it requires one of In, NotIn, Exists, DoesNotExist"#,
            "inject.identityBinding.ca.clusterTrustBundle.labelSelector.matchExpressions[2].values[0] is a number; it requires a string",
            "inject.identityBinding.ca.clusterTrustBundle.labelSelector.matchExpressions[3].values is a string; it requires a list",
        ],
    ),
    (
        r#"{"guard":{"layouts":[]}}"#,
        &["guard.layouts is empty, so that no pod could pass; name the layouts, or leave it out for all"],
    ),
    (r#"{"guard":{"layouts":"v1.5"}}"#, &["guard.layouts is a string; it requires a list"]),
    (
        r#"{"guard":{"layouts":["v1.5","v1.7",3]}}"#,
        &[
            r#"guard.layouts[1] is "v1.7"; it requires v1.5, v1.6.0 or v1.6.1"#,
            "guard.layouts[2] is a number; it requires a string",
        ],
    ),
    (
        r#"{"identities":["x",null]}"#,
        &["identities[0] is a string; it requires an object", "identities[1] is null; it requires an object"],
    ),
    (
        r#"{"identities":[{}]}"#,
        &[
            r#"identities[0].clientId is missing; it requires a GUID such as "00000000-0000-0000-0000-000000000000""#,
            r#"identities[0].serviceAccounts is missing; name who may use the identity, "*/*" for everybody"#,
        ],
    ),
    (
        r#"{"identities":[{"clientID":"x","clientId":"x","tenantId":"y","serviceAccounts":[]}]}"#,
        &[
            "identities[0].clientID is not known; did you mean clientId?",
            r#"identities[0].clientId is "x"; it requires a GUID such as "00000000-0000-0000-0000-000000000000""#,
            r#"identities[0].tenantId is "y"; it requires a GUID, or a domain name such as "contoso.onmicrosoft.com""#,
            r#"identities[0].serviceAccounts is empty; name who may use the identity, "*/*" for everybody"#,
        ],
    ),
    (
        r#"{"identities":[{"clientId":null,"tenantId":1,"serviceAccounts":"a/b"}]}"#,
        &[
            "identities[0].clientId is null; give it a value or leave it out",
            "identities[0].tenantId is a number; it requires a string",
            "identities[0].serviceAccounts is a string; it requires a list",
        ],
    ),
    (
        r#"{"exemptions":{"namespaces":["A",1],"serviceAccounts":["a",null]}}"#,
        &[
            r#"exemptions.namespaces[0] is "A"; it requires a namespace, with * for any characters"#,
            "exemptions.namespaces[1] is a number; it requires a string",
            r#"exemptions.serviceAccounts[0] is "a"; it requires NAMESPACE/NAME, with * for any characters"#,
            "exemptions.serviceAccounts[1] is null; it requires a string",
        ],
    ),
    (
        r#"{"workloads":[{},{"apiVersion":" ","kind":"","podTemplate":"spec"},7]}"#,
        &[
            "workloads[0].apiVersion is missing; it requires GROUP/VERSION",
            "workloads[0].kind is missing; it requires a kind",
            r#"workloads[0].podTemplate is missing; it requires a JSON pointer such as "/spec/template", with * for each element of a list"#,
            r#"workloads[1].apiVersion is " "; it requires GROUP/VERSION"#,
            r#"workloads[1].kind is ""; it requires a kind"#,
            r#"workloads[1].podTemplate is "spec"; it requires a JSON pointer such as "/spec/template", with * for each element of a list"#,
            "workloads[2] is a number; it requires an object",
        ],
    ),
    (
        r#"{"workloads":[{"apiVersion":"apps/v1","kind":"Deployment","podTemplate":"/spec/template"},{"apiVersion":"v1","kind":"Pod","podTemplate":"/spec"},{"apiVersion":"a/v1","kind":"Deployment","podTemplate":"/spec"}]}"#,
        &[
            r#"workloads[0].kind is "Deployment", which is built in; leave the entry out"#,
            r#"workloads[1].kind is "Pod", which is built in; leave the entry out"#,
        ],
    ),
];

#[test]
fn all_that_is_wrong_is_said_at_once_in_these_words() {
    for (settings, expected) in REFUSALS {
        assert_eq!(problems(settings), *expected, "{settings}");
    }
}

/// [`FULL`] with another value at one place, the place, and whether the value may be of the right type there.
fn with_another_value() -> impl Strategy<Value = (String, Path, bool)> {
    (any::<Index>(), json_text::value(2)).prop_map(|(index, text)| {
        let document = Document::parse(FULL.as_bytes()).unwrap();
        let value = *index.get(&all_values(document.root()));
        let mut edits = json::Changes::default();
        edits.replace(value, text.clone());
        let mut settings = Vec::new();
        edits.write(document.root(), &mut settings);

        let path = value.path_from(document.root());
        let kind = Document::parse(text.as_bytes()).unwrap().root().kind();
        let may_be_right = kind == value.kind()
            || (path == Path::default() && kind == Kind::Null)
            // A bare `off` is `false` to kubectl.
            || (path.to_string().starts_with("rules.") && text == "false")
            || (path.to_string().contains(".resources.") && matches!(kind, Kind::Number | Kind::String));
        (String::from_utf8(settings).unwrap(), path, may_be_right)
    })
}

/// True if one of the paths leads through the place of the other.
fn are_in_line(path: &Path, other: &Path) -> bool {
    path.segments().starts_with(other.segments()) || other.segments().starts_with(path.segments())
}

proptest! {
    #[test]
    fn a_value_that_does_not_belong_is_named_and_nothing_else_is((settings, path, may_be_right) in with_another_value()) {
        let document = Document::parse(settings.as_bytes()).unwrap();
        let problems: Vec<Problem> = Settings::read(document.root()).err().unwrap_or_default();
        prop_assert!(may_be_right || !problems.is_empty(), "nothing is wrong with {}", path);
        for problem in problems {
            prop_assert!(are_in_line(&problem.path, &path), "{} is replaced, but {}", path, problem);
        }
    }
}
