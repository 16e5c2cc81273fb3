//! The same work for many items, or two works at once, on as many threads as there are processors. The order of the
//! results is that of the items, so that a run gives the same bytes on any machine.
//!
//! The threads are rayon's, and live as long as the process: each has memory of its own in the allocator, which is costly to
//! touch for the first time. The main thread is one of them. Where they cannot be had, it does everything alone.

use std::sync::OnceLock;
use std::thread;

use rayon::ThreadPoolBuilder;
use rayon::iter::{IndexedParallelIterator, IntoParallelRefIterator, ParallelIterator};

/// As much as a main thread has: trees of the language are walked recursively.
const STACK: usize = 8 << 20;

/// `work` of every item, in order.
pub fn map<'a, T: Sync, R: Send>(items: &'a [T], work: impl Fn(&'a T) -> R + Send + Sync) -> Vec<R> {
    if !start() {
        return items.iter().map(work).collect();
    }
    // Items are unequal: each may go to another thread.
    items.par_iter().with_max_len(1).map(work).collect()
}

/// Both works. The first is done by this thread, the second by another that has nothing better to do.
pub fn both<A: Send, B: Send>(first: impl FnOnce() -> A + Send, second: impl FnOnce() -> B + Send) -> (A, B) {
    if start() { rayon::join(first, second) } else { (first(), second()) }
}

/// The same work on every thread.
pub fn everywhere(work: impl Fn() + Sync) {
    if start() {
        rayon::broadcast(|_| work());
    } else {
        work();
    }
}

/// Starts the threads, once. Whether this is one of them: no other may wait for them, since the main thread may have nothing
/// to do with them any more.
fn start() -> bool {
    static STARTED: OnceLock<bool> = OnceLock::new();
    let is_one = || rayon::current_thread_index().is_some();
    match STARTED.get() {
        Some(started) => *started && is_one(),
        // It may be one of others, as tests have them.
        None => is_one() || (*STARTED.get_or_init(build) && is_one()),
    }
}

/// Whether there are threads now: all of them or none.
fn build() -> bool {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let pool = ThreadPoolBuilder::new().num_threads(threads).use_current_thread().stack_size(STACK);
    pool.build_global().is_ok()
}

#[cfg(test)]
mod tests {
    use rayon::ThreadPoolBuilder;

    use super::{both, map};

    /// The result of a work on one of several threads.
    fn on_threads<R: Send>(work: impl FnOnce() -> R + Send) -> R {
        ThreadPoolBuilder::new().num_threads(4).build().expect("threads").install(work)
    }

    #[test]
    fn results_come_in_the_order_of_the_items() {
        let items: Vec<u64> = (0..1000).collect();
        let double = |n: &u64| {
            if n.is_multiple_of(7) {
                std::thread::yield_now();
            }
            n * 2
        };
        let doubled: Vec<u64> = items.iter().map(|n| n * 2).collect();
        assert_eq!(on_threads(|| map(&items, double)), doubled);
        assert_eq!(map(&items, double), doubled, "on a thread of its own");
    }

    #[test]
    fn works_may_be_nested() {
        let sum = |from: u64| map(&(from..from + 100).collect::<Vec<u64>>(), |n| n * 2).into_iter().sum::<u64>();
        let sums = || both(|| sum(0), || both(|| sum(100), || sum(200)));
        assert_eq!(on_threads(sums), (9_900, (29_900, 49_900)));
        assert_eq!(sums(), (9_900, (29_900, 49_900)), "on a thread of its own");
    }
}
