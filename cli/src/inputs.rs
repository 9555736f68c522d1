//! What is read: files, folders, standard input, and what kustomize and helm print.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use azure_workload_identity_lint::report::{ReadError, Skipped};
use azure_workload_identity_lint::{File, Workers, rendered};
use azure_workload_identity_policy::nearest::nearest;
use azure_workload_identity_trace::azure::AzureFile;

use crate::arguments::{COMMANDS, PathArguments, RenderArguments};
use crate::paths::shown;
use crate::read::{self, Unread};
use crate::render::{self, RenderPlan, Renderer};
use crate::walk::{FolderContents, walk};

/// What is to be read, in order.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    items: Vec<Listed>,
    skipped: Vec<Skipped>,
    errors: Vec<ReadError>,
}

/// What was read.
#[derive(Debug)]
pub(crate) struct Input {
    /// The files.
    pub(crate) files: Vec<File>,
    /// Where each of them is; `None` for a text that is in no file.
    pub(crate) paths: Vec<Option<PathBuf>>,
    /// What was not read on purpose.
    pub(crate) skipped: Vec<Skipped>,
    /// What could not be read at all.
    pub(crate) errors: Vec<ReadError>,
}

#[derive(Debug)]
enum Listed {
    /// A file that is still to be read.
    File { path: PathBuf, name: Arc<str>, origin: InputOrigin },
    /// A text that is there.
    Text { name: Arc<str>, text: Vec<u8> },
}

/// How a file came to be read.
#[derive(Debug)]
enum InputOrigin {
    /// The command line or the configuration names it.
    Named,
    /// It is in a folder.
    FolderContents { real: PathBuf, is_link: bool },
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
        for path in paths.or_default(render, default_paths) {
            inputs.add_path(path, current);
        }
        for folder in &render.kustomize {
            let name = Renderer::Kustomize.name_of(&shown(folder, current));
            let result = render::kustomize(folder, render.time());
            inputs.add_rendered(&name, result, |template| template.into());
        }
        if let Some(chart) = &render.helm {
            let name = Renderer::Helm.name_of(&chart.to_string_lossy());
            let result = render::helm(chart, &render.helm_arguments, render.time());
            let folder = Path::new(chart);
            let folder = folder.is_dir().then(|| shown(folder, current));
            inputs.add_rendered(&name, result, |template| of_chart(template, folder.as_deref()));
        }
        inputs.read_each_once();
        inputs
    }

    /// A file may be named, and be in a folder that is named, and a link may lead to it: its objects would be in conflict with
    /// themselves. It is read under its own name, if that is among them.
    fn read_each_once(&mut self) {
        let real_paths: Vec<_> = self.items.iter().map(Listed::real_path).collect();
        let own: HashSet<_> = self
            .items
            .iter()
            .zip(&real_paths)
            .filter(|(item, _)| !item.is_link())
            .filter_map(|(_, path)| path.clone())
            .collect();
        let mut seen = HashSet::new();
        let mut real_paths = real_paths.into_iter();
        self.items.retain(|item| match real_paths.next().flatten() {
            Some(path) => !(item.is_link() && own.contains(&path)) && seen.insert(path),
            None => true,
        });
    }

    /// Reads all files.
    pub(crate) fn read(self, workers: &impl Workers) -> Input {
        let Self { items, skipped, errors } = self;
        let results = workers.map(items.len(), |number| items.get(number).map(Listed::read));
        let (files, paths) = (Vec::with_capacity(items.len()), Vec::with_capacity(items.len()));
        let mut read = Input { files, paths, skipped, errors };
        for (result, item) in results.into_iter().flatten().zip(items) {
            match (result, item) {
                (Ok(file), item) => {
                    read.files.push(file);
                    read.paths.push(match item {
                        Listed::File { path, .. } => Some(path),
                        Listed::Text { .. } => None,
                    });
                }
                (
                    Err(Unread::Refused(reason)),
                    Listed::File { name: file, origin: InputOrigin::FolderContents { .. }, .. },
                ) => {
                    read.skipped.push(Skipped::not_read(file, reason));
                }
                (Err(cause), Listed::File { name, .. } | Listed::Text { name, .. }) => {
                    read.errors.push(error(name, &cause));
                }
            }
        }
        read
    }

    fn add_path(&mut self, path: &Path, current: &Path) {
        let name = read::name(path, current);
        if read::is_stdin(path) {
            let result = read::named(path).map_err(|cause| cause.to_string());
            self.add_rendered(&name, result, |template| template.into());
        } else if path.is_dir() {
            self.add_folder(path, current);
        } else {
            self.items.push(Listed::File { name: name.into(), path: path.to_owned(), origin: InputOrigin::Named });
        }
    }

    /// Finds the manifests of a folder.
    fn add_folder(&mut self, folder: &Path, current: &Path) {
        let FolderContents { files, skipped, errors } = walk(folder, current);
        let name = |path: &Path| Arc::from(shown(path, current));
        self.items.extend(files.into_iter().map(|file| Listed::File {
            name: name(&file.path),
            path: file.path,
            origin: InputOrigin::FolderContents { real: file.real, is_link: file.is_link },
        }));
        let skipped = skipped.into_iter();
        self.skipped.extend(skipped.map(|(path, reason)| Skipped::not_read(name(&path), reason)));
        let errors = errors.into_iter();
        self.errors.extend(errors.map(|(path, message)| ReadError { file: name(&path), line: None, message }));
    }

    fn add_rendered(&mut self, name: &str, result: Result<Vec<u8>, String>, file: impl Fn(&str) -> Arc<str>) {
        match result {
            Ok(text) => {
                let texts = rendered_texts(name, text, file);
                self.items.extend(texts.into_iter().map(|(name, text)| Listed::Text { name, text }));
            }
            Err(message) => self.errors.push(ReadError { file: name.into(), line: None, message }),
        }
    }
}

