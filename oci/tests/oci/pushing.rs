//! Push and pull: by tag and digest, with and without credentials and TLS, and when something goes wrong on the way.

use std::fs;

use tempfile::TempDir;

use crate::support::{Cutter, Ran, Server, Setup, command, layout, module, oci, oci_with_password, tag, version};

#[test]
fn what_was_pushed_is_pulled_by_tag_and_by_digest() {
    let server = Server::open();
    let (layout, digest) = layout();
    let name = server.name(&format!("team/policy:{}", tag()));

    let pushed = oci(&format!("push {name} --layout {layout} --plain-http")).output();
    assert_eq!(pushed, format!("{name}\n{digest}\n"));

    let directory = TempDir::new().unwrap();
    let file = directory.path().join("policy.wasm");
    for name in [
        name,
        server.name(&format!("team/policy@{digest}")),
        format!("registry://{}", server.name(&format!("team/policy:{}", tag()))),
    ] {
        let pulled = oci(&format!("pull {name} --output {} --plain-http", file.display())).output();
        assert_eq!(pulled, format!("{} ({} bytes)\n{digest}\n", file.display(), module().len()));
        assert!(fs::read(&file).unwrap() == module(), "{name} is another module");
        fs::remove_file(&file).unwrap();
    }
}

#[test]
fn a_second_push_changes_nothing() {
    let server = Server::open();
    let (layout, digest) = layout();
    let push = format!("push {} --layout {layout} --plain-http", server.policy());
    let referrers = digest.replace(':', "-");

    let first = oci(&push).output();
    let blobs = server.count_blobs();
    let second = oci(&push).output();

    assert_eq!(first, second);
    assert_eq!(server.tags("policy"), [referrers, tag()]);
    assert_eq!(server.count_blobs(), blobs);
}

#[test]
fn a_registry_with_users_lets_in_who_has_the_password() {
    let server = Server::start(&Setup { user: Some(("ci", "open sesame")), ..Setup::default() });
    let (layout, digest) = layout();
    let name = server.policy();
    let push = format!("push {name} --layout {layout} --plain-http");
    let host = server.address;

    let refused = format!(
        "cannot push the policy to {name}: {host} refuses user \"ci\": the password is wrong, or policy is not theirs to do this"
    );
    let anonymous = format!(
        "cannot push the policy to {name}: {host} lets nobody do this to policy without credentials, and docker's configuration \
         has none for it: log in with docker, or use --username and --password-stdin"
    );
    assert_eq!(oci_with_password(&format!("{push} --username ci --password-stdin"), "abracadabra").error(), refused);
    assert_eq!(oci(&push).error(), anonymous);
    assert_eq!(server.tags("policy"), Vec::<String>::new());

    let pushed = oci_with_password(&format!("{push} --username ci --password-stdin"), "open sesame").output();
    assert!(pushed.ends_with(&format!("{digest}\n")), "{pushed}");
    let verified =
        oci_with_password(&format!("verify {name} --plain-http --username ci --password-stdin"), "open sesame");
    assert!(verified.success, "{verified:?}");
    assert!(oci(&format!("verify {name} --plain-http")).error().contains("without credentials"));
}

