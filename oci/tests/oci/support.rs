//! The registries, the command, and what stands between them.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use oci::{artefact::Artefact, layout};
use rcgen::{BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use tempfile::TempDir;

/// A registry that lives as long as this value.
pub(crate) struct Server {
    process: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its files, and those of the certificates.
    pub(crate) directory: TempDir,
}

/// Which registry, and how it is protected.
#[derive(Default)]
pub(crate) struct Setup {
    /// The one with the referrers API in place of CNCF distribution.
    pub(crate) referrers: bool,
    /// User and password.
    pub(crate) user: Option<(&'static str, &'static str)>,
    /// Serve TLS with a certificate of an own CA: `ca.pem` in the server's directory.
    pub(crate) tls: bool,
}

impl Server {
    pub(crate) fn start(setup: &Setup) -> Self {
        let directory = TempDir::new().unwrap();
        let path = directory.path();
        let mut command = Command::new(registry_program());
        command.arg("-storage").arg(path.join("storage"));
        if setup.referrers {
            command.arg("-referrers");
        }
        if let Some((user, password)) = setup.user {
            command.args(["-user", user]).env("REGISTRY_PASSWORD", password);
        }
        if setup.tls {
            write_certificates(path);
            command.arg("-certificate").arg(path.join("server.pem")).arg("-key").arg(path.join("server.key"));
        }
        let log = fs::File::create(path.join("log")).unwrap();
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let log = || fs::read_to_string(path.join("log")).unwrap();
        let address = line.trim().parse().unwrap_or_else(|_| panic!("the registry did not start: {}", log()));
        Self { process, address, directory }
    }

    /// CNCF distribution without any protection.
    pub(crate) fn open() -> Self {
        Self::start(&Setup::default())
    }

    /// A name in this registry.
    pub(crate) fn name(&self, rest: &str) -> String {
        format!("{}/{rest}", self.address)
    }

    /// The policy's name in this registry, with the tag of its version.
    pub(crate) fn policy(&self) -> String {
        self.name(&format!("policy:{}", tag()))
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// Where distribution keeps the bytes of a digest.
    pub(crate) fn blob(&self, digest: &str) -> PathBuf {
        let hash = digest.strip_prefix("sha256:").unwrap();
        let blobs = self.directory.path().join("storage/docker/registry/v2/blobs/sha256");
        blobs.join(&hash[..2]).join(hash).join("data")
    }

    /// How many blobs distribution has.
    pub(crate) fn count_blobs(&self) -> usize {
        let blobs = self.directory.path().join("storage/docker/registry/v2/blobs/sha256");
        let prefixes = fs::read_dir(blobs).unwrap();
        prefixes.map(|prefix| fs::read_dir(prefix.unwrap().path()).unwrap().count()).sum()
    }

    /// The tags that distribution has of a repository.
    pub(crate) fn tags(&self, repository: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.directory_of_tags(repository)) else { return Vec::new() };
        let mut tags: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        tags.sort();
        tags
    }

    /// The digest that a tag points at in distribution.
    pub(crate) fn tagged(&self, repository: &str, tag: &str) -> String {
        fs::read_to_string(self.directory_of_tags(repository).join(tag).join("current/link")).unwrap()
    }

    /// Where distribution keeps the tags of a repository.
    pub(crate) fn directory_of_tags(&self, repository: &str) -> PathBuf {
        let repositories = self.directory.path().join("storage/docker/registry/v2/repositories");
        repositories.join(repository).join("_manifests/tags")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends with its input; killing it is for when it does not.
        drop(self.process.stdin.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Builds the registries once.
fn registry_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("registry");
        let built = Command::new("go")
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/registry"))
            .args(["build", "-trimpath", "-mod=readonly", "-o"])
            .arg(&program)
            .status()
            .expect("these tests need Go, to build the registry: https://go.dev/dl");
        assert!(built.success(), "the registry does not compile: go says why above");
        program
    })
}

fn write_certificates(directory: &Path) {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new([]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    fs::write(directory.join("ca.pem"), authority.self_signed(&authority_key).unwrap().pem()).unwrap();

    let key = KeyPair::generate().unwrap();
    let mut server = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = server.signed_by(&key, &Issuer::new(authority, authority_key)).unwrap();
    fs::write(directory.join("server.pem"), certificate.pem()).unwrap();
    fs::write(directory.join("server.key"), key.serialize_pem()).unwrap();
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::from(command.output().unwrap())
    }

    /// The standard output of a command that must succeed.
    pub(crate) fn output(self) -> String {
        assert!(self.success, "{}{}", self.stdout, self.stderr);
        self.stdout
    }

    /// The message of a command that must fail.
    pub(crate) fn error(self) -> String {
        assert!(!self.success, "{}", self.stdout);
        self.stderr.trim_end().strip_prefix("error: ").unwrap_or(&self.stderr).to_owned()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { success: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// `cargo oci`, without docker's configuration of the person who runs the tests.
pub(crate) fn command<A: AsRef<OsStr>>(arguments: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oci"));
    command.args(arguments).env("DOCKER_CONFIG", env!("CARGO_TARGET_TMPDIR")).env("NO_PROXY", "127.0.0.1,localhost");
    command
}

/// Runs `cargo oci` with these words.
pub(crate) fn oci(words: &str) -> Ran {
    Ran::of(&mut command(words.split_whitespace()))
}

/// Runs `cargo oci` with these words and the password.
pub(crate) fn oci_with_password(words: &str, password: &str) -> Ran {
    let mut command = command(words.split_whitespace());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
    child.wait_with_output().unwrap().into()
}

/// The layout of the policy as it is now, written once; and what it printed, which is the policy's digest.
pub(crate) fn layout() -> (&'static str, &'static str) {
    static LAYOUT: OnceLock<(String, String)> = OnceLock::new();
    let (directory, digest) = LAYOUT.get_or_init(|| {
        let directory = concat!(env!("CARGO_TARGET_TMPDIR"), "/layout");
        let printed = Ran::of(&mut command(["layout", "--output", directory])).output();
        let (first, digest) = printed.trim_end().split_once('\n').unwrap();
        assert_eq!(first, directory);
        (directory.to_owned(), digest.to_owned())
    });
    (directory, digest)
}

/// What the layout holds.
pub(crate) fn artefact() -> Artefact {
    layout::read(Path::new(layout().0)).unwrap()
}

/// The module in the layout.
pub(crate) fn module() -> Vec<u8> {
    artefact().policy.blobs.pop().unwrap()
}

/// The version of `Cargo.toml`.
pub(crate) fn version() -> String {
    artefact().version
}

/// The tag of that version.
pub(crate) fn tag() -> String {
    format!("v{}", version())
}

/// Stands before a server and cuts a connection once so many bytes of it have passed; later ones pass whole.
pub(crate) struct Cutter {
    pub(crate) address: SocketAddr,
    passed: Arc<AtomicU64>,
}

impl Cutter {
    pub(crate) fn before(server: &Server, limit: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, upstream) = (listener.local_addr().unwrap(), server.address);
        let passed = Arc::new(AtomicU64::new(0));
        let total = Arc::clone(&passed);
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), TcpStream::connect(upstream).unwrap());
                let (back_from, back_to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || copy(back_from, back_to, |_| true));
                let total = Arc::clone(&total);
                // Once it has cut, it is over the limit: `fetch_add` tells who went over it.
                thread::spawn(move || {
                    copy(client, server, |count| {
                        let before = total.fetch_add(count, Ordering::SeqCst);
                        before >= limit || before + count < limit
                    });
                });
            }
        });
        Self { address, passed }
    }

    /// How many bytes clients have sent.
    pub(crate) fn passed(&self) -> u64 {
        self.passed.load(Ordering::SeqCst)
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream, mut may_pass: impl FnMut(u64) -> bool) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(count) = from.read(&mut buffer) {
        if count == 0 || !may_pass(count as u64) || to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
