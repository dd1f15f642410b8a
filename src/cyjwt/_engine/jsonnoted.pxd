"""Objects made of the scanner's notes, so that little is left to do under the interpreter lock."""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t

from cyjwt._engine.jsonscan cimport Notes

# What read_value_in makes of a signed text, which the scanner found to be one object and has notes on.
# stripe, withheld and hint are as there.
cdef PyObject* read_noted(
    int stripe, const uint8_t* text, size_t size, const Notes* notes, bint withheld, void** hint, int* error
) noexcept
