"""Stripes: copies of a memory, of which a thread holds one while it reads or writes there, without the GIL.

A thread begins with the first stripe. Where it finds its own held it moves on to the next that is free, and
stays there, so that threads which meet part; each then finds what it left itself: its cache lines, and
objects whose reference counts are its own. Threads that come one after the other share the first.

Nobody ever waits for a stripe, so that whatever runs while one is held (a collection of garbage, and code of
its) can verify tokens itself. Where all are held, the caller does without a memory. A child of a fork has
those that other threads held as held for ever: what they were writing at that moment is never read.
"""

cdef extern from "stripes.h" nogil:
    int cyjwt_hold_stripe() noexcept
    void cyjwt_leave_stripe(int number) noexcept


cdef int enter() noexcept nogil:
    return cyjwt_hold_stripe()


cdef void leave(int stripe) noexcept nogil:
    cyjwt_leave_stripe(stripe)
