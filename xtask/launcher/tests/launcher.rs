//! The launcher among scripts that stand in for cargo, rustc and rustup.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::{
    fs,
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs");
const INSTALLING: &str = "rustup installs the target wasm32-unknown-unknown for toolchain 1.95.0-host\n";

/// A machine whose toolchain lacks the target, in a directory of the test's own.
struct Machine {
    rustup_home: PathBuf,
    toolchain: PathBuf,
    has_rustup: bool,
}

impl Machine {
    /// With a toolchain that rustup has installed.
    fn new(name: &str) -> Self {
        let rustup_home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let toolchain = rustup_home.join("toolchains/1.95.0-host");
        if rustup_home.exists() {
            fs::remove_dir_all(&rustup_home).unwrap();
        }
        fs::create_dir_all(toolchain.join("lib")).unwrap();
        Self { rustup_home, toolchain, has_rustup: true }
    }

    /// With a toolchain that has the target.
    fn with_target(name: &str) -> Self {
        let machine = Self::new(name);
        fs::write(machine.toolchain.join("lib/libstd-0123.rlib"), "").unwrap();
        machine
    }

    /// The launcher, for which cargo is a shell script.
    fn launcher(&self, cargo: &str) -> Command {
        let path = if self.has_rustup { format!("{PROGRAMS}:{PROGRAMS}/rustup") } else { PROGRAMS.to_owned() };
        let mut command = Command::new(env!("CARGO_BIN_EXE_launcher"));
        command
            .args(["run", "--package", "xtask"])
            .env("PATH", path)
            .env("CARGO", "cargo")
            .env("CARGO_SCRIPT", cargo)
            .env("RUSTUP_HOME", &self.rustup_home)
            .env("TOOLCHAIN", &self.toolchain)
            .env("RUST_BACKTRACE", "1")
            .env_remove("RUSTC");
        command
    }

    fn launch(&self, cargo: &str) -> Output {
        self.launcher(cargo).output().unwrap()
    }

    /// How often rustup has installed the target.
    fn installations(&self) -> usize {
        fs::read_to_string(self.rustup_home.join("installations")).unwrap_or_default().lines().count()
    }
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).unwrap()
}

/// One line on standard error; cargo, which would write to standard output, was not run.
#[track_caller]
fn assert_refused(output: &Output, beginning: &str) {
    let message = text(&output.stderr);
    assert!(message.starts_with(beginning) && message.trim_end().lines().count() == 1, "{message}");
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""));
}

#[test]
fn cargo_runs_at_once_where_the_target_is_there() {
    let machine = Machine::with_target("present");

    let output = machine.launch(r#"echo "$@"; exit 7"#);

    assert_eq!((text(&output.stdout), text(&output.stderr)), ("run --package xtask\n", ""));
    assert_eq!(output.status.code(), Some(7), "cargo's exit code");
    assert_eq!(machine.installations(), 0);
}

#[test]
fn a_missing_target_is_installed_before_cargo_runs() {
    let machine = Machine::new("missing");

    let output = machine.launch(r#"echo "$@""#);

    assert_eq!((text(&output.stdout), text(&output.stderr)), ("run --package xtask\n", INSTALLING));
    assert_eq!(machine.installations(), 1);
}

#[test]
fn launchers_at_the_same_time_install_it_once() {
    let machine = Machine::new("concurrent");
    let start = || machine.launcher("exit 0").stderr(Stdio::piped()).spawn().unwrap();

    let launchers = [(); 4].map(|()| start());
    let outputs = launchers.map(|launcher| launcher.wait_with_output().unwrap());

    assert!(outputs.iter().all(|output| output.status.success()));
    assert_eq!(outputs.iter().map(|output| text(&output.stderr)).collect::<String>(), INSTALLING);
    assert_eq!(machine.installations(), 1);
}

#[test]
fn a_toolchain_that_rustup_has_not_installed_is_left_alone() {
    let mut machine = Machine::new("foreign");
    machine.toolchain = machine.rustup_home.join("usr");
    fs::create_dir_all(machine.toolchain.join("lib")).unwrap();

    let beginning = format!("error: the Rust toolchain in {} has no target", machine.toolchain.display());
    assert_refused(&machine.launch("echo"), &beginning);
    assert_eq!(machine.installations(), 0);
}

#[test]
fn a_machine_without_rustup_is_told_what_to_install() {
    let machine = Machine { has_rustup: false, ..Machine::new("no-rustup") };

    assert_refused(&machine.launch("echo"), "error: the Rust toolchain in ");
}

#[test]
fn errors_of_rustup_are_passed_on() {
    let machine = Machine::new("offline");

    let output = machine.launcher("echo").env("OFFLINE", "1").output().unwrap();

    let message = text(&output.stderr).strip_prefix(INSTALLING).unwrap();
    assert_eq!(
        message,
        "error: `rustup target add --toolchain 1.95.0-host wasm32-unknown-unknown` fails, without which the policy cannot be \
         compiled: could not download file\n"
    );
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""));
}

#[test]
fn a_signal_that_ends_cargo_ends_the_launcher() {
    const SIGTERM: i32 = 15;

    let output = Machine::with_target("signal").launch("kill -TERM $$");

    assert_eq!(output.status.signal(), Some(SIGTERM));
}

#[test]
fn cargo_does_not_see_the_launchers_own_package() {
    let machine = Machine::with_target("environment");
    let mut launcher = machine.launcher(r#"echo "${CARGO_PKG_NAME-unset} ${CARGO_MANIFEST_DIR-unset}""#);

    let output = launcher.env("CARGO_PKG_NAME", "launcher").env("CARGO_MANIFEST_DIR", "/launcher").output().unwrap();

    assert_eq!(text(&output.stdout), "unset unset\n");
}
