//! What is read: files, folders, standard input, and what kustomize and helm print.

use std::collections::HashSet;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use azure_workload_identity_lint::chain::Credentials;
use azure_workload_identity_lint::report::ReadError;
use azure_workload_identity_lint::{File, Workers, rendered};
use azure_workload_identity_policy::nearest::nearest;
use ignore::WalkBuilder;

use crate::arguments::{COMMANDS, PathArguments, RenderArguments};
use crate::failure::unreadable;
use crate::paths::shown;

/// The file with patterns of what is not read, in the form of `.gitignore`.
const IGNORE_FILE: &str = ".azwi-check-ignore";

/// The name of standard input in messages.
const STDIN: &str = "<stdin>";

/// What is to be read, in order.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    items: Vec<Item>,
    errors: Vec<ReadError>,
}

/// What was read.
#[derive(Debug)]
pub(crate) struct Input {
    /// The files.
    pub(crate) files: Vec<File>,
    /// Where each of them is; `None` for a text that is in no file.
    pub(crate) paths: Vec<Option<PathBuf>>,
    /// What could not be read at all.
    pub(crate) errors: Vec<ReadError>,
}

#[derive(Debug)]
enum Item {
    /// A file that is still to be read.
    File { path: PathBuf, name: Arc<str> },
    /// A text that is there.
    Text { name: Arc<str>, text: Vec<u8> },
}

impl Inputs {
    /// Finds the files, and runs the programs. `default_paths` are read where the command line names nothing.
    pub(crate) fn find(
        paths: &PathArguments,
        render: &RenderArguments,
        default_paths: &[PathBuf],
        current: &Path,
    ) -> Self {
        let mut inputs = Self::default();
        let is_default = paths.paths.is_empty() && render.kustomize.is_empty() && render.helm.is_none();
        let here = [PathBuf::from(".")];
        let paths = match (is_default, default_paths) {
            (false, _) => &paths.paths,
            (true, []) => here.as_slice(),
            (true, paths) => paths,
        };
        for path in paths {
            inputs.add_path(path, current);
        }
        for folder in &render.kustomize {
            let name = format!("{}/<kustomize build>", shown(folder, current));
            let result = kustomize(folder);
            inputs.add_rendered(&name, result, |template| template.into());
        }
        if let Some(chart) = &render.helm {
            let name = format!("<helm template {}>", chart.to_string_lossy());
            let result = helm(chart, &render.helm_arguments);
            // Helm begins the names of templates with the name of the chart; the folder of the chart can be opened.
            let folder = Path::new(chart);
            let folder = folder.is_dir().then(|| shown(folder, current));
            inputs.add_rendered(&name, result, |template| match (template.split_once('/'), &folder) {
                (Some((_, path)), Some(folder)) => format!("{folder}/{path}").into(),
                _ => template.into(),
            });
        }
        // A file may be named, and be in a folder that is named.
        let mut seen = HashSet::new();
        inputs.items.retain(|item| match item {
            Item::File { name, .. } => seen.insert(Arc::clone(name)),
            Item::Text { .. } => true,
        });
        inputs
    }

    /// Reads all files.
    pub(crate) fn read(self, workers: &impl Workers) -> Input {
        let Self { items, errors } = self;
        let results = workers.map(items.len(), |number| items.get(number).map(Item::read));
        let mut read = Input { files: Vec::with_capacity(items.len()), paths: Vec::with_capacity(items.len()), errors };
        for (result, item) in results.into_iter().flatten().zip(items) {
            match result {
                Ok(file) => {
                    read.files.push(file);
                    read.paths.push(match item {
                        Item::File { path, .. } => Some(path),
                        Item::Text { .. } => None,
                    });
                }
                Err(error) => read.errors.push(error),
            }
        }
        read
    }

    fn add_path(&mut self, path: &Path, current: &Path) {
        if path.as_os_str() == "-" {
            let mut text = Vec::new();
            let result = io::stdin().lock().read_to_end(&mut text).map(|_| text);
            self.add_rendered(STDIN, result.map_err(|cause| unreadable(&cause)), |template| template.into());
        } else if path.is_dir() {
            self.add_folder(path, current);
        } else {
            self.items.push(Item::File { name: shown(path, current).into(), path: path.to_owned() });
        }
    }

