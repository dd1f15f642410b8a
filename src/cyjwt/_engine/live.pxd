"""Verifiers over keys that change: which keys serve now, and what is asked for."""

from cyjwt._engine.run cimport Pick, Room
from cyjwt._engine.verify cimport Engine

# Of an engine with a source the one to verify with now. JWKSUnavailableError where there is none. Unless it
# may wait, it takes what is there.
cdef Engine current_engine(Engine engine, bint may_wait)

# Asks the source for the key of a kid (or None), unless it has other keys than used was compiled from.
# Whether it has other keys afterwards is for the caller to see.
cdef int ask_for(Engine engine, Engine used, object kid) except -1

# What the runs of one batch have asked for. The threads that work on the batch share it.
cdef class Asked:
    cdef Engine engine
    cdef set kids
    cdef object lock

# As verify_run, by the keys that serve the engine with a source which asked is for. Where it may wait, a key
# that is not found is asked for, once in the batch, and the run is verified again if that brought other keys.
# Takes the interpreter lock to be held, and lets go of it.
cdef int verify_live_run(
    Asked asked, bint may_wait, Room room, int count, int want, const Pick* pick, double now
) except -1
