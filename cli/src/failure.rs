//! Why a command ends early.

use std::io::{self, ErrorKind};
use std::path::Path;

use azure_workload_identity_lint::report::ReadError;

use crate::printable::printable;

/// Why a command ends early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The output cannot be written.
    Output(io::Error),
    /// Files that the command needs as a whole cannot be read.
    Files(Vec<ReadError>),
    /// Something else; the text says what, and what to do.
    Other(String),
}

impl Failure {
    /// A failure that has to do with a file.
    pub(crate) fn of_file(file: &Path, message: &str) -> Self {
        Self::Other(format!("{}: {message}", printable(&file.to_string_lossy())))
    }
}

impl From<io::Error> for Failure {
    fn from(cause: io::Error) -> Self {
        Self::Output(cause)
    }
}

impl From<Vec<ReadError>> for Failure {
    fn from(errors: Vec<ReadError>) -> Self {
        Self::Files(errors)
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Other(message)
    }
}

/// Why a file cannot be read, as the end of a sentence.
pub(crate) fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "does not exist".to_owned(),
        ErrorKind::PermissionDenied => "cannot be read: permission denied".to_owned(),
        ErrorKind::IsADirectory => "is a folder".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}
