"""Columns of claims in Arrow's layout, built part by part without the interpreter lock."""

from libc.stdint cimport int64_t, uint8_t

from cyjwt._engine.jsonscan cimport Member

cdef enum ColumnType:
    STRING_COLUMN = 0
    JSON_COLUMN = 1
    LIST_COLUMN = 2
    INT64_COLUMN = 3
    DOUBLE_COLUMN = 4
    BOOL_COLUMN = 5
    STATUS_COLUMN = 6

# Memory that grows as it is written to.
cdef struct Grown:
    uint8_t* start
    size_t size
    size_t room

# What a column has of some rows and cannot put in its place yet, for it is not known how much comes before.
cdef struct Part:
    Grown data                  # octets of strings
    Grown ends                  # of a list's strings, counted from the part's own start
    int64_t count               # of them
    int64_t nulls

# A column as those who fill it see it; its memory belongs to Columns. Parts begin at rows that are multiples
# of eight, so that no two of them share an octet.
cdef struct Column:
    int type
    bint wide                   # whether offsets have 64 bits
    uint8_t* validity
    uint8_t* values             # numbers, bits, or the end of each row's text counted from its part's start
    Part* parts

cdef class Buffer:
    cdef void* memory
    cdef uint8_t* start
    cdef Py_ssize_t size

# A table of some rows: it owns the memory of its columns.
cdef class Columns:
    cdef Column* columns
    cdef int count
    cdef readonly int64_t rows
    cdef int64_t part_rows
    cdef readonly int64_t part_count
    cdef bint finished
    cdef list buffers           # of each column: its validity (None for a status), its values, its parts

# Puts a row's claim in its place, or null where the column's type cannot hold it. False without memory.
cdef bint put_member(Column* column, int64_t part, int64_t row, const Member* member) noexcept nogil

# Puts a null.
cdef void put_null(Column* column, int64_t part, int64_t row) noexcept nogil

# Puts the code of a status into a column of strings, null for VALID. False where memory is lacking.
cdef bint put_reason(Column* column, int64_t part, int64_t row, int status) noexcept nogil

# What an Arrow array is made of, for each column; the parts are gone then, so that it is made but once.
# See columns.pyx.
cdef list finish(Columns table)
