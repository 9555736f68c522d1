//! What a container finds at a path: the volume that is mounted there, and whose token a file is.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod common {
    pub(crate) mod pods;
}

use std::path::{Component, Path, PathBuf};

use azure_workload_identity_policy::mounts::{InjectedToken, Mounts, Volumes, injected_volume, kind, run_alias};
use azure_workload_identity_policy::pod::Pod;
use common::pods::with_pod;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

const AZURE: &str = "api://AzureADTokenExchange";
const RESERVED: &str = "azure-workload-identity-reserved-425c89ed5bb78a7623fae60fd8a6f6";
const RESERVED_MOUNT: &str = "/var/run/secrets/azure/wi/425c89ed5bb78a7623fae60fd8a6f6";

/// What injection with layout v1.6.1 adds to a pod named `pod`.
const INJECTED: InjectedToken<'_> = InjectedToken {
    volume: RESERVED,
    mount_path: RESERVED_MOUNT,
    token_path: "token/azure-identity-token",
    audience: AZURE,
    replaces: true,
};

fn is_azure(audience: &str) -> bool {
    audience == AZURE
}

fn look_at<T>(spec: &Value, injected: Option<InjectedToken<'static>>, look: impl FnOnce(&Mounts<'_, '_>) -> T) -> T {
    with_pod(spec, |pod| {
        let volumes = Volumes::new(pod, injected, &is_azure);
        look(&Mounts::new(&volumes, &pod.containers[0], injected))
    })
}

/// A pod with one container.
fn spec(mounts: &Value, volumes: &Value) -> Value {
    json!({"containers": [{"name": "app", "volumeMounts": mounts}], "volumes": volumes})
}

fn token(audience: &str, path: &str) -> Value {
    json!({"serviceAccountToken": {"audience": audience, "path": path}})
}

fn projected(name: &str, sources: &[Value]) -> Value {
    json!({"name": name, "projected": {"sources": sources}})
}

fn file(spec: &Value, path: &str) -> String {
    look_at(spec, None, |mounts| format!("{:?}", mounts.file(path)))
}

fn token_of(volume: &str, audience: &str) -> String {
    format!("Token {{ volume: {volume:?}, audience: {audience:?}, by_sub_path: false }}")
}

fn not_in(volume: &str) -> String {
    format!("Nothing(NotInVolume {{ volume: {volume:?} }})")
}

fn unknown(volume: &str) -> String {
    format!("Unknown {{ volume: {volume:?} }}")
}

#[test]
fn a_token_is_found_at_the_path_of_its_mount_in_any_spelling() {
    let own = token_of("own", AZURE);
    let [no_file, covered] = ["Nothing(NoFile)", "Nothing(Covered)"].map(str::to_owned);
    let cases = [
        ("/t", "/t/token", &own),
        ("/t/", "/t/token", &own),
        ("/a/../t//.", "/t/token", &own),
        ("/t", "//t/.//token", &own),
        ("/t", "/t/../t/token", &own),
        ("/a/t", "/a/../a/t/token", &own),
        ("/t", "/t/..data/token", &own),
        ("t", "/t/token", &own),
        ("/", "/token", &own),
        ("/t", "/t/token/", &no_file),
        ("/t", "/t/token/.", &no_file),
        ("/t", "/t/token/../token", &no_file),
        ("/t", "/t/x/../token", &no_file),
        ("/t", "/x/../t/token", &no_file),
        ("/var/run/t", "/var/run/../run/t/token", &no_file),
        ("/t", "/t/other", &not_in("own")),
        ("/t", "/t", &not_in("own")),
        ("/etc", "/etc/hosts", &covered),
        ("/etc/hosts", "/etc/hosts", &not_in("own")),
        ("/t", "/tt/token", &"Nothing(NotMounted)".to_owned()),
        ("/t", "/t/token/below", &not_in("own")),
        ("/t", "t/token", &"Nothing(Relative)".to_owned()),
        ("/t", "", &"Nothing(Relative)".to_owned()),
    ];
    for (mount_path, path, expected) in cases {
        let mounts = json!([{"name": "own", "mountPath": mount_path}]);
        let spec = spec(&mounts, &json!([projected("own", &[token(AZURE, "token")])]));
        assert_eq!(file(&spec, path), *expected, "{path} with a mount at {mount_path}");
    }
}

