//! What kustomizations do to the files that they name, as far as it shows without running kustomize.
//!
//! An overlay adds labels, annotations and whole members to the objects of its base, and changes names and namespaces. What a file of
//! a base lacks proves nothing; what it has and is wrong stays wrong.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use azure_workload_identity_policy::json::{Kind, Value};

use crate::file::File;
use crate::members::{text, texts};

/// The names under which kustomize finds a kustomization.
pub const NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A kustomization or component of kustomize, or a Kustomization of Flux that patches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kustomization {
    /// The files, folders and addresses whose objects it takes: relative to its folder; of Flux, to the root of the source.
    pub takes: Vec<String>,
    /// The files with patches, or the patches themselves.
    pub patches: Vec<String>,
    /// Whether it changes names or namespaces.
    pub renames: bool,
    /// Whether it renders charts, for which kustomize has to be told to run helm.
    pub renders_charts: bool,
    /// The addresses of what it fetches.
    pub fetched: Vec<String>,
    /// What reads it.
    pub role: Role,
}

/// What a kustomization is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// kustomize builds it, or another one takes it.
    #[default]
    Kustomization,
    /// Only other kustomizations can take it.
    Component,
    /// Flux applies it.
    Flux,
}

/// Whether objects of this group, or version of it, are for kustomize alone: no cluster has them.
pub(crate) fn is_own_type(group: &str) -> bool {
    group.split('/').next() == Some("kustomize.config.k8s.io")
}

/// Whether an object of this group and kind is a Kustomization of Flux.
pub(crate) fn is_flux(group: &str, kind: &str) -> bool {
    group == "kustomize.toolkit.fluxcd.io" && kind == "Kustomization"
}

impl Kustomization {
    /// Reads a kustomization. kustomize knows it by the name of its file, and fills in its type.
    pub(crate) fn read(file: &str, root: Value<'_>) -> Option<Self> {
        let (api_version, kind) = (text(Some(root), "apiVersion"), text(Some(root), "kind"));
        if is_flux(api_version.split('/').next().unwrap_or_default(), &kind) {
            let spec = root.field("spec")?;
            let patches = !spec.field("patches").is_none_or(Value::is_empty);
            // Without a path it is the root of the source, which mostly is another repository or an artifact.
            let path = Some(text(Some(spec), "path")).filter(|path| !normalized("", path).is_empty());
            let renames = ["targetNamespace", "namePrefix", "nameSuffix"].iter().any(|key| spec.field(key).is_some());
            return path.filter(|_| patches || renames || spec.field("components").is_some()).map(|path| Self {
                takes: vec![path],
                renames,
                role: Role::Flux,
                ..Self::default()
            });
        }
        let is_named_so = NAMES.contains(&file.rsplit('/').next().unwrap_or_default());
        if !(is_own_type(&api_version) || is_named_so && api_version.is_empty()) {
            return None;
        }
        let patches = ["patches", "patchesStrategicMerge", "patchesJson6902"].into_iter();
        let patches = patches.filter_map(|key| root.field(key)).flat_map(Value::elements);
        let patches = patches.filter_map(|patch| patch.field("path").unwrap_or(patch).as_str().map(String::from));
        let sets = |key: &&str| root.field(key).is_some_and(|value| value.kind() != Kind::Null);
        Some(Self {
            takes: ["resources", "bases", "components"].into_iter().flat_map(|key| texts(root, key)).collect(),
            patches: patches.collect(),
            renames: ["namespace", "namePrefix", "nameSuffix"].iter().any(sets),
            renders_charts: ["helmCharts", "helmChartInflationGenerator"].iter().any(sets),
            fetched: fetched(root),
            role: if kind == "Component" { Role::Component } else { Role::Kustomization },
        })
    }
}

/// The addresses in a kustomization: kustomize loads what these members name from files, with HTTP, or with Git.
fn fetched(root: Value<'_>) -> Vec<String> {
    const LISTS: [&str; 10] = [
        "resources",
        "bases",
        "components",
        "crds",
        "configurations",
        "generators",
        "transformers",
        "validators",
        "patchesStrategicMerge",
        "patches",
    ];
    const PATHS: [&str; 3] = ["patches", "patchesJson6902", "replacements"];
    let named = LISTS.into_iter().flat_map(|key| texts(root, key));
    let elements = PATHS.into_iter().filter_map(|key| root.field(key)).flat_map(Value::elements);
    let paths = elements.chain(root.field("openapi")).map(|element| text(Some(element), "path"));
    let made = ["configMapGenerator", "secretGenerator"].into_iter().filter_map(|key| root.field(key));
    let files = made.flat_map(Value::elements).flat_map(|made| [texts(made, "files"), texts(made, "envs")].concat());
    named.chain(paths).chain(files).filter(|named| is_address(named)).collect()
}

