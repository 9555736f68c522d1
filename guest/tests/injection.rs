//! What pods get: variables, mounts, volumes and the proxy, to the letter.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

#[path = "common/admission.rs"]
#[expect(dead_code, reason = "pods and service accounts are the matter here, and not those of other tests")]
mod admission;

use std::collections::BTreeMap;

use admission::{answer_to, creation};
use azure_workload_identity_policy::rule::RuleId;
use fake_cluster::FakeCluster;
use serde_json::{Value, json};

const PEM: &str = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
const PROXY: &str = "azure.workload.identity/inject-proxy-sidecar";
const SKIP: &str = "azure.workload.identity/skip-containers";
const EXPIRATION: &str = "azure.workload.identity/service-account-token-expiration";
const BINDING: &str = "azure.workload.identity/use-identity-binding";

/// The volume, and where it is mounted, in a pod `pod`.
const VOLUME: &str = "azure-workload-identity-reserved-425c89ed5bb78a7623fae60fd8a6f6";
const MOUNT_PATH: &str = "/var/run/secrets/azure/wi/425c89ed5bb78a7623fae60fd8a6f6";

/// Annotations of a service account.
fn account(client_id: Option<&str>, tenant_id: Option<&str>) -> Value {
    let ids = [("client-id", client_id), ("tenant-id", tenant_id)];
    ids.into_iter().filter_map(|(key, id)| Some((format!("azure.workload.identity/{key}"), json!(id?)))).collect()
}

/// A labelled pod `pod` with these annotations and this spec.
fn pod(annotations: &Value, spec: &Value) -> Value {
    json!({
        "metadata": {"name": "pod", "labels": {"azure.workload.identity/use": "true"}, "annotations": annotations},
        "spec": spec,
    })
}

/// The pod as it is stored; its service account has these annotations.
fn injected(pod: &Value, inject: &Value, account: &Value) -> Value {
    // How a pod is judged is not the matter here.
    let rules: BTreeMap<_, _> = RuleId::ALL.map(|rule| (rule.name(), "off")).into_iter().collect();
    let cluster = FakeCluster::default().and_service_account("shop", "default", account);
    let answer = answer_to(&creation(pod), &json!({"inject": inject, "rules": rules}), &cluster);
    let mut answer: Value = serde_json::from_slice(&answer).unwrap();
    assert_eq!(answer["accepted"], true, "{answer}");
    answer.get_mut("mutated_object").map_or_else(|| pod.clone(), Value::take)
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|element| element["name"].as_str().unwrap()).collect()
}

#[test]
fn a_container_gets_the_variables_that_have_a_value() {
    let tenant = json!({"tenantId": "contoso.com"});
    let binding = |ca: Value| {
        let proxy = "https://kubernetes.default.svc";
        json!({"identityBinding": {"tokenProxy": proxy, "sniName": "sni.example.com", "ca": ca}})
    };
    let asked = json!({BINDING: "True"});
    let ca_file = format!("{MOUNT_PATH}/ca-cert/ca.crt");
    let client = ("AZURE_CLIENT_ID", "client");
    let host = ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/");
    let token_proxy = ("AZURE_KUBERNETES_TOKEN_PROXY", "https://kubernetes.default.svc");
    let sni_name = ("AZURE_KUBERNETES_SNI_NAME", "sni.example.com");
    let token = ("AZURE_FEDERATED_TOKEN_FILE", &*format!("{MOUNT_PATH}/token/azure-identity-token"));
    let cases = [
        (
            json!({}),
            &tenant,
            account(Some("client"), None),
            vec![client, ("AZURE_TENANT_ID", "contoso.com"), token, host],
        ),
        (
            json!({}),
            &tenant,
            account(Some("client"), Some("own")),
            vec![client, ("AZURE_TENANT_ID", "own"), token, host],
        ),
        (json!({}), &tenant, account(Some("client"), Some("")), vec![client, token, host]),
        (json!({}), &json!({}), account(Some(""), None), vec![token, host]),
        (
            json!({}),
            &json!({"azureEnvironment": "AzureChinaCloud"}),
            account(None, None),
            vec![token, ("AZURE_AUTHORITY_HOST", "https://login.chinacloudapi.cn/")],
        ),
        (
            asked.clone(),
            &binding(json!({"configMap": "ca"})),
            account(None, None),
            vec![token, host, token_proxy, sni_name, ("AZURE_KUBERNETES_CA_FILE", &ca_file)],
        ),
        (
            asked.clone(),
            &binding(json!({"clusterTrustBundle": {"signerName": "a/b"}})),
            account(None, None),
            vec![token, host, token_proxy, sni_name, ("AZURE_KUBERNETES_CA_FILE", &ca_file)],
        ),
        (
            asked.clone(),
            &binding(json!({"data": PEM})),
            account(None, None),
            vec![token, host, token_proxy, sni_name, ("AZURE_KUBERNETES_CA_DATA", PEM)],
        ),
        (asked.clone(), &json!({"identityBinding": {}}), account(None, None), vec![token, host]),
        (asked, &json!({}), account(None, None), vec![token, host]),
        (json!({BINDING: "yes"}), &binding(json!({"configMap": "ca"})), account(None, None), vec![token, host]),
        (json!({}), &binding(json!({"configMap": "ca"})), account(None, None), vec![token, host]),
    ];
    for (annotations, inject, account, variables) in cases {
        let pod = injected(&pod(&annotations, &json!({"containers": [{"name": "web"}]})), inject, &account);
        let expected: Vec<_> = variables.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        assert_eq!(pod["spec"]["containers"][0]["env"], json!(expected), "{annotations} {inject} {account}");
    }
}

