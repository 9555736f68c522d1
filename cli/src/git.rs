//! What is asked of a git repository: where it begins, and which files it tracks. No program is run, since the configuration of a
//! stranger's repository can name programs that git would run.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use filetime::FileTime;
use gix_index::State;
use gix_index::decode::Options;
use gix_index::hash::Kind;

use crate::read::{self, LIMIT, Unread};

/// What git keeps beside the files: a folder, or a file that names one.
pub(crate) const FOLDER: &str = ".git";

/// How a file begins that names a folder: in a linked worktree or a submodule.
const LINK: &str = "gitdir:";

/// The folder above this one, or this one, in which a repository begins.
pub(crate) fn root(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|folder| git_folder(folder).is_some())
}

/// What git keeps for the repository that begins in a folder.
fn git_folder(folder: &Path) -> Option<PathBuf> {
    let path = folder.join(FOLDER);
    let metadata = fs::metadata(&path).ok()?;
    if metadata.is_dir() {
        return fs::symlink_metadata(path.join("HEAD")).is_ok().then_some(path);
    }
    let text = String::from_utf8(read::regular(&path).ok()?).ok()?;
    Some(folder.join(text.strip_prefix(LINK)?.trim()))
}

/// A repository.
#[derive(Debug)]
pub(crate) struct Repository {
    root: PathBuf,
    git_folder: PathBuf,
    tracked: OnceCell<Result<Tracked, Unread>>,
}

impl Repository {
    /// The repository that begins in a folder.
    pub(crate) fn at(root: &Path) -> Option<Self> {
        Some(Self { root: root.to_owned(), git_folder: git_folder(root)?, tracked: OnceCell::new() })
    }

    /// Whether a file is tracked, or a file in a folder, by its path.
    pub(crate) fn tracks(&self, path: &Path) -> bool {
        let Some(Ok(tracked)) = self.tracked.get() else { return false };
        path.strip_prefix(&self.root).is_ok_and(|path| tracked.contains(&in_index(path)))
    }

    /// Reads the index, the first time. The path of an index that cannot be read comes back with the reason.
    pub(crate) fn read_index(&self) -> Option<(PathBuf, &Unread)> {
        if self.tracked.get().is_some() {
            return None;
        }
        let tracked = self.tracked.get_or_init(|| Tracked::read(&self.git_folder));
        tracked.as_ref().err().map(|cause| (self.git_folder.join(INDEX), cause))
    }
}

/// The file with the names of what is tracked.
const INDEX: &str = "index";

/// What is tracked.
#[derive(Debug, Default)]
struct Tracked {
    /// Files, submodules, and all folders above them.
    paths: HashSet<Vec<u8>>,
    /// Folders of a sparse index, which stand for everything in them; with a slash at the end.
    folders: Vec<Vec<u8>>,
}

impl Tracked {
    fn read(git_folder: &Path) -> Result<Self, Unread> {
        let mut tracked = Self::default();
        let text = match read::regular(&git_folder.join(INDEX)) {
            Ok(text) => text,
            // Nothing was ever added.
            Err(Unread::Missing) if git_folder.is_dir() => return Ok(tracked),
            Err(cause) => return Err(cause),
        };
        let state = decode(&text)?;
        tracked.add(&state);
        // A split index names the file with the other entries. Some of these may be deleted since; to read such a file does no harm.
        if let Some(link) = state.link() {
            let shared = git_folder.join(format!("sharedindex.{}", link.shared_index_checksum));
            tracked.add(&decode(&read::regular(&shared)?)?);
        }
        Ok(tracked)
    }

    fn add(&mut self, state: &State) {
        for entry in state.entries() {
            let path: &[u8] = entry.path(state);
            if path.ends_with(b"/") {
                self.folders.push(path.to_owned());
            }
            let mut path = Some(path.strip_suffix(b"/").unwrap_or(path));
            while let Some(folder) = path.filter(|path| !self.paths.contains(*path)) {
                self.paths.insert(folder.to_owned());
                let end = folder.iter().rposition(|byte| *byte == b'/');
                path = end.and_then(|end| folder.get(..end));
            }
        }
    }

    fn contains(&self, path: &[u8]) -> bool {
        self.paths.contains(path) || self.folders.iter().any(|folder| path.starts_with(folder))
    }
}

/// Reads an index of any version.
fn decode(text: &[u8]) -> Result<State, Unread> {
    let limit = usize::try_from(4 * LIMIT).ok();
    let options = Options { thread_limit: Some(1), alloc_limit_bytes: limit, ..Options::default() };
    let decode = |kind| State::from_bytes(text, FileTime::zero(), kind, options);
    match decode(Kind::Sha1).or_else(|_| decode(Kind::Sha256)) {
        Ok((state, _)) => Ok(state),
        Err(_) => Err(Unread::Failed("is no index of git".to_owned())),
    }
}

/// A path as the index has it.
fn in_index(path: &Path) -> Vec<u8> {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().as_encoded_bytes()).collect();
    parts.join(&b'/')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An index of version 2.
    fn index(paths: &[&str]) -> Vec<u8> {
        let mut text = b"DIRC\0\0\0\x02".to_vec();
        text.extend(u32::try_from(paths.len()).unwrap().to_be_bytes());
        for path in paths {
            let mut entry = vec![0; 60];
            entry[24..28].copy_from_slice(&0o10_0644_u32.to_be_bytes());
            entry.extend(u16::try_from(path.len()).unwrap().to_be_bytes());
            entry.extend(path.as_bytes());
            entry.resize((entry.len() / 8 + 1) * 8, 0);
            text.extend(entry);
        }
        text.extend([0; 20]);
        text
    }

    #[test]
    fn files_and_the_folders_above_them_are_tracked() {
        let mut tracked = Tracked::default();
        tracked.add(&decode(&index(&["a/b/c.yaml", "a/d.yaml", "e.yaml"])).unwrap());
        tracked.folders.push(b"sparse/".to_vec());
        for (path, expected) in [
            ("a", true),
            ("a/b", true),
            ("a/b/c.yaml", true),
            ("a/d.yaml", true),
            ("e.yaml", true),
            ("a/b/c", false),
            ("b/c.yaml", false),
            ("e", false),
            ("sparse/any/file.yaml", true),
            ("sparse.yaml", false),
        ] {
            assert_eq!(tracked.contains(&in_index(Path::new(path))), expected, "{path}");
        }
    }

    proptest! {
        /// Whoever sends an archive writes the index in it.
        #[test]
        fn no_index_makes_the_program_panic(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
            length in any::<prop::sample::Index>(),
            is_cut in any::<bool>(),
        ) {
            let mut text = index(&["a/b/c.yaml", "a/d.yaml", "e.yaml"]);
            for (place, byte) in changes {
                let place = place.index(text.len());
                text[place] = byte;
            }
            if is_cut {
                text.truncate(length.index(text.len()));
            }
            if let Ok(state) = decode(&text) {
                Tracked::default().add(&state);
            }
        }
    }
}
