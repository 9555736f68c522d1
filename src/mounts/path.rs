//! Paths in a container, in one spelling each.

use std::cmp::Ordering;

/// An absolute path without `.`, `..`, empty components and slashes at its ends; the root is empty.
///
/// On Windows it has forward slashes, lower case and no drive if the drive is `C:`, which is where the kubelet puts a path
/// without a drive.
///
/// Paths are ordered by their components, so that whatever is below a path follows it directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CleanPath(String);

impl CleanPath {
    /// Cleans a path. One that is not absolute is taken from the root, as the kubelet does with `mountPath`.
    #[inline(never)]
    pub(super) fn new(path: &str, windows: bool) -> Self {
        if windows {
            let path = path.replace('\\', "/").to_ascii_lowercase();
            return Self(clean(path.strip_prefix("c:").unwrap_or(&path)));
        }
        Self(clean(path))
    }

    /// The path without the slash in front.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The rest of this path after `base`, empty if they are the same; `None` if this path is not at or below `base`.
    #[inline(never)]
    pub(super) fn after(&self, base: &Self) -> Option<&str> {
        let rest = self.0.strip_prefix(base.as_str())?;
        if base.0.is_empty() || rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }
}

impl Ord for CleanPath {
    #[inline(never)]
    fn cmp(&self, other: &Self) -> Ordering {
        let (own, others) = (self.0.as_bytes(), other.0.as_bytes());
        // A slash sorts before all other characters: `a`, `a/b`, `a-b`.
        match own.iter().zip(others).find(|(own, other)| own != other) {
            None => own.len().cmp(&others.len()),
            Some((b'/', _)) => Ordering::Less,
            Some((_, b'/')) => Ordering::Greater,
            Some((own, other)) => own.cmp(other),
        }
    }
}

impl PartialOrd for CleanPath {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Whether two absolute paths are spellings of one, other than by `..` through a link or by case.
pub fn are_same_path(one: &str, other: &str) -> bool {
    // Nearly all paths differ in their last component, and need not be cleaned then.
    let [last, others_last] =
        [one, other].map(|path| path.trim_end_matches('/').rsplit('/').next().unwrap_or_default());
    if last != others_last && ![last, others_last].iter().any(|component| matches!(*component, "" | "." | "..")) {
        return false;
    }
    CleanPath::new(one, false) == CleanPath::new(other, false)
}

/// How many times a path may go up. Each takes time in proportion to the path, and nobody writes more.
const MOST_WAYS_UP: u8 = 16;

/// Whether the kernel finds a file at an absolute path, where the file is at the path in its clean form: nothing comes behind a file,
/// not even a slash, and `..` leads out of directories alone. Windows takes `..` out of a path before it looks for anything.
pub(super) fn leads_to_file(path: &str, windows: bool, is_directory: &dyn Fn(&str) -> bool) -> bool {
    let is_slash = |character: char| character == '/' || (windows && character == '\\');
    let last = path.rsplit(is_slash).next().unwrap_or_default();
    if matches!(last, "" | "." | "..") {
        return false;
    }
    let ways_up = path.as_bytes().windows(4).enumerate().filter(|(_, bytes)| *bytes == b"/../");
    windows
        || ways_up.zip(1..).all(|((at, _), count)| count <= MOST_WAYS_UP && path.get(..at).is_some_and(is_directory))
}

/// Whether a process finds a file of this name wherever it runs.
pub(super) fn is_absolute(path: &str, windows: bool) -> bool {
    path.starts_with('/') || (windows && (path.starts_with('\\') || path.get(1..2) == Some(":")))
}

/// The same place by another name: `/run` for `/var/run` and the reverse. Most images have `/var/run` as a link to
/// `/run`, so a mount at either path is seen at both; an image may do otherwise. `None` for a path that is below neither.
pub fn run_alias(path: &str) -> Option<String> {
    let path = CleanPath::new(path, false);
    match path.as_str().strip_prefix("var/run/") {
        Some(rest) => Some(["/run/", rest].concat()),
        None => path.as_str().strip_prefix("run/").map(|rest| ["/var/run/", rest].concat()),
    }
}

fn clean(path: &str) -> String {
    let mut clean = String::with_capacity(path.len());
    for component in path.split('/') {
        match component {
            "" | "." => {}
            ".." => clean.truncate(clean.rfind('/').unwrap_or(0)),
            _ => {
                if !clean.is_empty() {
                    clean.push('/');
                }
                clean.push_str(component);
            }
        }
    }
    clean
}