    /// Finds the YAML and JSON files of a folder. What a user sets for all of his repositories does not count: a check is the same
    /// everywhere.
    fn add_folder(&mut self, folder: &Path, current: &Path) {
        let walk = WalkBuilder::new(folder)
            .git_global(false)
            .git_exclude(false)
            .ignore(false)
            .require_git(false)
            .add_custom_ignore_filename(IGNORE_FILE)
            .sort_by_file_name(Ord::cmp)
            .build();
        for entry in walk {
            match entry {
                Ok(entry) => {
                    let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
                    if is_file && is_manifest(entry.path()) {
                        let path = entry.into_path();
                        self.items.push(Item::File { name: shown(&path, current).into(), path });
                    }
                }
                Err(error) => self.errors.push(walk_error(&error, folder, current)),
            }
        }
    }

    fn add_rendered(&mut self, name: &str, result: Result<Vec<u8>, String>, file: impl Fn(&str) -> Arc<str>) {
        match result {
            Ok(text) => match std::str::from_utf8(&text) {
                Ok(text) => self.items.extend(rendered::split(name, text).into_iter().map(|source| Item::Text {
                    name: if *source.name == *name { source.name } else { file(&source.name) },
                    text: source.text.as_bytes().to_vec(),
                })),
                // The reader says what is wrong with it.
                Err(_) => self.items.push(Item::Text { name: name.into(), text }),
            },
            Err(message) => self.errors.push(ReadError { file: name.into(), line: None, message }),
        }
    }
}

impl Item {
    fn read(&self) -> Result<File, ReadError> {
        match self {
            Self::Text { name, text } => Ok(File::read(Arc::clone(name), text.clone())),
            Self::File { path, name } => match fs::read(path) {
                Ok(text) => Ok(File::read(Arc::clone(name), text)),
                Err(cause) => {
                    let mut message = unreadable(&cause);
                    // A misspelt command reads as a path.
                    if cause.kind() == ErrorKind::NotFound
                        && let Some(command) = nearest(name, COMMANDS)
                    {
                        message = format!("{message}; did you mean the command {command}?");
                    }
                    Err(ReadError { file: Arc::clone(name), line: None, message })
                }
            },
        }
    }
}

/// Reads a file that is named explicitly.
pub(crate) fn read_file(path: &Path, current: &Path) -> Result<File, ReadError> {
    Item::File { path: path.to_owned(), name: shown(path, current).into() }.read()
}

/// Reads a file with federated credentials or identities of Azure. What is wrong with its content becomes a part of the result.
pub(crate) fn read_credentials(path: &Path, current: &Path) -> Result<Credentials, ReadError> {
    let name = shown(path, current);
    match fs::read(path) {
        Ok(text) => Ok(Credentials::read(name, text)),
        Err(cause) => Err(ReadError { file: name.into(), line: None, message: unreadable(&cause) }),
    }
}

/// Whether a file of a folder is read, judged by its name.
fn is_manifest(path: &Path) -> bool {
    let is = |known: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(known));
    is("yaml") || is("yml") || is("json")
}

fn walk_error(error: &ignore::Error, folder: &Path, current: &Path) -> ReadError {
    let path = match error {
        ignore::Error::WithPath { path, .. } => path,
        ignore::Error::WithDepth { err, .. } => return walk_error(err, folder, current),
        _ => folder,
    };
    let message = match error.io_error() {
        Some(cause) => unreadable(cause),
        None => error.to_string(),
    };
    ReadError { file: shown(path, current).into(), line: None, message }
}

fn kustomize(folder: &Path) -> Result<Vec<u8>, String> {
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
        if let Some(result) = output_of(program, &arguments) {
            return result;
        }
    }
    Err(match own {
        Some(program) => format!("{} is not installed; KUSTOMIZE names it", program.to_string_lossy()),
        None => "neither kustomize nor kubectl is installed; install one, or set KUSTOMIZE to the path of kustomize"
            .to_owned(),
    })
}

fn helm(chart: &OsStr, arguments: &[OsString]) -> Result<Vec<u8>, String> {
    let own = env::var_os("HELM").filter(|program| !program.is_empty());
    let program = own.as_deref().unwrap_or(OsStr::new("helm"));
    let all: Vec<_> =
        [OsStr::new("template"), chart].into_iter().chain(arguments.iter().map(OsString::as_os_str)).collect();
    output_of(program, &all).unwrap_or_else(|| {
        Err(format!("{} is not installed; install it, or set HELM to its path", program.to_string_lossy()))
    })
}

/// What a program prints; `None` if there is no such program.
fn output_of(program: &OsStr, arguments: &[&OsStr]) -> Option<Result<Vec<u8>, String>> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let name = program.to_string_lossy();
    match output {
        Err(cause) if cause.kind() == ErrorKind::NotFound => None,
        Err(cause) => Some(Err(format!("{name} cannot be run: {cause}"))),
        Ok(output) if output.status.success() => Some(Ok(output.stdout)),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            Some(Err(format!("{name} failed ({}): {}", output.status, said.trim())))
        }
    }
}