/// What a program printed as texts with names, one for each template.
fn rendered_texts(name: &str, text: Vec<u8>, file: impl Fn(&str) -> Arc<str>) -> Vec<(Arc<str>, Vec<u8>)> {
    match std::str::from_utf8(&text) {
        Ok(text) => rendered::split(name, text)
            .into_iter()
            .map(|source| {
                let name = if *source.name == *name { source.name } else { file(&source.name) };
                (name, source.text.as_bytes().to_vec())
            })
            .collect(),
        // The reader says what is wrong with it.
        Err(_) => vec![(name.into(), text)],
    }
}

/// The name of a file of a chart. Helm begins the names of templates with the name of the chart; the folder of the chart can be opened.
fn of_chart(template: &str, folder: Option<&str>) -> Arc<str> {
    match (template.split_once('/'), folder) {
        (Some((_, path)), Some(folder)) => format!("{folder}/{path}").into(),
        _ => template.into(),
    }
}

impl Input {
    /// Renders what is among the files. What is rendered replaces the files that it is made from.
    pub(crate) fn render(self, arguments: &RenderArguments, current: &Path, workers: &impl Workers) -> Self {
        let RenderPlan { mut jobs, skipped } = RenderPlan::new(&self.files, &self.paths);
        let explicit: HashSet<_> = arguments.kustomize.iter().filter_map(|folder| folder.canonicalize().ok()).collect();
        jobs.retain(|job| !job.folder.canonicalize().is_ok_and(|folder| explicit.contains(&folder)));
        let time = arguments.time();
        let results = workers.map(jobs.len(), |number| {
            jobs.get(number).map(|job| match job.renderer {
                Renderer::Kustomize => render::kustomize(&job.folder, time),
                Renderer::Helm => render::helm(job.folder.as_os_str(), &[], time),
            })
        });
        let Self { files, paths, skipped: mut not_read, mut errors } = self;
        not_read.extend(skipped.into_iter().filter_map(|(number, reason)| {
            let file = Arc::clone(&files.get(number)?.source.name);
            Some(Skipped::not_read(file, format!("{reason}, so that it is not rendered")))
        }));
        let (mut made, mut replaced) = (Vec::new(), HashSet::new());
        for (job, result) in jobs.into_iter().zip(results.into_iter().flatten()) {
            let folder = shown(&job.folder, current);
            let name = job.renderer.name_of(&folder);
            match result {
                Ok(text) => {
                    made.extend(rendered_texts(&name, text, |template| of_chart(template, Some(&folder))));
                    replaced.extend(job.sources);
                }
                // A program that is not installed is named once.
                Err(message) if errors.iter().any(|error: &ReadError| error.message == message) => {}
                Err(message) => errors.push(ReadError { file: name.into(), line: None, message }),
            }
        }
        let is_replaced = |path: &Option<PathBuf>| {
            let real = path.as_ref().and_then(|path| path.canonicalize().ok());
            real.is_some_and(|real| real.ancestors().any(|path| replaced.contains(path)))
        };
        let kept = files.into_iter().zip(paths).filter(|(_, path)| !is_replaced(path));
        let made = made.into_iter().map(|(name, text)| (File::read(name, text), None));
        let (files, paths) = kept.chain(made).unzip();
        Self { files, paths, skipped: not_read, errors }
    }
}

impl Listed {
    fn read(&self) -> Result<File, Unread> {
        let (name, text) = match self {
            Self::Text { name, text } => (name, text.clone()),
            Self::File { path, name, origin: InputOrigin::Named } => (name, read::named(path)?),
            Self::File { name, origin: InputOrigin::FolderContents { real, .. }, .. } => (name, read::regular(real)?),
        };
        Ok(File::read(Arc::clone(name), text))
    }

    /// The path without links; `None` for a text that is in no file.
    fn real_path(&self) -> Option<PathBuf> {
        match self {
            Self::Text { .. } => None,
            Self::File { origin: InputOrigin::FolderContents { real, .. }, .. } => Some(real.clone()),
            // What cannot be followed cannot be read either, or is a pipe.
            Self::File { path, origin: InputOrigin::Named, .. } => {
                Some(path.canonicalize().unwrap_or_else(|_| path.clone()))
            }
        }
    }

    fn is_link(&self) -> bool {
        match self {
            Self::Text { .. } => false,
            Self::File { origin: InputOrigin::FolderContents { is_link, .. }, .. } => *is_link,
            Self::File { path, origin: InputOrigin::Named, .. } => path.is_symlink(),
        }
    }
}

/// Why a file was not read.
fn error(name: Arc<str>, cause: &Unread) -> ReadError {
    let mut message = cause.to_string();
    // A misspelt command reads as a path.
    if *cause == Unread::Missing
        && let Some(command) = nearest(&name, COMMANDS)
    {
        message = format!("{message}; did you mean the command {command}?");
    }
    ReadError { file: name, line: None, message }
}

/// Reads a file that is named explicitly.
pub(crate) fn read_file(path: &Path, current: &Path) -> Result<File, ReadError> {
    let name: Arc<str> = read::name(path, current).into();
    match read::named(path) {
        Ok(text) => Ok(File::read(name, text)),
        Err(cause) => Err(error(name, &cause)),
    }
}

/// Reads a file with what Azure has. What is wrong with its content becomes a part of the result.
pub(crate) fn read_azure(path: &Path, current: &Path) -> Result<AzureFile, ReadError> {
    let name = read::name(path, current);
    match read::named(path) {
        Ok(text) => Ok(AzureFile::read(name, text)),
        Err(cause) => Err(ReadError { file: name.into(), line: None, message: cause.to_string() }),
    }
}
