//! Runs the programs that render: kustomize and helm. Within bounds: a time, and as much output as a file may have. What they print on
//! standard error is shown if they fail.
//!
//! `--render` runs them on what is found. Plugins and programs that a kustomization names are never enabled, and a kustomization that
//! fetches something is not rendered, as far as it and those that it takes tell that.

use std::collections::{BTreeSet, HashSet};
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use azure_workload_identity_lint::File;
use azure_workload_identity_lint::kustomization::{Kustomization, NAMES, Role};
use azure_workload_identity_lint::yaml;
use azure_workload_identity_policy::json::{Document, Value};

use crate::program::{self, NoOutput};
use crate::read;

/// The file that makes a folder a chart.
pub(crate) const CHART: &str = "Chart.yaml";

/// How many other kustomizations one may take.
const TAKEN: usize = 200;

/// What is rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Renderer {
    /// `kustomize build` of a folder.
    Kustomize,
    /// `helm template` of a chart, with its default values.
    Helm,
}

impl Renderer {
    /// The name in messages of what is rendered from a folder or chart.
    pub(crate) fn name_of(&self, source: &str) -> String {
        match self {
            Self::Kustomize => format!("{source}/<kustomize build>"),
            Self::Helm => format!("<helm template {source}>"),
        }
    }
}

/// A folder that is to be rendered.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) renderer: Renderer,
    pub(crate) folder: PathBuf,
    /// The real paths of the files and folders that it is made from.
    pub(crate) sources: BTreeSet<PathBuf>,
}

/// What `--render` renders, and what it does not, with the reason.
#[derive(Debug, Default)]
pub(crate) struct RenderPlan {
    pub(crate) jobs: Vec<Job>,
    /// The numbers of the files that would have to be rendered.
    pub(crate) skipped: Vec<(usize, String)>,
}

impl RenderPlan {
    /// Each kustomization among the files that no other one takes, and each chart that is not a part of another one.
    pub(crate) fn new(files: &[File], paths: &[Option<PathBuf>]) -> Self {
        let mut plan = Self::default();
        let named = |number: usize| -> Option<(&Path, &str)> {
            let path = paths.get(number)?.as_deref()?;
            Some((path, path.file_name()?.to_str()?))
        };
        let (mut overlays, mut charts, mut inner) = (Vec::new(), Vec::new(), HashSet::new());
        for (number, file) in files.iter().enumerate() {
            let Some((path, name)) = named(number) else { continue };
            let folder = folder_of(path);
            let Ok(real) = folder.canonicalize() else { continue };
            if name == CHART {
                charts.push((number, folder, real));
            } else if let (true, Some(kustomization)) = (NAMES.contains(&name), &file.kustomization) {
                let mut closure = Closure::default();
                closure.add(&real, path, kustomization);
                inner.extend(closure.inner.iter().filter(|it| **it != real).cloned());
                if kustomization.role == Role::Kustomization {
                    overlays.push((number, folder, real, closure));
                }
            }
        }
        for (number, folder, real, closure) in overlays {
            if inner.contains(&real) {
                continue;
            }
            match closure.obstacle {
                Some(reason) => plan.skipped.push((number, reason)),
                None => plan.jobs.push(Job { renderer: Renderer::Kustomize, folder, sources: closure.sources }),
            }
        }
        let folders: HashSet<_> = charts.iter().map(|(_, _, real)| real.clone()).collect();
        for (number, folder, real) in charts {
            if real.ancestors().skip(1).any(|outer| folders.contains(outer)) {
                continue;
            }
            if files.get(number).is_some_and(is_library) {
                plan.skipped.push((number, "is a library chart, which helm does not render".to_owned()));
            } else {
                plan.jobs.push(Job { renderer: Renderer::Helm, folder, sources: BTreeSet::from([real]) });
            }
        }
        plan
    }
}

/// What a kustomization is made from, found on the disk: a kustomization may take folders that no one checks.
#[derive(Debug, Default)]
struct Closure {
    /// The real paths of all files.
    sources: BTreeSet<PathBuf>,
    /// The real paths of the folders of other kustomizations.
    inner: BTreeSet<PathBuf>,
    /// Why it is not rendered.
    obstacle: Option<String>,
}

impl Closure {
    fn add(&mut self, folder: &Path, file: &Path, kustomization: &Kustomization) {
        self.sources.extend(file.canonicalize());
        if let Some(address) = kustomization.fetched.first() {
            self.stop(format!("takes {address}, and --render fetches nothing; --kustomize renders it"));
        }
        if kustomization.renders_charts {
            self.stop("renders a chart, for which kustomize has to be told to run helm; render it yourself".to_owned());
        }
        self.sources.extend(kustomization.patches.iter().filter_map(|path| folder.join(path).canonicalize().ok()));
        for path in &kustomization.takes {
            match folder.join(path).canonicalize() {
                Ok(real) if real.is_dir() => self.add_folder(&real),
                Ok(real) => {
                    self.sources.insert(real);
                }
                // kustomize takes what is not there for an address.
                Err(_) => self.stop(format!("takes {path}, which is not there")),
            }
        }
    }

    fn add_folder(&mut self, folder: &Path) {
        if self.inner.contains(folder) {
            return;
        }
        if self.inner.len() >= TAKEN {
            return self.stop(format!("takes more than {TAKEN} others"));
        }
        let found = NAMES.iter().map(|name| folder.join(name)).find(|file| file.is_file());
        self.inner.insert(folder.to_owned());
        let read = found.and_then(|file| {
            let text = read::regular(&file.canonicalize().ok()?).ok()?;
            let kustomization = File::read(file.file_name()?.to_str()?, text).kustomization?;
            Some((file, kustomization))
        });
        match read {
            Some((file, kustomization)) => self.add(folder, &file, &kustomization),
            None => self.stop("takes a folder without a kustomization that can be read".to_owned()),
        }
    }

