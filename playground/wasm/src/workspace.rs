//! The questions about an input.

use azure_workload_identity_lint::report::ReadError;
use azure_workload_identity_lint::settings::{SettingsText, with_all};
use azure_workload_identity_lint::source::Source;
use azure_workload_identity_lint::{File, OneThread, Options, check};
use azure_workload_identity_policy::settings::Settings;

use crate::convert::Convert;
use crate::interface::{Check, Input};

/// An input that was read.
#[derive(Debug)]
pub struct Workspace {
    files: Vec<File>,
    settings: Vec<SettingsText>,
    /// What is wrong with the settings; the defaults count if there is anything.
    settings_errors: Vec<ReadError>,
    namespace: Option<String>,
}

impl Workspace {
    /// Reads an input. Whatever is wrong with it becomes a part of the answers.
    pub fn new(input: Input) -> Self {
        let files = input.files.into_iter().map(|file| File::read(file.name, file.text.into_bytes())).collect();
        let (settings, settings_errors) = read_settings(input.settings);
        let namespace = input.namespace.filter(|namespace| !namespace.is_empty());
        Self { files, settings, settings_errors, namespace }
    }

    /// What the rules find.
    pub fn check(&self) -> Check {
        let mut report = self.with_options(|options| check(&self.files, options, &OneThread));
        report.errors.splice(..0, self.settings_errors.iter().cloned());
        Convert::default().check(&report)
    }

    /// Does something with the options of a check.
    fn with_options<T>(&self, work: impl Fn(&Options<'_>) -> T) -> T {
        // Settings with errors were left out, so this does not fail.
        with_all(&self.settings, |settings| work(&self.options(settings)))
            .unwrap_or_else(|_| work(&self.options(Vec::new())))
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
