//! The list of crates is found from the policy, in registries that know referrers and in those that do not.

use std::fs;

use oci::{
    artefact::Artefact,
    digest,
    registry::{Options, Registry},
    sbom::MEDIA_TYPE,
};
use serde_json::Value;

use crate::support::{Server, Setup, artefact, layout, oci};

#[test]
fn a_registry_that_knows_referrers_lists_the_crates_itself() {
    let server = Server::start(&Setup { referrers: true, ..Setup::default() });
    let (layout, digest) = layout();
    let name = server.policy();

    oci(&format!("push {name} --layout {layout} --plain-http")).output();

    let lists = lists_of_crates(&server, digest);
    assert_eq!(lists, [artefact().sbom.digest()]);
    let fallback = server.name(&format!("policy:{}", digest.replace(':', "-")));
    let error = oci(&format!("verify {fallback} --plain-http")).error();
    assert!(error.contains("has no policy:sha256-"), "there is a tag that is not needed: {error}");
    oci(&format!("verify {name} --plain-http")).output();
}

#[test]
fn in_a_registry_that_does_not_a_tag_lists_them() {
    let server = Server::open();
    let (layout, digest) = layout();
    oci(&format!("push {} --layout {layout} --plain-http", server.policy())).output();

    assert_eq!(lists_of_crates(&server, digest), [artefact().sbom.digest()]);
    let index = fallback_index(&server, digest);
    let [entry] = index["manifests"].as_array().unwrap().as_slice() else { panic!("{index}") };
    assert_eq!(index["mediaType"], "application/vnd.oci.image.index.v1+json");
    assert_eq!(entry["artifactType"], MEDIA_TYPE);
    assert_eq!(entry["digest"], artefact().sbom.digest());
    assert_eq!(entry["size"], artefact().sbom.manifest.len());
}

#[test]
fn what_others_have_listed_in_that_tag_stays() {
    let server = Server::open();
    let ours = artefact();
    let mut theirs = ours.clone();
    let mut manifest: Value = serde_json::from_slice(&theirs.sbom.manifest).unwrap();
    manifest["annotations"] = serde_json::json!({"by": "others"});
    theirs.sbom.manifest = manifest.to_string().into_bytes();

    push(&server, &theirs);
    push(&server, &ours);

    let listed = lists_of_crates(&server, &ours.policy.digest());
    assert_eq!(listed, [theirs.sbom.digest(), ours.sbom.digest()]);
}

fn push(server: &Server, artefact: &Artefact) {
    let registry = connect(server);
    block_on(registry.push(artefact)).unwrap();
}

fn lists_of_crates(server: &Server, digest: &str) -> Vec<String> {
    let lists = block_on(connect(server).lists_of_crates(digest)).unwrap();
    lists.into_iter().map(|list| list.digest).collect()
}

fn connect(server: &Server) -> Registry {
    Registry::new(&server.policy(), &Options { plain_http: true, ..Options::default() }).unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The index as distribution has it on disk, so that nothing of ours reads it.
fn fallback_index(server: &Server, digest: &str) -> Value {
    let link = server.tagged("policy", &digest.replace(':', "-"));
    let bytes = fs::read(server.blob(&link)).unwrap();
    assert_eq!(digest::sha256(&bytes), link);
    serde_json::from_slice(&bytes).unwrap()
}
