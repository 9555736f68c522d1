//! Paths as messages show them: relative to where the program runs, with `/` everywhere.

use std::path::{Component, Path, PathBuf};

/// The name of a file in messages: as it was given, unless it is below the current folder.
pub(crate) fn shown(path: &Path, current: &Path) -> String {
    let path = path.strip_prefix(current).unwrap_or(path);
    let mut shown = PathBuf::new();
    shown.extend(path.components().filter(|part| *part != Component::CurDir));
    let shown = shown.to_string_lossy();
    if shown.is_empty() {
        ".".to_owned()
    } else if cfg!(windows) {
        shown.replace('\\', "/")
    } else {
        shown.into_owned()
    }
}

/// The shortest path from the current folder.
pub(crate) fn from_current(path: &Path, current: &Path) -> PathBuf {
    let path = normalized(&current.join(path));
    match pathdiff::diff_paths(&path, current) {
        Some(path) if path.as_os_str().is_empty() => PathBuf::from("."),
        // On the command line, this is standard input.
        Some(path) if path.as_os_str() == "-" => PathBuf::from("./-"),
        Some(short) => short,
        None => path,
    }
}

/// A path without `.` and `..`, as far as that is possible without asking the file system.
pub(crate) fn normalized(path: &Path) -> PathBuf {
    let mut normalized = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if normalized.file_name().is_some() => {
                normalized.pop();
            }
            part => normalized.push(part),
        }
    }
    normalized
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_relative_to_the_working_directory() {
        for (path, expected) in [
            ("./a/b.yaml", "a/b.yaml"),
            ("a/./b.yaml", "a/b.yaml"),
            ("/work/a.yaml", "a.yaml"),
            ("/other/a.yaml", "/other/a.yaml"),
            ("../a.yaml", "../a.yaml"),
            ("/work", "."),
            (".", "."),
        ] {
            assert_eq!(shown(Path::new(path), Path::new("/work")), expected, "{path}");
        }
    }

    #[test]
    fn the_shortest_path_has_no_detours() {
        for (path, expected) in
            [("../web/a", "a"), ("../web", "."), ("../api", "../api"), ("/srv", "../../srv"), ("./-", "./-")]
        {
            assert_eq!(from_current(Path::new(path), Path::new("/work/web")), Path::new(expected), "{path}");
        }
    }

    #[test]
    fn a_normalized_path_has_no_detours() {
        for (path, expected) in [("/a/./b/../c", "/a/c"), ("../a/b/../../../c", "../../c"), ("/..", "/..")] {
            assert_eq!(normalized(Path::new(path)), Path::new(expected), "{path}");
        }
    }
}
