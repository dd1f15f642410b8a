"""Who may use a memory where there is no GIL to say so.

Such a memory has copies, its stripes, and a thread holds one of them for as long as it reads or writes there.
In a build with the GIL there is the one memory, and all of this compiles to nothing.
"""

from libc.stdint cimport uint64_t

cdef extern from "free_threading.h" nogil:
    const bint FREE_THREADED "CYJWT_FREE_THREADED"
    const int STRIPES "CYJWT_STRIPES"
    const int NO_STRIPE "CYJWT_NO_STRIPE"
    void count_up "cyjwt_count"(uint64_t* counter, uint64_t more) noexcept

# For the two below alone.
cdef int enter() noexcept nogil
cdef void leave(int stripe) noexcept nogil


cdef inline int hold_stripe() noexcept nogil:
    """The number of a stripe that is the caller's until it leaves it, or NO_STRIPE: then it does without."""
    return enter() if FREE_THREADED else 0


cdef inline void leave_stripe(int stripe) noexcept nogil:
    if FREE_THREADED:
        leave(stripe)
