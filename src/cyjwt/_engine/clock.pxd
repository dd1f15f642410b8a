"""The time that tokens are judged and stamped by."""

cdef extern from "clock.h" nogil:
    double cyjwt_now() noexcept
    const long long LAST_SECOND "CYJWT_LAST_SECOND"


cdef inline double read_clock(object clock) except -1:
    """Seconds since 1970 by the caller's clock, or by the system's where it is None."""
    cdef double now
    if clock is None:
        return cyjwt_now()
    now = clock()
    if not 0 <= now <= <double>LAST_SECOND:
        raise ValueError("the clock must return seconds since 1970, and end before the year 10000")
    return now