#[test]
fn the_pod_says_whose_token_a_file_is() {
    let (secret, config_map) = (json!({"secret": {"name": "s"}}), json!({"configMap": {"name": "c"}}));
    let item = |kind: &str, path: &str| json!({kind: {"name": "x", "items": [{"key": "k", "path": path}]}});
    let field = |path: &str| json!({"downwardAPI": {"items": [{"path": path, "fieldRef": {"fieldPath": "x"}}]}});
    let bundle = json!({"clusterTrustBundle": {"path": "f", "name": "b"}});
    let own = |path: &str| token(AZURE, path);
    let cases: [(&str, Vec<Value>, &str, String); 25] = [
        ("its audience", vec![token("https://vault", "f")], "f", token_of("v", "https://vault")),
        ("no audience", vec![json!({"serviceAccountToken": {"path": "f"}})], "f", "ApiServerToken".to_owned()),
        ("an empty audience", vec![token("", "f")], "f", "ApiServerToken".to_owned()),
        ("in a directory", vec![own("a/b")], "a/b", token_of("v", AZURE)),
        ("a path to be cleaned", vec![own("a//./b")], "a/b", token_of("v", AZURE)),
        ("a path with an escape", vec![own("a\\b")], "a\\b", token_of("v", AZURE)),
        ("of two tokens the one that is asked for", vec![token("x", "f"), own("g")], "f", token_of("v", "x")),
        ("of two at one path the later one", vec![token("x", "f"), own("f")], "f", token_of("v", AZURE)),
        ("a later Secret may have a key of that name", vec![own("f"), secret.clone()], "f", unknown("v")),
        ("a later ConfigMap as well", vec![own("f"), config_map], "f", unknown("v")),
        ("an earlier one is hidden", vec![secret.clone(), own("f")], "f", token_of("v", AZURE)),
        ("no key has a slash", vec![own("a/b"), secret.clone()], "a/b", token_of("v", AZURE)),
        ("other files of a Secret", vec![own("f"), secret.clone()], "g", unknown("v")),
        ("not in directories", vec![own("f"), secret.clone()], "a/g", not_in("v")),
        ("one key of a Secret", vec![own("f"), item("secret", "g")], "f", token_of("v", AZURE)),
        ("that key", vec![own("f"), item("secret", "g")], "g", unknown("v")),
        ("a key that hides it", vec![own("f"), item("configMap", "f")], "f", unknown("v")),
        ("no key at all", vec![own("f"), json!({"secret": {"items": []}})], "f", unknown("v")),
        ("a field that hides it", vec![own("f"), field("f")], "f", not_in("v")),
        ("another field", vec![own("f"), field("g")], "f", token_of("v", AZURE)),
        ("a certificate that hides it", vec![own("f"), bundle.clone()], "f", not_in("v")),
        ("a certificate before it", vec![bundle, own("f")], "f", token_of("v", AZURE)),
        ("a source that is not known yet", vec![own("a/b"), json!({"new": {}})], "a/b", unknown("v")),
        ("before it", vec![json!({"new": {}}), own("a/b")], "a/b", token_of("v", AZURE)),
        ("no source", vec![], "f", not_in("v")),
    ];
    for (what, sources, path, expected) in cases {
        let spec = spec(&json!([{"name": "v", "mountPath": "/m"}]), &json!([projected("v", &sources)]));
        assert_eq!(file(&spec, &format!("/m/{path}")), expected, "{what}");
    }
}

