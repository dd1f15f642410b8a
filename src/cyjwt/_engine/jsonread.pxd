"""The strict JSON reader: text to Python objects, with wanted members noted on the way."""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t

from cyjwt._engine.jsonmemory cimport Memory
from cyjwt._engine.jsonreader cimport Reader
from cyjwt._engine.jsonscan cimport Member, Names

# Reads the whole text as one JSON value. Returns a new reference, or NULL with a JSONError in error
# (JSON_MEMORY: a Python error is set too). The text is followed by JSON slack. ``trusted`` says that the text
# was signed by a key of ours: only such text may add to the memories of names and shapes.
cdef PyObject* read_value(const uint8_t* text, size_t size, bint trusted, int* error) noexcept

# The same by a stripe that the caller holds. Members of the outermost object that names wants are noted in
# out, where names is not NULL. withheld says that the lists and dicts that are made are to be (see
# withheld.pxd). hint, where not NULL, is the guess at the outermost object's shape, NULL for none; it is left
# as a guess for the next text of the same kind.
cdef PyObject* read_value_in(
    int stripe, const uint8_t* text, size_t size, const Names* names, Member* out, bint trusted,
    bint withheld, void** hint, int* error
) noexcept

# What the above are made of, for jsonnoted. A stripe's memory; NULL where there can be none, which with a GIL
# never is.
cdef Memory* memory_of(int stripe) noexcept nogil

# One value from p on; depth is how many arrays and objects are open. recurs says that strings may be kept.
# member, unless NULL, gets its place. NULL where r.error says why.
cdef PyObject* read_any(Reader* r, const uint8_t* p, int depth, Member* member, bint recurs) noexcept
