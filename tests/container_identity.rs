//! The identity of each container: client, tenant, token and audience, before and after injection.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod common {
    pub(crate) mod pods;
}

use azure_workload_identity_policy::cluster::ServiceAccount;
use azure_workload_identity_policy::container_identity::{ContainerIdentity, Injection};
use azure_workload_identity_policy::mounts::{InjectedToken, Volumes};
use common::pods::with_pod;
use serde_json::{Value, json};

const AZURE: &str = "api://AzureADTokenExchange";
const HOST: &str = "https://login.microsoftonline.com/";
const VOLUME: &str = "azure-workload-identity-reserved-425c89ed5bb78a7623fae60fd8a6f6";
const MOUNT: &str = "/var/run/secrets/azure/wi/425c89ed5bb78a7623fae60fd8a6f6";

const TOKEN: InjectedToken<'_> = InjectedToken {
    volume: VOLUME,
    mount_path: MOUNT,
    token_path: "token/azure-identity-token",
    audience: AZURE,
    replaces: true,
};

/// Who injects.
#[derive(Clone, Copy, Debug)]
enum By {
    Nobody,
    /// This policy, with a default tenant.
    Policy(Option<&'static str>),
    Webhook,
}

fn account(client_id: Option<&str>, tenant_id: Option<&str>) -> ServiceAccount {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    ServiceAccount { client_id: owned(client_id), tenant_id: owned(tenant_id), ..ServiceAccount::default() }
}

/// Shows the identities of the containers; those whose name begins with `skip` take no part.
fn look_at<T>(
    spec: &Value,
    by: By,
    account: Option<&ServiceAccount>,
    look: impl FnOnce(&[ContainerIdentity<'_>], &Volumes<'_>) -> T,
) -> T {
    let injection = match by {
        By::Nobody => None,
        By::Policy(tenant) => Some(Injection::by_policy(account, tenant, HOST, TOKEN)),
        By::Webhook => Some(Injection::by_webhook(account)),
    };
    with_pod(spec, |pod| {
        let token = injection.as_ref().and_then(|injection| injection.token);
        let volumes = Volumes::new(pod, token, &|audience| audience == AZURE);
        let mut identities = Vec::new();
        for container in pod.all_containers() {
            let takes_part = !container.name.starts_with("skip");
            identities.push(ContainerIdentity::new(pod, container, &volumes, injection.as_ref(), takes_part));
        }
        look(&identities, &volumes)
    })
}

/// Client, tenant, audience and whether a token is in reach, of the first container.
fn summary(spec: &Value, by: By, account: Option<&ServiceAccount>) -> String {
    look_at(spec, by, account, |identities, _| {
        let identity = &identities[0];
        let shown = |text: Option<&str>| text.unwrap_or("-").to_owned();
        let parts = [
            shown(identity.client_id.text()),
            shown(identity.tenant_id.text()),
            shown(identity.audience()),
            identity.reaches_azure_token.to_string(),
        ];
        parts.join(" ")
    })
}

fn pod(container: &Value) -> Value {
    json!({"containers": [container]})
}

/// A pod as a webhook of v1.6.1 leaves it, with these mounts and sources of the token volume.
fn injected_pod(mounts: &Value, sources: &Value) -> Value {
    let file = format!("{MOUNT}/token/azure-identity-token");
    let env = json!([
        {"name": "AZURE_CLIENT_ID", "value": "client"},
        {"name": "AZURE_TENANT_ID", "value": "tenant"},
        {"name": "AZURE_FEDERATED_TOKEN_FILE", "value": file},
        {"name": "AZURE_AUTHORITY_HOST", "value": HOST},
    ]);
    let volumes = json!([
        {"name": VOLUME, "projected": {"sources": sources}},
        {"name": "mine", "secret": {"secretName": "mine"}},
    ]);
    json!({"containers": [{"name": "app", "env": env, "volumeMounts": mounts}], "volumes": volumes})
}

fn source(audience: &str, path: &str) -> Value {
    json!({"serviceAccountToken": {"audience": audience, "path": path}})
}

#[test]
fn client_and_tenant_are_those_in_force() {
    let full = account(Some("client"), Some("tenant"));
    let bare = account(None, None);
    let empty = account(Some(""), Some(""));
    let (policy, no_default) = (By::Policy(Some("default")), By::Policy(None));
    let own = |name: &str, value: &str| json!({"name": "app", "env": [{"name": name, "value": value}]});
    let app = json!({"name": "app"});
    let cases = [
        (&app, By::Nobody, Some(&full), "- - - false"),
        (&app, policy, Some(&full), "client tenant api://AzureADTokenExchange true"),
        (&app, policy, Some(&bare), "- default api://AzureADTokenExchange true"),
        (&app, no_default, Some(&bare), "- - api://AzureADTokenExchange true"),
        (&app, policy, Some(&empty), "- - api://AzureADTokenExchange true"),
        (&app, policy, None, "- - api://AzureADTokenExchange true"),
        (&app, By::Webhook, Some(&full), "client tenant - true"),
        (&app, By::Webhook, Some(&bare), "- - - true"),
        (&json!({"name": "skip"}), policy, Some(&full), "- - - false"),
        (&json!({"name": "skip"}), By::Webhook, Some(&full), "- - - false"),
        (&own("AZURE_CLIENT_ID", "other"), policy, Some(&full), "other tenant api://AzureADTokenExchange true"),
        (&own("AZURE_CLIENT_ID", ""), policy, Some(&full), " tenant api://AzureADTokenExchange true"),
        (&own("AZURE_TENANT_ID", "other"), policy, Some(&full), "client other api://AzureADTokenExchange true"),
        (&own("AZURE_FEDERATED_TOKEN_FILE", ""), policy, Some(&full), "client tenant - true"),
        (&own("AZURE_FEDERATED_TOKEN_FILE", "/nothing"), policy, Some(&full), "client tenant - true"),
    ];
    for (container, by, account, expected) in cases {
        assert_eq!(summary(&pod(container), by, account), expected, "{container} {by:?} {account:?}");
    }
}

#[test]
fn what_cannot_be_known_is_not_missing() {
    let env_from = json!({"name": "app", "envFrom": [{"secretRef": {"name": "s"}}]});
    let secret = json!({"secretKeyRef": {"name": "s", "key": "k"}});
    let from_secret = json!({"name": "app", "env": [{"name": "AZURE_CLIENT_ID", "valueFrom": secret}]});
    let reference = json!({"name": "app", "env": [{"name": "AZURE_CLIENT_ID", "value": "$(ARM_CLIENT_ID)"}]});
    let empty = json!({"name": "app", "env": [{"name": "AZURE_CLIENT_ID"}]});
    let (full, bare) = (account(Some("client"), None), account(None, None));
    let policy = By::Policy(None);
    let cases = [
        ("nothing", &json!({"name": "app"}), policy, Some(&bare), "Unset", true),
        ("empty", &empty, policy, Some(&full), "Text(\"\")", true),
        ("envFrom", &env_from, policy, Some(&bare), "Maybe(EnvFrom)", false),
        ("injection comes after envFrom", &env_from, policy, Some(&full), "Text(\"client\")", false),
        ("a Secret", &from_secret, policy, Some(&full), "Elsewhere(Reference(\"secretKeyRef\"))", false),
        ("a reference to nothing", &reference, policy, Some(&full), "Unresolved(\"$(ARM_CLIENT_ID)\")", false),
        ("a service account that could not be read", &json!({}), policy, None, "Elsewhere(Injection)", false),
        ("that of a webhook", &json!({}), By::Webhook, None, "Elsewhere(Injection)", false),
    ];
    for (what, container, by, account, expected, is_missing) in cases {
        let found = look_at(&pod(container), by, account, |identities, _| {
            let client_id = &identities[0].client_id;
            (format!("{:?}", client_id.value), client_id.is_missing())
        });
        assert_eq!(found, (expected.to_owned(), is_missing), "{what}");
    }
}

#[test]
fn the_webhook_knows_what_the_policy_does_not() {
    look_at(&json!({"containers": [{}]}), By::Webhook, Some(&account(Some("client"), None)), |identities, _| {
        let identity = &identities[0];
        for variable in [&identity.tenant_id, &identity.token_file, &identity.authority_host] {
            assert_eq!(format!("{:?}", variable.value), "Elsewhere(Injection)");
            assert!(variable.is_injected());
        }
        assert!(identity.token.is_none());
    });
}

#[test]
fn the_token_is_the_one_at_the_path_of_the_variable() {
    let mount = |extra: &Value| {
        let mut mount = json!({"name": VOLUME, "mountPath": MOUNT, "readOnly": true});
        mount.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        mount
    };
    let path = "token/azure-identity-token";
    let right = json!([source(AZURE, path)]);
    let ours = mount(&json!({}));
    let mine = |path: &str| json!({"name": "mine", "mountPath": format!("{MOUNT}{path}")});
    let decoy = json!([source("https://evil.example", path), source(AZURE, "elsewhere")]);
    let token = format!("Token {{ volume: {VOLUME:?}, audience: {AZURE:?}, by_sub_path: false }}");
    let not_in = format!("Nothing(NotInVolume {{ volume: {VOLUME:?} }})");
    let secret = "Unknown { volume: \"mine\" }".to_owned();
    let cases = [
        ("as it should be", json!([ours]), right.clone(), token.clone()),
        ("a decoy", json!([ours]), decoy, token.replace(AZURE, "https://evil.example")),
        ("a binding's", json!([ours]), json!([source("api://AKSIdentityBinding", path)]), {
            token.replace(AZURE, "api://AKSIdentityBinding")
        }),
        ("a part of it", json!([mount(&json!({"subPath": "nothing"}))]), right.clone(), not_in),
        ("a directory hidden", json!([ours, mine("/token")]), right.clone(), secret.clone()),
        ("all of it hidden", json!([ours, mine("/./")]), right.clone(), secret),
        ("a parent", json!([{"name": "mine", "mountPath": "/var/run/secrets/azure"}, ours]), right.clone(), token),
        ("no mount", json!([]), right, "Nothing(NotMounted)".to_owned()),
    ];
    for (what, mounts, sources, expected) in cases {
        let found = look_at(&injected_pod(&mounts, &sources), By::Nobody, None, |identities, _| {
            format!("{:?}", identities[0].token.as_ref().unwrap())
        });
        assert_eq!(found, expected, "{what}");
    }
}

#[test]
fn the_api_server_s_token_has_no_audience() {
    let file = "/var/run/secrets/kubernetes.io/serviceaccount/token";
    let spec = pod(&json!({"env": [{"name": "AZURE_FEDERATED_TOKEN_FILE", "value": file}]}));
    assert_eq!(summary(&spec, By::Nobody, None), "- -  false");
}

#[test]
fn a_container_that_takes_no_part_may_still_mount_the_token() {
    let mount = json!([{"name": VOLUME, "mountPath": "/t"}]);
    let env = json!([{"name": "AZURE_FEDERATED_TOKEN_FILE", "value": "/t/token/azure-identity-token"}]);
    let spec = json!({
        "initContainers": [{"name": "skip-init"}],
        "containers": [
            {"name": "app"},
            {"name": "skip-it", "env": env, "volumeMounts": mount, "envFrom": [{"configMapRef": {"name": "c"}}]},
        ],
    });
    look_at(&spec, By::Policy(None), Some(&account(Some("client"), None)), |identities, volumes| {
        let of = |name: &str| identities.iter().find(|identity| identity.container.name == name).unwrap();
        assert_eq!(identities.len(), 3);
        assert!(!of("skip-init").reaches_azure_token && !of("skip-init").takes_part);
        assert!(of("app").reaches_azure_token && of("app").takes_part);
        let skipped = of("skip-it");
        assert!(skipped.reaches_azure_token && !skipped.takes_part);
        assert_eq!(skipped.audience(), Some(AZURE));
        assert_eq!(format!("{:?}", skipped.client_id.value), "Maybe(EnvFrom)");
        assert_eq!(skipped.mounts(volumes).iter().count(), 1);
        assert!(of("app").mounts(volumes).at(MOUNT).unwrap().entry.is_none());
    });
}
