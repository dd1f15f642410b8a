"""Verifiers over keys that change: which keys serve now, and what is asked for."""

from cyjwt._engine.verify cimport Engine

# Of an engine with a source the one to verify with now. JWKSUnavailableError where there is none. Unless it may wait, it
# takes what is there.
cdef Engine current_engine(Engine engine, bint may_wait)

# Whether there are other keys than used has, after the source was asked for those of a kid (or None).
cdef bint is_missing(Engine engine, Engine used, object kid) except -1
