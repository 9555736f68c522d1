//! Finds the manifests of a folder: which are read, and which are named as skipped.
//!
//! Ignore files are files of the repository too, so they are read as all others are; a walker that opens them itself would follow a link
//! to an endless device. Links to folders are not followed, so there are no loops.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::vec;

use azure_workload_identity_lint::kustomization::NAMES;
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::bounds::Bounds;
use crate::failure::unreadable;
use crate::git::{self, Repository};
use crate::read::Unread;

/// The file with patterns of what is not read, in the form of `.gitignore`.
const IGNORE_FILE: &str = ".azwi-check-ignore";

/// The file with patterns of what git does not track, unless it was told to.
const GIT_IGNORE_FILE: &str = ".gitignore";

/// The size of the largest ignore file. What its patterns are compiled to takes hundreds of times its size.
const IGNORE_FILE_LIMIT: u64 = 1_000_000;

/// What is in a folder.
#[derive(Debug, Default)]
pub(crate) struct FolderContents {
    /// The manifests, in order.
    pub(crate) files: Vec<FoundFile>,
    /// What is not read on purpose, with the reason.
    pub(crate) skipped: Vec<(PathBuf, String)>,
    /// What cannot be read, with the reason.
    pub(crate) errors: Vec<(PathBuf, String)>,
}

/// A manifest.
#[derive(Debug)]
pub(crate) struct FoundFile {
    /// Its path, which begins with that of the folder.
    pub(crate) path: PathBuf,
    /// Its real path.
    pub(crate) real: PathBuf,
    /// Whether it is a link.
    pub(crate) is_link: bool,
}

/// Finds the YAML and JSON files of a folder. What a user sets for all of his repositories does not count: a check is the same
/// everywhere.
pub(crate) fn walk(folder: &Path, current: &Path) -> FolderContents {
    let mut found = FolderContents::default();
    match Walk::new(folder, current, &mut found) {
        Ok(mut walk) => walk.run(folder),
        Err(cause) => found.errors.push((folder.to_owned(), cause.to_string())),
    }
    found
}

struct Walk<'f> {
    /// The real path of the folder.
    folder: PathBuf,
    /// Where the targets of links may be.
    bounds: Bounds,
    /// The patterns of the folder that is visited and of those above it, the outermost first.
    patterns: Vec<Patterns>,
    /// The real paths of the folders that were visited.
    visited: HashSet<PathBuf>,
    /// Links to folders, with their targets.
    folder_links: Vec<(PathBuf, Option<PathBuf>)>,
    found: &'f mut FolderContents,
}

/// The patterns of a folder.
struct Patterns {
    own: Gitignore,
    git: Gitignore,
    /// Whether a repository begins here: the patterns of git above do not count.
    is_root: bool,
}

/// A folder that is visited.
struct Visit {
    path: PathBuf,
    real: PathBuf,
    entries: vec::IntoIter<DirEntry>,
    repository: Option<Rc<Repository>>,
    /// Whether git ignores what it does not track in it.
    is_ignored: bool,
}

impl<'f> Walk<'f> {
    fn new(folder: &Path, current: &Path, found: &'f mut FolderContents) -> Result<Self, Unread> {
        let bounds = Bounds::of(folder)?;
        let folder = folder.canonicalize()?;
        let (patterns, visited, folder_links) = Default::default();
        let mut walk = Self { folder, bounds, patterns, visited, folder_links, found };
        // The folders above whose patterns count: those of the repository. Without one, those below the current folder.
        let current = current.canonicalize()?;
        let top = git::root(&walk.folder).unwrap_or(&current).to_owned();
        let above: Vec<_> =
            walk.folder.ancestors().skip(1).filter(|it| it.starts_with(&top)).map(PathBuf::from).collect();
        for folder in above.iter().rev() {
            let patterns = walk.patterns(folder, folder, true, true, *folder == top);
            walk.patterns.push(patterns);
        }
        Ok(walk)
    }

    fn run(&mut self, folder: &Path) {
        let real = self.folder.clone();
        let repository = git::root(&real).and_then(Repository::at).map(Rc::new);
        let mut visits = Vec::new();
        visits.extend(self.visit(folder.to_owned(), real, repository, false));
        while let Some(visit) = visits.last_mut() {
            match visit.entries.next() {
                Some(entry) => {
                    let inner = self.entry(visit, &entry);
                    visits.extend(inner);
                }
                None => {
                    visits.pop();
                    self.patterns.pop();
                }
            }
        }
        // A folder that was visited under its own name needs no word.
        for (path, target) in std::mem::take(&mut self.folder_links) {
            if !target.is_some_and(|target| self.visited.contains(&target)) {
                self.found.skipped.push((path, "is a link to a folder, which is not followed".to_owned()));
            }
        }
    }

