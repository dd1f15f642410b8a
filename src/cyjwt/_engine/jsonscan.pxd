"""JSON checked and picked from without making objects: what headers are read with."""

from libc.stdint cimport uint8_t, uint32_t

from cyjwt._engine.jsonlex cimport STRING, scan_string, skip_space
from cyjwt._engine.jsonnames cimport MAX_NAMES, KnownNames, Names, find_name

# Where one wanted member of the outermost object stands. start and length cover the value's text;
# of a string, what is between its quotes.
cdef struct Member:
    const uint8_t* start
    uint32_t length
    uint8_t kind        # a jsonlex Kind; ABSENT where the object has no such member
    uint8_t flags       # of a string: ESCAPED, NON_ASCII
    double value        # of a number; an INTEGER past 18 digits counts as 1e18

# A member of the outermost object: where the text of its name begins, and its value.
cdef struct Note:
    const uint8_t* name
    Member value

# Room for notes of all members of an object, in their order.
cdef struct Notes:
    Note* first
    int room
    int count           # -1 where there were more members than room


cdef inline Member* take_note(Notes* notes, const uint8_t* name, Member* unwanted) noexcept nogil:
    """Where the value of the next member is to be noted."""
    if notes.count < 0 or notes.count == notes.room:
        notes.count = -1
        return unwanted
    notes.count += 1
    notes.first[notes.count - 1].name = name
    return &notes.first[notes.count - 1].value


cdef inline const uint8_t* take_string(const uint8_t* p, Member* member) noexcept nogil:
    """One element of an array that was scanned: to the next element, or to the closing bracket.

    NULL where the element is no string.
    """
    cdef const uint8_t* close
    cdef int flags = 0, error = 0
    if p[0] != 0x22:
        return NULL
    close = scan_string(p + 1, &flags, &error)
    member.start = p + 1
    member.length = <uint32_t>(close - p - 1)
    member.kind = STRING
    member.flags = <uint8_t>flags
    p = skip_space(close + 1)
    return skip_space(p + 1) if p[0] == 0x2C else p


# Adds a name; returns 0, or -1 where there is no room. The text needs JSON slack behind it.
cdef int add_name(Names* names, const uint8_t* text, size_t length) noexcept nogil

# Checks the whole text as one JSON object and fills out[0..names.count). Returns a JSONError, or NOT_OBJECT
# for valid JSON of another kind. names may be NULL. known, unless NULL, is what was remembered of other
# texts, and learns from this one, which therefore must be signed; it wants the same names. line is any
# number that texts with their members in one order are likely to share. notes, unless NULL, says how much
# room there is, and gets all the members; it comes with names.
cdef enum:
    NOT_OBJECT = -1

cdef int scan_object(
    const uint8_t* text, size_t size, const Names* names, Member* out, KnownNames* known, unsigned int line,
    Notes* notes
) noexcept nogil
