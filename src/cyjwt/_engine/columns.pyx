"""Columns in the layout of the Arrow format, built from the members of claims.

Numbers and bits are written to where they stay. Texts go into parts, each the work of one thread, which are
joined at the end, when the length of each is known.
"""

cimport cython
from cpython.buffer cimport PyBuffer_FillInfo
from libc.stdint cimport int32_t, uint64_t, uintptr_t
from libc.stdlib cimport calloc, free, realloc
from libc.string cimport memcpy, memset

from cyjwt._engine.arrow_abi cimport most_rows
from cyjwt._engine.jsonlex cimport (
    ARRAY,
    ESCAPED,
    FALSE_VALUE,
    FRACTION,
    INTEGER,
    STRING,
    TRUE_VALUE,
    cyjwt_locale_ready,
    cyjwt_strtod,
    isfinite,
    skip_space,
    unescape,
)
from cyjwt._engine.jsonscan cimport take_string
from cyjwt._engine.status cimport RAISED, exception_for

if not cyjwt_locale_ready():
    raise MemoryError("no C locale")

cdef enum:
    ALIGNMENT = 64          # what the Arrow format recommends for buffers
    FIRST_ROOM = 4096
    EXACT_DIGITS = 18       # integers of more are read from their text
    CODES = 128

cdef uint64_t PAST_INT64 = <uint64_t>1 << 63

cdef struct Code:
    const uint8_t* text
    size_t size

cdef Code[CODES] _code_of
cdef list _codes = []


def _fill_codes() -> None:
    for status in range(1, RAISED):
        try:
            code = exception_for(status, None).code.encode()
        except KeyError:
            continue
        _codes.append(code)
        _code_of[<int>status].text = <const uint8_t*><bytes>code
        _code_of[<int>status].size = <size_t>len(code)


_fill_codes()
#: The octets of the longest code that a reason can be.
LONGEST_REASON = max(map(len, _codes))


cdef class Buffer:
    """Memory that becomes a part of an Arrow array; Python may read it."""

    def __dealloc__(self):
        free(self.memory)

    def __getbuffer__(self, Py_buffer* view, int flags):
        PyBuffer_FillInfo(view, self, self.start, self.size, True, flags)


cdef Buffer new_buffer(int64_t size):
    """Of zeros."""
    cdef Buffer buffer = Buffer.__new__(Buffer)
    if size >= 0:
        buffer.memory = calloc(<size_t>size + ALIGNMENT, 1)
    if buffer.memory == NULL:
        raise MemoryError
    buffer.start = <uint8_t*>((<uintptr_t>buffer.memory + ALIGNMENT - 1) & ~<uintptr_t>(ALIGNMENT - 1))
    buffer.size = size
    return buffer


cdef bint grow(Grown* grown, size_t more) noexcept nogil:
    """Makes room for so many octets more."""
    cdef size_t room
    cdef uint8_t* start
    if grown.room - grown.size >= more:
        return True
    room = max(max(2 * grown.room, grown.size + more), <size_t>FIRST_ROOM)
    start = <uint8_t*>realloc(grown.start, room)
    if start == NULL:
        return False
    grown.start = start
    grown.room = room
    return True


cdef void drop(Grown* grown) noexcept nogil:
    free(grown.start)
    memset(grown, 0, sizeof(Grown))


cdef inline bint has_ends(const Column* column) noexcept nogil:
    return column.type <= LIST_COLUMN


