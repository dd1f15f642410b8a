"""The memory of verified tokens: what was made of a token, found again by the whole of its text."""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint64_t

from cyjwt._engine.claims cimport Dates

cdef enum:
    CACHED_TOKEN_SIZE = 8192    # octets; a longer token is verified each time

# What is kept of one token; its text lies behind it.
cdef struct Entry:
    Entry* next                 # in its slot
    Entry* newer                # by last use; of the newest, the cache's own end of the ring
    Entry* older
    uint64_t hash
    size_t size
    PyObject* claims            # a dict that nobody else has, or NULL
    Py_ssize_t containers       # how many of its members are lists or dicts
    PyObject* payload           # bytes: the payload's text, or NULL
    Dates dates
    int key                     # the index of the key that it was verified with

# What was found: claims and payload are new references.
cdef struct Found:
    PyObject* claims
    Py_ssize_t containers
    PyObject* payload
    Dates dates
    int key

cdef class Counts:
    cdef uint64_t hits
    cdef uint64_t misses
    cdef uint64_t evictions

cdef class TokenCache:
    cdef Py_ssize_t capacity
    cdef Py_ssize_t size
    cdef Counts counts
    cdef uint64_t used_bits     # of a hash: all, but for tests
    cdef Entry** slots          # a power of two of them; NULL before the first token
    cdef size_t slot_count
    cdef Entry ring             # its older is the newest entry, its newer the oldest

# Whether the token is kept; then it is the newest from now on. Counts a hit or a miss.
cdef bint find(TokenCache cache, const uint8_t* text, size_t size, Found* out) noexcept

# Whether the token is kept, without counting.
cdef bint is_kept(TokenCache cache, const uint8_t* text, size_t size) noexcept

# Keeps what was made of a wholly verified token: claims (a dict that nobody else sees), or payload (bytes),
# or both, whose references are taken over; neither, or a token that is too long, is not kept.
cdef void keep(TokenCache cache, const uint8_t* text, size_t size, const Found* made) noexcept

# Forgets a token, if it is kept.
cdef void drop(TokenCache cache, const uint8_t* text, size_t size) noexcept

# Makes copies of what is to be kept: of claims, which may be NULL, and, with_text, of the payload's text.
# They hold whatever a store of revoked tokens does to the claims. Without memory for them there are none.
cdef void note_made(
    PyObject* claims, bint with_text, const uint8_t* text, size_t size, Found* made
) noexcept

# Lets go of them.
cdef void forget_made(Found* made) noexcept