#[test]
fn what_is_in_other_volumes_cannot_be_known() {
    let cases = [
        (json!({"name": "v", "secret": {"secretName": "s"}}), "secret", unknown("v")),
        (json!({"name": "v", "emptyDir": {}}), "emptyDir", unknown("v")),
        (json!({"name": "v"}), "emptyDir", unknown("v")),
        (json!({"name": "v", "csi": {"driver": "d"}}), "csi", unknown("v")),
        (json!({"persistentVolumeClaim": {"claimName": "c"}, "name": "v"}), "persistentVolumeClaim", unknown("v")),
        (json!({"name": "v", "downwardAPI": {"items": [{"path": "f"}]}}), "downwardAPI", not_in("v")),
        (json!({"name": "w", "emptyDir": {}}), "emptyDir", "Nothing(NoVolume { volume: \"v\" })".to_owned()),
    ];
    for (volume, of_kind, expected) in cases {
        let spec = spec(&json!([{"name": "v", "mountPath": "/m"}]), &json!([volume]));
        assert_eq!(file(&spec, "/m/f"), expected, "{volume}");
        assert_eq!(with_pod(&spec, |pod| kind(&pod.volumes[0]).into_owned()), of_kind);
    }
}

#[test]
fn a_sub_path_is_a_part_of_the_volume() {
    let by_sub_path = token_of("v", AZURE).replace("false", "true");
    let cases = [
        (json!({"mountPath": "/m", "subPath": "a"}), "/m/f", &by_sub_path),
        (json!({"mountPath": "/m", "subPath": "./a/"}), "/m/f", &by_sub_path),
        (json!({"mountPath": "/m/x", "subPath": "a/f"}), "/m/x", &by_sub_path),
        (json!({"mountPath": "/m", "subPath": "b"}), "/m/a/f", &not_in("v")),
        (json!({"mountPath": "/m", "subPath": "a/f"}), "/m/f", &not_in("v")),
        (json!({"mountPath": "/m", "subPathExpr": "a"}), "/m/f", &by_sub_path),
        (json!({"mountPath": "/m", "subPathExpr": "$(POD_NAME)"}), "/m/f", &unknown("v")),
        (json!({"mountPath": "/m/$(NAME)"}), "/m/$(NAME)/a/f", &token_of("v", AZURE)),
        (json!({"mountPath": "/m", "subPath": ""}), "/m/a/f", &token_of("v", AZURE)),
    ];
    for (mut mount, path, expected) in cases {
        mount["name"] = "v".into();
        let spec = spec(&json!([mount]), &json!([projected("v", &[token(AZURE, "a/f")])]));
        assert_eq!(file(&spec, path), *expected, "{mount}");
        let has_sub_path = look_at(&spec, None, |mounts| mounts.at(path).unwrap().has_sub_path());
        assert_eq!(has_sub_path, mount.get("subPathExpr").or(mount.get("subPath")).is_some_and(|path| path != ""));
    }
}

#[test]
fn the_nearest_mount_hides_the_others() {
    let volumes = json!([
        projected("own", &[token(AZURE, "d/f")]),
        {"name": "secret", "secret": {}},
        {"name": "empty", "emptyDir": {}},
    ]);
    let mount = |name: &str, path: &str| json!({"name": name, "mountPath": path});
    let own = mount("own", "/t");
    let cases = [
        ("a mount on a parent comes first", [own.clone(), mount("empty", "/")], token_of("own", AZURE)),
        ("so it does if it is listed first", [mount("empty", "/"), own.clone()], token_of("own", AZURE)),
        ("a directory of the volume", [own.clone(), mount("secret", "/t/d")], unknown("secret")),
        ("listed first", [mount("secret", "/t/d"), own.clone()], unknown("secret")),
        ("the file", [own.clone(), mount("secret", "/t/d/f")], unknown("secret")),
        ("a directory with a longer name", [own.clone(), mount("secret", "/t/d-")], token_of("own", AZURE)),
        ("the directory that links lead to", [own.clone(), mount("secret", "/t/..data")], unknown("secret")),
        ("the same path again", [own.clone(), mount("secret", "/t/.")], unknown("secret")),
        ("the same path before", [mount("secret", "/t/."), own.clone()], token_of("own", AZURE)),
        ("a link of many images", [own, mount("secret", "/run")], token_of("own", AZURE)),
    ];
    for (what, mounts, expected) in cases {
        assert_eq!(file(&spec(&json!(mounts), &volumes), "/t/d/f"), expected, "{what}");
    }
}

