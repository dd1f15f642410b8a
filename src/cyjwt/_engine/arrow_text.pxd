"""Columns of text that came in as Arrow data, row by row, without the interpreter lock."""

from libc.stdint cimport int32_t, int64_t, uint8_t

from cyjwt._engine.arrow_abi cimport ArrowArray, ArrowArrayStream
from cyjwt._engine.run cimport Room, Slice

# How the places of the rows' texts are written down.
cdef enum Layout:
    NOTHING = 0         # the null type: every row is null
    OFFSETS_32 = 1      # string and binary
    OFFSETS_64 = 2      # large_string and large_binary
    VIEWS = 3           # string_view and binary_view

cdef struct TextType:
    int layout
    bint utf8           # text that str would hold, so that what is not ASCII is refused as in a str
    bint nested         # the one column of a struct

# Bits of a validity bitmap, from the row that is our first one; bits is NULL where no row is null.
cdef struct Validity:
    const uint8_t* bits
    int64_t first

# One array of a column, and what was checked of it. It owns the array, which stays as long as the chunk does.
cdef class TextChunk:
    cdef ArrowArray array
    cdef TextType type
    cdef readonly int64_t rows
    cdef readonly int64_t octets            # of all its texts together
    cdef Validity validity
    cdef Validity outer                     # of the struct around the column
    cdef const uint8_t* places              # offsets or views, from our first row
    cdef const uint8_t* data
    cdef const uint8_t** blocks             # what views point into
    cdef const uint8_t* block_sizes
    cdef int64_t block_count

# Where chunks come from: iterate over it.
cdef class TextSource:
    cdef ArrowArrayStream stream
    cdef TextType type
    cdef TextChunk only                     # of a single array
    cdef readonly bint is_stream

# The source of an object with __arrow_c_array__ or __arrow_c_stream__; None for any other. TypeError where
# its data are no text.
cdef object open_texts(object data)

# Fills room.texts and room.status for a run that begins with row first: at most so many rows, and no more
# than a run may hold. Returns how many: 0 only where none are left. A null row has the status TOKEN_TYPE.
cdef int fill(TextChunk chunk, Room room, int64_t first, int64_t most) noexcept nogil

# One row's text, and VALID or the status that is settled without looking further.
cdef int text_at(TextChunk chunk, int64_t row, Slice* text) noexcept nogil
