//! Where files that are found may really be: a link of a stranger's repository must not lead to somebody's kubeconfig.

use std::fs;
use std::path::{Path, PathBuf};

use crate::git;
use crate::read::{self, Unread};

/// Where the files may be that are found.
#[derive(Debug)]
pub(crate) struct Bounds {
    /// The real path of the folder.
    folder: PathBuf,
    /// What the folder is.
    name: &'static str,
}

impl Bounds {
    /// The repository that contains a folder, else the folder itself.
    pub(crate) fn of(folder: &Path) -> Result<Self, Unread> {
        let folder = folder.canonicalize()?;
        Ok(match git::root(&folder) {
            Some(root) => Self { folder: root.to_owned(), name: "the repository" },
            None => Self { folder, name: "the checked folder" },
        })
    }

    /// The folder of a configuration.
    pub(crate) fn of_configuration(folder: &Path) -> Result<Self, Unread> {
        Ok(Self { folder: folder.canonicalize()?, name: "the folder of the configuration" })
    }

    /// The real path of a file, if it is within the bounds. What git keeps for itself is not: its configuration may hold a token.
    pub(crate) fn real_path(&self, path: &Path) -> Result<PathBuf, Unread> {
        let real = path.canonicalize()?;
        let Ok(inner) = real.strip_prefix(&self.folder) else {
            return Err(Unread::Refused(format!("leads out of {}", self.name)));
        };
        if inner.components().any(|part| part.as_os_str() == git::FOLDER) {
            return Err(Unread::Refused(format!("leads into {}", git::FOLDER)));
        }
        Ok(real)
    }

    /// Reads a file that was found in a folder.
    pub(crate) fn read(&self, path: &Path) -> Result<Vec<u8>, Unread> {
        if fs::symlink_metadata(path)?.is_symlink() { read::regular(&self.target(path)?) } else { read::regular(path) }
    }

    /// Whether a file that a configuration names may be read, or a folder. One that does not exist is judged when it is read.
    pub(crate) fn judge(&self, path: &Path) -> Result<(), Unread> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let metadata = fs::symlink_metadata(self.real_path(path)?)?;
        if metadata.is_dir() { Ok(()) } else { read::judge(&metadata) }
    }

    /// The real path of the file to which a link leads, if it is within the bounds.
    pub(crate) fn target(&self, link: &Path) -> Result<PathBuf, Unread> {
        self.real_path(link).map_err(|cause| {
            Unread::Refused(match cause {
                Unread::Missing => "is a link to a file that does not exist".to_owned(),
                Unread::Refused(reason) => format!("is a link that {reason}"),
                Unread::Failed(_) => "is a link that cannot be followed".to_owned(),
            })
        })
    }
}