#[test]
fn the_kubelet_mounts_the_termination_log() {
    let mut spec = spec(&json!([{"name": "v", "mountPath": "/m"}]), &json!([projected("v", &[token(AZURE, "f")])]));
    for (path, is_covered) in [("/m//f", true), ("/m/..data/f", true), ("/m/g", false), ("/n/f", false)] {
        spec["containers"][0]["terminationMessagePath"] = path.into();
        let expected = if is_covered { "Nothing(Covered)".to_owned() } else { token_of("v", AZURE) };
        assert_eq!(file(&spec, "/m/f"), expected, "{path}");
    }
    spec["containers"][0]["volumeMounts"][0]["mountPath"] = "/var/run/m".into();
    spec["containers"][0]["terminationMessagePath"] = "/run/m/f".into();
    assert_eq!(file(&spec, "/var/run/m/f"), "Nothing(Covered)");
}

#[test]
fn the_api_server_mounts_its_token_unless_something_is_there() {
    let path = "/var/run/secrets/kubernetes.io/serviceaccount/token";
    let mount = |path: &str| json!([{"name": "v", "mountPath": path}]);
    let volumes = json!([{"name": "v", "emptyDir": {}}]);
    let cases = [
        (json!([]), None, "ApiServerToken".to_owned()),
        (json!([]), Some(true), "ApiServerToken".to_owned()),
        (json!([]), Some(false), "Nothing(NotMounted)".to_owned()),
        (mount("/var/run/secrets"), None, "ApiServerToken".to_owned()),
        (mount("/var/run/secrets"), Some(false), unknown("v")),
        (mount("/var/run/secrets/kubernetes.io/serviceaccount"), None, unknown("v")),
    ];
    for (mounts, automount, expected) in cases {
        let mut spec = spec(&mounts, &volumes);
        spec["automountServiceAccountToken"] = automount.into();
        assert_eq!(file(&spec, path), expected, "{spec}");
    }
    assert_eq!(file(&spec(&json!([]), &volumes), "/var/run/secrets/kubernetes.io/x"), "Nothing(NotMounted)");
}

#[test]
fn windows_has_drives_backslashes_and_no_case() {
    let mounted = |mount_path: &str, path: &str| {
        let mounts = json!([{"name": "own", "mountPath": mount_path}]);
        let mut spec = spec(&mounts, &json!([projected("own", &[token(AZURE, "d/Token")])]));
        spec["nodeSelector"] = json!({"kubernetes.io/os": "windows"});
        file(&spec, path)
    };
    let cases = [
        ("/var/run/x", r"C:\var\run\x\d\token"),
        (r"C:\var\run\x", "/var/run/x/d/Token"),
        (r"c:\x", r"C:/X\D\TOKEN"),
        (r"\x", "C:/x/d/token"),
        (r"D:\x", r"d:\x\d\token"),
    ];
    for (mount_path, path) in cases {
        assert_eq!(mounted(mount_path, path), token_of("own", AZURE), "{path} with a mount at {mount_path}");
    }
    assert_eq!(mounted(r"D:\x", r"C:\x\d\token"), "Nothing(NotMounted)");
    assert_eq!(mounted("/x", "x/d/token"), "Nothing(Relative)");
}

#[test]
fn run_is_another_name_of_var_run() {
    let cases = [
        ("/run/secrets/x", Some("/var/run/secrets/x")),
        ("/var/run//secrets/x/", Some("/run/secrets/x")),
        ("/running/x", None),
        ("/var/x", None),
        ("/x/run/y", None),
    ];
    for (path, expected) in cases {
        assert_eq!(run_alias(path).as_deref(), expected, "{path}");
    }
}

