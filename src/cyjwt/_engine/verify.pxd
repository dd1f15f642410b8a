"""The one pass over a token."""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t

from cyjwt._engine.claims cimport ClaimRules, Dates
from cyjwt._engine.compact cimport Borrowed, HeaderMemory, Remembered, Segments
from cyjwt._engine.header cimport HeaderRules
from cyjwt._engine.keysource cimport KeySource
from cyjwt._engine.pkey cimport Native
from cyjwt._engine.revocation cimport Revocation
from cyjwt._engine.tokencache cimport Found, TokenCache

# A verifier over keys that may change is an engine with a source, which verifies nothing itself: for each
# set of keys it compiles an engine of its own, which is never changed, so that whoever uses one holds it
# and is safe.
cdef class Engine:
    cdef HeaderRules header_rules
    cdef ClaimRules claim_rules
    cdef HeaderMemory memory
    cdef tuple natives          # by index of key: its NativeKey, or None where it has none
    cdef const Native** native  # by index of key: what its NativeKey holds, or NULL
    cdef tuple keys             # by index of key: the Key
    cdef size_t max_size
    cdef bint padding
    cdef object clock
    cdef Revocation revocation  # None where nothing is revoked
    cdef object claims_type     # makes instances of claims; None where dicts are wanted
    cdef TokenCache cache       # None where verified tokens are not kept
    cdef KeySource source       # None where the keys are fixed
    cdef object compile         # with a source: makes the engine of a KeySet
    cdef Engine current         # with a source: the one that serves, None while there is none
    cdef object snapshot        # of an engine made so: its KeySet
    cdef bint finishes          # whether finish_claims has anything to do

# Of an engine with a source the one that serves, or None. It may be swapped at any time.
cdef Engine serving_now(Engine engine)

cdef inline size_t unpadded(const uint8_t* segment, size_t size, bint padding) noexcept nogil:
    """The size without its padding, where padding is admitted and makes the size a multiple of four."""
    if padding and size >= 4 and size & 3 == 0 and segment[size - 1] == 0x3D:
        return size - 2 if segment[size - 2] == 0x3D else size - 1
    return size

# The algorithm and key that a header segment stands for; a Status. room takes the decoded header.
cdef int choose_key(Engine engine, const Segments* segments, uint8_t* room, int* row, int* key) noexcept nogil

# Whether a signature by a key that libcrypto does not serve holds; a Status. What it raises is not the
# token's fault.
cdef int check_foreign(Engine engine, int key, const Segments* segments, bytes signature) except -1

# What the caller gets for a token whose text is borrowed, by an engine without a source; a new reference.
# NULL with an error of our tree set, and no traceback entry of its own where it is called by a pointer of
# type Whole. made, unless it is NULL, gets what a cache keeps of it: new references, both NULL where it is
# not to be kept.
cdef PyObject* verify_borrowed(Engine engine, const Borrowed* text, Found* made) except NULL
ctypedef PyObject* (*Whole)(Engine, const Borrowed*, Found*) noexcept

# The claims of a signed payload, checked as of now; a new reference. NULL where they do not pass: status has
# the reason, and absent, of CLAIM_MISSING, which one; RAISED stands for a Python error that is set. NULL with
# status VALID where they do, but nobody needs the dict: there is a claims_type, and no revocation. The text
# has JSON slack behind it. stripe is one that the caller holds. known is what is remembered of the header, or
# NULL: it has the reader's guess at the claims' shape, and gets a better one. withheld says that the claims,
# and the lists and dicts in them, are to be (see withheld.pxd). dates, unless it is NULL, gets the times of
# those that pass.
cdef PyObject* read_claims(
    Engine engine, int stripe, Remembered* known, const uint8_t* text, size_t size, double now, bint withheld,
    Dates* dates, int* status, int* absent
) noexcept

# What comes after the claims' checks, for an engine that finishes: takes over claims, what read_claims
# gave, and gives back what the caller gets, a new reference. text is the payload's. NULL where the token is
# refused after all: status has the reason, and detail, which is given as NULL, the detail that goes with it
# (see exception_for) or NULL; RAISED stands for a Python error that is set. key is the index of the key
# that verified it.
cdef PyObject* finish_claims(
    Engine engine, PyObject* claims, const uint8_t* text, size_t size, int key, int* status, PyObject** detail
) noexcept

# As finish_claims; NULL with that error set, and without a traceback entry where it is called by a Finish.
cdef PyObject* finish_one(
    Engine engine, PyObject* claims, const uint8_t* text, size_t size, int key
) except NULL
ctypedef PyObject* (*Finish)(Engine, PyObject*, const uint8_t*, size_t, int) noexcept

# The kid of a header that could be read, or None.
cdef object kid_of(Engine engine, const Segments* segments)
