"""Which keys serve a verifier whose keys may change, and asking for those that are not found.

A snapshot is compiled into an engine when it is first met. Two threads that meet it at once may both compile it, and
the later one's stays: both are good, and no thread ever waits for another.
"""

from cyjwt._engine.keysource cimport KeySource, is_due
from cyjwt._engine.status cimport KEYS_UNAVAILABLE, raise_status
from cyjwt._engine.verify cimport Engine

from cyjwt.errors import JWKSError


cdef Engine current_engine(Engine engine, bint may_wait):
    cdef KeySource source = engine.source
    cdef Engine current
    cdef object snapshot
    # With a snapshot it never waits.
    if (may_wait or source.snapshot is not None) and is_due(source):
        source._due()
    snapshot = source.snapshot
    current = engine.current
    if current is not None and current.snapshot is snapshot:
        return current
    if snapshot is None:
        # What served before is not to be kept alive.
        engine.current = None
        raise_status(KEYS_UNAVAILABLE)
    current = <Engine?>engine.compile(snapshot)
    current.snapshot = snapshot
    engine.current = current
    return current


cdef bint is_missing(Engine engine, Engine used, object kid) except -1:
    if engine.source.snapshot is not used.snapshot:
        return True
    try:
        return bool(engine.source._missing(kid)) or engine.source.snapshot is not used.snapshot
    except JWKSError:
        # Whatever ails the server, it is the token's key that was not found.
        return False
