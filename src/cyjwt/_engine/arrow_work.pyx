"""Chunks of tokens verified into a table of columns by any number of threads, without an object a token."""

cimport cython
from cpython.exc cimport PyErr_CheckSignals
from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint8_t
from libc.stdlib cimport free, malloc

from cyjwt._engine.arrow_abi cimport most_rows
from cyjwt._engine.arrow_rows cimport Texts, cut, text_at
from cyjwt._engine.arrow_text cimport TextChunk
from cyjwt._engine.clock cimport read_clock
from cyjwt._engine.columns cimport (
    BOOL_COLUMN,
    DOUBLE_COLUMN,
    INT64_COLUMN,
    JSON_COLUMN,
    LIST_COLUMN,
    STATUS_COLUMN,
    STRING_COLUMN,
    Column,
    Columns,
    finish,
    put_member,
    put_null,
    put_reason,
)
from cyjwt._engine.jsonread cimport read_value
from cyjwt._engine.jsonscan cimport Member
from cyjwt._engine.live cimport Asked, verify_live_run
from cyjwt._engine.pyraw cimport Py_XDECREF
from cyjwt._engine.run cimport (
    RUN_OCTETS,
    RUN_TOKENS,
    WANT_PICKED,
    WANT_STATUS,
    Pick,
    Room,
    make_pick,
    settle,
    verify_run,
)
from cyjwt._engine.status cimport NO_MEMORY, RAISED, VALID, raise_status
from cyjwt._engine.verify cimport Engine, finish_claims

from cyjwt._engine.columns import LONGEST_REASON

#: The types that a claim's column can have.
TYPES = {
    "string": STRING_COLUMN,
    "int64": INT64_COLUMN,
    "double": DOUBLE_COLUMN,
    "bool": BOOL_COLUMN,
    "list<string>": LIST_COLUMN,
    "json": JSON_COLUMN,
}

cdef int64_t ANY = <int64_t>1 << 62

cdef enum:
    REASON = 1          # the columns that there always are, behind the status
    CLAIMS = 2
    MOST_THREADS = 1024
    LEAST_PART = 2 * RUN_TOKENS
    MOST_PART = 64 * RUN_TOKENS

# Rows of one chunk, and where in the table they stand. Behind the last range is one with nothing but that.
cdef struct Range:
    const Texts* texts
    int64_t first
    int64_t at


def moment(Engine engine not None):
    """Now, by the verifier's clock: seconds since 1970."""
    return read_clock(engine.clock)