#[test]
fn some_mounts_leave_no_room_for_mount_points() {
    let cases = [
        (json!({"secret": {}}), json!({}), true, true),
        (json!({"configMap": {}}), json!({}), true, true),
        (json!({"downwardAPI": {}}), json!({}), true, true),
        (json!({"projected": {"sources": []}}), json!({}), true, true),
        (json!({"emptyDir": {}}), json!({}), false, false),
        (json!({"emptyDir": {}}), json!({"readOnly": true}), true, false),
        (json!({"emptyDir": {}}), json!({"readOnly": false}), false, false),
        (json!({"image": {"reference": "r"}}), json!({}), true, false),
        (json!({"persistentVolumeClaim": {"claimName": "c", "readOnly": true}}), json!({}), true, false),
        (json!({"csi": {"driver": "d", "readOnly": false}}), json!({}), false, false),
        (json!({"hostPath": {"path": "/"}}), json!({}), false, false),
    ];
    for (mut volume, mut mount, read_only, from_api) in cases {
        volume["name"] = "v".into();
        mount["name"] = "v".into();
        mount["mountPath"] = "/m".into();
        let found = with_pod(&spec(&json!([mount]), &json!([volume])), |pod| {
            let volumes = Volumes::new(pod, None, &is_azure);
            let mounts = Mounts::new(&volumes, &pod.containers[0], None);
            (mounts.above("/m/x").unwrap().is_read_only(&volumes), volumes.is_from_api("v"))
        });
        assert_eq!(found, (read_only, from_api), "{volume} {mount}");
    }
}

#[test]
fn injection_adds_a_mount_or_puts_it_right() {
    let path = format!("{RESERVED_MOUNT}/token/azure-identity-token");
    let ours = token_of(RESERVED, AZURE);
    let other = projected(RESERVED, &[token("other", "token/azure-identity-token")]);
    let cases = [
        ("added", json!([]), json!([]), &path, &ours),
        ("moved", json!([{"name": RESERVED, "mountPath": "/t"}]), json!([]), &path, &ours),
        ("replaced", json!([]), json!([other]), &path, &ours),
        ("nowhere else", json!([{"name": RESERVED, "mountPath": "/t"}]), json!([]), &"/t/token".to_owned(), {
            &"Nothing(NotMounted)".to_owned()
        }),
        ("on top", json!([{"name": "e", "mountPath": RESERVED_MOUNT}]), json!([{"name": "e"}]), &path, &ours),
    ];
    for (what, mounts, volumes, path, expected) in cases {
        let found = look_at(&spec(&mounts, &volumes), Some(INJECTED), |mounts| {
            assert!(mounts.reaches_azure_token());
            assert!(mounts.at(RESERVED_MOUNT).unwrap().entry.is_none());
            format!("{:?}", mounts.file(path))
        });
        assert_eq!(found, *expected, "{what}");
    }
}

#[test]
fn injection_up_to_v1_5_keeps_a_volume_and_its_mounts() {
    let v1_5 = InjectedToken {
        volume: "azure-identity-token",
        mount_path: "/var/run/secrets/azure/tokens",
        token_path: "azure-identity-token",
        replaces: false,
        ..INJECTED
    };
    let own = projected("azure-identity-token", &[token("other", "azure-identity-token")]);
    let mounts = json!([{"name": "azure-identity-token", "mountPath": "/t"}]);
    let cases = [
        (json!([]), json!([]), "/var/run/secrets/azure/tokens", AZURE),
        (json!([]), json!([own]), "/var/run/secrets/azure/tokens", "other"),
        (mounts.clone(), json!([]), "/t", AZURE),
        (mounts, json!([own]), "/t", "other"),
    ];
    for (mounts, volumes, at, audience) in cases {
        let path = format!("{at}/azure-identity-token");
        let found = look_at(&spec(&mounts, &volumes), Some(v1_5), |mounts| format!("{:?}", mounts.file(&path)));
        assert_eq!(found, token_of("azure-identity-token", audience), "{mounts} {volumes}");
    }
}

