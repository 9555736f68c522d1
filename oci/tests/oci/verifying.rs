//! `cargo oci verify` accepts what this checkout makes and says of all else what is wrong with it.

use oci::{
    artefact::Artefact,
    digest,
    registry::{Options, Registry},
    sbom::Bom,
};
use serde_json::{Value, json};

use crate::support::{Server, artefact, layout, oci, tag, version};

#[test]
fn what_this_checkout_makes_is_accepted_under_its_version_and_under_free_tags() {
    let server = Server::open();
    let (layout, digest) = layout();
    for name in [server.policy(), server.name("policy:latest")] {
        oci(&format!("push {name} --layout {layout} --plain-http")).output();

        let verified = oci(&format!("verify {name} --plain-http")).output();

        let list: Bom = serde_json::from_slice(&artefact().sbom.blobs[1]).unwrap();
        let expected = format!(
            "{name} is what this checkout makes\npolicy {digest}\nlist of {} components {}\n",
            list.components.len(),
            artefact().sbom.digest()
        );
        assert_eq!(verified, expected);
    }
    let by_digest = server.name(&format!("policy@{digest}"));
    oci(&format!("verify {by_digest} --plain-http")).output();
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let cases: Vec<(&str, Change, Vec<String>)> = vec![
        (
            "a manifest with other annotations than the module",
            Box::new(|it| {
                edit(&mut it.policy.manifest, |manifest| {
                    let annotations = manifest["annotations"].as_object_mut().unwrap();
                    annotations.insert("io.kubewarden.policy.severity".to_owned(), json!("low"));
                    annotations.insert("org.example.extra".to_owned(), json!("1"));
                    annotations.remove("io.kubewarden.policy.category");
                });
            }),
            vec![
                "the manifest lacks annotation io.kubewarden.policy.category, which is \"Resource validation\" in the module"
                    .to_owned(),
                "annotation io.kubewarden.policy.severity is \"low\" in the manifest and \"medium\" in the module".to_owned(),
                "the manifest has annotation org.example.extra, which is not in the module".to_owned(),
            ],
        ),
        (
            "a list without a crate, with another one, and with a wrong checksum",
            Box::new(|it| {
                edit(&mut it.sbom.blobs[1], |list| {
                    let components = list["components"].as_array_mut().unwrap();
                    components.retain(|component| component["name"] != "memchr");
                    for component in components {
                        if component["name"] == "serde" {
                            component["hashes"][0]["content"] = json!("00");
                        } else if component["name"] == "sha2" {
                            component["bom-ref"] = json!("pkg:cargo/strange@1.0.0");
                        }
                    }
                });
            }),
            vec![
                format!("the list of crates lacks {}", reference("memchr")),
                format!("the list of crates has {} with other details", reference("serde")),
                format!("the list of crates lacks {}", reference("sha2")),
                "the list of crates lists pkg:cargo/strange@1.0.0, which is not in the module".to_owned(),
            ],
        ),
        (
            "a list whose dependencies are other ones",
            Box::new(|it| edit(&mut it.sbom.blobs[1], |list| list["dependencies"] = json!([]))),
            vec!["the list of crates differs in its head or in its dependencies".to_owned()],
        ),
        (
            "a module that is not this one, built of the same crates",
            // An empty custom section at the end: the module does the same, but it is another one.
            Box::new(|it| it.policy.blobs[1].extend([0, 2, 1, b'x'])),
            vec![format!("the list of crates has azure-workload-identity-policy@{} with other details", version())],
        ),
    ];
    for (what, change, problems) in cases {
        let server = Server::open();
        let mut artefact = artefact();
        change(&mut artefact);
        push(&server, &tag(), artefact);

        let error = oci(&format!("verify {} --plain-http", server.policy())).error();

        let name = server.policy();
        assert_eq!(error, format!("{name} is not what this checkout makes:\n- {}", problems.join("\n- ")), "{what}");
    }
}

#[test]
fn a_tag_that_names_another_version_is_wrong() {
    let server = Server::open();
    push(&server, "v99.0.0", artefact());

    let name = server.name("policy:v99.0.0");
    let error = oci(&format!("verify {name} --plain-http")).error();

    let problem = format!("the tag is v99.0.0; the module's version is {}", version());
    assert_eq!(error, format!("{name} is not what this checkout makes:\n- {problem}"));
}

#[test]
fn a_policy_that_was_pushed_without_its_list_of_crates_is_incomplete() {
    let server = Server::open();
    let mut artefact = artefact();
    // The list of another policy.
    edit(&mut artefact.sbom.manifest, |manifest| {
        manifest["subject"]["digest"] = json!(digest::sha256(b"another policy"));
    });
    push_as_it_is(&server, &tag(), &artefact);
    forget_referrers(&server, &artefact);

    let name = server.policy();
    let error = oci(&format!("verify {name} --plain-http")).error();

    assert_eq!(error, format!("{name} is not what this checkout makes:\n- it has no list of crates as referrer"));
}