/// Whether kustomize fetches what a member names. Source: `NewRepoSpecFromURL` and `fileLoader.Load` of kustomize.
fn is_address(named: &str) -> bool {
    let is_line = !named.contains('\n');
    let is_git = ["git@", "git::", "gh:", "github.com/", "github.com:", "ssh:"].iter().any(|it| named.starts_with(it));
    let has = ["://", ".git/", ".git?", "_git/", "?ref="].iter().any(|part| named.contains(part));
    is_line && (is_git || has || named.strip_suffix(".git").is_some())
}

/// What kustomizations among the files do to others of them.
#[derive(Debug, Default)]
pub struct Kustomized {
    /// By the number of the file.
    taken: HashMap<usize, Taken>,
    /// The numbers of the files that are patches.
    patches: HashSet<usize>,
}

/// What may change the objects of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The kustomization that is applied: the outermost one that takes the file.
    pub by: Arc<str>,
    /// Whether names or namespaces are changed.
    pub renames: bool,
    is_of_flux: bool,
}

impl Taken {
    /// What to do to see the objects as they are applied.
    pub fn advice(&self) -> String {
        if self.is_of_flux {
            return format!("{} changes it; check what `flux build kustomization` prints", self.by);
        }
        let folder = self.by.rsplit_once('/').map_or(".", |(folder, _)| folder);
        format!("{} may change it; --kustomize {folder} or --render shows what it makes", self.by)
    }
}

impl Kustomized {
    /// Finds what the kustomizations take.
    pub(crate) fn new(files: &[File]) -> Self {
        let all: Vec<_> = files
            .iter()
            .enumerate()
            .filter_map(|(number, file)| Some((number, &*file.source.name, file.kustomization.as_ref()?)))
            .collect();
        if all.is_empty() {
            return Self::default();
        }
        let paths: HashMap<_, _> =
            files.iter().enumerate().map(|(number, file)| (normalized("", &file.source.name), number)).collect();
        let named_so = |name: &str| NAMES.contains(&name.rsplit('/').next().unwrap_or_default());
        let of_folders = all.iter().filter(|(_, name, _)| named_so(name));
        let of_folders: HashMap<_, _> =
            of_folders.map(|(number, name, _)| (normalized("", folder_of(name)), *number)).collect();
        let mut graph = Overlays { files, outer: HashMap::new() };
        let (mut taken, mut kustomized) = (Vec::new(), Self::default());
        let mut flux = HashMap::new();
        for (number, name, kustomization) in &all {
            if kustomization.role == Role::Flux {
                flux.extend(kustomization.takes.iter().map(|path| (normalized("", path), *number)));
                continue;
            }
            let folder = folder_of(name);
            for path in &kustomization.takes {
                let path = normalized(folder, path);
                taken.extend(paths.get(&path).map(|file| (*file, *number)));
                if let Some(inner) = of_folders.get(&path).filter(|inner| *inner != number) {
                    graph.outer.entry(*inner).or_default().push(*number);
                }
            }
            let patches = kustomization.patches.iter().filter_map(|path| paths.get(&normalized(folder, path)));
            kustomized.patches.extend(patches);
        }
        for (file, by) in taken {
            kustomized.taken.entry(file).or_insert_with(|| graph.taken(by));
        }
        if !flux.is_empty() {
            for (number, file) in files.iter().enumerate() {
                if let Some(by) = of_source(folder_of(&file.source.name), &flux) {
                    kustomized.taken.entry(number).or_insert_with(|| graph.taken(by));
                }
            }
        }
        kustomized
    }

    /// What may change the objects of a file; `None` if nothing among the files does.
    pub(crate) fn taken(&self, file: usize) -> Option<&Taken> {
        self.taken.get(&file)
    }

    /// Whether a file is a patch.
    pub(crate) fn is_patch(&self, file: usize) -> bool {
        self.patches.contains(&file)
    }
}

/// Which kustomizations take which others.
struct Overlays<'f> {
    files: &'f [File],
    outer: HashMap<usize, Vec<usize>>,
}

