//! The shapes: each a request of about as many bytes as it is told.

use std::fmt::Write as _;

/// A kind of request that may be costly.
#[derive(Clone, Copy)]
pub struct Shape {
    /// What it consists of.
    pub name: &'static str,
    /// Makes a request of about this many bytes, as JSON.
    pub request: fn(usize) -> String,
}

/// All shapes. Those of one attack follow each other.
pub const SHAPES: &[Shape] = &[
    Shape { name: "skip-containers of unknown names, 100 containers", request: |size| skip(size, 100, false) },
    Shape { name: "skip-containers of unknown names, 1,000 containers", request: |size| skip(size, 1_000, false) },
    Shape { name: "skip-containers of as many containers", request: |size| skip(size, usize::MAX, true) },
    Shape {
        name: "skip-containers of one long name",
        request: |size| {
            let name = "a,".repeat(size / 2);
            pod(&format!(r#""azure.workload.identity/skip-containers":"{name}""#), CONTAINER, "")
        },
    },
    Shape {
        name: "update of equal annotations, service account",
        request: |size| same_account(size, "annotations", false),
    },
    Shape { name: "update of equal labels, service account", request: |size| same_account(size, "labels", false) },
    Shape {
        name: "update of labels in another order, service account",
        request: |size| same_account(size, "labels", true),
    },
    Shape { name: "update of equal labels, Deployment", request: |size| same_deployment(size, "labels", false) },
    Shape {
        name: "update of annotations in another order, Deployment",
        request: |size| same_deployment(size, "annotations", true),
    },
    Shape {
        name: "update of a selector in another order, Service",
        request: |size| {
            let selector = |reversed| entries(size / 2, reversed, |i| format!(r#""k{i}":"v""#));
            let service = |reversed| {
                object(
                    "v1",
                    "Service",
                    "web",
                    "",
                    &format!(
                        r#""spec":{{"selector":{{{},"azure.workload.identity/use":"true"}}}}"#,
                        selector(reversed)
                    ),
                )
            };
            update("", "Service", "services", &service(false), &service(true))
        },
    },
    Shape { name: "unknown annotations, and variables", request: |size| annotations_and_variables(size, false) },
    Shape {
        name: "unknown annotations, and variables from them",
        request: |size| annotations_and_variables(size, true),
    },
    Shape {
        name: "misplaced and unknown keys on a service account",
        request: |size| {
            let keys = list(size, |i| format!(r#""azure.workload.identity/{i}":"x""#));
            create("v1", "ServiceAccount", "serviceaccounts", "api", &format!(r#","annotations":{{{keys}}}"#), "")
        },
    },
    Shape {
        name: "AZURE_USERNAME repeated",
        request: |size| variables(size, |_| r#"{"name":"AZURE_USERNAME"}"#.to_owned()),
    },
    Shape {
        name: "AZURE_AUTHORITY_HOST repeated",
        request: |size| variables(size, |_| r#"{"name":"AZURE_AUTHORITY_HOST","value":"x"}"#.to_owned()),
    },
    Shape {
        name: "AZURE_CLIENT_ID repeated",
        request: |size| variables(size, |_| r#"{"name":"AZURE_CLIENT_ID","value":"x"}"#.to_owned()),
    },
    Shape {
        name: "AZURE_FEDERATED_TOKEN_FILE repeated",
        request: |size| variables(size, |i| format!(r#"{{"name":"AZURE_FEDERATED_TOKEN_FILE","value":"/a/{i}"}}"#)),
    },
    Shape {
        name: "AZURE_CLIENT_ID in many containers",
        request: |size| {
            let containers =
                list(size, |i| format!(r#"{{"name":"c{i}","env":[{{"name":"AZURE_CLIENT_ID","value":"x"}}]}}"#));
            pod("", &containers, "")
        },
    },
    Shape {
        name: "field references to annotations, repeated",
        request: |size| {
            variables(size, |i| {
                format!(
                    r#"{{"name":"A{i}","valueFrom":{{"fieldRef":{{"fieldPath":"metadata.annotations['azure.workload.identity/client-id']"}}}}}}"#
                )
            })
        },
    },
    Shape {
        name: "references to earlier variables",
        request: |size| {
            variables(size, |i| format!(r#"{{"name":"A{i}","value":"$(A{})$(AZURE_CLIENT_ID)"}}"#, i.saturating_sub(1)))
        },
    },
    Shape {
        name: "references, doubled at each step",
        request: |size| {
            variables(size, |i| format!(r#"{{"name":"A{i}","value":"$(A{0})$(A{0})"}}"#, i.saturating_sub(1)))
        },
    },
    Shape {
        name: "AZURE_CLIENT_ID from long chains in many containers",
        request: |size| {
            let containers = list(size, |i| {
                let chain = (1..100)
                    .fold(String::new(), |chain, j| chain + &format!(r#",{{"name":"A{j}","value":"$(A{})"}}"#, j - 1));
                format!(
                    r#"{{"name":"c{i}","env":[{{"name":"A0","value":"x"}}{chain},{{"name":"AZURE_CLIENT_ID","value":"$(A99)"}}]}}"#
                )
            });
            pod("", &containers, "")
        },
    },
    Shape {
        name: "one variable of many references",
        request: |size| {
            let value = "$(AZURE_CLIENT_ID)".repeat(size / 18);
            pod("", &format!(r#"{{"name":"web","env":[{{"name":"AZURE_TENANT_ID","value":"{value}"}}]}}"#), "")
        },
    },
    Shape {
        name: "envFrom repeated",
        request: |size| {
            let sources = list(size, |i| format!(r#"{{"prefix":"A{i}_","configMapRef":{{"name":"a"}}}}"#));
            pod("", &format!(r#"{{"name":"web","envFrom":[{sources}]}}"#), "")
        },
    },
    Shape {
        name: "reserved token volumes, and mounts",
        request: |size| {
            volumes_and_mounts(size, token_volume, |i| (reserved(i), format!("/var/run/secrets/azure/wi/{i:030x}")))
        },
    },
    Shape {
        name: "token volumes of v1.5, and mounts",
        request: |size| {
            volumes_and_mounts(
                size,
                |_| TOKEN_VOLUME_1_5.to_owned(),
                |_| ("azure-identity-token".to_owned(), "/var/run/secrets/azure/tokens".to_owned()),
            )
        },
    },
    Shape {
        name: "volumes, and mounts at token paths",
        request: |size| {
            volumes_and_mounts(
                size,
                |i| format!(r#"{{"name":"v{i}"}}"#),
                |i| (format!("v{i}"), format!("/var/run/secrets/azure/wi/{i}")),
            )
        },
    },
    Shape {
        name: "volumes, and mounts below each other",
        request: |size| {
            volumes_and_mounts(
                size,
                |i| format!(r#"{{"name":"v{i}"}}"#),
                |i| (format!("v{i}"), format!("/{}", "a/".repeat(i % 100))),
            )
        },
    },
    Shape {
        name: "mounts of one volume in many containers",
        request: |size| {
            let containers = list(size, |i| {
                format!(
                    r#"{{"name":"c{i}","volumeMounts":[{{"name":"azure-identity-token","mountPath":"/var/run/secrets/azure/tokens"}}]}}"#
                )
            });
            pod("", &containers, TOKEN_VOLUMES)
        },
    },
    Shape {
        name: "token files in many mounts and containers",
        request: |size| {
            let containers = list(size / 2, |i| {
                format!(
                    r#"{{"name":"c{i}","env":[{{"name":"AZURE_FEDERATED_TOKEN_FILE","value":"/t{i}/token"}}],"volumeMounts":[{{"name":"v{i}","mountPath":"/t{i}"}}]}}"#
                )
            });
            let volumes = list(size / 2, |i| {
                format!(
                    r#"{{"name":"v{i}","projected":{{"sources":[{{"serviceAccountToken":{{"path":"token","audience":"api://AzureADTokenExchange"}}}}]}}}}"#
                )
            });
            pod("", &containers, &format!(r#","volumes":[{volumes}]"#))
        },
    },
    Shape {
        name: "sources in one volume",
        request: |size| {
            let sources = list(size, |i| {
                format!(r#"{{"serviceAccountToken":{{"path":"a{i}","audience":"api://AzureADTokenExchange"}}}}"#)
            });
            pod(
                "",
                CONTAINER,
                &format!(r#","volumes":[{{"name":"azure-identity-token","projected":{{"sources":[{sources}]}}}}]"#),
            )
        },
    },
    Shape {
        name: "sources in one volume, mounted in many containers",
        request: |size| {
            let sources = list(size / 2, |i| {
                format!(r#"{{"serviceAccountToken":{{"path":"a{i}","audience":"api://AzureADTokenExchange"}}}}"#)
            });
            let containers = list(size / 2, |i| {
                format!(
                    r#"{{"name":"c{i}","env":[{{"name":"AZURE_FEDERATED_TOKEN_FILE","value":"/t/b"}}],"volumeMounts":[{{"name":"azure-identity-token","mountPath":"/t"}}]}}"#
                )
            });
            pod(
                "",
                &containers,
                &format!(r#","volumes":[{{"name":"azure-identity-token","projected":{{"sources":[{sources}]}}}}]"#),
            )
        },
    },
    Shape {
        name: "sources in one volume, mounted at token paths",
        request: |size| {
            let sources = list(size / 2, |i| format!(r#"{{"serviceAccountToken":{{"path":"a{i}"}}}}"#));
            let mounts = list(size / 2, |i| {
                format!(r#"{{"name":"azure-identity-token","mountPath":"/var/run/secrets/azure/wi/{i}"}}"#)
            });
            pod(
                "",
                &format!(r#"{{"name":"web","volumeMounts":[{mounts}]}}"#),
                &format!(r#","volumes":[{{"name":"azure-identity-token","projected":{{"sources":[{sources}]}}}}]"#),
            )
        },
    },
    Shape {
        name: "one arg of token paths",
        request: |size| {
            let arg = "/var/run/secrets/azure/w".repeat(size / 24);
            pod("", &format!(r#"{{"name":"web","args":["{arg}"]}}"#), "")
        },
    },
    Shape {
        name: "args that hold a token path",
        request: |size| {
            let args = list(size, |_| r#""/var/run/secrets/azure/tokens""#.to_owned());
            pod("", &format!(r#"{{"name":"web","args":[{args}]}}"#), "")
        },
    },
    Shape {
        name: "variables that hold a token path",
        request: |size| variables(size, |i| format!(r#"{{"name":"A{i}","value":"/var/run/secrets/azure/tokens"}}"#)),
    },
    Shape {
        name: "ephemeral containers, old and new",
        request: |size| {
            let containers = |bytes, prefix: &str| {
                list(bytes, |i| {
                    format!(r#"{{"name":"{prefix}{i}","volumeMounts":[{{"name":"azure-identity-token"}}]}}"#)
                })
            };
            let pod = |containers: &str| {
                object(
                    "v1",
                    "Pod",
                    "web",
                    LABELLED,
                    &format!(
                        r#""spec":{{"containers":[{CONTAINER}],"ephemeralContainers":[{containers}]{TOKEN_VOLUMES}}}"#
                    ),
                )
            };
            let (old, new) = (containers(size / 3, "o"), containers(size / 3, "n"));
            let request = update("", "Pod", "pods", &pod(&format!("{old},{new}")), &pod(&old));
            request.replacen(r#""operation""#, r#""subResource":"ephemeralcontainers","operation""#, 1)
        },
    },
    Shape {
        name: "many near-miss keys",
        request: |size| keys(size, |i| format!("azure.workload.identity/client-{i}")),
    },
    Shape {
        name: "many near-miss keys, each long",
        request: |size| {
            keys(size, |i| format!("azure.workload.identity/{}{i}", "service-account-token-expiratio".repeat(8)))
        },
    },
    Shape {
        name: "misspelt keys on a workload and its template",
        request: |size| {
            let keys = list(size / 2, |i| format!(r#""azure.workload.identity/use-identity-bindin{i}":"x""#));
            let template = format!(r#"{{"metadata":{{"labels":{{{keys}}}}},"spec":{{"containers":[{CONTAINER}]}}}}"#);
            create(
                "apps/v1",
                "Deployment",
                "deployments",
                "web",
                &format!(r#","annotations":{{{keys}}}"#),
                &format!(r#""spec":{{"template":{template}}}"#),
            )
        },
    },
    Shape {
        name: "one key of the whole size",
        request: |size| {
            keys(size, move |i| {
                if i == 0 { format!("azure.workload.identity/{}", "a".repeat(size - 200)) } else { "k".repeat(1000) }
            })
        },
    },
    Shape {
        name: "one key of words of workload identity",
        request: |size| keys(size, move |i| if i == 0 { "identit".repeat(size / 7 - 30) } else { "k".repeat(1000) }),
    },
    Shape {
        name: "init containers",
        request: |size| {
            let containers = list(size, |i| format!(r#"{{"name":"{i}"}}"#));
            pod("", CONTAINER, &format!(r#","initContainers":[{containers}]"#))
        },
    },
    Shape { name: "containers", request: |size| pod("", &list(size, |i| format!(r#"{{"name":"{i}"}}"#)), "") },
    Shape {
        name: "containers, and members of the spec",
        request: |size| {
            let members = list(size / 2, |i| format!(r#""k{i}":0"#));
            let containers =
                list(size / 2, |i| format!(r#"{{"name":"{i}","env":[{{"name":"AZURE_CLIENT_ID","value":"x"}}]}}"#));
            pod("", &containers, &format!(",{members}"))
        },
    },
    Shape {
        name: "containers, and annotations",
        request: |size| {
            let annotations = list(size / 4, |i| format!(r#""k{i}":"""#));
            let containers =
                list(size * 3 / 4, |i| format!(r#"{{"name":"{i}","volumeMounts":[{{"name":"a","mountPath":"/a"}}]}}"#));
            pod(&annotations, &containers, "")
        },
    },
    Shape { name: "containers without a name", request: |size| pod("", &list(size, |_| "{}".to_owned()), "") },
    Shape {
        name: "containers with the proxy",
        request: |size| {
            pod(PROXY, &list(size, |i| format!(r#"{{"name":"{i}","ports":[{{"containerPort":8000}}]}}"#)), "")
        },
    },
    Shape {
        name: "ports of a container, with the proxy",
        request: |size| {
            let ports = list(size, |_| r#"{"containerPort":8000}"#.to_owned());
            pod(PROXY, &format!(r#"{{"name":"web","ports":[{ports}]}}"#), "")
        },
    },
    Shape {
        name: "containers with reserved names",
        request: |size| {
            pod(PROXY, &list(size, |_| r#"{"name":"azwi-proxy"},{"name":"azwi-proxy-init"}"#.to_owned()), "")
        },
    },
    Shape {
        name: "2,000 containers",
        request: |size| {
            let each = size / 2_000;
            pod(
                "",
                &list(size, |i| format!(r#"{{"name":"c{i}","command":["{}"]}}"#, "x".repeat(each.saturating_sub(35)))),
                "",
            )
        },
    },
    Shape {
        name: "60 containers with variables",
        request: |size| {
            let env = list(size / 60, |i| format!(r#"{{"name":"SETTING_{i}","value":"https://shop.svc"}}"#));
            pod("", &(0..60).map(|i| format!(r#"{{"name":"c{i}","env":[{env}]}}"#)).collect::<Vec<_>>().join(","), "")
        },
    },
    Shape { name: "plain variables", request: |size| variables(size, |i| format!(r#"{{"name":"A{i}","value":"x"}}"#)) },
    Shape {
        name: "a service account's name of the whole size",
        request: |size| {
            create(
                "v1",
                "Pod",
                "pods",
                "web",
                LABELLED,
                &format!(r#""spec":{{"serviceAccountName":"{}","containers":[{CONTAINER}]}}"#, "a".repeat(size)),
            )
        },
    },
    Shape {
        name: "a pod's name of the whole size",
        request: |size| {
            create(
                "v1",
                "Pod",
                "pods",
                &"a".repeat(size),
                LABELLED,
                &format!(r#""spec":{{"serviceAccountName":"api","containers":[{CONTAINER}]}}"#),
            )
        },
    },
    Shape {
        name: "an image of the whole size",
        request: |size| pod(PROXY, &format!(r#"{{"name":"azwi-proxy","image":"{}"}}"#, "a/".repeat(size / 2)), ""),
    },
    Shape {
        name: "a port of the whole size",
        request: |size| {
            pod(
                &format!(r#"{PROXY},"azure.workload.identity/proxy-sidecar-port":"{}""#, "0".repeat(size)),
                CONTAINER,
                "",
            )
        },
    },
    Shape {
        name: "labels",
        request: |size| {
            let labels = list(size, |i| format!(r#""k{i}":"""#));
            create(
                "v1",
                "Pod",
                "pods",
                "web",
                &format!(r#","labels":{{"azure.workload.identity/use":"true",{labels}}}"#),
                &format!(r#""spec":{{"containers":[{CONTAINER}]}}"#),
            )
        },
    },
    Shape {
        name: "nesting",
        request: |size| {
            let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
            pod("", CONTAINER, &format!(r#","x":[{}]"#, list(size, |_| deep.clone())))
        },
    },
    Shape {
        name: "empty arrays",
        request: |size| pod("", CONTAINER, &format!(r#","x":[{}]"#, list(size, |_| "[]".to_owned()))),
    },
    Shape {
        name: "numbers",
        request: |size| pod("", CONTAINER, &format!(r#","x":[{}]"#, list(size, |_| "0".to_owned()))),
    },
    Shape {
        name: "long numbers",
        request: |size| {
            pod("", CONTAINER, &format!(r#","x":[{}]"#, list(size, |i| format!("{i}.{}e-5", "7".repeat(200)))))
        },
    },
    Shape {
        name: "escapes",
        request: |size| {
            variables(size, |_| format!(r#"{{"name":"{}","value":"{}"}}"#, "\\u0041".repeat(10), "\\n".repeat(30)))
        },
    },
    Shape { name: "escaped keys", request: |size| keys(size, |i| format!("\\u0061zure.workload.identity/{i}")) },
    Shape {
        name: "slashes",
        request: |size| variables(size, |_| format!(r#"{{"name":"A","value":"{}"}}"#, "/".repeat(200))),
    },
    Shape { name: "values of another type", request: |size| variables(size, |_| r#"{"name":1}"#.to_owned()) },
    Shape {
        name: "owners",
        request: |size| {
            let owners = list(size, |_| r#"{"kind":"Job"}"#.to_owned());
            let template = format!(
                r#"{{"metadata":{{"labels":{{"azure.workload.identity/use":"yes"}}}},"spec":{{"containers":[{CONTAINER}]}}}}"#
            );
            create(
                "apps/v1",
                "ReplicaSet",
                "replicasets",
                "web",
                &format!(r#","ownerReferences":[{owners}]"#),
                &format!(r#""spec":{{"template":{template}}}"#),
            )
        },
    },
    Shape {
        name: "templates of a custom kind, each with another service account",
        request: |size| {
            let groups = list(size, |i| {
                format!(r#"{{"template":{{"spec":{{"serviceAccountName":"a{i}","containers":[{CONTAINER}]}}}}}}"#)
            });
            create("ray.io/v1", "RayCluster", "rayclusters", "web", "", &format!(r#""spec":{{"groups":[{groups}]}}"#))
        },
    },
    Shape {
        name: "update of templates of a custom kind",
        request: |size| {
            let groups = |label: &str| {
                list(size / 2, |_| {
                    format!(
                        r#"{{"template":{{"metadata":{{"labels":{{"azure.workload.identity/use":"{label}"}}}},"spec":{{"containers":[{CONTAINER}]}}}}}}"#
                    )
                })
            };
            let cluster = |label: &str| {
                object("ray.io/v1", "RayCluster", "web", "", &format!(r#""spec":{{"groups":[{}]}}"#, groups(label)))
            };
            update("ray.io", "RayCluster", "rayclusters", &cluster("yes"), &cluster("no"))
        },
    },
    Shape {
        name: "templates of a custom kind",
        request: |size| {
            let template = format!(
                r#"{{"template":{{"metadata":{{"labels":{{"azure.workload.identity/use":"yes"}}}},"spec":{{"containers":[{CONTAINER}]}}}}}}"#
            );
            let groups = list(size, |_| template.clone());
            create("ray.io/v1", "RayCluster", "rayclusters", "web", "", &format!(r#""spec":{{"groups":[{groups}]}}"#))
        },
    },
    Shape {
        name: "selector of a Service",
        request: |size| {
            let selector = list(size, |i| format!(r#""k{i}":"""#));
            create(
                "v1",
                "Service",
                "services",
                "web",
                "",
                &format!(r#""spec":{{"selector":{{"azure.workload.identity/use":"true",{selector}}}}}"#),
            )
        },
    },
    Shape {
        name: "audiences of a federated credential",
        request: |size| {
            let object = credential("", &list(size, |i| format!(r#""a{i}""#)));
            request(CREDENTIALS, CREDENTIAL, "federatedidentitycredentials", &create_members(&object))
        },
    },
    Shape {
        name: "long subject of a federated credential",
        request: |size| {
            let object = credential(&":a/".repeat(size / 6), "");
            request(CREDENTIALS, CREDENTIAL, "federatedidentitycredentials", &create_members(&object))
        },
    },
    Shape {
        name: "update of audiences in another order, federated credential",
        request: |size| {
            let object = |reversed| credential("", &entries(size / 2, reversed, |i| format!(r#""a{i}""#)));
            update(CREDENTIALS, CREDENTIAL, "federatedidentitycredentials", &object(false), &object(true))
        },
    },
];

const CREDENTIALS: &str = "managedidentity.azure.com";
const CREDENTIAL: &str = "FederatedIdentityCredential";

/// A federated credential with this end of its subject and of its issuer, and these audiences.
fn credential(end: &str, audiences: &str) -> String {
    let spec = format!(
        r#""spec":{{"issuer":"http://oidc.prod-aks.azure.com/{end}","subject":"system:serviceaccount:shop:api{end}","audiences":[{audiences}]}}"#
    );
    object("managedidentity.azure.com/v1", CREDENTIAL, "api", "", &spec)
}

fn create_members(object: &str) -> String {
    format!(r#""operation":"CREATE","object":{object}"#)
}

const CONTAINER: &str = r#"{"name":"web"}"#;
const LABELLED: &str = r#","labels":{"azure.workload.identity/use":"true"}"#;
const PROXY: &str = r#""azure.workload.identity/inject-proxy-sidecar":"true""#;
const TOKEN_VOLUME_1_5: &str = r#"{"name":"azure-identity-token","projected":{"sources":[{"serviceAccountToken":{"path":"azure-identity-token","audience":"api://AzureADTokenExchange"}}]}}"#;
const TOKEN_VOLUMES: &str = r#","volumes":[{"name":"azure-identity-token","projected":{"sources":[{"serviceAccountToken":{"path":"azure-identity-token","audience":"api://AzureADTokenExchange"}}]}}]"#;

/// Items of these bytes together, with commas between them.
fn list(bytes: usize, item: impl Fn(usize) -> String) -> String {
    let mut text = item(0);
    let mut number = 1;
    while text.len() < bytes {
        text.push(',');
        text.push_str(&item(number));
        number += 1;
    }
    text
}

/// As [`list`], in the one order or the other.
fn entries(bytes: usize, reversed: bool, item: impl Fn(usize) -> String) -> String {
    let text = list(bytes, item);
    if !reversed {
        return text;
    }
    let mut parts: Vec<_> = text.split(',').collect();
    parts.reverse();
    parts.join(",")
}

fn object(api_version: &str, kind: &str, name: &str, metadata: &str, members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(
        r#"{{"apiVersion":"{api_version}","kind":"{kind}","metadata":{{"name":"{name}","namespace":"shop"{metadata}}}{comma}{members}}}"#
    )
}

fn create(api_version: &str, kind: &str, resource: &str, name: &str, metadata: &str, members: &str) -> String {
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let object = object(api_version, kind, name, metadata, members);
    request(group, kind, resource, &format!(r#""operation":"CREATE","object":{object}"#))
}

fn update(group: &str, kind: &str, resource: &str, object: &str, old: &str) -> String {
    request(group, kind, resource, &format!(r#""operation":"UPDATE","object":{object},"oldObject":{old}"#))
}

fn request(group: &str, kind: &str, resource: &str, members: &str) -> String {
    format!(
        r#"{{"uid":"1","namespace":"shop","userInfo":{{}},"kind":{{"group":"{group}","version":"v1","kind":"{kind}"}},"resource":{{"group":"{group}","version":"v1","resource":"{resource}"}},{members}}}"#
    )
}

/// The creation of a labelled pod with these annotations, containers and further members of its spec.
fn pod(annotations: &str, containers: &str, spec: &str) -> String {
    let metadata = format!(r#"{LABELLED},"annotations":{{{annotations}}}"#);
    let spec = format!(r#""spec":{{"serviceAccountName":"api","containers":[{containers}]{spec}}}"#);
    create("v1", "Pod", "pods", "web", &metadata, &spec)
}

fn variables(size: usize, variable: impl Fn(usize) -> String) -> String {
    pod("", &format!(r#"{{"name":"web","env":[{}]}}"#, list(size, variable)), "")
}

/// A labelled pod with these annotations.
fn keys(size: usize, key: impl Fn(usize) -> String) -> String {
    pod(&list(size, |i| format!(r#""{}":"x""#, key(i))), CONTAINER, "")
}

fn skip(size: usize, most: usize, are_known: bool) -> String {
    let mut containers = String::from(CONTAINER);
    let mut names = String::new();
    let mut number = 0;
    while containers.len() + names.len() < size {
        if number < most {
            let _ = write!(containers, r#",{{"name":"c{number}"}}"#);
        }
        let _ = if are_known { write!(names, "c{number};") } else { write!(names, "a;") };
        number += 1;
    }
    pod(&format!(r#""azure.workload.identity/skip-containers":"{names}""#), &containers, "")
}

fn same_account(size: usize, map: &str, reversed: bool) -> String {
    let account = |reversed| {
        let entries = entries(size / 2, reversed, |i| format!(r#""k{i}":"v""#));
        object("v1", "ServiceAccount", "api", &format!(r#","{map}":{{{entries}}}"#), "")
    };
    update("", "ServiceAccount", "serviceaccounts", &account(false), &account(reversed))
}

fn same_deployment(size: usize, map: &str, reversed: bool) -> String {
    let deployment = |reversed| {
        let entries = entries(size / 2, reversed, |i| format!(r#""k{i}":"v""#));
        let template = format!(r#"{{"metadata":{{"{map}":{{{entries}}}}},"spec":{{"containers":[{CONTAINER}]}}}}"#);
        object("apps/v1", "Deployment", "web", "", &format!(r#""spec":{{"template":{template}}}"#))
    };
    update("apps", "Deployment", "deployments", &deployment(false), &deployment(reversed))
}

fn annotations_and_variables(size: usize, from_annotations: bool) -> String {
    // The API server takes 256 KiB of annotations.
    let annotations = list(size / 4, |i| format!(r#""azure.workload.identity/{i}":"""#));
    let env = list(size * 3 / 4, |i| {
        if from_annotations {
            format!(
                r#"{{"name":"A{i}","valueFrom":{{"fieldRef":{{"fieldPath":"metadata.annotations['azure.workload.identity/{i}']"}}}}}}"#
            )
        } else {
            format!(r#"{{"name":"A{i}","value":"x"}}"#)
        }
    });
    pod(&annotations, &format!(r#"{{"name":"web","env":[{env}]}}"#), "")
}

/// A volume name that is reserved for the token.
fn reserved(i: usize) -> String {
    format!("azure-workload-identity-reserved-{i:030x}")
}

fn token_volume(i: usize) -> String {
    let name = reserved(i);
    format!(
        r#"{{"name":"{name}","projected":{{"sources":[{{"serviceAccountToken":{{"path":"token/azure-identity-token","audience":"api://AzureADTokenExchange"}}}}]}}}}"#
    )
}

fn volumes_and_mounts(
    size: usize,
    volume: impl Fn(usize) -> String,
    mount: impl Fn(usize) -> (String, String),
) -> String {
    let mounts = list(size / 2, |i| {
        let (name, path) = mount(i);
        format!(r#"{{"name":"{name}","mountPath":"{path}"}}"#)
    });
    let volumes = list(size / 2, volume);
    pod("", &format!(r#"{{"name":"web","volumeMounts":[{mounts}]}}"#), &format!(r#","volumes":[{volumes}]"#))
}
