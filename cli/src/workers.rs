//! Threads, and the bar that shows how far they are.

use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use azure_workload_identity_lint::Workers;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::ThreadPool;
use rayon::iter::{IntoParallelIterator as _, ParallelIterator as _};

/// How long work takes before the bar is shown.
const PATIENCE: Duration = Duration::from_secs(1);

/// The threads of a run.
pub(crate) struct Threads {
    pool: ThreadPool,
    progress: Option<Progress>,
}

impl Threads {
    /// Starts threads: as many as there are processors, unless a number is given.
    pub(crate) fn new(count: Option<NonZeroUsize>, shows_progress: bool) -> Result<Self, String> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(count.map_or(0, NonZeroUsize::get)).build();
        let pool = pool.map_err(|cause| format!("no threads can be started: {cause}; try --threads 1"))?;
        let is_shown = shows_progress && std::io::stderr().is_terminal();
        Ok(Self { pool, progress: is_shown.then(Progress::new) })
    }
}

impl Workers for Threads {
    fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
        if let Some(progress) = &self.progress {
            progress.begin(count);
        }
        let work = |number| {
            let result = work(number);
            if let Some(progress) = &self.progress {
                progress.advance();
            }
            result
        };
        self.pool.install(|| (0..count).into_par_iter().map(work).collect())
    }
}

/// A bar on standard error. It is drawn when the work takes long, and removed at the end.
struct Progress {
    start: Instant,
    total: AtomicUsize,
    done: AtomicUsize,
    bar: Mutex<Option<ProgressBar>>,
}

impl Progress {
    fn new() -> Self {
        Self { start: Instant::now(), total: AtomicUsize::new(0), done: AtomicUsize::new(0), bar: Mutex::new(None) }
    }

    fn begin(&self, total: usize) {
        self.total.store(total, Ordering::Relaxed);
        self.done.store(0, Ordering::Relaxed);
    }

    fn advance(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if self.start.elapsed() < PATIENCE {
            return;
        }
        // Whoever finds the bar in use leaves it to the next one: it is drawn a few times a second at most.
        let Ok(mut bar) = self.bar.try_lock() else { return };
        let bar = bar.get_or_insert_with(drawn);
        bar.set_length(u64::try_from(self.total.load(Ordering::Relaxed)).unwrap_or(u64::MAX));
        bar.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.get_mut().unwrap_or_else(PoisonError::into_inner) {
            bar.finish_and_clear();
        }
    }
}

fn drawn() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} files");
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