#[test]
fn only_a_mount_of_a_token_volume_reaches_a_token() {
    let volumes = json!([
        projected("own", &[token("other", "a"), token(AZURE, "b")]),
        projected("api", &[token("", "token")]),
        {"name": "secret", "secret": {}},
    ]);
    let cases = [("own", true), ("api", false), ("secret", false), ("nothing", false)];
    for (name, reaches) in cases {
        let spec =
            spec(&json!([{"name": name, "mountPath": "/a/m"}, {"name": "secret", "mountPath": "/a/b"}]), &volumes);
        look_at(&spec, None, |mounts| {
            assert_eq!(mounts.reaches_azure_token(), reaches, "{name}");
        });
    }
}

#[test]
fn the_injected_volume_is_known_by_its_name_and_token() {
    let reserved = |hash: char| format!("azure-workload-identity-reserved-{}", hash.to_string().repeat(30));
    let with_token = |name: &str| projected(name, &[token(AZURE, "token/azure-identity-token")]);
    let old = projected("azure-identity-token", &[token(AZURE, "azure-identity-token")]);
    let cases = [
        ("none", json!([{"name": RESERVED, "secret": {}}, with_token("azure-identity-token")]), None),
        ("old", json!([old]), Some("azure-identity-token".to_owned())),
        ("the new one, not one made by hand", json!([with_token(RESERVED), old]), Some(RESERVED.to_owned())),
        ("the last one", json!([with_token(&reserved('a')), with_token(&reserved('b'))]), Some(reserved('b'))),
        ("whatever its hash", json!([with_token(RESERVED), with_token(&reserved('b'))]), Some(reserved('b'))),
    ];
    for (what, volumes, expected) in cases {
        let spec = spec(&json!([]), &volumes);
        let name = |pod: &Pod<'_>| {
            let volumes = Volumes::new(pod, None, &is_azure);
            assert_eq!(injected_volume(pod).map(|volume| &*volume.name), volumes.injected());
            volumes.injected().map(str::to_owned)
        };
        assert_eq!(with_pod(&spec, name), expected, "{what}");
    }
}

/// A path of few names, in many spellings.
fn spelled() -> impl Strategy<Value = String> {
    let component = select(vec!["", ".", "..", "a", "b", "a-", "a b", "..data"]);
    proptest::collection::vec(component, 0..6).prop_map(|components| format!("/{}", components.join("/")))
}

/// The path as the standard library takes it apart.
fn reference(path: &str) -> PathBuf {
    let mut clean = PathBuf::from("/");
    for component in Path::new(path).components() {
        match component {
            Component::Normal(name) => clean.push(name),
            Component::ParentDir => {
                clean.pop();
            }
            Component::RootDir | Component::CurDir | Component::Prefix(_) => {}
        }
    }
    clean
}

proptest! {
    #[test]
    fn mounts_are_found_as_a_search_through_all_of_them_finds_them(
        paths in proptest::collection::vec(spelled(), 0..20),
        asked in spelled(),
    ) {
        let names = || paths.iter().enumerate();
        let mounts: Vec<Value> =
            names().map(|(name, path)| json!({"name": name.to_string(), "mountPath": path})).collect();
        let path = reference(&asked);
        let depth = |at: &str| reference(at).components().count();
        let above: Vec<_> = names().filter(|(_, at)| path.starts_with(reference(at))).collect();
        let nearest = above.iter().max_by_key(|(_, at)| depth(at)).map(|(name, _)| name.to_string());
        let nearest_above = above.iter().filter(|(_, at)| reference(at) != path).max_by_key(|(_, at)| depth(at));
        let mut within: Vec<_> =
            names().filter(|(_, at)| reference(at).starts_with(&path)).map(|(name, _)| name.to_string()).collect();
        within.sort();

        look_at(&spec(&json!(mounts), &json!([])), None, |mounts| {
            assert_eq!(mounts.at(&asked).map(|mount| mount.volume), nearest.as_deref());
            assert_eq!(mounts.above(&asked).map(|mount| mount.volume.to_owned()), nearest_above.map(|(name, _)| name.to_string()));
            let mut found: Vec<_> = mounts.within(&asked).map(|mount| mount.volume.to_owned()).collect();
            found.sort();
            assert_eq!(found, within);
            assert_eq!(mounts.iter().count(), paths.len());
        });
    }
}
