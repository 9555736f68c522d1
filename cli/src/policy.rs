//! What the input is checked against: the configuration, the settings, and the state of a cluster.

use std::path::{Path, PathBuf};

use azure_workload_identity_lint::report::ReadError;
use azure_workload_identity_lint::settings::{Preset, SettingsText, inject, with_all};
use azure_workload_identity_lint::source::Source;
use azure_workload_identity_lint::{File, Options};

use crate::arguments::{PathArguments, PolicyArguments, RenderArguments};
use crate::configuration::{self, Configuration};
use crate::failure::Failure;
use crate::inputs::{Input, Inputs, read_file};
use crate::paths::from_current;
use crate::read::{self, Unread};
use crate::workers::Threads;

/// What the input is checked against.
#[derive(Debug)]
pub(crate) struct Policy {
    /// The folder in which the program runs.
    pub(crate) current: PathBuf,
    /// The configuration; an empty one if there is none.
    pub(crate) configuration: Configuration,
    settings: Vec<SettingsText>,
    cluster_state: Vec<File>,
    namespace: Option<String>,
}

impl Policy {
    /// Reads all files that are named. What is wrong with them comes back at once.
    pub(crate) fn read(arguments: &PolicyArguments) -> Result<Self, Vec<ReadError>> {
        let current = std::env::current_dir().unwrap_or_default();
        let mut configuration = match &arguments.config {
            Some(file) => Configuration::named(file, &read::name(file, &current))?,
            None => Configuration::find(&current)?,
        };
        for path in configuration.paths.iter_mut().chain(&mut configuration.settings) {
            *path = from_current(path, &current);
        }
        let mut errors = Vec::new();
        let preset = arguments.preset.map(Preset::from).or(configuration.preset);
        let settings = if arguments.settings.is_empty() {
            let read = |file: &Path| configuration.read_file(file);
            settings(&configuration.settings, read, preset, &current, &mut errors)
        } else {
            settings(&arguments.settings, read::named, preset, &current, &mut errors)
        };
        let state = arguments.cluster_state.iter().map(|file| read_file(file, &current));
        let state: Vec<_> = state.filter_map(|file| file.map_err(|error| errors.push(error)).ok()).collect();
        errors.extend(state.iter().flat_map(File::problems));
        let namespace = arguments.namespace.clone();
        let policy = Self { current, configuration, settings, cluster_state: state, namespace };
        if errors.is_empty() { Ok(policy) } else { Err(errors) }
    }

    /// Finds and reads the input of a command, whose default is in the configuration. The namespace that helm gets counts if nothing
    /// but a chart is read.
    pub(crate) fn inputs(&mut self, paths: &PathArguments, render: &RenderArguments, threads: &Threads) -> Input {
        if self.namespace.is_none() && paths.paths.is_empty() && render.kustomize.is_empty() {
            self.namespace = render.helm_namespace();
        }
        let input = Inputs::find(paths, render, &self.configuration.paths, &self.current).read(threads);
        if render.render { input.render(render, &self.current, threads) } else { input }
    }

    /// Makes sure that some settings inject: without any, as with `inject: {}`.
    pub(crate) fn inject(&mut self) {
        inject(&mut self.settings);
    }

    /// The objects of the cluster.
    pub(crate) fn cluster_state(&self) -> &[File] {
        &self.cluster_state
    }

    /// The settings of the one policy, `{}` if there is none.
    pub(crate) fn only_settings(&self) -> Result<serde_json::Value, Failure> {
        // What is wrong with them is said as in a check.
        self.with_options(|_| ())?;
        match self.settings.as_slice() {
            [] => Ok(serde_json::json!({})),
            [settings] => serde_json::from_str(settings.json()).map_err(|cause| Failure::Other(cause.to_string())),
            several => Err(Failure::Other(format!(
                "the files of settings hold {} policies with different settings; name a file with one of them",
                several.len()
            ))),
        }
    }

    /// Does something with the options of a check.
    pub(crate) fn with_options<T>(&self, work: impl FnOnce(&Options<'_>) -> T) -> Result<T, Vec<ReadError>> {
        let is_ignored = |rule, file: &str| {
            let file = configuration::relative(&self.configuration.folder, &self.current, file);
            self.configuration.ignores(rule, &file)
        };
        with_all(&self.settings, |settings| {
            let mut options = Options::new(settings, &self.configuration.severities);
            options.namespace.clone_from(&self.namespace);
            options.cluster_state = &self.cluster_state;
            options.is_ignored = &is_ignored;
            work(&options)
        })
    }
}

fn settings(
    files: &[PathBuf],
    read: impl Fn(&Path) -> Result<Vec<u8>, Unread>,
    preset: Option<Preset>,
    current: &Path,
    errors: &mut Vec<ReadError>,
) -> Vec<SettingsText> {
    let mut settings = Vec::new();
    for file in files {
        let name = read::name(file, current).into();
        let found = match read(file).and_then(read::text) {
            Ok(text) => SettingsText::find(&Source { name, text: text.into() }),
            Err(cause) => Err(ReadError { file: name, line: None, message: cause.to_string() }),
        };
        match found {
            Ok(found) => settings.extend(found),
            Err(error) => errors.push(error),
        }
    }
    if let Some(preset) = preset {
        if files.is_empty() {
            settings = vec![SettingsText::default()];
        }
        for text in &mut settings {
            text.set_preset(preset);
        }
    }
    settings
}
