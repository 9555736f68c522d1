//! The nested cargo runs: where the workspace is, and the build of the guest.

use std::{
    collections::BTreeSet,
    env,
    ffi::{OsStr, OsString},
    fs,
    io::{self, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail, ensure};
use cargo_metadata::{CrateType, Message, MetadataCommand};
use launcher::{TARGET, ensure_target, tell};

/// The package whose version is the policy's.
pub const POLICY_PACKAGE: &str = "azure-workload-identity-policy";
/// The package that is compiled to the guest.
pub const GUEST_PACKAGE: &str = "azure-workload-identity-guest";

/// The cargo workspace that this crate is a member of.
pub struct Workspace {
    metadata: cargo_metadata::Metadata,
}

impl Workspace {
    /// Asks cargo for the workspace's directories and packages.
    ///
    /// # Errors
    /// When cargo cannot be run.
    pub fn locate() -> Result<Self> {
        Self::at(Path::new(env!("CARGO_MANIFEST_DIR")))
    }

    /// As [`Self::locate`], for the workspace of the package in `directory`.
    ///
    /// # Errors
    /// When cargo cannot be run, or there is no package.
    pub fn at(directory: &Path) -> Result<Self> {
        let metadata = MetadataCommand::new()
            .cargo_path(cargo())
            .manifest_path(directory.join("Cargo.toml"))
            .no_deps()
            .exec()
            .with_context(|| format!("cannot locate the workspace of {}", directory.display()))?;
        Ok(Self { metadata })
    }

    /// The directory of the root `Cargo.toml`.
    pub fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    /// The text of a file, by its path inside the repository.
    pub(crate) fn read(&self, file: &str) -> Result<String> {
        fs::read_to_string(self.root().join(file)).with_context(|| format!("cannot read {file}"))
    }

    /// Where cargo writes, be it configured or the default.
    pub fn target_directory(&self) -> &Path {
        self.metadata.target_directory.as_std_path()
    }

    /// The policy's version as `Cargo.toml` has it.
    ///
    /// # Errors
    /// When the workspace has no package of the policy's name.
    pub fn policy_version(&self) -> Result<String> {
        let package = self.metadata.packages.iter().find(|package| package.name == POLICY_PACKAGE);
        let package = package.with_context(|| format!("the workspace has no package {POLICY_PACKAGE}"))?;
        Ok(package.version.to_string())
    }

    /// Compiles a package to WebAssembly with the release profile; returns the path of the module that cargo reports.
    ///
    /// # Errors
    /// When the target is missing, or the package does not compile or is no `cdylib`.
    pub fn build_module(&self, package: &str) -> Result<PathBuf> {
        let flags = self.remapped_paths()?;
        // A JSON array of strings is a TOML array of strings as well. Cargo adds the flags to those of `.cargo/config.toml`.
        let flags = format!("target.{TARGET}.rustflags={}", serde_json::to_string(&flags)?);
        self.compile(package, |cargo| cargo.args(["--release", "--config", &flags]))
    }

    /// As [`Self::build_module`], with another profile, and with flags of rustc in place of those in `.cargo/config.toml`.
    ///
    /// # Errors
    /// When the target is missing, or the package does not compile or is no `cdylib`.
    pub fn build_module_with(&self, package: &str, profile: &str, flags: &[&str]) -> Result<PathBuf> {
        let flags = flags.iter().map(|flag| (*flag).to_owned()).chain(self.remapped_paths()?).collect::<Vec<_>>();
        self.compile(package, |cargo| {
            cargo.args(["--profile", profile]).env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"))
        })
    }

    fn compile(&self, package: &str, configure: impl FnOnce(&mut Command) -> &mut Command) -> Result<PathBuf> {
        ensure_target(tell)?;
        let mut command = Command::new(cargo());
        command
            .current_dir(self.root())
            .args(["build", "--locked", "--lib", "--package", package, "--target", TARGET])
            .arg("--message-format=json-render-diagnostics")
            // What is published must not depend on the flags that someone has set for native builds; besides, they would
            // make cargo ignore the flags of `--config`.
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .stdout(Stdio::piped());
        let mut child = configure(&mut command).spawn().context("cannot start cargo")?;

        let messages = BufReader::new(child.stdout.take().context("cargo has no standard output")?);
        let mut module = None;
        for message in Message::parse_stream(messages) {
            if let Message::CompilerArtifact(artifact) = message.context("cannot read cargo's messages")?
                && artifact.target.crate_types.contains(&CrateType::CDyLib)
                && artifact.target.name == package.replace('-', "_")
            {
                module = artifact.filenames.into_iter().find(|file| file.extension() == Some("wasm"));
            }
        }
        let status = child.wait().context("cannot wait for cargo")?;
        ensure!(status.success(), "package {package} does not compile: cargo says why above");
        let Some(module) = module else {
            bail!("cargo built no WebAssembly module: crate-type of package {package} must list cdylib");
        };
        Ok(module.into_std_path_buf())
    }

    /// The flags that keep this machine's directories out of the module. Panic locations of dependencies contain them otherwise, and
    /// two machines would not build the same bytes.
    fn remapped_paths(&self) -> Result<Vec<String>> {
        let mut flags = vec![format!("--remap-path-prefix={}=/policy", self.root().display())];
        if let Some(home) = cargo_home() {
            flags.push(format!("--remap-path-prefix={}=/cargo", home.display()));
            // Each registry has a directory, and a mirror of crates.io another one than crates.io. The last flag that matches
            // is the one that counts.
            for sources in directories(&home.join("registry").join("src"))? {
                flags.push(format!("--remap-path-prefix={}=/cargo/registry/src", sources.display()));
            }
        }
        flags.push(self.remapped_standard_library()?);
        Ok(flags)
    }

    /// Where the toolchain has component `rust-src`, which editors like, rustc takes the standard library's paths from there;
    /// otherwise from the place where it was built, named after the compiler's commit.
    fn remapped_standard_library(&self) -> Result<String> {
        let sysroot = self.rustc(&["--print", "sysroot"])?;
        let version = self.rustc(&["-vV"])?;
        let commit = version.lines().find_map(|line| line.strip_prefix("commit-hash: "));
        let commit = commit.context("rustc -vV names no commit")?;
        let sources = Path::new(sysroot.trim_end()).join("lib/rustlib/src/rust");
        Ok(format!("--remap-path-prefix={}=/rustc/{commit}", sources.display()))
    }

    /// The crates that are compiled into the module of a package, as `cargo tree` prints them: a line each, with the depth and then
    /// `format`. No procedural macros, which only run while it compiles.
    ///
    /// # Errors
    /// When cargo cannot resolve the dependencies.
    pub fn crates_of_module(&self, package: &str, format: &str) -> Result<String> {
        let edges = "--edges=normal,no-proc-macro";
        let format = ["--format=", format].concat();
        let package = ["--package", package, "--target", TARGET];
        self.cargo(&[&["tree", "--quiet", "--locked", edges, "--prefix=depth", &format][..], &package].concat())
    }

    /// Runs cargo in the workspace's root; returns its standard output.
    ///
    /// # Errors
    /// When it does not start or fails, with its standard error.
    pub fn cargo(&self, arguments: &[&str]) -> Result<String> {
        self.output(&cargo(), arguments)
    }

    /// Runs the compiler that the workspace is built with; returns its standard output.
    ///
    /// # Errors
    /// When it does not start or fails, with its standard error.
    pub fn rustc(&self, arguments: &[&str]) -> Result<String> {
        self.output(&env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()), arguments)
    }

    fn output(&self, program: &OsStr, arguments: &[&str]) -> Result<String> {
        let name = program.display();
        let output = Command::new(program).current_dir(self.root()).args(arguments).output();
        let output = output.with_context(|| format!("cannot start {name}"))?;
        ensure!(
            output.status.success(),
            "{name} {} failed: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        String::from_utf8(output.stdout).with_context(|| format!("{name} wrote no UTF-8"))
    }
}

/// The cargo that runs this program, or else the one on the path.
fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// Where cargo keeps the sources of dependencies.
fn cargo_home() -> Option<PathBuf> {
    env::var_os("CARGO_HOME").map(PathBuf::from).or_else(|| Some(env::home_dir()?.join(".cargo")))
}

/// The directories in `parent`, sorted; none if it is not there.
fn directories(parent: &Path) -> Result<BTreeSet<PathBuf>> {
    let entries = match fs::read_dir(parent) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", parent.display())),
    };
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    paths.collect::<io::Result<_>>().with_context(|| format!("cannot read {}", parent.display()))
}
