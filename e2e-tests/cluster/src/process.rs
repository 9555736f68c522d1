//! Child processes that never outlive the tests.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

/// Starts a program, tells its pid, and kills it as soon as standard input ends: when a [`Process`] is dropped, and also when
/// the process of the tests is killed, which runs no destructor. `$0` is the file for the program's output.
const KEEPER: &str = r#"
"$@" </dev/null >>"$0" 2>&1 &
child=$!
echo "$child"
read -r _
kill -KILL "$child" 2>/dev/null
wait "$child" 2>/dev/null
"#;

/// A running program. It is killed (SIGKILL) when the value is dropped.
#[derive(Debug)]
pub struct Process {
    keeper: Child,
    /// Ends the keeper's standard input when it is dropped.
    leash: Option<ChildStdin>,
    pid: u32,
    log: PathBuf,
}

impl Process {
    /// Starts `command`, of which the program, arguments and added environment count; its output is appended to `log`.
    ///
    /// # Errors
    /// When the program or its log cannot be opened.
    pub fn start(command: &Command, log: &Path) -> Result<Self> {
        let program = command.get_program();
        let mut keeper = Command::new("sh");
        keeper.args(["-c", KEEPER]).arg(log).arg(program).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => keeper.env(name, value),
                None => keeper.env_remove(name),
            };
        }
        // In a group of its own Ctrl-C reaches the tests only, and ends their children by the leash.
        keeper.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut keeper = keeper.spawn().with_context(|| format!("cannot start {}", program.display()))?;
        let leash = keeper.stdin.take();
        let mut pid = String::new();
        let stdout = keeper.stdout.take().context("the keeper has no standard output")?;
        BufReader::new(stdout).read_line(&mut pid)?;
        let pid = pid.trim().parse().with_context(|| format!("cannot start {}", program.display()))?;
        Ok(Self { keeper, leash, pid, log: log.to_owned() })
    }

    /// The memory that the process holds, in bytes.
    ///
    /// # Errors
    /// When the process has ended, or the system has no `/proc`.
    pub fn resident_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")).context("the process has ended")?;
        Ok(kibibytes.parse::<u64>()? * 1024)
    }

    /// Fails with the end of the process's output when it no longer runs.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn ensure_running(&self) -> Result<()> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        // After the name in parentheses comes the state; a process that has ended is a zombie until its keeper is.
        match stat.rsplit_once(") ") {
            Some((_, rest)) if rest.starts_with('Z') => bail!("it has ended:\n{}", self.last_words()),
            _ => Ok(()),
        }
    }

    /// The end of the process's output.
    pub fn last_words(&self) -> String {
        let output = fs::read(&self.log).unwrap_or_default();
        let lines: Vec<_> = output.split(|byte| *byte == b'\n').map(String::from_utf8_lossy).collect();
        lines.get(lines.len().saturating_sub(20)..).unwrap_or_default().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.leash.take());
        // It ends after its child, so that the child's port is free again.
        let _ = self.keeper.wait();
    }
}
