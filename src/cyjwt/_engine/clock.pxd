"""The time that tokens are judged and stamped by."""

cdef extern from "clock.h" nogil:
    double cyjwt_now() noexcept

cdef enum:
    LAST_SECOND = 253402300799      # 9999-12-31T23:59:59Z


cdef inline double read_clock(object clock) except -1:
    """Seconds since 1970 by the caller's clock, or by the system's where it is None."""
    cdef double now
    if clock is None:
        return cyjwt_now()
    now = clock()
    if not 0 <= now <= LAST_SECOND:
        raise ValueError("the clock must return seconds since 1970, and end before the year 10000")
    return now