#[test]
fn a_variable_that_a_container_has_stays_whatever_it_is() {
    let own = [
        json!({"name": "AZURE_CLIENT_ID", "value": "own"}),
        json!({"name": "AZURE_CLIENT_ID", "value": ""}),
        json!({"name": "AZURE_CLIENT_ID"}),
        json!({"name": "AZURE_CLIENT_ID", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}),
    ];
    for own in own {
        let spec = json!({"containers": [{"name": "web", "env": [own, own], "envFrom": [{"prefix": "AZURE_"}]}]});
        let pod = injected(&pod(&json!({}), &spec), &json!({}), &account(Some("client"), None));

        let container = &pod["spec"]["containers"][0];
        let expected = ["AZURE_CLIENT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_AUTHORITY_HOST"];
        assert_eq!(names(&container["env"]), expected);
        assert_eq!((&container["env"][0], &container["env"][1]), (&own, &own));
    }
}

#[test]
fn volume_and_mount_are_those_of_the_layout() {
    let named = json!({"name": "pod"});
    let generated = json!({"generateName": "nginx-deployment-5d4f8c7b9d-"});
    let cases = [
        ("v1.5", &named, "azure-identity-token", "/var/run/secrets/azure/tokens", "azure-identity-token"),
        ("v1.6.0", &named, VOLUME, "/var/run/secrets/azure/wi", "token/azure-identity-token"),
        ("v1.6.1", &named, VOLUME, MOUNT_PATH, "token/azure-identity-token"),
        (
            "v1.6.1",
            &generated,
            "azure-workload-identity-reserved-6d28f11a41d31d1f6ee3345d98098f",
            "/var/run/secrets/azure/wi/6d28f11a41d31d1f6ee3345d98098f",
            "token/azure-identity-token",
        ),
        (
            "v1.6.1",
            &json!({}),
            "azure-workload-identity-reserved-7ae265465cf68a19ccd3c91d70dc31",
            "/var/run/secrets/azure/wi/7ae265465cf68a19ccd3c91d70dc31",
            "token/azure-identity-token",
        ),
    ];
    for (layout, metadata, volume, mount_path, token_path) in cases {
        let mut pod = pod(&json!({}), &json!({"containers": [{"name": "web"}], "volumes": [{"name": "data"}]}));
        pod["metadata"].as_object_mut().unwrap().remove("name");
        pod["metadata"].as_object_mut().unwrap().extend(metadata.as_object().unwrap().clone());
        let inject = json!({"layout": layout, "audience": "api://own"});
        let pod = injected(&pod, &inject, &account(None, None));

        let token = json!({"audience": "api://own", "expirationSeconds": 3600, "path": token_path});
        let projected = json!({"sources": [{"serviceAccountToken": token}]});
        assert_eq!(pod["spec"]["volumes"], json!([{"name": "data"}, {"name": volume, "projected": projected}]));
        let container = &pod["spec"]["containers"][0];
        assert_eq!(container["volumeMounts"], json!([{"name": volume, "mountPath": mount_path, "readOnly": true}]));
        let token_file = json!({"name": "AZURE_FEDERATED_TOKEN_FILE", "value": format!("{mount_path}/{token_path}")});
        assert!(container["env"].as_array().unwrap().contains(&token_file), "{container}");
    }
}