#[test]
fn credentials_come_from_dockers_configuration() {
    let server = Server::start(&Setup { user: Some(("ci", "open sesame")), ..Setup::default() });
    let (layout, _) = layout();
    let name = server.policy();
    let configured = |auth: &str| {
        let docker = TempDir::new().unwrap();
        let config = format!(r#"{{"auths": {{"{}": {{"auth": "{auth}"}}}}}}"#, server.address);
        fs::write(docker.path().join("config.json"), config).unwrap();
        Ran::of(command(["push", &name, "--layout", layout, "--plain-http"]).env("DOCKER_CONFIG", docker.path()))
    };

    assert!(configured("Y2k6YWJyYWNhZGFicmE=").error().contains("refuses user \"ci\""), "ci:abracadabra");
    configured("Y2k6b3BlbiBzZXNhbWU=").output(); // ci:open sesame
}

#[test]
fn a_failing_credential_helper_is_named_and_not_quoted() {
    let docker = TempDir::new().unwrap();
    fs::write(docker.path().join("config.json"), r#"{"credHelpers": {"127.0.0.1:9": "of-nobody"}}"#).unwrap();
    let (layout, _) = layout();

    let error = Ran::of(
        command(["push", "127.0.0.1:9/policy:latest", "--layout", layout, "--plain-http"])
            .env("DOCKER_CONFIG", docker.path()),
    )
    .error();

    assert!(error.starts_with("cannot read docker's credentials for 127.0.0.1:9"), "{error}");
}

#[test]
fn a_certificate_of_an_own_ca_needs_that_ca() {
    let server = Server::start(&Setup { tls: true, ..Setup::default() });
    let (layout, digest) = layout();
    let name = server.policy();
    let push = format!("push {name} --layout {layout}");

    let unknown = oci(&push).error();
    assert!(
        unknown.starts_with(&format!("cannot log in to {0}: cannot connect to {0}: ", server.address))
            && unknown.ends_with("if its certificate is from a CA of your own, name that with --ca"),
        "{unknown}"
    );

    let ca = server.ca();
    oci(&format!("{push} --ca {}", ca.display())).output();
    let verified = oci(&format!("verify {name} --ca {}", ca.display())).output();
    assert!(verified.contains(digest), "{verified}");
}

#[test]
fn https_to_a_registry_without_it_suggests_plain_http() {
    let server = Server::open();
    let (layout, _) = layout();

    let error = oci(&format!("push {} --layout {layout}", server.policy())).error();

    assert!(error.ends_with("if it speaks HTTP only and is on this machine, say --plain-http"), "{error}");
}

#[test]
fn an_upload_that_is_cut_off_leaves_no_tag_and_the_next_push_succeeds() {
    let server = Server::open();
    let (layout, digest) = layout();
    let cutter = Cutter::before(&server, 100_000); // in the middle of the module
    let push = format!("push {}/policy:{} --layout {layout} --plain-http", cutter.address, tag());

    let error = oci(&push).error();

    let start =
        format!("cannot push the policy to {0}/policy:{1}: the connection broke to {0}: ", cutter.address, tag());
    assert!(error.starts_with(&start) && error.ends_with("; try again"), "{error}");
    assert!((100_000..module().len() as u64).contains(&cutter.passed()), "cut after {} bytes", cutter.passed());
    assert_eq!(server.tags("policy"), Vec::<String>::new());
    let missing = oci(&format!("verify {} --plain-http", server.policy())).error();
    assert!(
        missing.ends_with(&format!(
            "{} has no policy:{}, or does not show it to anonymous users",
            server.address,
            tag()
        )),
        "{missing}"
    );

    oci(&push).output();
    let verified = oci(&format!("verify {} --plain-http", server.policy())).output();
    assert!(verified.contains(digest), "{verified}");
}

#[test]
fn bytes_that_are_not_those_of_their_digest_are_not_kept() {
    let server = Server::open();
    let (layout, manifest) = layout();
    let name = server.policy();
    oci(&format!("push {name} --layout {layout} --plain-http")).output();
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("policy.wasm");

    for digest in [oci::digest::sha256(&module()), manifest.to_owned()] {
        let path = server.blob(&digest);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        fs::write(&path, &bad).unwrap();

        let error = oci(&format!("pull {name} --output {} --plain-http", file.display())).error();

        let wrong = oci::digest::sha256(&bad);
        assert!(error.contains(&digest) && error.contains(&wrong), "{error}");
        assert!(!file.exists());
        fs::write(&path, &good).unwrap();
    }
    oci(&format!("pull {name} --output {} --plain-http", file.display())).output();
}

#[test]
fn what_cannot_work_is_said_before_anything_is_sent() {
    let (layout, digest) = layout();
    let empty = TempDir::new().unwrap();
    let empty = empty.path().display().to_string();
    let tag = tag();
    let cases = [
        (
            format!("push ghcr.io/team/policy --layout {layout}"),
            format!("\"ghcr.io/team/policy\" has no tag: add one, as in :{tag}"),
        ),
        (
            format!("push localhost:5000/policy --layout {layout}"),
            format!("\"localhost:5000/policy\" has no tag: add one, as in :{tag}"),
        ),
        (
            format!("push ghcr.io/team/policy@{digest} --layout {layout}"),
            format!("cannot push to a digest: name a tag, as in :{tag}"),
        ),
        (
            format!("push ghcr.io/team/policy:v99.0.0 --layout {layout}"),
            format!("the tag is v99.0.0, but the policy in the layout is of version {}: push to :{tag}", version()),
        ),
        (
            format!("push ghcr.io/Team/policy:{tag} --layout {layout}"),
            format!(
                "\"ghcr.io/Team/policy:{tag}\" is not a name like ghcr.io/OWNER/NAME:TAG: invalid reference format"
            ),
        ),
        (
            format!("push ghcr.io/team/policy:{tag} --plain-http --layout {layout}"),
            "--plain-http is for a registry on this machine; ghcr.io would get module and password unprotected"
                .to_owned(),
        ),
        (
            format!("push ghcr.io/team/policy:{tag} --layout {empty}"),
            format!("{empty} holds no OCI layout: `cargo oci layout` writes one"),
        ),
        (
            format!("pull ghcr.io/team/policy:{tag} --output {empty}/policy.wasm --ca {layout}/index.json"),
            format!("{layout}/index.json holds no certificate in PEM"),
        ),
    ];
    for (words, message) in cases {
        assert_eq!(oci(&words).error(), message, "{words}");
    }
}
