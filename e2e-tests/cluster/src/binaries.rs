//! The programs of a control plane: found where envtest would look for them, else built from their Go modules.

use std::{
    env, fs,
    fs::File,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

/// The directory of our Go module.
const GO_MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/go");
/// Programs and the packages that they are built from.
const PROGRAMS: [(&str, &str); 4] = [
    ("etcd", "./etcd"),
    ("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver"),
    ("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager"),
    ("kubectl", "./kubectl"),
];

/// Where the programs are.
#[derive(Clone, Debug)]
pub struct Binaries {
    pub(crate) etcd: PathBuf,
    pub(crate) kube_apiserver: PathBuf,
    pub(crate) kube_controller_manager: PathBuf,
    pub(crate) kubectl: PathBuf,
}

impl Binaries {
    /// Takes what the directory in `KUBEBUILDER_ASSETS` has (setup-envtest's has no controller manager), and builds the rest
    /// into `directory`, unless it was built before from the same versions.
    ///
    /// # Errors
    /// When a program does not build, or there is no Go.
    pub fn locate(directory: &Path) -> Result<Self> {
        let assets = env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
        let find = |program: &str| {
            let asset = assets.as_ref().map(|assets| assets.join(program)).filter(|asset| asset.is_file());
            asset.unwrap_or_else(|| directory.join(program))
        };
        let missing: Vec<_> =
            PROGRAMS.into_iter().filter(|(program, _)| find(program).parent() == Some(directory)).collect();
        build(directory, &missing)?;
        Ok(Self {
            etcd: find("etcd"),
            kube_apiserver: find("kube-apiserver"),
            kube_controller_manager: find("kube-controller-manager"),
            kubectl: find("kubectl"),
        })
    }
}

#[expect(clippy::print_stderr, reason = "minutes of silence would look as if the tests hung")]
fn build(directory: &Path, programs: &[(&str, &str)]) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot create {}", directory.display()))?;
    // Test processes may run at the same time; whoever comes second finds all of it built.
    let lock = File::create(directory.join("lock"))?;
    lock.lock()?;

    let versions = fs::read_to_string(Path::new(GO_MODULE).join("go.mod"))?;
    let version = kubernetes_version(&versions)?;
    for (program, package) in programs {
        let path = directory.join(program);
        let stamp = path.with_extension("go.mod");
        if path.is_file() && fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == versions) {
            continue;
        }
        eprintln!("building {program} {version} (once; minutes)");
        let status = Command::new("go")
            .current_dir(GO_MODULE)
            .args(["build", "-trimpath", "-ldflags", &linker_flags(version), "-o"])
            .args([path.as_os_str(), package.as_ref()])
            .status()
            .context("cannot run go: install Go 1.26, or name a directory with the programs in KUBEBUILDER_ASSETS")?;
        ensure!(status.success(), "{program} does not build: go says why above");
        fs::write(&stamp, &versions)?;
    }
    Ok(())
}

/// The version of Kubernetes that our Go module requires, e.g. `v1.36.3`.
fn kubernetes_version(go_mod: &str) -> Result<&str> {
    let version = go_mod.lines().find_map(|line| line.trim().strip_prefix("k8s.io/kubernetes "));
    version.context("go.mod requires no k8s.io/kubernetes")
}

/// Clients cannot read the version that a build from a module has by itself.
fn linker_flags(version: &str) -> String {
    let mut numbers = version.trim_start_matches('v').split('.');
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let package = "k8s.io/component-base/version";
    format!("-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}")
}