impl Overlays<'_> {
    /// What may change what a kustomization takes: it, and all that take it.
    fn taken(&self, by: usize) -> Taken {
        let (mut seen, mut open, mut outermost) = (HashSet::from([by]), vec![by], by);
        let (mut renames, mut is_of_flux) = (false, false);
        while let Some(number) = open.pop() {
            let kustomization = self.files.get(number).and_then(|file| file.kustomization.as_ref());
            renames |= kustomization.is_some_and(|it| it.renames);
            is_of_flux |= kustomization.is_some_and(|it| it.role == Role::Flux);
            let outer = self.outer.get(&number).map(Vec::as_slice).unwrap_or_default();
            let first = open.len();
            open.extend(outer.iter().copied().filter(|outer| seen.insert(*outer)));
            // The first of those that take it, as people read them.
            open.get_mut(first..).unwrap_or_default().reverse();
            if outer.is_empty() && (outermost == by || number < outermost) {
                outermost = number;
            }
        }
        let by = self.files.get(outermost).map(|file| Arc::clone(&file.source.name)).unwrap_or_default();
        Taken { by, renames, is_of_flux }
    }
}

/// The Flux Kustomization whose path a folder is in. The root of the source may be any folder above.
fn of_source(folder: &str, paths: &HashMap<String, usize>) -> Option<usize> {
    let steps: Vec<_> = folder.split('/').filter(|step| !matches!(*step, "" | ".")).collect();
    (0..steps.len()).find_map(|start| {
        let mut path = String::new();
        steps.iter().skip(start).find_map(|step| {
            path.push_str(if path.is_empty() { "" } else { "/" });
            path.push_str(step);
            paths.get(&path).copied()
        })
    })
}

fn folder_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path in a folder, without `.` and `..`.
fn normalized(folder: &str, path: &str) -> String {
    let mut steps = Vec::new();
    let folder = if path.starts_with('/') { "" } else { folder };
    for step in folder.split('/').chain(path.split('/')) {
        match step {
            "" | "." => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    steps.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kustomized(texts: &[(&str, &str)]) -> (Kustomized, Vec<File>) {
        let files: Vec<_> = texts.iter().map(|(name, text)| File::read(*name, (*text).into())).collect();
        (Kustomized::new(&files), files)
    }

    #[test]
    fn the_outermost_kustomization_is_named() {
        let (found, _) = kustomized(&[
            ("base/a.yaml", ""),
            ("base/b.yaml", ""),
            ("base/kustomization.yaml", "resources: [a.yaml, ../base]\n"),
            ("mid/kustomization.yml", "bases: [../base]\nnamePrefix: x-\n"),
            ("prod/kustomization.yaml", "resources: [../mid]\ncomponents: [../part]\npatches: [{path: p.yaml}]\n"),
            ("prod/p.yaml", ""),
            (
                "part/kustomization.yaml",
                "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [c.yaml]\n",
            ),
            ("part/c.yaml", ""),
        ]);
        let by = |file: usize| found.taken(file).map(|taken| (&*taken.by, taken.renames));
        assert_eq!(by(0), Some(("prod/kustomization.yaml", true)));
        assert_eq!(by(1), None);
        assert_eq!((by(5), found.is_patch(5)), (None, true));
        assert_eq!(by(7), Some(("prod/kustomization.yaml", false)));
    }

    #[test]
    fn kustomizations_that_take_each_other_end() {
        let (found, _) = kustomized(&[
            ("a/kustomization.yaml", "resources: [../b, a.yaml]\n"),
            ("b/kustomization.yaml", "resources: [../a]\n"),
            ("a/a.yaml", ""),
        ]);
        assert!(found.taken(2).is_some());
    }

    #[test]
    fn flux_takes_what_is_in_its_path_if_it_patches() {
        let flux = |spec: &str| {
            format!(
                "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: x}}\nspec: {spec}\n"
            )
        };
        for (spec, expected) in [
            ("{path: ./apps/web, patches: [{patch: x}]}", true),
            ("{path: ./apps, targetNamespace: shop}", true),
            ("{path: ./apps/web}", false),
            ("{path: ./other, patches: [{patch: x}]}", false),
            ("{path: ./, patches: [{patch: x}]}", false),
            ("{patches: [{patch: x}]}", false),
        ] {
            let (found, _) = kustomized(&[("repo/flux.yaml", &flux(spec)), ("repo/apps/web/a.yaml", "")]);
            assert_eq!(found.taken(1).is_some(), expected, "{spec}");
        }
    }
}
