"""The JSON writer: Python objects to compact UTF-8 text."""

from libc.stdint cimport uint8_t

cdef enum:
    WRITE_AT_HAND = 4096

# Text that grows. Begin it with open_text and end it with close_text.
cdef struct Text:
    const char* root        # what errors call the outermost value, such as "claims"
    uint8_t* data
    size_t used
    size_t room
    bint bare               # whether a datetime is of a type that JSON has no form for; False unless set
    bint careful            # whether dicts are copied before they are written
    uint8_t at_hand[WRITE_AT_HAND]

cdef void open_text(Text* text, const char* root) noexcept nogil
cdef void close_text(Text* text) noexcept nogil

# Appends octets as they are.
cdef int append(Text* text, const uint8_t* data, size_t size) except -1

# Appends an integer in decimal.
cdef int append_integer(Text* text, long long value) except -1

# Appends one value. Raises TypeError or ValueError, each naming the path of what cannot be written.
cdef int write_value(Text* text, object value, object default) except -1

# Appends the members of a dict between braces, of which the closing one is left out. Returns the dict whose
# members those are: a copy where code may have run that could change the one given.
cdef dict write_open_object(Text* text, object members, object default)
