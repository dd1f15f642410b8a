"""Which copy of a memory a thread uses: where there is no GIL, that nobody else does; with one, for speed."""

from libc.stdint cimport uint64_t

cdef extern from "free_threading.h" nogil:
    const bint FREE_THREADED "CYJWT_FREE_THREADED"
    const int STRIPES "CYJWT_STRIPES"
    const int NO_STRIPE "CYJWT_NO_STRIPE"
    enum:
        GUESSES "CYJWT_GUESSES"
    void count_up "cyjwt_count"(uint64_t* counter, uint64_t more) noexcept

# The number of a stripe that is the caller's until it leaves it. Where all are held: NO_STRIPE without a GIL,
# and the caller does without a memory; with one the number of a stripe that others use too, by turns, and
# that counts as free when the first of them leaves it. It is left by the thread that holds it; both are
# called, where there is a GIL, with that held.
cdef int hold_stripe() noexcept nogil
cdef void leave_stripe(int stripe) noexcept nogil
