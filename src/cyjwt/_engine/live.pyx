"""Which keys serve a verifier whose keys may change, and asking for those that are not found.

A snapshot is compiled into an engine when it is first met. Two threads that meet it at once may both compile
it, and the later one's stays: both are good, and no thread ever waits for another.
"""

cimport cython

from _thread import allocate_lock

from libc.stdint cimport uint8_t
from libc.string cimport memcmp, memcpy

from cyjwt._engine.compact cimport Segments
from cyjwt._engine.keysource cimport KeySource, is_due
from cyjwt._engine.run cimport RUN_TOKENS, Pick, Room, settle, verify_run
from cyjwt._engine.status cimport (
    KEY_NOT_FOUND,
    KEYS_UNAVAILABLE,
    TOKEN_TOO_LARGE,
    VALID,
    raise_status,
)
from cyjwt._engine.verify cimport Engine, kid_of, serving_now

from cyjwt.errors import JWKSError

cdef enum:
    MOST_ASKED = 16     # kids that a batch asks for: a flood of them is not to become one of calls


cdef Engine current_engine(Engine engine, bint may_wait):
    cdef KeySource source = engine.source
    cdef Engine current
    cdef object snapshot
    if (may_wait or source.snapshot is not None) and is_due(source):
        if may_wait or source._ready():
            source._due()
        else:
            # Too old to serve. Who may not wait leaves it to others to ask for new ones.
            swap(engine, None)
            raise_status(KEYS_UNAVAILABLE)
    with cython.critical_section(source):
        snapshot = source.snapshot
    current = serving_now(engine)
    if current is not None and current.snapshot is snapshot:
        return current
    if snapshot is None:
        # What served before is not to be kept alive.
        swap(engine, None)
        raise_status(KEYS_UNAVAILABLE)
    current = <Engine?>engine.compile(snapshot)
    current.snapshot = snapshot
    swap(engine, current)
    return current


cdef void swap(Engine engine, Engine current) noexcept:
    with cython.critical_section(engine):
        # What served before is let go of outside: that may run code.
        engine.current, current = current, engine.current


cdef int ask_for(Engine engine, Engine used, object kid) except -1:
    # Other keys that came meanwhile are to be tried first.
    if engine.source.snapshot is used.snapshot:
        try:
            engine.source._missing(kid)
        except JWKSError:
            # Whatever ails the server, it is the token's key that was not found.
            return 0
    return 0


cdef class Asked:
    """The kids without a key that a batch has asked for.

    Args:
        engine: a verifier with a source.
    """

    def __cinit__(self, Engine engine not None):
        self.engine = engine
        self.kids = set()
        self.lock = allocate_lock()


cdef Engine serving(Asked asked, bint may_wait):
    """The engine to verify with now, or None."""
    try:
        return current_engine(asked.engine, may_wait)
    except JWKSError:
        return None


cdef inline bint same_header(const Segments* one, const Segments* other) noexcept nogil:
    return one.header_size == other.header_size and memcmp(one.header, other.header, one.header_size) == 0


cdef bint are_missing(Asked asked, Room room, int count) except -1:
    """Whether there are other keys by now than the run had, and a token of it that may need them."""
    cdef KeySource source = asked.engine.source
    cdef const Segments* last = NULL
    cdef const Segments* segments
    cdef int i
    for i in range(count):
        if room.status[i] != KEY_NOT_FOUND:
            continue
        if source.snapshot is not room.engine.snapshot:
            return True
        segments = &room.items[i].segments
        if last != NULL and same_header(segments, last):
            continue
        if len(asked.kids) >= MOST_ASKED:
            return False
        last = segments
        kid = kid_of(room.engine, segments)
        if kid in asked.kids:
            continue
        # Whoever meets the same kid in another thread waits for the answer, too.
        with asked.lock:
            # Other keys that came meanwhile are tried before the kid is asked for.
            if kid not in asked.kids and source.snapshot is room.engine.snapshot:
                ask_for(asked.engine, room.engine, kid)
                asked.kids.add(kid)
        if source.snapshot is not room.engine.snapshot:
            return True
    return False


cdef int verify_live_run(
    Asked asked, bint may_wait, Room room, int count, int want, const Pick* pick, double now
) except -1:
    cdef Engine current
    cdef uint8_t[RUN_TOKENS] given
    cdef int i, left = MOST_ASKED
    memcpy(given, room.status, <size_t>count)
    while True:
        current = serving(asked, may_wait)
        if current is None:
            break
        settle(room, current)
        with nogil:
            verify_run(current, room, count, want, pick, now)
        if not may_wait or left == 0 or not are_missing(asked, room, count):
            return 0
        # All of the run again, since what it decodes has one memory; but not for ever, whatever keys do.
        memcpy(room.status, given, <size_t>count)
        left -= 1
    for i in range(count):
        if room.status[i] == VALID:
            room.status[i] = (
                KEYS_UNAVAILABLE if room.texts[i].size <= asked.engine.max_size else TOKEN_TOO_LARGE
            )
    return 0