#[test]
fn a_token_lives_as_long_as_the_pod_says_or_else_its_service_account() {
    let cases = [
        (json!({}), None, 3600),
        (json!({EXPIRATION: ""}), Some(""), 3600),
        (json!({}), Some("7200"), 7200),
        (json!({EXPIRATION: "+086400"}), Some("7200"), 86400),
    ];
    for (annotations, of_account, seconds) in cases {
        let account: Value = of_account.map(|text| (EXPIRATION.to_owned(), json!(text))).into_iter().collect();
        let pod = injected(&pod(&annotations, &json!({})), &json!({}), &account);
        let token = &pod["spec"]["volumes"][0]["projected"]["sources"][0]["serviceAccountToken"];
        assert_eq!(token["expirationSeconds"], seconds, "{annotations} {of_account:?}");
    }
}

#[test]
fn the_identity_binding_has_its_own_audience_and_ca() {
    let selector = json!({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "Exists"}]});
    let path = "ca-cert/ca.crt";
    let config_map =
        json!({"configMap": {"name": "ca", "items": [{"key": "ca.crt", "path": path}], "optional": false}});
    let bundle = |selector: Option<&Value>| {
        let mut bundle = json!({"signerName": "a/b", "path": path, "optional": false});
        if let Some(selector) = selector {
            bundle["labelSelector"] = selector.clone();
        }
        json!({"clusterTrustBundle": bundle})
    };
    let cases = [
        (json!({"configMap": "ca"}), vec![config_map]),
        (json!({"clusterTrustBundle": {"signerName": "a/b"}}), vec![bundle(None)]),
        (
            json!({"clusterTrustBundle": {"signerName": "a/b", "labelSelector": selector}}),
            vec![bundle(Some(&selector))],
        ),
        (json!({"data": PEM}), vec![]),
    ];
    for (ca, expected) in cases {
        let inject = json!({"identityBinding": {"audience": "api://binding", "ca": ca}});
        let pod = injected(&pod(&json!({BINDING: "true"}), &json!({})), &inject, &account(None, None));

        let sources = pod["spec"]["volumes"][0]["projected"]["sources"].as_array().unwrap();
        assert_eq!(sources[0]["serviceAccountToken"]["audience"], "api://binding");
        assert_eq!(sources[1..], expected, "{ca}");
    }
}

#[test]
fn containers_that_are_skipped_get_nothing() {
    let cases = [
        ("", ["early", "web", "log"].as_slice()),
        ("web", &["early", "log"]),
        ("web;log", &["early"]),
        (" log ;\tearly\u{a0}", &["web"]),
        ("web;;", &["early", "log"]),
        ("web,log", &["early", "web", "log"]),
        ("Web", &["early", "web", "log"]),
        ("early;web;log", &[]),
    ];
    for (annotation, expected) in cases {
        let spec = json!({"initContainers": [{"name": "early"}], "containers": [{"name": "web"}, {"name": "log"}]});
        let pod = injected(&pod(&json!({SKIP: annotation}), &spec), &json!({}), &account(None, None));

        let lists = ["initContainers", "containers"].map(|list| pod["spec"][list].as_array().unwrap());
        let with_identity: Vec<_> = lists
            .into_iter()
            .flatten()
            .filter(|container| container["env"].is_array() && container["volumeMounts"].is_array())
            .map(|container| container["name"].as_str().unwrap())
            .collect();
        assert_eq!(with_identity, expected, "{annotation:?}");
        let untouched =
            lists.into_iter().flatten().filter(|container| container.as_object().unwrap().len() == 1).count();
        assert_eq!(untouched, 3 - expected.len(), "{annotation:?}");
    }
}

