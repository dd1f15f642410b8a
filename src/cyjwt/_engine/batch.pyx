"""Batches: texts borrowed from Python objects or Arrow data, verified in runs, and the claims made that are
asked for."""

cimport cython
from cpython.exc cimport PyErr_CheckSignals
from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint8_t

from cyjwt._engine.arrow_text cimport TextChunk, fill
from cyjwt._engine.clock cimport cyjwt_now, read_clock
from cyjwt._engine.compact cimport Borrowed, borrow, guess_of, release
from cyjwt._engine.jsonlex cimport ABSENT, STRING
from cyjwt._engine.jsonnoted cimport read_noted
from cyjwt._engine.jsonread cimport read_value
from cyjwt._engine.jsonscan cimport Member
from cyjwt._engine.live cimport Asked, verify_live_run
from cyjwt._engine.prefetch cimport CYJWT_PREFETCH
from cyjwt._engine.pyraw cimport (
    Py_DECREF,
    Py_XDECREF,
    PyBytes_Check,
    PyBytes_GET_SIZE,
    PyTuple_GET_ITEM,
    PyUnicode_Check,
    PyUnicode_GET_LENGTH,
)
from cyjwt._engine.run cimport (
    RUN_OCTETS,
    RUN_TOKENS,
    Slice,
    WANT_CLAIMS,
    WANT_PICKED,
    WANT_STATUS,
    WANT_TEXT,
    Item,
    Pick,
    Room,
    make_pick,
    settle,
    verify_run,
)
from cyjwt._engine.status cimport (
    CLAIM_MISSING,
    JSON_MEMORY,
    NO_MEMORY,
    PAYLOAD_JSON,
    RAISED,
    REVOCATION_UNKNOWN,
    VALID,
    exception_for,
    raise_status,
)
from cyjwt._engine.stripes cimport count_up, hold_stripe, leave_stripe
from cyjwt._engine.tokencache cimport Found, TokenCache, forget_made, keep, note_made
from cyjwt._engine.verify cimport Engine, finish_claims, read_claims
from cyjwt._engine.withheld cimport withhold

from cyjwt._engine.jsontext import loads

cdef extern from "turn.h" nogil:
    void cyjwt_let_go() noexcept
    void cyjwt_await_run() noexcept
    void cyjwt_taken() noexcept

cdef enum:
    AHEAD = 8           # how many tokens before its turn one is asked for
    LEAST_RUN = 64      # of several threads; smaller ones would leave lanes empty

# Seconds between two looks for signals. CPython from 3.12 on collects garbage at such a look, which for the
# claims of a batch is time spent in vain.
cdef double LOOK_AFTER = 0.05


