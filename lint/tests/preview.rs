//! The preview of what admission would inject: what it shows, and the words for what it does not.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use azure_workload_identity_lint::edit::apply;
use azure_workload_identity_lint::preview::{Outcome, Unchanged, with_injection};
use azure_workload_identity_lint::{File, NamedPod, OneThread, Options, previews};
use azure_workload_identity_policy::json::Document;
use azure_workload_identity_policy::settings::Settings;

const ACCOUNT: &str = "apiVersion: v1
kind: ServiceAccount
metadata:
  name: api
  annotations:
    azure.workload.identity/client-id: 97335aad-fb4e-4a1f-b5bc-3463ea695687
    azure.workload.identity/tenant-id: 3fe9e2aa-5bcd-4a6c-9a44-9b7e1fd2bf2b
";

/// The text of a file with what is injected, and what happens to the pods in it.
#[derive(Debug)]
struct FilePreview {
    text: String,
    pods: Vec<NamedPod>,
}

fn preview_with(settings: &[&str], texts: &[&str]) -> Vec<FilePreview> {
    let settings: Vec<_> = settings.iter().map(|settings| Document::parse(settings.as_bytes()).unwrap()).collect();
    let settings = settings.iter().map(|settings| Settings::read(settings.root()).unwrap()).collect();
    let files = texts.iter().enumerate();
    let files: Vec<_> =
        files.map(|(number, text)| File::read(format!("{number}.yaml"), text.as_bytes().to_vec())).collect();
    let previews = previews(&files, &Options::new(settings, &[]), &OneThread).into_iter();
    let previews = previews.map(|it| FilePreview { text: apply(&it.source.text, &it.edits), pods: it.pods });
    previews.collect()
}

/// The preview of the first of some files that are checked together.
fn preview(texts: &[&str]) -> FilePreview {
    preview_with(&[r#"{"inject": {"layout": "v1.5"}}"#], texts).remove(0)
}

fn reasons(preview: &FilePreview) -> Vec<String> {
    let reasons = preview.pods.iter().map(|pod| match &pod.outcome {
        Outcome::Unchanged(Unchanged { reason, .. }) => reason.clone(),
        Outcome::Injected { .. } => "injected".to_owned(),
        Outcome::Unwritable { .. } => "unwritable".to_owned(),
    });
    reasons.collect()
}

#[test]
fn a_template_gets_in_the_text_what_its_pods_get_at_admission() {
    let text = "# The shop.
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector:
    matchLabels: &labels # also of the service
      app: web
      azure.workload.identity/use: \"true\"
  template:
    metadata:
      labels: *labels
    spec:
      serviceAccountName: api
      containers:
        - name: web
          image: web:1
          env: # for the app
            - {name: A, value: b}
            # - name: B
        - name: log
          image: log:1 # the last one
";
    let expected = "# The shop.
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector:
    matchLabels: &labels # also of the service
      app: web
      azure.workload.identity/use: \"true\"
  template:
    metadata:
      labels: *labels
    spec:
      serviceAccountName: api
      containers:
        - name: web
          image: web:1
          env: # for the app
            - {name: A, value: b}
            - name: AZURE_CLIENT_ID
              value: 97335aad-fb4e-4a1f-b5bc-3463ea695687
            - name: AZURE_TENANT_ID
              value: 3fe9e2aa-5bcd-4a6c-9a44-9b7e1fd2bf2b
            - name: AZURE_FEDERATED_TOKEN_FILE
              value: /var/run/secrets/azure/tokens/azure-identity-token
            - name: AZURE_AUTHORITY_HOST
              value: https://login.microsoftonline.com/
            # - name: B
          volumeMounts:
            - name: azure-identity-token
              mountPath: /var/run/secrets/azure/tokens
              readOnly: true
        - name: log
          image: log:1 # the last one
          env:
            - name: AZURE_CLIENT_ID
              value: 97335aad-fb4e-4a1f-b5bc-3463ea695687
            - name: AZURE_TENANT_ID
              value: 3fe9e2aa-5bcd-4a6c-9a44-9b7e1fd2bf2b
            - name: AZURE_FEDERATED_TOKEN_FILE
              value: /var/run/secrets/azure/tokens/azure-identity-token
            - name: AZURE_AUTHORITY_HOST
              value: https://login.microsoftonline.com/
          volumeMounts:
            - name: azure-identity-token
              mountPath: /var/run/secrets/azure/tokens
              readOnly: true
      volumes:
        - name: azure-identity-token
          projected:
            sources:
              - serviceAccountToken:
                  audience: api://AzureADTokenExchange
                  expirationSeconds: 3600
                  path: azure-identity-token
";
    let preview = preview(&[text, ACCOUNT]);
    assert_eq!(reasons(&preview), ["injected"]);
    assert_eq!(preview.text, expected);
}

#[test]
fn why_a_pod_is_not_injected_is_said() {
    let pod = |more: &str, labels: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, labels: {{{labels}}}}}\n\
             spec: {{{more}containers: [{{name: web, image: web}}]}}\n"
        )
    };
    let cases = [
        (pod("serviceAccountName: api, ", ""), "the pod has no label azure.workload.identity/use: \"true\""),
        (
            pod("serviceAccountName: api, ", "azure.workload.identity/use: true"),
            "the API server rejects the pod: metadata.labels[\"azure.workload.identity/use\"] is a boolean; expected a string",
        ),
        (
            pod("serviceAccountName: other, ", "azure.workload.identity/use: \"true\""),
            "the identity is not known: spec.serviceAccountName names service account \"other\", which is not among the files",
        ),
        (
            pod(
                "serviceAccountName: api, ",
                "azure.workload.identity/use: \"true\", azure.workload.identity/client_id: x",
            ),
            "the pod is rejected: ",
        ),
        (
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: {nodeName: x}}}\n"
                .to_owned(),
            "the file has only a part of the object",
        ),
    ];
    for (text, expected) in cases {
        let preview = preview(&[&text, ACCOUNT]);
        assert_eq!(preview.text, text);
        let reasons = reasons(&preview);
        assert!(matches!(&*reasons, [reason] if reason.starts_with(expected)), "{reasons:?} of\n{text}");
    }
}

