//! What the programs of the workspace do before cargo compiles them, and how they end.
//!
//! rustup installs the targets of `rust-toolchain.toml` together with a toolchain, but not into a toolchain that is already there.
//! Without this crate a build notices that only after it has compiled the WebAssembly runtime.

#![cfg(not(target_family = "wasm"))]

use std::{
    env,
    error::Error as StdError,
    ffi::OsString,
    fmt::{self, Display, Formatter},
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

/// The target of the policy module. Without WASI, so that the host functions of waPC are all that the module imports.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// Why the toolchain in use has no standard library for [`TARGET`]. The text is one sentence that says what to do.
#[derive(Debug)]
pub enum Error {
    /// rustc cannot be run.
    Rustc {
        /// The program.
        program: OsString,
        /// What it wrote to standard error, or why it does not start.
        reason: String,
    },
    /// The toolchain is not one of rustup's, which alone can be extended without knowing the machine.
    NotOfRustup {
        /// The directory of the toolchain.
        sysroot: PathBuf,
    },
    /// rustup does not install it.
    Rustup {
        /// The toolchain's name.
        toolchain: String,
        /// The errors that rustup reports.
        reason: String,
    },
}

impl Display for Error {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rustc { program, reason } => write!(formatter, "cannot run {}: {reason}", program.display()),
            Self::NotOfRustup { sysroot } => write!(
                formatter,
                "the Rust toolchain in {} has no target {TARGET}, which the policy is compiled for: install its \
                 standard library for {TARGET} (libstd-rust-dev-wasm32 in Debian, rust-std-static-{TARGET} in Fedora), or use a \
                 toolchain of rustup (https://rustup.rs)",
                sysroot.display()
            ),
            Self::Rustup { toolchain, reason } => write!(
                formatter,
                "`rustup target add --toolchain {toolchain} {TARGET}` fails, without which the policy cannot be compiled: {reason}"
            ),
        }
    }
}

impl StdError for Error {}

/// Makes sure that the toolchain in use can compile for [`TARGET`]: if rustup manages the toolchain, it installs the target that
/// is missing. Processes that do this at the same time wait for each other.
///
/// `announce` is given a sentence before an installation, which downloads about 20 MB.
///
/// # Errors
/// When the target is missing and cannot be installed.
pub fn ensure_target(announce: impl FnOnce(&str)) -> Result<(), Error> {
    if is_installed()? {
        return Ok(());
    }
    let sysroot = PathBuf::from(ask_rustc(&["--print", "sysroot"])?);
    let Some(toolchain) = rustup_toolchain(&sysroot) else { return Err(Error::NotOfRustup { sysroot }) };

    // Where directories cannot be locked, rustup is left to sort out installations at the same time.
    let lock = File::open(&sysroot).and_then(|directory| directory.lock().map(|()| directory));
    if is_installed()? {
        return Ok(());
    }
    announce(&format!("rustup installs the target {TARGET} for toolchain {toolchain}"));
    let installation = Command::new("rustup").args(["target", "add", "--toolchain", &toolchain, TARGET]).output();
    drop(lock);
    if is_installed()? {
        return Ok(());
    }
    let reason = match installation {
        Ok(output) if output.status.success() => "it reports success, but the target is still missing".to_owned(),
        Ok(output) => errors_in(&output.stderr),
        Err(error) => error.to_string(),
    };
    Err(Error::Rustup { toolchain, reason })
}

/// Writes a line to standard error.
pub fn tell(line: &str) {
    // Where standard error is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Reports how a program ends: an error as one line on standard error, with its causes and without a stack trace, and exit code 1.
pub fn exit_code<E: Display>(result: Result<(), E>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // anyhow's alternate form is the chain of causes.
            tell(&format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Whether rustc finds a standard library for the target. An interrupted installation leaves the directory alone.
fn is_installed() -> Result<bool, Error> {
    let libraries = ask_rustc(&["--print", "target-libdir", "--target", TARGET])?;
    let Ok(mut entries) = fs::read_dir(libraries) else { return Ok(false) };
    Ok(entries.any(|entry| entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))))
}

/// The name by which rustup knows the toolchain in `sysroot`; nothing if it does not manage it, or is not there.
fn rustup_toolchain(sysroot: &Path) -> Option<String> {
    let home = Command::new("rustup").args(["show", "home"]).output().ok()?;
    let home = String::from_utf8(home.stdout).ok()?;
    let toolchains = Path::new(home.trim_end()).join("toolchains").canonicalize().ok()?;
    let sysroot = sysroot.canonicalize().ok()?;
    (sysroot.parent()? == toolchains).then(|| sysroot.file_name()?.to_str().map(str::to_owned)).flatten()
}

/// What rustc answers, of the toolchain that this workspace is built with.
fn ask_rustc(arguments: &[&str]) -> Result<String, Error> {
    let program = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    // There rustup heeds rust-toolchain.toml, wherever the program runs.
    let output = Command::new(&program).current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).output();
    let reason = match output {
        Ok(output) if output.status.success() => {
            return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
        }
        Ok(output) => errors_in(&output.stderr),
        Err(error) => error.to_string(),
    };
    Err(Error::Rustc { program, reason })
}

/// The errors among the lines that a tool has written, as one line.
fn errors_in(output: &[u8]) -> String {
    let output = String::from_utf8_lossy(output);
    let errors: Vec<_> = output.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
    match errors.as_slice() {
        [] => output.split_whitespace().collect::<Vec<_>>().join(" "),
        errors => errors.join("; "),
    }
}
