//! etcd, the API server and its controllers.

use std::{
    env,
    ffi::OsStr,
    fs,
    fs::File,
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{self, Command, Stdio},
    sync::{
        Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail};
use e2e_tests::kubewarden::KUBEWARDEN_NAMESPACE;
use http::Method;
use kube_client::Client;
use rcgen::KeyPair;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use xtask::Workspace;

use crate::{api::Api, binaries::Binaries, https::Identity, process::Process};

/// The root of the workspace.
pub const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// Everything here starts within seconds; a busy machine may take longer.
const PATIENCE: Duration = Duration::from_mins(2);

/// The controllers that make pods and service accounts, and clean up after namespaces.
const CONTROLLERS: &str = "deployment-controller,replicaset-controller,replicationcontroller-controller,\
                           statefulset-controller,daemonset-controller,job-controller,cronjob-controller,\
                           serviceaccount-controller,namespace-controller";

/// The name of [`User::Developer`], for role bindings.
pub const DEVELOPER: &str = "developer";

/// Who the API server knows, with a static token each.
#[derive(Clone, Copy, Debug)]
pub enum User {
    /// May do everything.
    Admin,
    /// The service account that policy-server runs as; may do what the recipe under test grants it.
    PolicyServer,
    /// A person who is granted nothing but by the test.
    Developer,
}

impl User {
    const ALL: [Self; 3] = [Self::Admin, Self::PolicyServer, Self::Developer];

    /// The user's token, for tests that nothing prints it.
    pub fn token(self) -> &'static str {
        match self {
            Self::Admin => "admin-token",
            Self::PolicyServer => "policy-server-token",
            Self::Developer => "developer-token",
        }
    }

    /// The user's line in the API server's file of tokens.
    fn token_line(self) -> String {
        let (name, groups) = match self {
            Self::Admin => ("admin", "system:masters".to_owned()),
            Self::PolicyServer => (
                "system:serviceaccount:kubewarden:policy-server",
                format!("system:serviceaccounts,system:serviceaccounts:{KUBEWARDEN_NAMESPACE},system:authenticated"),
            ),
            Self::Developer => (DEVELOPER, "system:authenticated".to_owned()),
        };
        format!("{},{name},{name},\"{groups}\"\n", self.token())
    }
}

/// A running control plane.
pub struct ControlPlane {
    directory: PathBuf,
    binaries: Binaries,
    etcd_port: u16,
    port: u16,
    /// The rest of the control plane in the order in which it is to go.
    controller_manager: Option<Process>,
    api_server: Option<Process>,
    _etcd: Process,
    api: Api,
    runtime: Runtime,
    pub(crate) installed: Installed,
    /// Tells other test processes that the directory is in use.
    _lock: File,
}

/// The installed objects, which would disturb the next test.
#[derive(Debug, Default)]
pub(crate) struct Installed {
    /// Paths of webhook configurations.
    pub(crate) configurations: Vec<String>,
    /// Manifests that were applied.
    pub(crate) others: Vec<Value>,
}