@cython.no_gc
cdef class Columns:
    """A table of so many rows, in parts of so many, with columns of these types.

    Args:
        rows: how many.
        part_rows: how many are in a part, a multiple of eight.
        types: a ``ColumnType`` for each column.
        wide: whether offsets have 64 bits, for columns that may pass 2 GiB of text.
    """

    def __cinit__(self, int64_t rows, int64_t part_rows, types, bint wide):
        cdef Buffer validity, values, parts
        cdef Column* column
        cdef int64_t size
        if not 0 <= rows <= most_rows() or part_rows <= 0:
            raise ValueError("more rows than can be")
        self.rows = rows
        self.part_rows = part_rows
        self.part_count = (rows + part_rows - 1) // part_rows
        self.buffers = []
        self.columns = <Column*>calloc(len(types) + 1, sizeof(Column))
        if self.columns == NULL:
            raise MemoryError
        for type in types:
            column = &self.columns[self.count]
            column.type = type
            column.wide = wide
            # Aligned, so that two threads that fill neighbours do not share a line of the cache.
            parts = new_buffer(self.part_count * sizeof(Part))
            column.parts = <Part*>parts.start
            if has_ends(column):
                size = (rows + 1) * (8 if wide else 4)
            elif column.type == BOOL_COLUMN:
                size = (rows + 7) // 8
            else:
                size = rows if column.type == STATUS_COLUMN else 8 * rows
            values = new_buffer(size)
            column.values = values.start
            validity = None
            if column.type != STATUS_COLUMN:
                validity = new_buffer((rows + 7) // 8)
                column.validity = validity.start
            self.buffers.append((validity, values, parts))
            self.count += 1

    def __dealloc__(self):
        cdef int64_t j
        cdef int i
        for i in range(self.count):
            for j in range(self.part_count):
                drop(&self.columns[i].parts[j].data)
                drop(&self.columns[i].parts[j].ends)
        free(self.columns)


cdef inline void set_end(uint8_t* ends, bint wide, int64_t index, int64_t value) noexcept nogil:
    if wide:
        (<int64_t*>ends)[index] = value
    else:
        (<int32_t*>ends)[index] = <int32_t>value


cdef inline void end_row(Column* column, const Part* part, int64_t row) noexcept nogil:
    """Notes where the row's text, or list, ends in its part."""
    set_end(
        column.values, column.wide, row + 1,
        part.count if column.type == LIST_COLUMN else <int64_t>part.data.size,
    )


cdef void put_null(Column* column, int64_t part, int64_t row) noexcept nogil:
    column.parts[part].nulls += 1
    if has_ends(column):
        end_row(column, &column.parts[part], row)


cdef inline bint put_octets(Part* part, const uint8_t* text, size_t size) noexcept nogil:
    if not grow(&part.data, size):
        return False
    if size:
        memcpy(part.data.start + part.data.size, text, size)
    part.data.size += size
    return True


cdef inline bint put_string(Part* part, const Member* string) noexcept nogil:
    """A string's value: escapes become the characters that they stand for."""
    if not string.flags & ESCAPED:
        return put_octets(part, string.start, string.length)
    if not grow(&part.data, string.length):
        return False
    part.data.size += unescape(string.start, string.length, part.data.start + part.data.size)
    return True


cdef inline bint put_element(Column* column, Part* part, const Member* string) noexcept nogil:
    cdef size_t width = 8 if column.wide else 4
    if not put_string(part, string) or not grow(&part.ends, width):
        return False
    set_end(part.ends.start, column.wide, part.count, <int64_t>part.data.size)
    part.ends.size += width
    part.count += 1
    return True


cdef int put_elements(Column* column, Part* part, const Member* array) noexcept nogil:
    """1 for an array of strings, 0 for another, of which nothing stays; -1 where memory is lacking."""
    cdef const uint8_t* p = skip_space(array.start + 1)
    cdef size_t size = part.data.size, ends = part.ends.size
    cdef int64_t count = part.count
    cdef Member string
    while p[0] != 0x5D:
        p = take_string(p, &string)
        if p == NULL:
            part.data.size = size
            part.ends.size = ends
            part.count = count
            return 0
        if not put_element(column, part, &string):
            return -1
    return 1


cdef bint read_int64(const Member* member, int64_t* out) noexcept nogil:
    """The number as verify gives it, where it is whole and fits."""
    cdef const uint8_t* p = member.start
    cdef const uint8_t* end = p + member.length
    cdef uint64_t magnitude = 0
    cdef bint negative
    if member.kind == FRACTION:
        if not -9223372036854775808.0 <= member.value < 9223372036854775808.0:
            return False
        out[0] = <int64_t>member.value
        return <double>out[0] == member.value
    if member.kind != INTEGER:
        return False
    negative = p[0] == 0x2D
    p += negative
    # JSON knows no leading zeros, so that the number of digits bounds the value: 19 of them fit 64 bits.
    if end - p > 19:
        return False
    while p < end:
        magnitude = 10 * magnitude + (p[0] - 0x30)
        p += 1
    if magnitude > PAST_INT64 or (magnitude == PAST_INT64 and not negative):
        return False
    out[0] = <int64_t>(<uint64_t>0 - magnitude if negative else magnitude)
    return True


cdef bint read_double(const Member* member, double* out) noexcept nogil:
    """The double that is nearest; an integer beyond all of them has none."""
    if member.kind == FRACTION:
        out[0] = member.value
        return True
    if member.kind != INTEGER:
        return False
    if member.length <= EXACT_DIGITS:
        # An integer is never the negative zero.
        out[0] = member.value + 0.0
        return True
    out[0] = cyjwt_strtod(<const char*>member.start)
    return isfinite(out[0])


cdef bint put_member(Column* column, int64_t part_index, int64_t row, const Member* member) noexcept nogil:
    cdef Part* part = &column.parts[part_index]
    cdef int put = 0
    cdef int quotes
    if column.type == STRING_COLUMN:
        if member.kind == STRING:
            put = 1 if put_string(part, member) else -1
    elif column.type == INT64_COLUMN:
        put = read_int64(member, &(<int64_t*>column.values)[row])
    elif column.type == DOUBLE_COLUMN:
        put = read_double(member, &(<double*>column.values)[row])
    elif column.type == BOOL_COLUMN:
        put = member.kind == TRUE_VALUE or member.kind == FALSE_VALUE
        if member.kind == TRUE_VALUE:
            column.values[row >> 3] |= <uint8_t>(1 << (row & 7))
    elif column.type == JSON_COLUMN:
        if member.kind:
            quotes = member.kind == STRING
            put = 1 if put_octets(part, member.start - quotes, member.length + 2 * quotes) else -1
    elif member.kind == STRING:
        put = 1 if put_element(column, part, member) else -1
    elif member.kind == ARRAY:
        put = put_elements(column, part, member)
    if put < 0:
        return False
    if put:
        column.validity[row >> 3] |= <uint8_t>(1 << (row & 7))
        if has_ends(column):
            end_row(column, part, row)
    else:
        put_null(column, part_index, row)
    return True


cdef bint put_reason(Column* column, int64_t part, int64_t row, int status) noexcept nogil:
    if status == 0:
        put_null(column, part, row)
        return True
    if not put_octets(&column.parts[part], _code_of[status].text, _code_of[status].size):
        return False
    column.validity[row >> 3] |= <uint8_t>(1 << (row & 7))
    end_row(column, &column.parts[part], row)
    return True


cdef void shift_ends(uint8_t* ends, bint wide, int64_t first, int64_t count, int64_t by) noexcept nogil:
    cdef int64_t i
    if by == 0:
        return
    if wide:
        for i in range(first, first + count):
            (<int64_t*>ends)[i] += by
    else:
        for i in range(first, first + count):
            (<int32_t*>ends)[i] += <int32_t>by


cdef Buffer join_data(Column* column, int64_t part_count):
    """The octets of all parts, which are gone then."""
    cdef int64_t i, size = 0
    cdef Buffer joined
    for i in range(part_count):
        size += column.parts[i].data.size
    joined = new_buffer(size)
    with nogil:
        size = 0
        for i in range(part_count):
            if column.parts[i].data.size:
                memcpy(joined.start + size, column.parts[i].data.start, column.parts[i].data.size)
                size += column.parts[i].data.size
            drop(&column.parts[i].data)
    return joined


cdef Buffer join_ends(Column* column, int64_t part_count, int64_t count):
    """The offsets of all elements. Before the data are joined, whose sizes it needs."""
    cdef int64_t i, first = 1, octets = 0
    cdef size_t width = 8 if column.wide else 4
    cdef Buffer joined = new_buffer((count + 1) * width)
    cdef Part* part
    with nogil:
        for i in range(part_count):
            part = &column.parts[i]
            if part.count:
                memcpy(joined.start + first * width, part.ends.start, part.ends.size)
                shift_ends(joined.start, column.wide, first, part.count, octets)
            first += part.count
            octets += <int64_t>part.data.size
            drop(&part.ends)
    return joined


cdef int64_t join_rows(Columns table, Column* column, int64_t* count) noexcept nogil:
    """Makes rows' ends count from the first part's start. The nulls there are; count gets the elements."""
    cdef int64_t j, rows, before = 0, nulls = 0
    cdef const Part* part
    count[0] = 0
    for j in range(table.part_count):
        part = &column.parts[j]
        nulls += part.nulls
        if has_ends(column):
            rows = min(table.part_rows, table.rows - j * table.part_rows)
            shift_ends(column.values, column.wide, j * table.part_rows + 1, rows, before)
        before += part.count if column.type == LIST_COLUMN else <int64_t>part.data.size
        count[0] += part.count
    return nulls


cdef list finish(Columns table):
    """Of each column: how many nulls it has, its validity (None without nulls), its values.

    Of one with texts also their octets, of a list then how many elements it has, and their offsets.
    """
    cdef int64_t nulls, count
    cdef Column* column
    cdef int i
    if table.finished:
        raise RuntimeError("the table was finished before")
    table.finished = True
    finished = []
    for i in range(table.count):
        column = &table.columns[i]
        validity, values, _ = table.buffers[i]
        with nogil:
            nulls = join_rows(table, column, &count)
        made = (nulls, validity if nulls else None, values)
        if column.type == LIST_COLUMN:
            ends = join_ends(column, table.part_count, count)
            made += (join_data(column, table.part_count), count, ends)
        elif has_ends(column):
            made += (join_data(column, table.part_count),)
        finished.append(made)
    return finished
