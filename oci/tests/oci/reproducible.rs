//! The same commit gives the same digest, wherever it is built.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use oci::{artefact::Artefact, sbom::Bom};
use tempfile::TempDir;
use xtask::Workspace;

use crate::support::{artefact, layout};

/// Another checkout, another target directory, another home of cargo, and a toolchain in another place that has component
/// `rust-src`: the first that rustc would take a path from.
#[test]
fn a_build_on_another_machine_has_the_same_digest() {
    let temporary = TempDir::new().unwrap();
    let root = temporary.path().join("a checkout with spaces");
    copy_checkout(Workspace::locate().unwrap().root(), &root);
    let home = temporary.path().join("home of cargo");
    symlink(cargo_home(), &home).unwrap();
    let rustc = toolchain_with_sources(&temporary.path().join("toolchain"));

    let target = temporary.path().join("target");
    let built = Command::new(env!("CARGO"))
        .current_dir(&root)
        .args(["xtask", "build"])
        .env("CARGO_TARGET_DIR", &target)
        .env("CARGO_HOME", &home)
        .env("RUSTC", rustc)
        .env("RUSTFLAGS", "--cfg=of_someone_else")
        .output()
        .unwrap();
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    let module = fs::read(target.join("policy/annotated-policy.wasm")).unwrap();
    let bom = Bom::of_policy(&Workspace::at(&root).unwrap(), &module).unwrap();
    let there = Artefact::new(module, &bom).unwrap();

    let here = artefact();
    assert_eq!(paths(&there.policy.blobs[1], temporary.path()), Vec::<String>::new());
    assert!(there.policy.blobs[1] == here.policy.blobs[1], "the modules differ");
    assert_eq!(there.policy.digest(), layout().1);
    assert_eq!(there.sbom.digest(), here.sbom.digest());
}

/// Everything but what git does not track.
fn copy_checkout(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type().unwrap().is_dir() {
            if ![".git", "node_modules", "target"].iter().any(|name| entry.file_name() == *name) {
                copy_checkout(&from, &to);
            }
        } else if entry.file_name() != ".git" {
            fs::copy(&from, &to).unwrap();
        }
    }
}

fn cargo_home() -> PathBuf {
    let default = || std::env::home_dir().unwrap().join(".cargo");
    std::env::var_os("CARGO_HOME").map_or_else(default, PathBuf::from)
}

/// The toolchain at another place, with the file by which rustc knows that it has component `rust-src`.
fn toolchain_with_sources(directory: &Path) -> PathBuf {
    let sysroot = Workspace::locate().unwrap().rustc(&["--print", "sysroot"]).unwrap();
    let sysroot = PathBuf::from(sysroot.trim());
    for inside in ["", "lib", "lib/rustlib"] {
        fs::create_dir_all(directory.join(inside)).unwrap();
        for entry in fs::read_dir(sysroot.join(inside)).unwrap() {
            let entry = entry.unwrap();
            let own = ["lib", "rustlib", "src"].iter().any(|name| entry.file_name() == *name);
            if !own {
                symlink(entry.path(), directory.join(inside).join(entry.file_name())).unwrap();
            }
        }
    }
    let sources = directory.join("lib/rustlib/src/rust/library/std/src");
    fs::create_dir_all(&sources).unwrap();
    fs::write(sources.join("lib.rs"), "").unwrap();

    let wrapper = directory.join("rustc-with-sources");
    let script =
        format!("#!/bin/sh\nexec '{}/bin/rustc' --sysroot '{}' \"$@\"\n", sysroot.display(), directory.display());
    fs::write(&wrapper, script).unwrap();
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
    wrapper
}

/// What is written in the module that begins with `prefix`.
fn paths(module: &[u8], prefix: &Path) -> Vec<String> {
    let text = String::from_utf8_lossy(module);
    let prefix = prefix.to_str().unwrap();
    text.match_indices(prefix).map(|(at, _)| text[at..].chars().take(120).collect()).collect()
}
