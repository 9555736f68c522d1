//! What is said where no Kubernetes object is in the input: what would be read instead.

use std::io;
use std::path::Path;

use azure_workload_identity_lint::File;
use azure_workload_identity_lint::kustomization::NAMES;

use crate::arguments::{PathArguments, RenderArguments};
use crate::display::Display;
use crate::exit::Exit;
use crate::output::counted;
use crate::paths::{from_current, shown};
use crate::printable::printable;
use crate::render::CHART;

/// What is rendered, and by what: the option, and the names of the files that show that there is something to render.
const RENDERED: [(&str, &[&str]); 2] = [("--helm", &[CHART]), ("--kustomize", &NAMES)];

/// What was named, and what is in it.
pub(crate) struct Looked<'l> {
    /// What was named.
    pub(crate) paths: &'l PathArguments,
    /// What was rendered; `None` for a command that cannot.
    pub(crate) render: Option<&'l RenderArguments>,
    /// What was read.
    pub(crate) files: &'l [File],
    /// The folder in which the program runs.
    pub(crate) current: &'l Path,
}

impl Looked<'_> {
    /// Why there is nothing to check, and what to name instead, in one sentence.
    pub(crate) fn sentence(&self) -> String {
        let found = match self.files.len() {
            0 => "the input has no YAML or JSON file".to_owned(),
            count => format!("the input has {}, but no Kubernetes object", counted(count, "file")),
        };
        let advice: Vec<_> =
            RENDERED.iter().filter_map(|(option, names)| self.advice(option, names, self.render?)).collect();
        let advice = match advice.as_slice() {
            [] if self.render.is_some() => {
                "name the folder with the manifests, or render a chart with --helm or a kustomization with --kustomize"
                    .to_owned()
            }
            [] => "name the folder with the manifests".to_owned(),
            advice => {
                // It renders what is among the files, not what is beside them.
                let is_read = RENDERED.iter().any(|(_, names)| self.named(names).next().is_some());
                format!("{}{}", advice.join("; "), if is_read { ", or all with --render" } else { "" })
            }
        };
        format!("there is nothing to check: {found}; {advice}")
    }

    /// That there is something to render which was checked as it is; `None` if the command line says what is rendered.
    pub(crate) fn hint(&self) -> Option<String> {
        let render = self.render.filter(|it| !it.render && !it.names_something())?;
        let named = |names: &[&str]| self.named(names).next().is_some();
        let advice = RENDERED.iter().filter(|(_, names)| named(names));
        let advice: Vec<_> = advice.filter_map(|(option, names)| self.advice(option, names, render)).collect();
        let advice = advice.join("; ");
        (!advice.is_empty())
            .then(|| format!("what kustomize and helm make is not checked: {advice}, or all with --render"))
    }

    /// The files that were read under these names.
    fn named<'n>(&'n self, names: &'n [&str]) -> impl Iterator<Item = &'n str> {
        let is_one = move |name: &&str| names.contains(&name.rsplit('/').next().unwrap_or_default());
        self.files.iter().map(|file| &*file.source.name).filter(is_one)
    }

    /// Which files show that there is something to render.
    fn advice(&self, option: &str, names: &[&str], render: &RenderArguments) -> Option<String> {
        let read: Vec<_> = self.named(names).collect();
        let (first, others) = match read.split_first() {
            Some((first, others)) => ((*first).to_owned(), others.len()),
            None => (self.beside(names, render)?, 0),
        };
        let others = if others > 0 { format!(" and those of {others} more") } else { String::new() };
        Some(format!("render the folder of {}{others} with {option}", printable(&first)))
    }

    /// The first of these files in a folder that was named, or in the one above: the files of a chart are in a folder of it.
    fn beside(&self, names: &[&str], render: &RenderArguments) -> Option<String> {
        let folders = self.paths.or_default(render, &[]).into_iter().flat_map(|path| {
            let path = self.current.join(path);
            let folder = if path.is_dir() { Some(path) } else { path.parent().map(Path::to_owned) };
            let above = folder.as_deref().and_then(Path::parent).map(Path::to_owned);
            [folder, above].into_iter().flatten()
        });
        let mut files = folders.flat_map(|folder| names.iter().map(move |name| folder.join(name)));
        files.find(|file| file.is_file()).map(|file| shown(&from_current(&file, self.current), self.current))
    }
}

/// Tells that there is nothing to check, and why. The code is that of a success if this is allowed.
pub(crate) fn tell(sentence: &str, is_allowed: bool, display: &mut Display<'_>) -> io::Result<Exit> {
    if is_allowed {
        display.status("notice", sentence)?;
        return Ok(Exit::Success);
    }
    display.error(sentence)?;
    Ok(Exit::Nothing)
}
