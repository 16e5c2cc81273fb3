//! The allocator: mimalloc, which takes a fifth less time over many small values than the system's.
//!
//! It keeps memory that is free for a second by default. A corpus frees its trees before it compiles and is compiled in less
//! than that, so its greatest memory would be the sum of both. Giving memory back at once costs a short run a fifth of its
//! time.

use std::ffi::{c_int, c_long};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// `mi_option_purge_delay`, in milliseconds, in the options of mimalloc 3:
/// <https://github.com/microsoft/mimalloc/blob/v3.3.2/include/mimalloc.h>. The bindings give it no name.
const PURGE_DELAY: c_int = 15;

/// Longer than a strategy takes, shorter than a corpus does.
const SHORT: c_long = 20;

/// Makes the allocator give free memory back soon.
#[expect(unsafe_code, reason = "options are set through the allocator's C interface, which takes any number")]
pub fn give_back_soon() {
    // SAFETY: the call stores a number; options that do not exist are ignored.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, SHORT) }
}

#[cfg(test)]
mod tests {
    use super::{PURGE_DELAY, SHORT, give_back_soon};

    #[test]
    #[expect(unsafe_code, reason = "options are read through the allocator's C interface")]
    fn the_option_is_the_delay_of_a_second_and_then_shorter() {
        // SAFETY: the call reads a number.
        let delay = || unsafe { libmimalloc_sys::mi_option_get(PURGE_DELAY) };
        assert_eq!(delay(), 1000);
        give_back_soon();
        assert_eq!(delay(), SHORT);
    }
}