#[test]
fn a_mount_of_the_token_that_is_not_right_is_put_right() {
    let right = json!({"name": VOLUME, "mountPath": MOUNT_PATH, "readOnly": true});
    let data = json!({"name": "data", "mountPath": "/data"});
    let mounts = [
        json!({"name": VOLUME, "mountPath": "/elsewhere", "readOnly": true}),
        json!({"name": VOLUME, "mountPath": MOUNT_PATH}),
        json!({"name": VOLUME, "mountPath": MOUNT_PATH, "readOnly": false}),
        json!({"name": VOLUME, "mountPath": MOUNT_PATH, "readOnly": true, "subPath": "token"}),
        right.clone(),
    ];
    for mount in mounts {
        let spec = json!({"containers": [{"name": "web", "volumeMounts": [mount, data]}]});
        let pod = injected(&pod(&json!({}), &spec), &json!({}), &account(None, None));
        assert_eq!(pod["spec"]["containers"][0]["volumeMounts"], json!([right, data]), "{mount}");
    }
}

#[test]
fn a_token_volume_that_is_not_right_is_put_right() {
    let token = |seconds: u32| {
        json!({"serviceAccountToken": {
            "audience": "api://AzureADTokenExchange", "expirationSeconds": seconds, "path": "token/azure-identity-token"
        }})
    };
    let right = json!({"name": VOLUME, "projected": {"sources": [token(3600)]}});
    let volumes = [
        json!({"name": VOLUME, "emptyDir": {}}),
        json!({"name": VOLUME, "projected": {"sources": []}}),
        json!({"name": VOLUME, "projected": {"sources": [token(7200)]}}),
        json!({"name": VOLUME, "projected": {"sources": [token(3600), {"secret": {"name": "a"}}]}}),
        json!({"name": VOLUME, "projected": {"sources": [token(3600)], "defaultMode": 256}}),
        json!({"name": VOLUME, "projected": {"sources": [token(3600)]}, "emptyDir": {}}),
        right.clone(),
    ];
    for volume in volumes {
        let spec = json!({"volumes": [{"name": "data"}, volume, {"name": "tmp"}]});
        let pod = injected(&pod(&json!({}), &spec), &json!({}), &account(None, None));
        assert_eq!(pod["spec"]["volumes"], json!([{"name": "data"}, right, {"name": "tmp"}]), "{volume}");
    }
}

#[test]
fn up_to_v1_5_any_token_of_the_right_path_is_used_as_it_is() {
    let token =
        json!({"serviceAccountToken": {"audience": "api://AzureADTokenExchange", "path": "azure-identity-token"}});
    let volume = json!({"name": "own", "projected": {"sources": [token]}});
    let mount = json!({"name": "own", "mountPath": "/elsewhere"});
    let spec = json!({"containers": [{"name": "web", "volumeMounts": [mount]}], "volumes": [volume]});
    let pod = injected(&pod(&json!({}), &spec), &json!({"layout": "v1.5"}), &account(None, None));

    assert_eq!(pod["spec"]["volumes"], json!([volume]));
    assert_eq!(pod["spec"]["containers"][0]["volumeMounts"], json!([mount]));
}

#[test]
fn no_second_mount_is_added_at_one_path() {
    let own = json!({"name": "own", "mountPath": MOUNT_PATH});
    let elsewhere = json!({"name": VOLUME, "mountPath": "/elsewhere"});
    for mounts in [json!([own]), json!([elsewhere, own])] {
        let spec = json!({"containers": [{"name": "web", "volumeMounts": mounts}], "volumes": [{"name": "own", "emptyDir": {}}]});
        let pod = injected(&pod(&json!({}), &spec), &json!({}), &account(None, None));
        assert_eq!(pod["spec"]["containers"][0]["volumeMounts"], mounts);
    }
}

/// What the proxy and its init container have besides image and identity.
fn expected_proxy() -> (Value, Value) {
    let proxy = json!({
        "name": "azwi-proxy",
        "image": "example.com/proxy:v1",
        "imagePullPolicy": "IfNotPresent",
        "args": ["--proxy-port=9000", "--log-level=debug"],
        "ports": [{"containerPort": 9000}],
        "resources": {"limits": {"memory": "64Mi"}},
        "lifecycle": {"postStart": {"exec": {"command": ["/proxy", "--proxy-port=9000", "--probe", "--log-level=debug"]}}},
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "capabilities": {"drop": ["ALL"]},
            "privileged": false,
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": true,
        },
    });
    let init = json!({
        "name": "azwi-proxy-init",
        "image": "example.com/proxy-init:v1",
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": "PROXY_PORT", "value": "9000"}],
        "resources": {"limits": {"memory": "64Mi"}},
        "securityContext": {
            "capabilities": {"add": ["NET_ADMIN"], "drop": ["ALL"]},
            "privileged": true,
            "runAsNonRoot": false,
            "runAsUser": 0,
        },
    });
    (proxy, init)
}