/// What kubectl did.
#[derive(Clone, Debug)]
pub struct Kubectl {
    /// Whether it succeeded.
    pub success: bool,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl ControlPlane {
    /// The control plane of this test process, for one test at a time: policies are installed for the whole cluster. It is
    /// started at the first call, and ends with the process.
    ///
    /// # Errors
    /// When it does not start; the same error on every call.
    pub fn shared() -> Result<MutexGuard<'static, Self>> {
        static SHARED: OnceLock<Result<Mutex<ControlPlane>, String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| Self::start().map(Mutex::new).map_err(|error| format!("{error:#}")));
        let shared = shared.as_ref().map_err(|error| anyhow!("the control plane does not start: {error}"))?;
        // A test that failed is no reason for others to fail: each installs what it needs.
        let mut cluster = shared.lock().unwrap_or_else(PoisonError::into_inner);
        cluster.start_api_server()?;
        cluster.start_controller_manager()?;
        cluster.uninstall()?;
        Ok(cluster)
    }

    fn start() -> Result<Self> {
        let workspace = Workspace::locate()?;
        let target = workspace.target_directory();
        let binaries = Binaries::locate(&target.join("control-plane"))?;
        // Kept until the next run for whoever wants to read the logs.
        let runs = target.join("control-plane-runs");
        fs::create_dir_all(&runs)?;
        let executable = env::current_exe()?;
        let name = executable.file_stem().and_then(OsStr::to_str).context("the executable has no name")?;
        // Without the hash that cargo appends, so that a run takes the place of the last.
        let directory = runs.join(name.rsplit_once('-').map_or(name, |(name, _)| name));
        let lock = File::create(directory.with_extension("lock"))?;
        lock.lock()?;
        let _ = fs::remove_dir_all(&directory);
        fs::create_dir(&directory)?;

        let (etcd_port, port) = (free_port()?, free_port()?);
        let identity = Identity::generate()?;
        write_credentials(&directory, &identity, port)?;
        let etcd = start_etcd(&binaries.etcd, &directory, etcd_port)?;
        let runtime = Runtime::new()?;
        let api = Api::new(&kubeconfig(&identity, port, User::Admin), &runtime)?;
        let mut cluster = Self {
            directory,
            binaries,
            etcd_port,
            port,
            controller_manager: None,
            api_server: None,
            _etcd: etcd,
            api,
            runtime,
            installed: Installed::default(),
            _lock: lock,
        };
        cluster.start_api_server()?;
        cluster.start_controller_manager()?;
        cluster.create_namespace(KUBEWARDEN_NAMESPACE)?;
        cluster.create_namespace("kube-system")?;
        Ok(cluster)
    }

    /// Starts the API server, if it does not run, on the data that are there.
    ///
    /// # Errors
    /// When it does not become ready.
    pub fn start_api_server(&mut self) -> Result<()> {
        if self.api_server.is_some() {
            return Ok(());
        }
        let mut command = Command::new(&self.binaries.kube_apiserver);
        let file = |name: &str| self.directory.join(name).display().to_string();
        command.args([
            format!("--etcd-servers=http://127.0.0.1:{}", self.etcd_port),
            "--bind-address=127.0.0.1".to_owned(),
            "--advertise-address=127.0.0.1".to_owned(),
            "--endpoint-reconciler-type=none".to_owned(),
            format!("--secure-port={}", self.port),
            format!("--cert-dir={}", file("certificates")),
            format!("--tls-cert-file={}", file("server.crt")),
            format!("--tls-private-key-file={}", file("server.key")),
            "--service-account-issuer=https://oidc.example.com/cluster".to_owned(),
            format!("--service-account-key-file={}", file("service-accounts.pub")),
            format!("--service-account-signing-key-file={}", file("service-accounts.key")),
            format!("--token-auth-file={}", file("tokens.csv")),
            "--authorization-mode=RBAC".to_owned(),
            // As in almost every cluster; the proxy's init container is privileged.
            "--allow-privileged=true".to_owned(),
            "--enable-admission-plugins=ServiceAccount,MutatingAdmissionWebhook,ValidatingAdmissionWebhook".to_owned(),
            "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        ]);
        let process = Process::start(&command, &self.directory.join("kube-apiserver.log"))?;
        self.wait_for("the API server", || {
            process.ensure_running()?;
            Ok(self.api.is_ready())
        })?;
        self.api_server = Some(process);
        Ok(())
    }

    /// Kills the API server.
    pub fn kill_api_server(&mut self) {
        self.api_server = None;
    }

    /// Starts the controller manager, if it does not run: it ends when it misses the API server for too long.
    fn start_controller_manager(&mut self) -> Result<()> {
        if self.controller_manager.as_ref().is_some_and(|process| process.ensure_running().is_ok()) {
            return Ok(());
        }
        let mut command = Command::new(&self.binaries.kube_controller_manager);
        command.args([
            format!("--kubeconfig={}", self.kubeconfig(User::Admin).display()),
            format!("--service-account-private-key-file={}", self.directory.join("service-accounts.key").display()),
            "--leader-elect=false".to_owned(),
            "--secure-port=0".to_owned(),
            "--kube-api-qps=200".to_owned(),
            "--kube-api-burst=400".to_owned(),
            format!("--controllers={CONTROLLERS}"),
        ]);
        self.controller_manager = Some(Process::start(&command, &self.directory.join("kube-controller-manager.log"))?);
        Ok(())
    }

    /// The API server as the admin sees it.
    pub fn api(&self) -> &Api {
        &self.api
    }

    /// A client of the API server as another user.
    ///
    /// # Errors
    /// When the client cannot be set up.
    pub fn client(&self, user: User) -> Result<Client> {
        let kubeconfig = fs::read_to_string(self.kubeconfig(user))?;
        Ok(Api::new(&kubeconfig, &self.runtime)?.client().clone())
    }

    /// What asynchronous work of tests runs on.
    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    /// Where files of this run may be written; logs are there, too.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The kubeconfig file of a user.
    pub fn kubeconfig(&self, user: User) -> PathBuf {
        self.directory.join(format!("{}.kubeconfig", user.token()))
    }

    /// The program kubectl, for programs that run it themselves.
    pub fn kubectl_program(&self) -> &Path {
        &self.binaries.kubectl
    }

    /// Runs kubectl as the admin in the workspace's root, with `input` as its standard input.
    ///
    /// # Errors
    /// When it cannot be run. What it reports is no error.
    pub fn kubectl(&self, arguments: &[&str], input: &str) -> Result<Kubectl> {
        let mut child = Command::new(&self.binaries.kubectl)
            .current_dir(WORKSPACE)
            .args(arguments)
            .env("KUBECONFIG", self.kubeconfig(User::Admin))
            .env("KUBECACHEDIR", self.directory.join("kubectl-cache"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start kubectl")?;
        child.stdin.take().context("kubectl has no standard input")?.write_all(input.as_bytes())?;
        let output = child.wait_with_output()?;
        Ok(Kubectl {
            success: output.status.success(),
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }

    /// Creates a namespace, if it is not there, and waits until pods can be created in it.
    ///
    /// # Errors
    /// When the API server refuses, or its default service account does not appear.
    pub fn create_namespace(&self, name: &str) -> Result<()> {
        self.api
            .put("/api/v1/namespaces", &json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))?;
        let account = format!("/api/v1/namespaces/{name}/serviceaccounts/default");
        self.wait_for(&format!("service account {name}/default"), || {
            Ok(self.api.request(Method::GET, &account, None)?.is_ok())
        })
    }

    /// Asks again and again until the answer is yes.
    ///
    /// # Errors
    /// When asking fails, or the answer has been no for two minutes.
    pub fn wait_for(&self, what: &str, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
        let start = Instant::now();
        while !is_so().with_context(|| format!("while waiting for {what}"))? {
            if start.elapsed() > PATIENCE {
                bail!("waited too long for {what}; logs are in {}", self.directory.display());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }
}

fn start_etcd(program: &Path, directory: &Path, port: u16) -> Result<Process> {
    let peers = free_port()?;
    let mut command = Command::new(program);
    command.args([
        format!("--data-dir={}", directory.join("etcd").display()),
        format!("--listen-client-urls=http://127.0.0.1:{port}"),
        format!("--advertise-client-urls=http://127.0.0.1:{port}"),
        format!("--listen-peer-urls=http://127.0.0.1:{peers}"),
        "--unsafe-no-fsync".to_owned(),
    ]);
    Process::start(&command, &directory.join("etcd.log"))
}

fn write_credentials(directory: &Path, identity: &Identity, port: u16) -> Result<()> {
    let write = |name: &str, content: &str| {
        let path = directory.join(name);
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))
    };
    write("server.crt", &identity.certificate)?;
    write("server.key", &identity.key)?;
    let service_accounts = KeyPair::generate()?;
    write("service-accounts.key", &service_accounts.serialize_pem())?;
    write("service-accounts.pub", &service_accounts.public_key_pem())?;
    write("tokens.csv", &User::ALL.map(User::token_line).concat())?;
    for user in User::ALL {
        write(&format!("{}.kubeconfig", user.token()), &kubeconfig(identity, port, user))?;
    }
    Ok(())
}

/// The kubeconfig of a user for a server on loopback.
pub(crate) fn kubeconfig(identity: &Identity, port: u16, user: User) -> String {
    let kubeconfig: Value = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": {
            "server": format!("https://127.0.0.1:{port}"),
            "certificate-authority-data": identity.ca_bundle(),
        }}],
        "users": [{"name": "tests", "user": {"token": user.token()}}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
        "current-context": "tests",
    });
    kubeconfig.to_string()
}

/// A port that nobody listens on. None of those that the system gives to connections, since a server that is started again must
/// find its port free.
///
/// # Errors
/// When all are taken.
pub fn free_port() -> Result<u16> {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(process::id() * 16 % u32::from(COUNT))?;
    for _ in 0..COUNT {
        let port = FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free")
}
