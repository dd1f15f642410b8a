"""The texts of Arrow's string and binary layouts, where their producer keeps them: found row by row, checked.

The producer is trusted with its memory, as the interface has it: buffers are as large as their offsets say,
and stay as they are. What can be checked cheaply is: the order of offsets, and that views stay in
their blocks.
"""

from libc.stdint cimport int32_t
from libc.string cimport memcpy

from cyjwt._engine.status cimport TOKEN_TEXT, TOKEN_TYPE, VALID

cdef enum:
    MOST_TOKEN = 1 << 30    # the longest token that a verifier can be told to take
    VIEW_SIZE = 16
    ASCII_BLOCK = 1 << 14
    INLINE_MOST = 12        # a text of so many octets lies in its view

# Of rows without a text: a place that can be named.
cdef uint8_t[8] EMPTY


cdef inline int32_t load32(const uint8_t* p) noexcept nogil:
    """Of any alignment: buffers that crossed a network may have none."""
    cdef int32_t value
    memcpy(&value, p, 4)
    return value


cdef inline int64_t load64(const uint8_t* p) noexcept nogil:
    cdef int64_t value
    memcpy(&value, p, 8)
    return value


cdef inline bint is_valid(const Validity* validity, int64_t row) noexcept nogil:
    row += validity.first
    return validity.bits == NULL or validity.bits[row >> 3] >> (row & 7) & 1


cdef int64_t check_offsets_32(const Texts* texts) noexcept nogil:
    """The octets of all texts; -1 where an offset is negative or lies before the one in front of it."""
    cdef int64_t i
    cdef int32_t first = load32(texts.places), before = first, here
    cdef bint wrong = before < 0
    for i in range(1, texts.rows + 1):
        here = load32(texts.places + 4 * i)
        wrong |= here < before
        before = here
    return -1 if wrong else before - first


cdef int64_t check_offsets_64(const Texts* texts) noexcept nogil:
    cdef int64_t i, first = load64(texts.places), before = first, here
    cdef bint wrong = before < 0
    for i in range(1, texts.rows + 1):
        here = load64(texts.places + 8 * i)
        wrong |= here < before
        before = here
    return -1 if wrong else before - first


cdef int64_t check_views(const Texts* texts) noexcept nogil:
    """The octets of all texts; -1 where a row that is not null has a view that leads out of its block."""
    cdef const uint8_t* view
    cdef int64_t i, octets = 0
    cdef int32_t size, block, start
    for i in range(texts.rows):
        if not (is_valid(&texts.validity, i) and is_valid(&texts.outer, i)):
            continue
        view = texts.places + VIEW_SIZE * i
        size = load32(view)
        if size < 0:
            return -1
        if size > INLINE_MOST:
            block = load32(view + 8)
            start = load32(view + 12)
            if not 0 <= block < texts.block_count or start < 0:
                return -1
            if <int64_t>start + size > load64(texts.block_sizes + 8 * <int64_t>block):
                return -1
            if texts.blocks[block] == NULL:
                return -1
        octets += size
    return octets


cdef int64_t check(Texts* texts, int64_t first) noexcept nogil:
    cdef int layout = texts.type.layout
    if texts.data == NULL:
        texts.data = EMPTY
    if layout == NOTHING or texts.rows == 0:
        return 0
    if layout == VIEWS:
        texts.places += VIEW_SIZE * first
        return check_views(texts)
    texts.places += (4 if layout == OFFSETS_32 else 8) * first
    return check_offsets_32(texts) if layout == OFFSETS_32 else check_offsets_64(texts)


cdef inline bint is_ascii(const uint8_t* text, size_t size) noexcept nogil:
    cdef uint8_t seen = 0
    cdef size_t i
    # Long ones no further than need be.
    while size > ASCII_BLOCK:
        for i in range(<size_t>ASCII_BLOCK):
            seen |= text[i]
        if seen >= 0x80:
            return False
        text += ASCII_BLOCK
        size -= ASCII_BLOCK
    for i in range(size):
        seen |= text[i]
    return seen < 0x80


cdef inline int place_of(const Texts* texts, int64_t row, Slice* text) noexcept nogil:
    """Where a row's text lies; TOKEN_TYPE for a null."""
    cdef const uint8_t* place
    cdef int64_t start
    text.start = EMPTY
    text.size = 0
    if texts.type.layout == NOTHING or not (is_valid(&texts.validity, row) and is_valid(&texts.outer, row)):
        return TOKEN_TYPE
    if texts.type.layout == VIEWS:
        place = texts.places + VIEW_SIZE * row
        text.size = <size_t>load32(place)
        text.start = place + 4
        if text.size > INLINE_MOST:
            text.start = texts.blocks[load32(place + 8)] + load32(place + 12)
    elif texts.type.layout == OFFSETS_32:
        start = load32(texts.places + 4 * row)
        text.start = texts.data + start
        text.size = <size_t>(load32(texts.places + 4 * row + 4) - start)
    else:
        start = load64(texts.places + 8 * row)
        text.start = texts.data + start
        text.size = <size_t>(load64(texts.places + 8 * row + 8) - start)
    return VALID


cdef int text_at(const Texts* texts, int64_t row, Slice* text) noexcept nogil:
    cdef int status = place_of(texts, row, text)
    # A str that is not ASCII is refused as such, however long it is; bytes are left to the pass.
    if status == VALID and texts.type.utf8 and not is_ascii(text.start, text.size):
        return TOKEN_TEXT
    return status


cdef int64_t cut(
    const Texts* texts, int64_t first, int64_t stop, int64_t most, int64_t* octets
) noexcept nogil:
    cdef int64_t row = first, size
    cdef Slice text
    octets[0] = 0
    while row < stop:
        place_of(texts, row, &text)
        size = <int64_t>text.size if text.size <= MOST_TOKEN else 0
        if octets[0] + size > most and row > first:
            break
        octets[0] += size
        row += 1
    return row
