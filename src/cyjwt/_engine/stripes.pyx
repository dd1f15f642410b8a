"""Stripes: copies of a memory, of which a thread holds one from the header of a token to its claims.

A thread begins with the first stripe. Where it finds its own held by another it moves on to the next that is
free, and stays there, so that threads which meet part; each then finds what it left itself: its cache lines,
and objects whose reference counts are its own. Threads that never meet share the first.

Without a GIL nobody else reads or writes a stripe that is held. With one, that guards the memories, and
stripes are there for speed alone: threads meet where one of them verifies a signature, and then spare each
other what would travel between their cores.

Nobody ever waits for a stripe, so that whatever runs while one is held (a collection of garbage, and code of
its) can verify tokens itself, by another stripe. A child of a fork has those that other threads held as held
for ever: what they were writing at that moment, without a GIL, is never read. Where all are held so, it does
without a memory, or with a GIL shares one.
"""

from cyjwt._engine.stripes cimport STRIPES

cdef extern from "stripes.h" nogil:
    int cyjwt_hold_stripe() noexcept
    void cyjwt_leave_stripe(int number) noexcept
    bint cyjwt_is_held(int number) noexcept


cdef int hold_stripe() noexcept nogil:
    return cyjwt_hold_stripe()


cdef void leave_stripe(int stripe) noexcept nogil:
    cyjwt_leave_stripe(stripe)


def _held():
    """The numbers of the stripes that are held now. For tests."""
    return [number for number in range(STRIPES) if cyjwt_is_held(number)]