#[test]
fn what_is_injected_already_stays() {
    let text = "apiVersion: v1
kind: Pod
metadata: {name: web, labels: {azure.workload.identity/use: \"true\"}}
spec: {serviceAccountName: api, containers: [{name: web, image: web}]}
";
    let first = preview(&[text, ACCOUNT]);
    let second = preview(&[&first.text, ACCOUNT]);
    assert_eq!(reasons(&first), ["injected"]);
    assert_eq!(reasons(&second), ["the pod has everything that is injected"]);
    assert_eq!(second.text, first.text);
}

#[test]
fn the_name_of_the_volume_is_explained_where_the_name_of_the_pod_is_not_known() {
    let text = "apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
spec:
  schedule: '@daily'
  jobTemplate:
    spec:
      template:
        metadata: {labels: {azure.workload.identity/use: 'true'}}
        spec:
          serviceAccountName: api
          containers:
          - {name: backup, image: backup}
";
    let preview = preview_with(&[&with_injection("{}")], &[text, ACCOUNT]).remove(0);
    let note = "the name of the token volume ends in a hash of the pod's name; the one shown is for a pod with generateName \
                \"backup-\", and the pods of the CronJob have others";
    assert_eq!(
        preview.pods.iter().map(|pod| &pod.outcome).collect::<Vec<_>>(),
        [&Outcome::Injected { note: Some(note.to_owned()) }]
    );
}

#[test]
fn a_label_goes_where_the_template_has_no_metadata() {
    let settings = r#"{"inject": {"layout": "v1.5", "optIn": "serviceAccount"}}"#;
    for (metadata, expected) in [
        ("", "containers: [{name: web"),
        ("    metadata:\n", "    metadata:\n      labels:\n        azure.workload.identity/use: \"true\"\n"),
        (
            "    metadata: # none\n",
            "    metadata: # none\n      labels:\n        azure.workload.identity/use: \"true\"\n",
        ),
        ("    metadata: {}\n", "    metadata:\n      labels:\n        azure.workload.identity/use: \"true\"\n"),
        ("    metadata: {name: x}\n", "    metadata: {name: x, labels: {azure.workload.identity/use: \"true\"}}\n"),
    ] {
        let text = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  selector: {{}}\n  template:\n{metadata}    \
             spec: {{serviceAccountName: api, containers: [{{name: web, image: web}}]}}\n"
        );
        let preview = preview_with(&[settings], &[&text, ACCOUNT]).remove(0);
        assert_eq!(reasons(&preview), ["injected"], "{text}");
        assert!(preview.text.contains(expected), "{}", preview.text);
        let label = "azure.workload.identity/use: \"true\"";
        assert_eq!(preview.text.matches(label).count(), 1, "{}", preview.text);
    }
}

#[test]
fn templates_that_share_text_are_changed_together_or_written_out() {
    let text = "apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: one}
  spec: &spec
    selector: {}
    template:
      metadata:
        labels: {azure.workload.identity/use: \"true\"}
      spec:
        serviceAccountName: api
        containers:
        - {name: web, image: web}
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: two}
  spec: *spec
";
    let both = preview(&[text, ACCOUNT]);
    assert_eq!(reasons(&both), ["injected", "injected"]);
    assert!(both.text.contains("spec: *spec"), "{}", both.text);

    // The hash in the name of the volume differs between the two.
    let hashed = preview_with(&[r#"{"inject": {}}"#], &[text, ACCOUNT]).remove(0);
    assert_eq!(reasons(&hashed), ["injected", "injected"]);
    assert!(!hashed.text.contains("*spec"), "{}", hashed.text);
    assert_eq!(hashed.text.matches("AZURE_CLIENT_ID").count(), 2, "{}", hashed.text);
}

#[test]
fn a_change_that_no_text_can_show_comes_as_objects() {
    // What is added to the first container, the second would take over.
    let text = "apiVersion: v1
kind: Pod
metadata:
  name: web
  labels: {azure.workload.identity/use: \"true\"}
  annotations: {azure.workload.identity/skip-containers: log}
spec:
  serviceAccountName: api
  containers:
  - &web
    image: web
    name: web
  - <<: *web
    name: log
";
    let preview = preview(&[text, ACCOUNT]);
    assert_eq!(preview.text, text);
    let outcomes: Vec<_> = preview.pods.iter().map(|pod| &pod.outcome).collect();
    let [Outcome::Unwritable { before, after, note: None }] = &*outcomes else { unreachable!("{outcomes:?}") };
    assert!(before.starts_with("{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"Pod\",\n"), "{before}");
    assert!(before.ends_with("}\n") && !before.contains("AZURE"), "{before}");
    assert!(after.contains("          \"name\": \"AZURE_CLIENT_ID\""), "{after}");
}

#[test]
fn the_settings_of_all_policies_count() {
    let text = "apiVersion: v1
kind: Pod
metadata: {name: web, labels: {azure.workload.identity/use: \"true\"}}
spec: {serviceAccountName: api, containers: [{name: web, image: web}]}
";
    let inject = r#"{"inject": {"layout": "v1.5"}}"#;
    let identities =
        r#"{"identities": [{"clientId": "00000000-0000-0000-0000-000000000000", "serviceAccounts": ["a/b"]}]}"#;
    let allowed = preview_with(&["{}", inject], &[text, ACCOUNT]).remove(0);
    assert_eq!(reasons(&allowed), ["injected"]);
    let denied = preview_with(&[inject, identities], &[text, ACCOUNT]).remove(0);
    assert!(matches!(&*reasons(&denied), [reason] if reason.contains("identity-not-allowed")), "{denied:?}");
    assert!(preview_with(&["{}"], &[text, ACCOUNT]).is_empty());

    assert_eq!(with_injection(r#"{"preset": "strict"}"#), r#"{"preset": "strict","inject":{}}"#);
    assert_eq!(with_injection(inject), inject);
}

#[test]
fn json_is_previewed_as_json() {
    let text = r#"{
  "apiVersion": "v1",
  "kind": "Pod",
  "metadata": {"name": "web", "labels": {"azure.workload.identity/use": "true"}},
  "spec": {
    "serviceAccountName": "api",
    "containers": [
      {"name": "web", "image": "web"}
    ]
  }
}
"#;
    let preview = preview(&[text, ACCOUNT]);
    assert_eq!(reasons(&preview), ["injected"]);
    assert!(
        preview.text.contains(",\n    \"volumes\": [\n      {\n        \"name\": \"azure-identity-token\",\n"),
        "{}",
        preview.text
    );
}
