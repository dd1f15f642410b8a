"""Where live keys come from."""

cdef class KeySource:
    cdef public object snapshot     # the KeySet that serves, or None while there is none
    cdef public double due          # by time.monotonic(): from when on a verification calls _due

# Whether it is time for _due.
cdef bint is_due(KeySource source) except -1
