//! Work that may be done on several threads. The library itself starts none.

/// Runs work on several threads, or on one.
pub trait Workers {
    /// The results of `work` for the numbers from 0 to `count`, in their order.
    fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Sync + Send) -> Vec<T>;
}

/// The thread that asks.
#[derive(Clone, Copy, Debug)]
pub struct OneThread;

impl Workers for OneThread {
    fn map<T: Send>(&self, count: usize, work: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
        (0..count).map(work).collect()
    }
}
