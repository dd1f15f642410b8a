"""The compact serialization (RFC 7515 section 7.1): borrowed, cut into segments, headers remembered."""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint32_t
from libc.stdlib cimport free

from cyjwt._engine.stripes cimport FREE_THREADED, GUESSES, NO_STRIPE

cdef struct Segments:
    const uint8_t* token
    const uint8_t* header       # where the header segment begins, and so on
    const uint8_t* payload
    const uint8_t* signature
    size_t header_size
    size_t payload_size
    size_t signature_size
    size_t signing_size         # header, dot and payload: the signing input, from token on

# Where the text of a token lies.
cdef struct Borrowed:
    const uint8_t* start
    size_t size
    uint8_t* copy           # to be freed; NULL where the text is the object's own

# A Status. Text of str and bytes is borrowed; of other buffers it is copied, for they may change. What was
# borrowed is good as long as the object; release it in any case.
cdef int borrow(PyObject* token, size_t most, Borrowed* out) noexcept

cdef inline void release(Borrowed* text) noexcept:
    free(text.copy)

# False unless the text is exactly three segments, of which the first is not empty.
cdef bint split(const uint8_t* token, size_t size, Segments* out) noexcept nogil

cdef enum:
    MEMORY_SLOTS = 64           # a power of two
    MEMORY_HEADER_SIZE = 512    # longer headers are read each time

cdef struct Remembered:
    uint32_t size               # 0: empty
    int row                     # the id of its algorithm
    int key                     # the index of its key
    void* guesses[GUESSES]      # see guess_of
    uint8_t text[MEMORY_HEADER_SIZE]

cdef struct Headers:
    Remembered* slots
    Remembered* last            # the slot that was last of use

cdef class HeaderMemory:
    cdef Headers own
    cdef Headers** copies       # by stripe, NULL where there is none yet; NULL with a GIL

# The JSON reader's guess at the claims of the next token under a header, by whoever holds a stripe: each
# stripe has shapes of its own, and with a GIL all have the one header memory.
cdef inline void** guess_of(Remembered* known, int stripe) noexcept nogil:
    return &known.guesses[0 if FREE_THREADED else stripe]

# The copy of a stripe, made where there is none yet; NULL where that fails. For headers_of alone.
cdef Headers* make_copy(HeaderMemory memory, int stripe) noexcept nogil

# The memory that whoever holds a stripe may use, or NULL where there is none: with a GIL the only one.
cdef inline Headers* headers_of(HeaderMemory memory, int stripe) noexcept nogil:
    if not FREE_THREADED:
        return &memory.own
    return make_copy(memory, stripe) if stripe != NO_STRIPE else NULL

# What is known of a header segment, or NULL. The answer is good until the next call: copy what is needed of
# it first. A guess may be put there later, whatever header has the slot by then. Whoever owns the memory
# guards it: the interpreter lock or a stripe the engine's, its one worker a Room's.
cdef Remembered* recall(Headers* memory, const uint8_t* text, size_t size) noexcept nogil

# Keeps what a header segment stands for, in place of another that shares its slot. Only for headers
# of tokens whose signature held.
cdef void remember(Headers* memory, const uint8_t* text, size_t size, int row, int key) noexcept nogil
