//! Replaces the text of a file: all of it or nothing.
//!
//! The new text is written to a temporary file in the same folder, which then takes the place of the old file. If the disk is full,
//! or the program is stopped, the old file is as it was. A program that is killed leaves the temporary file behind: a hidden file
//! without the ending of a manifest, which no check reads.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

/// Gives a file a new content, and keeps its mode and, where that is permitted, its owner. Of a link, the target is replaced.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let target = fs::canonicalize(path)?;
    let metadata = fs::metadata(&target)?;
    if !metadata.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
    }
    // Whoever may not write to a file may not replace it either, though the folder permits it.
    fs::OpenOptions::new().write(true).open(&target)?;
    let folder = target.parent().ok_or(ErrorKind::NotFound)?;
    let mut new = Builder::new().prefix(".azwi-check-").suffix(".tmp").tempfile_in(folder)?;
    new.write_all(content)?;
    keep_owner(&new, &metadata);
    new.as_file().set_permissions(metadata.permissions())?;
    new.as_file().sync_all()?;
    new.persist(&target)?;
    sync_folder(folder);
    Ok(())
}

/// Gives the new file the owner and group of the old one. Only an administrator may give a file away; the group can be kept by its
/// members.
#[cfg(unix)]
fn keep_owner(new: &NamedTempFile, old: &Metadata) {
    use std::os::unix::fs::{MetadataExt as _, fchown};

    if fchown(new.as_file(), Some(old.uid()), Some(old.gid())).is_err() {
        let _ = fchown(new.as_file(), None, Some(old.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_: &NamedTempFile, _: &Metadata) {}

/// Makes the replacement last, where folders can be written to the disk. The text is safe without it: old or new.
fn sync_folder(folder: &Path) {
    if cfg!(unix)
        && let Ok(folder) = fs::File::open(folder)
    {
        let _ = folder.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_gets_the_text_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        fs::write(&file, "old: text\n").unwrap();
        replace(&file, b"new: text\n").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new: text\n");
        assert_eq!(names(folder.path()), ["a.yaml"]);
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let error = replace(folder.path(), b"text").unwrap_err();
        assert_eq!(error.to_string(), "it is not a regular file");
        replace(&folder.path().join("none.yaml"), b"text").unwrap_err();
        assert_eq!(names(folder.path()), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn the_mode_is_kept_and_a_link_stays_a_link() {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a.yaml"), folder.path().join("b.yaml"));
        fs::write(&file, "old: text\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let old = fs::metadata(&file).unwrap();
        symlink("a.yaml", &link).unwrap();
        replace(&link, b"new: text\n").unwrap();
        assert_eq!(fs::read_link(&link).unwrap(), Path::new("a.yaml"));
        assert_eq!(fs::read_to_string(&file).unwrap(), "new: text\n");
        let new = fs::metadata(&file).unwrap();
        assert_eq!((new.mode(), new.uid(), new.gid()), (old.mode(), old.uid(), old.gid()));
    }

    #[cfg(unix)]
    #[test]
    fn what_may_not_be_written_stays_as_it_is() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        fs::write(&file, "old: text\n").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
        // An administrator may write whatever the mode says.
        if fs::OpenOptions::new().write(true).open(&file).is_err() {
            assert_eq!(replace(&file, b"new: text\n").unwrap_err().kind(), ErrorKind::PermissionDenied);
            assert_eq!(fs::read_to_string(&file).unwrap(), "old: text\n");
        }
        assert_eq!(names(folder.path()), ["a.yaml"]);
    }
}