    fn stop(&mut self, reason: String) {
        self.obstacle.get_or_insert(reason);
    }
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// Whether a chart has only templates for other charts.
fn is_library(chart: &File) -> bool {
    yaml::documents(&chart.source.text, false).filter_map(Result::ok).any(|document| {
        let json = Document::parse(document.json.as_bytes());
        json.is_ok_and(|json| json.root().field("type").and_then(Value::as_str).as_deref() == Some("library"))
    })
}

/// What `kustomize build` prints, or `kubectl kustomize`.
pub(crate) fn kustomize(folder: &Path, time: Duration) -> Result<Vec<u8>, String> {
    let own = env::var_os("KUSTOMIZE").filter(|program| !program.is_empty());
    let build = [OsStr::new("build"), folder.as_os_str()];
    let attempts = match &own {
        Some(program) => vec![(program.as_os_str(), build)],
        None => vec![
            (OsStr::new("kustomize"), build),
            (OsStr::new("kubectl"), [OsStr::new("kustomize"), folder.as_os_str()]),
        ],
    };
    for (program, arguments) in attempts {
        if let Some(result) = output_of(program, &arguments, time) {
            return result;
        }
    }
    Err(match own {
        Some(program) => format!("{} is not installed; KUSTOMIZE names it", program.to_string_lossy()),
        None => "neither kustomize nor kubectl is installed; install one, or set KUSTOMIZE to the path of kustomize"
            .to_owned(),
    })
}

/// What `helm template` prints. A release name among the arguments comes before the chart, as helm expects it.
pub(crate) fn helm(chart: &OsStr, arguments: &[OsString], time: Duration) -> Result<Vec<u8>, String> {
    let own = env::var_os("HELM").filter(|program| !program.is_empty());
    let program = own.as_deref().unwrap_or(OsStr::new("helm"));
    let mut all = vec![OsStr::new("template")];
    let name = release_name(arguments);
    all.extend(name.and_then(|name| arguments.get(name)).map(OsString::as_os_str));
    all.push(chart);
    all.extend(arguments.iter().enumerate().filter(|(at, _)| Some(*at) != name).map(|(_, it)| it.as_os_str()));
    output_of(program, &all, time).unwrap_or_else(|| {
        Err(format!("{} is not installed; install it, or set HELM to its path", program.to_string_lossy()))
    })
}

/// The options of `helm template` without a value. Source: `helm template --help` of helm v3 and v4.
const FLAGS: &[&str] = &[
    "--atomic",
    "--create-namespace",
    "--debug",
    "--dependency-update",
    "--devel",
    "--disable-openapi-validation",
    "--dry-run",
    "--enable-dns",
    "--force",
    "--force-conflicts",
    "--force-replace",
    "--generate-name",
    "--hide-notes",
    "--include-crds",
    "--insecure-skip-tls-verify",
    "--is-upgrade",
    "--kube-insecure-skip-tls-verify",
    "--no-hooks",
    "--pass-credentials",
    "--plain-http",
    "--render-subchart-notes",
    "--replace",
    "--rollback-on-failure",
    "--server-side",
    "--skip-crds",
    "--skip-schema-validation",
    "--skip-tests",
    "--take-ownership",
    "--validate",
    "--verify",
    "--wait",
    "--wait-for-jobs",
    "-g",
];

/// The number of the first argument that is neither an option nor the value of one.
fn release_name(arguments: &[OsString]) -> Option<usize> {
    let mut is_value = false;
    arguments.iter().position(|argument| {
        let argument = argument.to_string_lossy();
        if std::mem::take(&mut is_value) {
            return false;
        }
        let is_option = argument.starts_with('-') && argument.len() > 1;
        // `--set=a`, `-nshop` and `-n=shop` have their value.
        let is_alone = if argument.starts_with("--") { !argument.contains('=') } else { argument.len() == 2 };
        is_value = is_option && is_alone && !FLAGS.contains(&&*argument);
        !is_option
    })
}

/// What a program prints; `None` if there is no such program.
fn output_of(program: &OsStr, arguments: &[&OsStr], time: Duration) -> Option<Result<Vec<u8>, String>> {
    let name = program.to_string_lossy();
    let mut command = Command::new(program);
    command.args(arguments);
    Some(match program::output_of(command, time) {
        Ok(printed) => Ok(printed),
        Err(NoOutput::NotInstalled) => return None,
        Err(NoOutput::TooLong) => {
            Err(format!("{name} was stopped after {} s; --render-timeout sets how long it may run", time.as_secs()))
        }
        Err(NoOutput::Failed { status, said }) => Err(format!("{name} failed ({status}): {}", said.trim())),
        Err(other) => Err(format!("{name} {other}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_release_is_no_option_and_no_value_of_one() {
        for (typed, expected) in [
            ("orders -n shop", Some(0)),
            ("-n shop orders", Some(2)),
            ("--set a=b -nshop --no-hooks orders", Some(4)),
            ("--set=a=b orders", Some(1)),
            ("-n shop --set a=b", None),
            ("--validate", None),
        ] {
            let arguments: Vec<_> = typed.split(' ').map(OsString::from).collect();
            assert_eq!(release_name(&arguments), expected, "{typed}");
        }
    }
}
