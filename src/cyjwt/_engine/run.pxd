"""A run of tokens verified together, without the interpreter lock."""

from libc.stdint cimport int8_t, uint8_t

from cyjwt._engine.compact cimport HeaderMemory, Remembered, Segments
from cyjwt._engine.jsonnames cimport MAX_NAMES, KnownNames, Names
from cyjwt._engine.jsonscan cimport Member, Note, Notes
from cyjwt._engine.lanes cimport Job
from cyjwt._engine.verify cimport Engine

cdef enum:
    RUN_TOKENS = 256            # the most tokens of a run
    NOTES_EACH = 32             # a run has room for notes of so many members for each of its tokens
    RUN_OCTETS = 1 << 19        # a run ends with the token that passes so many octets of text

# A text that somebody else keeps.
cdef struct Slice:
    const uint8_t* start
    size_t size

# What is wanted of each valid token.
cdef enum Want:
    WANT_STATUS = 0     # nothing but its status
    WANT_PICKED = 1     # the members named by a Pick
    WANT_TEXT = 2       # its payload's text, unread: the caller reads it and checks the claims
    WANT_CLAIMS = 3     # its payload's text, read and its claims checked, with notes for read_noted

# The claims that a caller asks for, joined with those that the policy checks.
cdef struct Pick:
    Names names
    int count                   # of those asked for
    int index[MAX_NAMES]        # by place among those asked for: the index in names

# What a run knows of one of its tokens.
cdef struct Item:
    Segments segments
    Remembered* known           # its header's place in the memory; NULL where it is not there yet
    int row                     # the id of its algorithm
    int key                     # the index of its key
    int8_t group                # of the lanes, or SINGLE, DONE or FOREIGN
    Notes notes                 # with WANT_CLAIMS

# The memory of one worker, for one run at a time. What is noted stays good until its next run. The header
# memory is the worker's own, since the engine's is guarded by the interpreter lock or by stripes.
cdef class Room:
    cdef Slice texts[RUN_TOKENS]            # in: the tokens
    cdef uint8_t status[RUN_TOKENS]         # in: VALID, or a Status that is settled; out: a Status
    cdef uint8_t absent[RUN_TOKENS]         # out: of CLAIM_MISSING, which (see claim_name)
    cdef Slice payloads[RUN_TOKENS]         # out unless WANT_STATUS: JSON text with slack behind it
    cdef Member* picked                     # out with WANT_PICKED: Pick.count for each, ABSENT or noted
    cdef Py_ssize_t picked_room             # of Members
    cdef Note* notes                        # of all items, one behind the other
    cdef int notes_room
    cdef int notes_used
    cdef Engine engine                      # which the header memory is for, and the keys of items are of
    cdef HeaderMemory memory
    cdef Item items[RUN_TOKENS]
    cdef Job jobs[RUN_TOKENS]
    cdef KnownNames known                   # of the members of payloads
    cdef Job* order[RUN_TOKENS]             # those that are not done at once, by group
    cdef uint8_t* arena                     # decoded signatures and payloads
    cdef size_t arena_room

# Names that engine's policy checks, and those asked for behind them (a name may be both, or twice).
# ValueError where there are more than the scanner can note. texts keeps alive what pick points to.
cdef int make_pick(Engine engine, names, Pick* pick, list texts) except -1

# Makes a room one for an engine's runs; its header memory says nothing about another engine's keys.
cdef int settle(Room room, Engine engine) except -1

# Verifies room.texts[0..count) as of now, seconds since 1970, by the engine that the room was settled for.
# Returns 0, or -1 with a Python error set, which only keys that libcrypto does not serve, and a lack of
# memory, can raise. pick is for WANT_PICKED alone.
cdef int verify_run(
    Engine engine, Room room, int count, int want, const Pick* pick, double now
) except -1 nogil
