"""Columns of text that come in as Arrow data."""

from libc.stdint cimport int64_t

from cyjwt._engine.arrow_abi cimport ArrowArray, ArrowArrayStream
from cyjwt._engine.arrow_rows cimport Texts, TextType
from cyjwt._engine.run cimport Room

# One array of a column, checked. It owns the array, so that the texts stay as long as the chunk does.
cdef class TextChunk:
    cdef ArrowArray array
    cdef Texts texts
    cdef readonly int64_t rows
    cdef readonly int64_t octets    # of all its texts together

# Where chunks come from: iterate over it.
cdef class TextSource:
    cdef ArrowArrayStream stream
    cdef TextType type
    cdef TextChunk only             # of a single array
    cdef readonly bint is_stream

# Fills room.texts and room.status for a run that begins with row first: at most so many rows, and no more
# than a run may hold. Returns how many: 0 only where none are left.
cdef int fill(TextChunk chunk, Room room, int64_t first, int64_t most) noexcept nogil
