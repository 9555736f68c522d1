//! Opens everything that is read, within bounds: an endless device, a pipe that nobody writes to, or a link to somebody's kubeconfig in a
//! stranger's repository must neither stop the program nor get into its output.
//!
//! | where the name comes from | what is read |
//! |---|---|
//! | the command line | whatever can be opened, also a pipe; `-` is standard input |
//! | a folder, or a file in one | a regular file whose real path is within [`Bounds`](crate::bounds::Bounds) |
//!
//! Either way at most [`LIMIT`]. A file is judged before it is opened, since to open a pipe may wait forever, and again after that. Not
//! promised: that nobody replaces a folder above it by a link in between. Who can do that can put a file there too.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::unreadable;
use crate::paths::shown;

/// The size of the largest file that is read, in bytes. `docs/cli.md` names it.
pub(crate) const LIMIT: u64 = 100_000_000;

/// The name of standard input on the command line.
pub(crate) const STDIN: &str = "-";

/// Whether standard input was read, which is possible once.
static IS_STDIN_READ: AtomicBool = AtomicBool::new(false);

/// Why something was not read, as the end of a sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It does not exist.
    Missing,
    /// It is not read on purpose.
    Refused(String),
    /// It cannot be read.
    Failed(String),
}

impl Unread {
    /// The reason for a file with more bytes than that.
    pub(crate) fn larger_than(limit: u64) -> Self {
        Self::Refused(format!("is larger than {} MB", limit / 1_000_000))
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("does not exist"),
            Self::Refused(reason) | Self::Failed(reason) => f.write_str(reason),
        }
    }
}

impl From<io::Error> for Unread {
    fn from(cause: io::Error) -> Self {
        if cause.kind() == ErrorKind::NotFound { Self::Missing } else { Self::Failed(unreadable(&cause)) }
    }
}

/// Whether the command line names standard input.
pub(crate) fn is_stdin(path: &Path) -> bool {
    path.as_os_str() == STDIN
}

/// Reads what the command line names.
pub(crate) fn named(path: &Path) -> Result<Vec<u8>, Unread> {
    if is_stdin(path) { stdin() } else { at_most(&File::open(path)?, 0) }
}

fn stdin() -> Result<Vec<u8>, Unread> {
    if IS_STDIN_READ.swap(true, Ordering::Relaxed) {
        return Err(Unread::Failed("was read already; only one file can be standard input".to_owned()));
    }
    at_most(io::stdin().lock(), 0)
}

/// Reads a regular file, by its real path.
pub(crate) fn regular(path: &Path) -> Result<Vec<u8>, Unread> {
    judge(&fs::symlink_metadata(path)?)?;
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    judge(&metadata)?;
    at_most(&file, metadata.len())
}

/// A text in UTF-8.
pub(crate) fn text(bytes: Vec<u8>) -> Result<String, Unread> {
    String::from_utf8(bytes).map_err(|_| Unread::Failed("is no text in UTF-8".to_owned()))
}

/// The name of something that the command line names, for messages.
pub(crate) fn name(path: &Path, current: &Path) -> String {
    if is_stdin(path) { "<stdin>".to_owned() } else { shown(path, current) }
}

/// Whether this is a regular file that is small enough.
pub(crate) fn judge(metadata: &Metadata) -> Result<(), Unread> {
    if !metadata.is_file() {
        Err(Unread::Refused("is no regular file".to_owned()))
    } else if metadata.len() > LIMIT {
        Err(Unread::larger_than(LIMIT))
    } else {
        Ok(())
    }
}

/// Reads to the end, if that comes soon enough. The size is what is expected.
fn at_most(reader: impl Read, size: u64) -> Result<Vec<u8>, Unread> {
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
    let length = reader.take(LIMIT + 1).read_to_end(&mut bytes)?;
    if u64::try_from(length).is_ok_and(|length| length <= LIMIT) { Ok(bytes) } else { Err(Unread::larger_than(LIMIT)) }
}