    /// Begins to visit a folder.
    fn visit(
        &mut self,
        path: PathBuf,
        real: PathBuf,
        repository: Option<Rc<Repository>>,
        is_ignored: bool,
    ) -> Option<Visit> {
        let entries = fs::read_dir(&real).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(cause) => {
                self.found.errors.push((path, unreadable(&cause)));
                return None;
            }
        };
        entries.sort_by_key(DirEntry::file_name);
        let has = |name: &str| {
            let entry = entries.binary_search_by(|entry| entry.file_name().as_os_str().cmp(OsStr::new(name)));
            entry.is_ok()
        };
        self.visited.insert(real.clone());
        let inner = if has(git::FOLDER) { Repository::at(&real).map(Rc::new) } else { None };
        let patterns = self.patterns(&path, &real, has(IGNORE_FILE), has(GIT_IGNORE_FILE), inner.is_some());
        self.patterns.push(patterns);
        // What a repository has of another one, it has whole.
        let is_ignored = is_ignored && inner.is_none();
        Some(Visit { path, real, entries: entries.into_iter(), repository: inner.or(repository), is_ignored })
    }

    fn patterns(&mut self, path: &Path, real: &Path, has_own: bool, has_git: bool, is_root: bool) -> Patterns {
        let mut read = |is_there: bool, name| {
            if is_there { self.ignore_file(path, real, name) } else { Gitignore::empty() }
        };
        Patterns { own: read(has_own, IGNORE_FILE), git: read(has_git, GIT_IGNORE_FILE), is_root }
    }

    /// Reads the patterns of an ignore file. A line that is no pattern matches nothing, as for git.
    fn ignore_file(&mut self, path: &Path, real: &Path, name: &str) -> Gitignore {
        let text = self.bounds.read(&real.join(name)).and_then(|text| {
            let is_small = u64::try_from(text.len()).is_ok_and(|length| length <= IGNORE_FILE_LIMIT);
            if is_small { Ok(text) } else { Err(Unread::larger_than(IGNORE_FILE_LIMIT)) }
        });
        let text = match text {
            Ok(text) => text,
            Err(Unread::Missing) => return Gitignore::empty(),
            Err(cause) => {
                self.found.errors.push((path.join(name), cause.to_string()));
                return Gitignore::empty();
            }
        };
        let text = String::from_utf8_lossy(&text);
        let mut builder = GitignoreBuilder::new(real);
        for line in text.strip_prefix('\u{feff}').unwrap_or(&text).lines() {
            let _ = builder.add_line(None, line);
        }
        builder.build().unwrap_or_else(|cause| {
            self.found.errors.push((path.join(name), format!("cannot be read: {cause}")));
            Gitignore::empty()
        })
    }

    /// Judges an entry of a folder; returns the folder that it is, if that is to be visited.
    fn entry(&mut self, visit: &Visit, entry: &DirEntry) -> Option<Visit> {
        let name = entry.file_name();
        let (path, real) = (visit.path.join(&name), visit.real.join(&name));
        let kind = match entry.file_type() {
            Ok(kind) => kind,
            Err(cause) => {
                self.found.errors.push((path, unreadable(&cause)));
                return None;
            }
        };
        let is_folder_link = kind.is_symlink() && fs::metadata(&real).is_ok_and(|target| target.is_dir());
        if name == git::FOLDER || !(kind.is_dir() || is_folder_link || is_manifest(&real)) {
            return None;
        }
        let own = self.own_match(&real, kind.is_dir());
        let git = self.git_match(&real, kind.is_dir());
        let is_hidden = name.as_encoded_bytes().starts_with(b".");
        if own.is_ignore() || (is_hidden && !own.is_whitelist() && !git.is_whitelist()) {
            return None;
        }
        let is_ignored = !own.is_whitelist() && (visit.is_ignored || git.is_ignore());
        if is_ignored && !visit.repository.as_deref().is_some_and(|repository| self.is_tracked(repository, &real)) {
            return None;
        }
        if kind.is_dir() {
            return self.visit(path, real, visit.repository.clone(), is_ignored);
        }
        if is_folder_link {
            self.folder_links.push((path, real.canonicalize().ok()));
        } else if kind.is_symlink() {
            match self.bounds.target(&real) {
                Ok(target) => self.found.files.push(FoundFile { path, real: target, is_link: true }),
                Err(cause) => self.found.skipped.push((path, cause.to_string())),
            }
        } else {
            self.found.files.push(FoundFile { path, real, is_link: false });
        }
        None
    }

    fn own_match(&self, real: &Path, is_folder: bool) -> Match<()> {
        let matches = self.patterns.iter().rev().map(|patterns| patterns.own.matched(real, is_folder));
        first(matches)
    }

    fn git_match(&self, real: &Path, is_folder: bool) -> Match<()> {
        let root = self.patterns.iter().rposition(|patterns| patterns.is_root).unwrap_or_default();
        let matches = self.patterns.iter().skip(root).rev().map(|patterns| patterns.git.matched(real, is_folder));
        first(matches)
    }

    /// Whether git tracks a file, or one in a folder, in spite of its patterns.
    fn is_tracked(&mut self, repository: &Repository, real: &Path) -> bool {
        if let Some((index, cause)) = repository.read_index() {
            let reason = format!("{cause}; files that {GIT_IGNORE_FILE} matches are not read, even if git tracks them");
            self.found.skipped.push((index, reason));
        }
        repository.tracks(real)
    }
}

/// The match of the innermost folder counts.
fn first<'p, T: 'p>(mut matches: impl Iterator<Item = Match<&'p T>>) -> Match<()> {
    matches.find(|found| !found.is_none()).unwrap_or(Match::None).map(|_| ())
}

/// Whether a file of a folder is read, judged by its name.
fn is_manifest(path: &Path) -> bool {
    let is = |known: &str| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(known));
    is("yaml")
        || is("yml")
        || is("json")
        || path.file_name().is_some_and(|name| NAMES.iter().any(|known| name == *known))
}
