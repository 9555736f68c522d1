//! The admission server: our host, or the real policy-server.

use std::{
    env, fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    sync::{Once, OnceLock},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail};
use e2e_tests::kubewarden::ClusterAdmissionPolicy;
use serde_json::json;

use crate::{
    api::Api,
    control_plane::{ControlPlane, User, free_port, kubeconfig},
    https::Identity,
    process::Process,
    webhooks::policies_yml,
};

/// How long a server may take to compile its modules.
const PATIENCE: Duration = Duration::from_mins(2);

/// The module, built once a process.
fn policy_module() -> Result<&'static Path> {
    static MODULE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let module = MODULE.get_or_init(|| xtask::policy_under_test().map_err(|error| format!("{error:#}")));
    module.as_deref().map_err(|error| anyhow!("{error}"))
}

/// A program that serves policies; both understand policy-server's environment variables.
#[derive(Clone, Debug)]
pub enum Program {
    /// `admission-server` of this package.
    Host(PathBuf),
    /// Kubewarden's.
    PolicyServer(PathBuf),
}

impl Program {
    /// The programs that a scenario is run with: the host, and the policy-server that `POLICY_SERVER` names.
    pub fn all(host: impl Into<PathBuf>) -> Vec<Self> {
        static SAID: Once = Once::new();
        let mut programs = vec![Self::Host(host.into())];
        match env::var_os("POLICY_SERVER") {
            Some(path) => programs.push(Self::PolicyServer(path.into())),
            None => SAID.call_once(say_skipped),
        }
        programs
    }

    fn path(&self) -> &Path {
        let (Self::Host(path) | Self::PolicyServer(path)) = self;
        path
    }
}

#[expect(clippy::print_stderr, reason = "for whoever runs the tests")]
fn say_skipped() {
    eprintln!("skipped: the real policy-server; POLICY_SERVER names none");
}

/// An admission server with its policies, running or not. It is killed when the value is dropped.
pub struct Server {
    program: Program,
    command: Command,
    log: PathBuf,
    port: u16,
    identity: Identity,
    process: Option<Process>,
}

impl Server {
    /// Starts a program with policies, whose module is the one that is built from the sources as they are.
    ///
    /// # Errors
    /// When it does not start, with the end of what it says; for example because settings are invalid.
    pub fn start_with(cluster: &ControlPlane, program: &Program, policies: &[ClusterAdmissionPolicy]) -> Result<Self> {
        let port = free_port()?;
        let directory = cluster.directory().join(format!("server-{port}"));
        fs::create_dir_all(&directory)?;
        let mut entries = policies_yml(policies);
        let module = format!("file://{}", policy_module()?.display());
        for (_, entry) in entries.as_object_mut().into_iter().flatten() {
            entry["module"] = json!(module);
        }
        let identity = Identity::generate()?;
        let file = |name: &str| directory.join(name);
        fs::write(file("policies.yml"), entries.to_string())?;
        fs::write(file("server.crt"), &identity.certificate)?;
        fs::write(file("server.key"), &identity.key)?;

        let mut command = Command::new(program.path());
        command
            .env("KUBECONFIG", cluster.kubeconfig(User::PolicyServer))
            .env("KUBEWARDEN_BIND_ADDRESS", "127.0.0.1")
            .env("KUBEWARDEN_CERT_FILE", file("server.crt"))
            .env("KUBEWARDEN_KEY_FILE", file("server.key"))
            .env("KUBEWARDEN_POLICIES", file("policies.yml"))
            .env("KUBEWARDEN_POLICIES_DOWNLOAD_DIR", file("policies"))
            .env("KUBEWARDEN_PORT", port.to_string())
            .env("KUBEWARDEN_READINESS_PROBE_PORT", free_port()?.to_string())
            .env("KUBEWARDEN_SIGSTORE_CACHE_DIR", file("sigstore"))
            .env("NO_COLOR", "true") // It takes no other word.
            // It would be part of the errors that guests are told.
            .env_remove("RUST_BACKTRACE");
        let log = file("server.log");
        let mut server = Self { program: program.clone(), command, log, port, identity, process: None };
        server.start()?;
        Ok(server)
    }

    /// Starts the server again, at the same address.
    ///
    /// # Errors
    /// As [`Self::start_with`].
    pub fn start(&mut self) -> Result<()> {
        let process = Process::start(&self.command, &self.log)?;
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            process.ensure_running().with_context(|| format!("{:?} does not start", self.program))?;
            if start.elapsed() > PATIENCE {
                bail!("{:?} does not listen:\n{}", self.program, process.last_words());
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.process = Some(process);
        Ok(())
    }

    /// Kills the server, in the middle of whatever it does.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Where it listens, e.g. `127.0.0.1:8443`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The authority of its certificate, as webhook configurations want it.
    pub fn ca_bundle(&self) -> String {
        self.identity.ca_bundle()
    }

    /// A client of the server itself, for what the API server does not send.
    ///
    /// # Errors
    /// When the client cannot be set up.
    pub fn client(&self, cluster: &ControlPlane) -> Result<Api> {
        Api::new(&kubeconfig(&self.identity, self.port, User::PolicyServer), cluster.runtime())
    }

    /// The memory that the server holds, in bytes.
    ///
    /// # Errors
    /// When it does not run.
    pub fn resident_bytes(&self) -> Result<u64> {
        self.process.as_ref().context("the server does not run")?.resident_bytes()
    }
}
