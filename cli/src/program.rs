//! Runs programs within bounds: a time, and as much output as a file may have.

use std::fmt::{self, Display, Formatter};
use std::io::{self, ErrorKind, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::read::LIMIT;

/// How much of what a program says on standard error is kept, in bytes.
const SAID: u64 = 10_000;

/// Why a program gave no output.
#[derive(Debug)]
pub(crate) enum NoOutput {
    /// There is no such program.
    NotInstalled,
    /// It cannot be run.
    CannotRun(io::Error),
    /// It did not end in time, and was stopped.
    TooLong,
    /// It printed more than a file may have, and was stopped.
    TooMuch,
    /// It failed, and said this on standard error.
    Failed {
        /// How it ended.
        status: ExitStatus,
        /// What it said.
        said: String,
    },
}

/// As the end of a sentence that begins with the program.
impl Display for NoOutput {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotInstalled => f.write_str("is not installed"),
            Self::CannotRun(cause) => write!(f, "cannot be run: {cause}"),
            Self::TooLong => f.write_str("did not answer in time, and was stopped"),
            Self::TooMuch => write!(f, "prints more than {} MB", LIMIT / 1_000_000),
            Self::Failed { status, said } => write!(f, "failed ({status}): {}", said.trim()),
        }
    }
}

/// What a program prints on standard output.
pub(crate) fn output_of(mut command: Command, time: Duration) -> Result<Vec<u8>, NoOutput> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|cause| match cause.kind() {
        ErrorKind::NotFound => NoOutput::NotInstalled,
        _ => NoOutput::CannotRun(cause),
    })?;
    let deadline = Instant::now() + time;
    let printed = child.stdout.take().map(|pipe| at_most(pipe, LIMIT));
    let said = child.stderr.take().map(|pipe| at_most(pipe, SAID));
    let left = || deadline.saturating_duration_since(Instant::now());
    let printed = printed.and_then(|printed| printed.recv_timeout(left()).ok());
    let is_too_much =
        printed.as_ref().is_some_and(|printed| u64::try_from(printed.len()).is_ok_and(|length| length > LIMIT));
    let status = if is_too_much { Ok(None) } else { wait(&mut child, deadline) };
    if !matches!(status, Ok(Some(_))) {
        // It may have ended by itself.
        let _ = child.kill();
        let _ = child.wait();
    }
    match (status, printed) {
        (Err(cause), _) => Err(NoOutput::CannotRun(cause)),
        (Ok(_), Some(_)) if is_too_much => Err(NoOutput::TooMuch),
        (Ok(None), _) | (_, None) => Err(NoOutput::TooLong),
        (Ok(Some(status)), Some(printed)) if status.success() => Ok(printed),
        (Ok(Some(status)), _) => {
            let said = said.and_then(|said| said.recv_timeout(left()).ok()).unwrap_or_default();
            Err(NoOutput::Failed { status, said: String::from_utf8_lossy(&said).into_owned() })
        }
    }
}

/// Reads a pipe in the background: one byte more than the limit at most, and nothing of the rest is kept.
fn at_most(pipe: impl Read + Send + 'static, limit: u64) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let (mut pipe, mut bytes) = (pipe, Vec::new());
        // What was read counts; who asked may have given up.
        let _ = (&mut pipe).take(limit + 1).read_to_end(&mut bytes);
        let _ = sender.send(bytes);
        let _ = io::copy(&mut pipe, &mut io::sink());
    });
    receiver
}

/// Waits for a program; `None` if it runs for too long.
fn wait(child: &mut Child, deadline: Instant) -> io::Result<Option<ExitStatus>> {
    loop {
        match child.try_wait()? {
            Some(status) => return Ok(Some(status)),
            None if Instant::now() >= deadline => return Ok(None),
            None => thread::sleep(Duration::from_millis(5)),
        }
    }
}