#[test]
fn a_list_of_another_policy_is_not_taken_for_that_of_this_one() {
    let server = Server::open();
    let mut artefact = artefact();
    let other = digest::sha256(b"another policy");
    edit(&mut artefact.sbom.manifest, |manifest| manifest["subject"]["digest"] = json!(other));
    push_as_it_is(&server, &tag(), &artefact);

    let name = server.policy();
    let error = oci(&format!("verify {name} --plain-http")).error();

    let (list, policy) = (artefact.sbom.digest(), artefact.policy.digest());
    let problem = format!("cannot read the list of crates {list}: its subject is {other:?}, not {policy}");
    assert_eq!(error, format!("{name} is not what this checkout makes:\n- {problem}"));
}

#[test]
fn a_list_of_another_tool_beside_ours_does_no_harm() {
    let server = Server::open();
    let mut theirs = artefact();
    theirs.sbom.blobs[1] = br#"{"bomFormat": "CycloneDX", "specVersion": "1.4"}"#.to_vec();
    push(&server, &tag(), theirs);
    let name = server.policy();
    let error = oci(&format!("verify {name} --plain-http")).error();
    assert!(error.contains("other tools have written it: missing field"), "{error}");

    push(&server, &tag(), artefact());

    oci(&format!("verify {name} --plain-http")).output();
}

#[test]
fn what_policy_server_would_not_take_is_no_policy() {
    let module = "application/vnd.wasm.content.layer.v1+wasm";
    let cases: Vec<(Edit, String)> = vec![
        (
            |manifest| manifest["layers"][0]["mediaType"] = json!("application/wasm"),
            format!("the layer has media type \"application/wasm\"; that of a policy is {module:?}"),
        ),
        (
            |manifest| {
                let layer = manifest["layers"][0].clone();
                manifest["layers"].as_array_mut().unwrap().push(layer);
            },
            "the manifest has 2 layers; a policy has one".to_owned(),
        ),
        (|manifest| manifest["layers"] = json!([]), "the manifest has 0 layers; a policy has one".to_owned()),
        (
            |manifest| manifest["config"]["mediaType"] = json!("application/vnd.oci.image.config.v1+json"),
            "the configuration has media type \"application/vnd.oci.image.config.v1+json\"; that of a policy is \
             \"application/vnd.wasm.config.v1+json\""
                .to_owned(),
        ),
        (
            |manifest| {
                let all = manifest.as_object_mut().unwrap();
                all.remove("config");
            },
            "cannot read the manifest: missing field `config`".to_owned(),
        ),
    ];
    // Its manifests are not read when they come, so all cases get there.
    let server = Server::start(&crate::support::Setup { referrers: true, ..Default::default() });
    for (number, (change, message)) in cases.into_iter().enumerate() {
        let mut artefact = artefact();
        edit(&mut artefact.policy.manifest, change);
        push_as_it_is(&server, &format!("case-{number}"), &artefact);

        let name = server.name(&format!("policy:case-{number}"));
        let error = oci(&format!("verify {name} --plain-http")).error();

        assert!(error.starts_with(&format!("{name} is no policy: {message}")), "{error}");
    }
}

#[test]
fn a_module_without_metadata_is_reported() {
    let server = Server::open();
    let mut artefact = artefact();
    artefact.policy.blobs[1] = b"\0asm\x01\0\0\0".to_vec();
    push(&server, &tag(), artefact);

    let error = oci(&format!("verify {} --plain-http", server.policy())).error();

    assert!(error.contains("\n- the module is not annotated, so policy-server will not run it\n"), "{error}");
}

type Change = Box<dyn Fn(&mut Artefact)>;
type Edit = fn(&mut Value);

fn edit(json: &mut Vec<u8>, change: impl FnOnce(&mut Value)) {
    let mut value = serde_json::from_slice(json).unwrap();
    change(&mut value);
    *json = serde_json::to_vec(&value).unwrap();
}

/// How the list refers to a crate.
fn reference(name: &str) -> String {
    let list: Bom = serde_json::from_slice(&artefact().sbom.blobs[1]).unwrap();
    let component = list.components.iter().find(|component| component.name == name).unwrap();
    format!("pkg:cargo/{name}@{}", component.version)
}

/// Pushes changed blobs under manifests that fit them.
fn push(server: &Server, tag: &str, mut artefact: Artefact) {
    let (module, list) = (artefact.policy.blobs[1].clone(), artefact.sbom.blobs[1].clone());
    edit(&mut artefact.policy.manifest, |manifest| describe(&mut manifest["layers"][0], &module));
    let policy = artefact.policy.manifest.clone();
    edit(&mut artefact.sbom.manifest, |manifest| {
        describe(&mut manifest["layers"][0], &list);
        describe(&mut manifest["subject"], &policy);
    });
    push_as_it_is(server, tag, &artefact);
}

fn describe(descriptor: &mut Value, bytes: &[u8]) {
    descriptor["digest"] = json!(digest::sha256(bytes));
    descriptor["size"] = json!(bytes.len());
}

fn push_as_it_is(server: &Server, tag: &str, artefact: &Artefact) {
    let name = server.name(&format!("policy:{tag}"));
    let registry = Registry::new(&name, &Options { plain_http: true, ..Options::default() }).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(registry.push(artefact)).unwrap();
}

/// As if the policy had been pushed by a tool that knows nothing of lists.
fn forget_referrers(server: &Server, artefact: &Artefact) {
    let tags = server.directory_of_tags("policy");
    std::fs::remove_dir_all(tags.join(artefact.policy.digest().replace(':', "-"))).unwrap();
}
