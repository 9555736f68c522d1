//! Paths in a container, in one spelling each.

use std::borrow::Cow;
use std::cmp::Ordering;

/// An absolute path without `.`, `..`, empty components and slashes at its ends; the root is empty.
///
/// On Windows it has forward slashes, lower case and no drive if the drive is `C:`, which is where the kubelet puts a path
/// without a drive.
///
/// Paths are ordered by their components, so that whatever is below a path follows it directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CleanPath<'a>(pub(super) Cow<'a, str>);

impl<'a> CleanPath<'a> {
    /// Cleans a path. One that is not absolute is taken from the root, as the kubelet does with `mountPath`.
    #[inline(never)]
    pub(super) fn new(path: &'a str, windows: bool) -> Self {
        if windows {
            let path = path.replace('\\', "/").to_ascii_lowercase();
            let without_drive = path.strip_prefix("c:").unwrap_or(&path);
            return Self(Cow::Owned(clean(without_drive).into_owned()));
        }
        Self(clean(path))
    }

    /// The same for a path that may have been decoded.
    pub(super) fn from_cow(path: Cow<'a, str>, windows: bool) -> Self {
        match path {
            Cow::Borrowed(path) => Self::new(path, windows),
            Cow::Owned(path) => Self(Cow::Owned(CleanPath::new(&path, windows).0.into_owned())),
        }
    }

    /// The path without the slash in front.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The rest of this path after `base`, empty if they are the same; `None` if this path is not at or below `base`.
    #[inline(never)]
    pub(super) fn after(&self, base: &CleanPath<'_>) -> Option<&str> {
        let rest = self.0.strip_prefix(base.as_str())?;
        if base.0.is_empty() || rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }
}

impl Ord for CleanPath<'_> {
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

impl PartialOrd for CleanPath<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Whether a process finds a file of this name wherever it runs.
pub(super) fn is_absolute(path: &str, windows: bool) -> bool {
    path.starts_with('/') || (windows && (path.starts_with('\\') || path.get(1..2) == Some(":")))
}

/// The same place by another name: `/run` for `/var/run` and the other way round. Most images have `/var/run` as a link to
/// `/run`, so a mount at either path is seen at both; an image may do otherwise. `None` for a path that is below neither.
pub fn run_alias(path: &str) -> Option<String> {
    let path = CleanPath::new(path, false);
    let below = |base| path.after(&CleanPath(Cow::Borrowed(base)));
    match (below("run"), below("var/run")) {
        (Some(rest), _) => Some(["/var/run/", rest].concat()),
        (None, Some(rest)) => Some(["/run/", rest].concat()),
        (None, None) => None,
    }
}

fn clean(path: &str) -> Cow<'_, str> {
    let path = path.trim_matches('/');
    if path.is_empty() || path.split('/').all(|component| !matches!(component, "" | "." | "..")) {
        return Cow::Borrowed(path);
    }
    let mut components = Vec::new();
    for component in path.split('/') {
        match component {
            "" | "." => {}
            ".." => {
                components.pop();
            }
            _ => components.push(component),
        }
    }
    Cow::Owned(components.join("/"))
}
