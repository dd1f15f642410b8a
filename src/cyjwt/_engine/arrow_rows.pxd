"""The texts of Arrow's string and binary layouts, row by row, without the interpreter lock."""

from libc.stdint cimport int64_t, uint8_t

from cyjwt._engine.run cimport Slice

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

# The texts of one array, as those who read them see it.
cdef struct Texts:
    TextType type
    int64_t rows
    Validity validity
    Validity outer                  # of the struct around the column
    const uint8_t* places           # offsets or views, from our first row
    const uint8_t* data
    const uint8_t** blocks          # what views point into
    const uint8_t* block_sizes
    int64_t block_count

# Moves on to the first row that is ours, and checks that no row's text begins before its buffer, ends before
# it begins or leaves its block. The octets of all texts, or -1.
cdef int64_t check(Texts* texts, int64_t first) noexcept nogil

# One row's text, and VALID or the status that is settled without looking further: TOKEN_TYPE for a null.
cdef int text_at(const Texts* texts, int64_t row, Slice* text) noexcept nogil

# The row behind the last of those, from first on, that hold no more than so many octets together; one row at
# least. Texts that no verifier takes for their length do not count. octets gets how many there are.
cdef int64_t cut(
    const Texts* texts, int64_t first, int64_t stop, int64_t most, int64_t* octets
) noexcept nogil