cdef class ColumnWork:
    """A table on its way, shared by the threads that work on it.

    Args:
        engine: the verifier.
        parts: the rows in turn: each a chunk, its first row, and the row behind the last.
        names: the names of the claims asked for.
        types: of each its type, one of ``TYPES``.
        now: the moment to judge by, seconds since 1970.
        threads: how many threads are going to work at most.
        most: how many octets a column of texts may have with offsets of 32 bits.

    Attributes:
        rows: how many rows the table has.
        pieces: how many pieces of work there are; more threads than that find nothing to do.
        wide: whether offsets have 64 bits, for tokens that may hold more text than others reach.
    """

    cdef Engine engine
    cdef Asked asked                # None where the keys are fixed
    cdef list chunks                # keeps alive what the ranges point to
    cdef Range* ranges
    cdef Py_ssize_t range_count
    cdef Columns table
    cdef readonly int64_t rows
    cdef readonly bint wide
    cdef int64_t next
    cdef bint stopped
    cdef Pick pick
    cdef list texts
    cdef double now

    def __cinit__(
        self, Engine engine not None, list parts not None, tuple names not None, tuple types not None,
        double now, int64_t threads, int64_t most,
    ):
        cdef TextChunk held
        cdef int64_t octets = 0, more, piece
        self.engine = engine
        self.asked = None if engine.source is None else Asked(engine)
        self.now = now
        self.chunks = []
        self.texts = []
        make_pick(engine, names, &self.pick, self.texts)
        self.ranges = <Range*>malloc((len(parts) + 1) * sizeof(Range))
        if self.ranges == NULL:
            raise MemoryError
        for chunk, first, stop in parts:
            held = chunk
            if not 0 <= first <= stop <= held.rows:
                raise ValueError("the chunk has no such rows")
            if stop - first > most_rows() - self.rows:
                raise ValueError("more rows than can be")
            self.chunks.append(held)
            self.ranges[self.range_count].texts = &held.texts
            self.ranges[self.range_count].first = first
            self.ranges[self.range_count].at = self.rows
            self.range_count += 1
            self.rows += stop - first
            more = held.octets
            if octets + more > most:
                cut(&held.texts, first, stop, ANY, &more)
            octets += more
        self.ranges[self.range_count].at = self.rows
        # A claim is never longer than the token that it comes from.
        self.wide = max(octets, self.rows * LONGEST_REASON) > most
        # Some pieces for each thread, so that none is left alone with the last; whole runs, and not too many.
        threads = min(max(threads, <int64_t>1), <int64_t>MOST_THREADS)
        piece = self.rows // (4 * threads) // RUN_TOKENS * RUN_TOKENS
        piece = min(max(piece, <int64_t>LEAST_PART), <int64_t>MOST_PART)
        kinds = [STATUS_COLUMN, STRING_COLUMN, *(TYPES[type] for type in types)]
        self.table = Columns(self.rows, piece, kinds, self.wide)

    def __dealloc__(self):
        free(self.ranges)

    @property
    def pieces(self):
        return self.table.part_count

    def stop(self):
        """Make every ``work`` return after the run that it is at."""
        self.stopped = True

    def work(self):
        """Verify piece after piece until none is left. Any number of threads may do so at once."""
        cdef Room room = Room()
        cdef int64_t piece, row, stop
        cdef int count
        settle(room, self.engine)
        while not self.stopped and self.next < self.table.part_count:
            with cython.critical_section(self):
                piece = self.next
                self.next += 1
            if piece >= self.table.part_count:
                return
            row = piece * self.table.part_rows
            stop = min(row + self.table.part_rows, self.rows)
            while row < stop and not self.stopped:
                with nogil:
                    count = self.verify_rows(room, piece, row, stop)
                row += count
                PyErr_CheckSignals()

    cdef int verify_rows(self, Room room, int64_t piece, int64_t row, int64_t stop) except -1 nogil:
        """Verifies one run, and puts its rows in their places. How many they are."""
        cdef int want = WANT_PICKED if self.pick.count or self.engine.finishes else WANT_STATUS
        cdef int count = self.take(room, row, stop)
        if self.asked is not None:
            with gil:
                verify_live_run(self.asked, True, room, count, want, &self.pick, self.now)
        else:
            verify_run(self.engine, room, count, want, &self.pick, self.now)
        if self.engine.finishes:
            with gil:
                self.finish_rows(room, count)
        if not self.put(room, piece, row, count):
            with gil:
                raise MemoryError
        return count

    cdef int finish_rows(self, Room room, int count) except -1:
        """Lets those have their say who need whole claims, which are made for them alone."""
        cdef PyObject* claims
        cdef PyObject* detail
        cdef int i, status, error = 0
        for i in range(count):
            if room.status[i] != VALID:
                continue
            claims = NULL
            if room.engine.revocation is not None:
                claims = read_value(room.payloads[i].start, room.payloads[i].size, True, &error)
                if claims == NULL:
                    # It was read once already, so that nothing but memory can be lacking.
                    return raise_status(RAISED)
            status = VALID
            detail = NULL
            claims = finish_claims(
                room.engine, claims, room.payloads[i].start, room.payloads[i].size, room.items[i].key,
                &status, &detail
            )
            Py_XDECREF(claims)
            Py_XDECREF(detail)
            if status == RAISED:
                return raise_status(status)
            room.status[i] = <uint8_t>status
        return 0

    cdef int take(self, Room room, int64_t row, int64_t stop) noexcept nogil:
        """Fills the room with the texts of a run, which may lie in several chunks."""
        cdef Py_ssize_t low = 0, high = self.range_count, middle
        cdef const Range* at
        cdef size_t octets = 0
        cdef int count = 0
        # The last range that begins at the row or before: those without rows lie before it.
        while high - low > 1:
            middle = (low + high) // 2
            if self.ranges[middle].at <= row:
                low = middle
            else:
                high = middle
        at = &self.ranges[low]
        while row < stop and count < RUN_TOKENS and octets < RUN_OCTETS:
            while at[1].at <= row:
                at += 1
            room.status[count] = <uint8_t>text_at(at.texts, at.first + row - at.at, &room.texts[count])
            octets += room.texts[count].size
            count += 1
            row += 1
        return count

    cdef bint put(self, Room room, int64_t piece, int64_t row, int count) noexcept nogil:
        """Puts what came of a run into the columns. False where memory is lacking."""
        cdef Column* column = self.table.columns
        cdef const Member* member
        cdef int i, j
        for i in range(count):
            if room.status[i] == NO_MEMORY:
                return False
            column.values[row + i] = room.status[i]
            if not put_reason(&column[REASON], piece, row + i, room.status[i]):
                return False
        for j in range(self.pick.count):
            column = &self.table.columns[CLAIMS + j]
            member = room.picked + j
            for i in range(count):
                if room.status[i] != VALID:
                    put_null(column, piece, row + i)
                elif not put_member(column, piece, row + i, member):
                    return False
                member += self.pick.count
        return True

    def finish(self):
        """What the columns' Arrow arrays are made of, when all the work is done; once.

        Returns:
            For the status, the reason and each claim, a tuple of how many nulls it has, its validity bitmap
            or ``None``, and its values: numbers, bits, or offsets. Behind offsets the octets of its texts; of
            lists then how many texts there are, and where each ends. ``None`` after a stop.
        """
        return None if self.stopped else finish(self.table)