fn proxy_settings(native_sidecar: bool) -> Value {
    json!({"proxy": {
        "image": "example.com/proxy:v1",
        "initImage": "example.com/proxy-init:v1",
        "logLevel": "debug",
        "nativeSidecar": native_sidecar,
        "resources": {"limits": {"memory": "64Mi"}},
    }})
}

#[test]
fn the_proxy_is_to_the_letter_upstreams() {
    let annotations =
        json!({PROXY: "", "azure.workload.identity/proxy-sidecar-port": "9000", SKIP: "azwi-proxy;azwi-proxy-init"});
    for native in [true, false] {
        let (mut proxy, init) = expected_proxy();
        if native {
            proxy["restartPolicy"] = "Always".into();
        }
        let pod = injected(&pod(&annotations, &json!({})), &proxy_settings(native), &account(None, None));
        let (init_containers, containers) =
            if native { (json!([proxy, init]), Value::Null) } else { (json!([init]), json!([proxy])) };
        assert_eq!(pod["spec"]["initContainers"], init_containers, "native: {native}");
        assert_eq!(pod["spec"]["containers"], containers, "native: {native}");
    }
}

#[test]
fn the_proxy_gets_the_identity_unless_it_is_skipped() {
    let pod = injected(&pod(&json!({PROXY: "true"}), &json!({})), &json!({}), &account(Some("client"), None));
    let [proxy, init] = [0, 1].map(|index| &pod["spec"]["initContainers"][index]);
    let variables = ["AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_AUTHORITY_HOST"];
    assert_eq!(names(&proxy["env"]), variables);
    assert_eq!(names(&init["env"]), [&["PROXY_PORT"], variables.as_slice()].concat());
    for container in [proxy, init] {
        assert_eq!(container["volumeMounts"], json!([{"name": VOLUME, "mountPath": MOUNT_PATH, "readOnly": true}]));
    }
}

#[test]
fn the_proxy_comes_first_its_init_container_last_and_neither_twice() {
    let lists = |init: &[&str], containers: &[&str]| {
        let list = |names: &[&str]| names.iter().map(|name| json!({"name": name})).collect::<Value>();
        json!({"initContainers": list(init), "containers": list(containers)})
    };
    let cases = [
        (true, lists(&["a"], &["b"]), vec!["azwi-proxy", "a", "azwi-proxy-init"], vec!["b"]),
        (false, lists(&["a"], &["b"]), vec!["a", "azwi-proxy-init"], vec!["azwi-proxy", "b"]),
        (true, lists(&["a", "azwi-proxy"], &["b"]), vec!["a", "azwi-proxy", "azwi-proxy-init"], vec!["b"]),
        (true, lists(&["azwi-proxy-init", "a"], &["b"]), vec!["azwi-proxy", "azwi-proxy-init", "a"], vec!["b"]),
        (false, lists(&["azwi-proxy-init"], &["b", "azwi-proxy"]), vec!["azwi-proxy-init"], vec!["b", "azwi-proxy"]),
        (true, lists(&[], &["azwi-proxy"]), vec!["azwi-proxy-init"], vec!["azwi-proxy"]),
        (false, lists(&["azwi-proxy"], &["azwi-proxy-init"]), vec!["azwi-proxy"], vec!["azwi-proxy-init"]),
    ];
    for (native, spec, init_containers, containers) in cases {
        let pod = injected(&pod(&json!({PROXY: "true"}), &spec), &proxy_settings(native), &account(None, None));
        assert_eq!(names(&pod["spec"]["initContainers"]), init_containers, "native: {native}, {spec}");
        assert_eq!(names(&pod["spec"]["containers"]), containers, "native: {native}, {spec}");
    }
}