cdef class Work:
    """A batch on its way, shared by the threads that work on it.

    Args:
        engine: the verifier.
        tokens: the tokens, held so that their texts stay where they are: a tuple of objects, or a list of
            rows of a column: each a chunk, its first row, and the row behind the last.
        claims: ``True`` for dicts of all claims, ``False`` for none, or the names of those to give.

    Attributes:
        threads: how many work on it; 1 unless it is set before they begin.
        of_turn: whether it is a turn of an event loop, to be set before the work begins: it waits for no
            keys, and remembers what stores raise, with all that a traceback holds.
        statuses: a Status for each token.
        absent: for each that lacks a claim, which of those in ``checked``.
        details: for some that fail, what ``refusal`` has to know besides.
        checked: the names of the claims that the verifier checks.
        results: the claims of each, ``None`` where it is not valid; or ``None`` where none are wanted. They
            are given away by ``hand_out`` alone.
    """

    cdef Engine engine
    cdef Asked asked            # None where the keys are fixed
    cdef tuple tokens           # None where they are rows of a column
    cdef list rows
    cdef Py_ssize_t part        # of rows: where the next run is taken from
    cdef int64_t taken          # how many rows of that part are taken already
    cdef readonly bytearray statuses
    cdef readonly bytearray absent
    cdef readonly dict details
    cdef readonly tuple checked
    cdef readonly list results
    cdef uint8_t* status_of
    cdef uint8_t* absent_of
    cdef Py_ssize_t next
    cdef bint stopped
    cdef int want               # of runs
    cdef int give               # of what is wanted of them, what the caller gets
    cdef Pick pick
    cdef tuple names
    cdef list texts
    cdef double now
    cdef public int threads
    cdef public bint of_turn

    def __cinit__(self, Engine engine not None, tokens, claims):
        cdef Py_ssize_t count
        self.threads = 1
        self.engine = engine
        self.asked = None if engine.source is None else Asked(engine)
        if isinstance(tokens, tuple):
            self.tokens = tokens
            count = len(self.tokens)
        else:
            self.rows = tokens
            count = 0
            for chunk, first, stop in self.rows:
                if not 0 <= first <= stop <= (<TextChunk?>chunk).rows:
                    raise ValueError("the chunk has no such rows")
                count += stop - first
        self.statuses = bytearray(count)
        self.absent = bytearray(count)
        self.status_of = <uint8_t*><char*>self.statuses
        self.absent_of = <uint8_t*><char*>self.absent
        self.checked = engine.claim_rules._names
        self.details = {}
        self.texts = []
        if claims is True:
            self.give = WANT_TEXT
        elif claims is False:
            self.give = WANT_STATUS
        else:
            self.give = WANT_PICKED
            self.names = tuple(claims)
            make_pick(engine, self.names, &self.pick, self.texts)
        # Whole claims, whatever is given of them, where somebody else has a say.
        self.want = WANT_TEXT if engine.finishes else WANT_CLAIMS if self.give == WANT_TEXT else self.give
        self.results = None if self.give == WANT_STATUS else [None] * count
        self.now = read_clock(engine.clock)

    def stop(self):
        """Make every ``work`` return after the run that it is at."""
        self.stopped = True

    def work(self):
        """Verify run after run until none is left. Any number of threads may do so at once."""
        cdef Room room = Room()
        cdef Borrowed[RUN_TOKENS] held
        cdef Py_ssize_t first
        cdef int count, most, i
        cdef double now, looked = cyjwt_now()
        while not self.stopped:
            with cython.critical_section(self):
                first = self.next
                most = self.share(len(self.statuses) - first)
                count = self.measure(first, most) if self.rows is None else self.take_rows(room, most)
                self.next = first + count
            if count == 0:
                cyjwt_let_go()
                return
            for i in range(count):
                held[i].copy = NULL
            try:
                if self.rows is None:
                    self.take_objects(room, held, first, count)
                if self.asked is not None:
                    verify_live_run(
                        self.asked, not self.of_turn, room, count, self.want, &self.pick, self.now
                    )
                else:
                    settle(room, self.engine)
                    with nogil:
                        cyjwt_let_go()
                        verify_run(self.engine, room, count, self.want, &self.pick, self.now)
                        cyjwt_await_run()
                    cyjwt_taken()
                self.finish(room, first, count)
            finally:
                for i in range(count):
                    release(&held[i])
            now = cyjwt_now()
            if not 0 <= now - looked < LOOK_AFTER:
                looked = now
                PyErr_CheckSignals()

    cdef int share(self, Py_ssize_t left) noexcept:
        """The most tokens of the next run: fewer towards the end, where a thread would be left with it."""
        cdef Py_ssize_t share = RUN_TOKENS
        if self.threads > 1:
            share = max(left // (2 * self.threads), <Py_ssize_t>LEAST_RUN)
        return <int>min(min(share, left), <Py_ssize_t>RUN_TOKENS)

    cdef int measure(self, Py_ssize_t first, int most) noexcept:
        """How many tokens the run from first has. Runs no other Python code."""
        cdef PyObject* token
        cdef Py_ssize_t octets = 0
        cdef int count = 0
        while count < most and octets < RUN_OCTETS:
            token = PyTuple_GET_ITEM(<PyObject*>self.tokens, first + count)
            if count + AHEAD < most:
                CYJWT_PREFETCH(PyTuple_GET_ITEM(<PyObject*>self.tokens, first + count + AHEAD))
            if PyUnicode_Check(token):
                octets += PyUnicode_GET_LENGTH(token)
            elif PyBytes_Check(token):
                octets += PyBytes_GET_SIZE(token)
            count += 1
        return count

    cdef int take_rows(self, Room room, int most) except -1:
        """Fills the room with the next rows, and tells how many they are. Runs no other Python code."""
        cdef tuple part
        cdef int64_t first, stop
        cdef int count
        while self.part < len(self.rows):
            part = <tuple>self.rows[self.part]
            first = <int64_t>part[1] + self.taken
            stop = <int64_t>part[2]
            count = fill(<TextChunk>part[0], room, first, min(stop - first, <int64_t>most))
            self.taken += count
            if first + count == stop:
                self.part += 1
                self.taken = 0
            if count:
                return count
        return 0

    cdef int take_objects(self, Room room, Borrowed* held, Py_ssize_t first, int count) except -1:
        cdef int i, status
        for i in range(count):
            status = borrow(
                PyTuple_GET_ITEM(<PyObject*>self.tokens, first + i), self.engine.max_size, &held[i]
            )
            if status == RAISED or status == NO_MEMORY:
                return raise_status(status)
            room.status[i] = <uint8_t>status
            room.texts[i].start = held[i].start
            room.texts[i].size = held[i].size
        return 0

    cdef int finish(self, Room room, Py_ssize_t first, int count) except -1:
        """Makes the claims that are wanted, and notes the statuses."""
        # Where nobody sees a result before the batch is done, nor makes it of what is somebody else's.
        cdef bint withheld = self.results is not None and not self.of_turn and not self.engine.finishes
        cdef int stripe = hold_stripe()
        if withheld:
            withhold(<PyObject*>self.results)
        try:
            return self.finish_by(stripe, room, first, count, withheld)
        finally:
            leave_stripe(stripe)

    cdef int finish_by(
        self, int stripe, Room room, Py_ssize_t first, int count, bint withheld
    ) except -1:
        cdef PyObject* claims
        cdef PyObject* detail
        cdef Found made
        cdef int i, status, absent
        cdef TokenCache cache = None
        # Callers of an event loop come again, unlike most tokens of a batch. Where there were no keys, the
        # room may have no engine yet.
        if self.of_turn and room.engine is not None:
            cache = room.engine.cache
        for i in range(count):
            status = room.status[i]
            absent = room.absent[i]
            made.claims = made.payload = NULL
            if cache is not None:
                count_up(&cache.counts.misses, 1)
            if status == VALID and self.want == WANT_CLAIMS and cache is None:
                claims = self.noted(stripe, room, i, withheld, &status)
                if claims != NULL:
                    self.results[first + i] = <object>claims
                    Py_DECREF(claims)
            elif status == VALID and (self.want == WANT_TEXT or self.want == WANT_CLAIMS):
                claims = read_claims(
                    self.engine, stripe, room.items[i].known, room.payloads[i].start, room.payloads[i].size,
                    self.now, withheld, &made.dates, &status, &absent
                )
                if status == VALID and cache is not None:
                    made.key = room.items[i].key
                    note_made(
                        claims, self.engine.claims_type is not None, room.payloads[i].start,
                        room.payloads[i].size, &made
                    )
                if status == VALID and self.engine.finishes:
                    detail = NULL
                    claims = finish_claims(
                        room.engine, claims, room.payloads[i].start, room.payloads[i].size,
                        room.items[i].key, &status, &detail
                    )
                    if detail != NULL and (self.of_turn or status != REVOCATION_UNKNOWN):
                        self.details[first + i] = <object>detail
                    Py_XDECREF(detail)
                if status != VALID:
                    forget_made(&made)
                elif cache is not None:
                    keep(cache, room.texts[i].start, room.texts[i].size, &made)
                if claims != NULL:
                    self.give_claims(first + i, <object>claims, &room.payloads[i])
                    Py_DECREF(claims)
            elif status == VALID and self.want == WANT_PICKED:
                self.results[first + i] = self.picked(room.picked + i * self.pick.count, withheld)
            if status == RAISED or status == NO_MEMORY:
                return raise_status(status)
            self.status_of[first + i] = <uint8_t>status
            self.absent_of[first + i] = <uint8_t>absent
        return 0

    cdef PyObject* noted(self, int stripe, Room room, int i, bint withheld, int* status) noexcept:
        """The claims of a token that passed every check; NULL where there is no memory."""
        cdef const Item* item = &room.items[i]
        cdef int error = 0
        cdef PyObject* claims = read_noted(
            stripe, room.payloads[i].start, room.payloads[i].size, &item.notes, withheld,
            NULL if item.known == NULL else guess_of(item.known, stripe), &error
        )
        if claims == NULL:
            status[0] = RAISED if error == JSON_MEMORY else PAYLOAD_JSON + error
        return claims

    cdef int give_claims(self, Py_ssize_t index, object claims, const Slice* payload) except -1:
        """Gives of the whole claims, or of the instance that was made of them, what is wanted."""
        if self.give == WANT_PICKED:
            if self.engine.claims_type is not None:
                claims = loads((<const char*>payload.start)[:payload.size])
            self.results[index] = {name: claims[name] for name in self.names if name in claims}
        elif self.give == WANT_TEXT:
            self.results[index] = claims
        return 0

    cdef dict picked(self, const Member* members, bint withheld):
        """The claims asked for that a token has."""
        cdef dict claims = {}
        cdef PyObject* value
        cdef uint8_t* end
        cdef uint8_t behind
        cdef int i, quotes, error = 0
        for i in range(self.pick.count):
            if members[i].kind == ABSENT:
                continue
            quotes = members[i].kind == STRING
            # The text is the room's own: it ends with the value while that is read.
            end = <uint8_t*>members[i].start + members[i].length + quotes
            behind = end[0]
            end[0] = 0
            value = read_value(members[i].start - quotes, members[i].length + 2 * quotes, True, &error)
            end[0] = behind
            if value == NULL:
                # It was read once already, so that nothing but memory can be lacking.
                return raise_none(RAISED)
            claims[self.names[i]] = <object>value
            Py_DECREF(value)
        if withheld:
            withhold(<PyObject*>claims)
        return claims


cdef object raise_none(int status):
    raise_status(status)


def check_names(Engine engine not None, tuple names not None):
    """Check that these claims can be asked for together.

    Args:
        engine: the verifier.
        names: their names, ``str``.

    Raises:
        ValueError: there are too many of them, or one has no UTF-8.
    """
    cdef Pick pick
    make_pick(engine, names, &pick, [])


def refusal(tuple checked not None, int status, int absent, detail):
    """The exception that ``verify`` would raise for a status.

    Args:
        checked: ``Work.checked``.
        status: the token's status, not 0.
        absent: which claim it lacks, where that is its status.
        detail: what ``Work.details`` has of it, or ``None``.

    Returns:
        The exception, a new one.
    """
    return exception_for(status, checked[absent] if status == CLAIM_MISSING else detail)
