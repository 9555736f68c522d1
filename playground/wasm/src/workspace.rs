//! The questions about an input.

use azure_workload_identity_lint::answers::{Answer, answers};
use azure_workload_identity_lint::report::{ReadError, Report};
use azure_workload_identity_lint::settings::{SettingsText, inject, with_all};
use azure_workload_identity_lint::source::Source;
use azure_workload_identity_lint::{File, FilePreview, OneThread, Options, check, edit, previews};
use azure_workload_identity_policy::settings::Settings;
use azure_workload_identity_trace::azure::AzureFile;
use azure_workload_identity_trace::chain::graph::Graph;
use azure_workload_identity_trace::chain::{Azure, chains};

use crate::interface::{Chains, DrawnChain, InjectedFile, PageInput, Previews};

/// An input that was read.
#[derive(Debug)]
pub struct Workspace {
    files: Vec<File>,
    settings: Vec<SettingsText>,
    /// What is wrong with the settings; the defaults count if there is anything.
    settings_errors: Vec<ReadError>,
    namespace: Option<String>,
    issuer: Option<String>,
    credentials: Vec<AzureFile>,
}

impl Workspace {
    /// Reads an input. Whatever is wrong with it becomes a part of the answers.
    pub fn new(input: PageInput) -> Self {
        let files = input.files.into_iter().map(|file| File::read(file.name, file.text.into_bytes())).collect();
        let (settings, settings_errors) = read_settings(input.settings);
        let credentials = input.credentials.into_iter();
        let credentials = credentials.map(|file| AzureFile::read(file.name, file.text.into_bytes())).collect();
        let namespace = input.namespace.filter(|namespace| !namespace.is_empty());
        let issuer = input.issuer.filter(|issuer| !issuer.is_empty());
        Self { files, settings, settings_errors, namespace, issuer, credentials }
    }

    /// What the rules find.
    pub fn check(&self) -> Report {
        let mut report = self.with_options(&self.settings, |options| check(&self.files, options, &OneThread));
        report.errors.splice(..0, self.settings_errors.iter().cloned());
        report
    }

    /// What kubectl prints for each object.
    pub fn answers(&self) -> Vec<Answer> {
        self.with_options(&self.settings, |options| answers(&self.files, options))
    }

    /// What admission would inject into the pods.
    pub fn previews(&self) -> Previews {
        let mut settings = self.settings.clone();
        inject(&mut settings);
        let previews = self.with_options(&settings, |options| previews(&self.files, options, &OneThread));
        let files = previews.into_iter().map(|FilePreview { source, edits, pods }| InjectedFile {
            name: source.name.to_string(),
            text: edit::apply(&source.text, &edits),
            pods,
        });
        Previews { injects: self.settings.iter().any(SettingsText::injects), files: files.collect() }
    }

    /// The chains from what runs to its federated credential.
    pub fn chains(&self) -> Chains {
        let azure = Azure { issuer: self.issuer.as_deref(), files: &self.credentials };
        let mut report = self.with_options(&self.settings, |options| chains(&self.files, options, azure, &OneThread));
        report.report.errors.splice(..0, self.settings_errors.iter().cloned());
        let drawings = Graph::new(&report).groups;
        let chains = report.chains.into_iter().zip(drawings).map(|(chain, drawing)| DrawnChain { chain, drawing });
        Chains { chains: chains.collect(), findings: report.report.findings, errors: report.report.errors }
    }

    /// Does something with the options of a check.
    fn with_options<T>(&self, settings: &[SettingsText], work: impl Fn(&Options<'_>) -> T) -> T {
        // Settings with errors were left out, so this does not fail.
        with_all(settings, |settings| work(&self.options(settings))).unwrap_or_else(|_| work(&self.options(Vec::new())))
    }

    fn options<'s>(&self, settings: Vec<Settings<'s>>) -> Options<'s> {
        let mut options = Options::new(settings, &[]);
        options.namespace.clone_from(&self.namespace);
        options
    }
}

/// The settings in a text, or what is wrong with them.
fn read_settings(text: String) -> (Vec<SettingsText>, Vec<ReadError>) {
    let source = Source { name: "settings".into(), text: text.into() };
    let read = SettingsText::find(&source).map_err(|error| vec![error]).and_then(|settings| {
        with_all(&settings, |_| ())?;
        Ok(settings)
    });
    match read {
        Ok(settings) => (settings, Vec::new()),
        Err(errors) => (Vec::new(), errors),
    }
}
