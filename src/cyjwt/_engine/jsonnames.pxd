"""What the scanner remembers of a run of objects: the names of members, and which of them followed which.

Tokens of one issuer have their members in one order, so that the next name is worth a guess: where its text
stands at the place, nothing has to be searched for. A guess only says where to look first. Whether a name
stands twice is told by its number among the names, whatever led to it. The memory has a fixed size and
starts afresh when it is full; only text that a key of ours signed may be scanned with one.
"""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memset

from cyjwt._engine.jsonlex cimport cyjwt_first8, cyjwt_load64

cdef enum:
    MAX_NAMES = 32
    NAME_PLACES = 64                # a power of two, past MAX_NAMES

# The wanted names. Their texts must outlive the struct, which is empty where it is all zeros.
cdef struct Names:
    int count
    uint8_t places[NAME_PLACES]     # by hash, open addressing: 1 + an index
    uint32_t length[MAX_NAMES]
    uint64_t first[MAX_NAMES]       # cyjwt_first8 of each
    const uint8_t* text[MAX_NAMES]


cdef inline size_t name_place(uint64_t first, size_t length) noexcept nogil:
    return <size_t>((first + length) * <uint64_t>0x9E3779B97F4A7C15 >> 58) & (NAME_PLACES - 1)


cdef inline int find_name(const Names* names, const uint8_t* key, size_t length) noexcept nogil:
    """The index of a wanted name, or -1. The key's text has slack behind it, as all JSON text here."""
    cdef uint64_t first = cyjwt_first8(key, length)
    cdef size_t place = name_place(first, length)
    cdef int i
    while names.places[place]:
        i = names.places[place] - 1
        if names.first[i] == first and names.length[i] == length:
            if length <= 8 or memcmp(names.text[i], key, length) == 0:
                return i
        place = (place + 1) & (NAME_PLACES - 1)
    return -1


cdef enum:
    KNOWN_NAMES = 64            # a word has a bit for each
    KNOWN_SIZE = 64             # octets of the longest text that is kept
    KNOWN_PLACES = 256          # of the index, a power of two
    KNOWN_LINES = 16            # orders that are told apart, a power of two
    KNOWN_STEPS = 2 * KNOWN_NAMES + 2
    OUTERMOST = 2 * KNOWN_NAMES
    NESTED = 2 * KNOWN_NAMES + 1
    UNKNOWN = 0xFF

cdef struct KnownName:
    uint64_t first              # of the text, its first eight octets; of a shorter one, zero where mask is
    uint64_t mask
    uint64_t last               # its last eight octets, where it has more than eight
    uint32_t size
    int wanted                  # the index among the wanted names, or -1
    uint32_t value_size         # of the string that was under it last
    uint8_t text[KNOWN_SIZE + 24]   # the name as compact JSON has it: quotes, and the colon

cdef struct KnownNames:
    int count
    const Names* names          # the wanted ones
    uint8_t places[KNOWN_PLACES]    # by hash, open addressing: 1 + a number
    # By line: by the number of a name, which came next; by KNOWN_NAMES + that of one whose value is an
    # object, or by OUTERMOST, which came first in it; by NESTED, where it is the value of a name that is
    # not known.
    uint8_t next[KNOWN_LINES][KNOWN_STEPS]
    KnownName name[KNOWN_NAMES]


cdef inline void forget_names(KnownNames* known) noexcept nogil:
    known.count = 0
    memset(known.places, 0, sizeof(known.places))
    memset(known.next, UNKNOWN, sizeof(known.next))


cdef inline void want_names(KnownNames* known, const Names* names) noexcept nogil:
    """Tells which names are wanted from now on."""
    cdef KnownName* name
    cdef int i
    known.names = names
    for i in range(known.count):
        name = &known.name[i]
        name.wanted = find_name(names, name.text + 1, name.size - 3)


cdef inline bint stands_here(const KnownName* name, const uint8_t* p) noexcept nogil:
    """Whether the name, with its quotes and a colon right behind them, is what stands at p."""
    cdef uint32_t i = 8
    if cyjwt_load64(p) & name.mask != name.first:
        return False
    if name.size <= 8:
        return True
    if cyjwt_load64(p + name.size - 8) != name.last:
        return False
    while i + 8 < name.size:
        if cyjwt_load64(p + i) != cyjwt_load64(name.text + i):
            return False
        i += 8
    return True


cdef inline uint8_t* place_of(KnownNames* known, const uint8_t* text, size_t length) noexcept nogil:
    """Where in the index the name is, or would be. The text has slack behind it."""
    cdef uint64_t h = cyjwt_first8(text, length) * <uint64_t>0x9E3779B97F4A7C15 + length
    cdef size_t i
    cdef const KnownName* name
    if length > 8:
        h ^= cyjwt_load64(text + length - 8)
    i = <size_t>((h ^ h >> 32) * <uint64_t>0xBF58476D1CE4E5B9 >> 56) & (KNOWN_PLACES - 1)
    while known.places[i]:
        name = &known.name[known.places[i] - 1]
        if name.size == length + 3 and memcmp(name.text + 1, text, length) == 0:
            break
        i = (i + 1) & (KNOWN_PLACES - 1)
    return &known.places[i]


cdef inline int number_of(KnownNames* known, const uint8_t* text, size_t length) noexcept nogil:
    """The number of a name, or UNKNOWN. The text is the name's value, with slack behind it."""
    cdef int place
    if length + 3 > KNOWN_SIZE:
        return UNKNOWN
    place = place_of(known, text, length)[0]
    return place - 1 if place else UNKNOWN


cdef inline void learn_name(KnownNames* known, const uint8_t* text, size_t length) noexcept nogil:
    """Keeps a name that stands in the text as it is, without escapes: nothing between its quotes needs
    one."""
    cdef uint8_t[8] ones
    cdef KnownName* name
    cdef uint8_t* place
    if length + 3 > KNOWN_SIZE:
        return
    if known.count == KNOWN_NAMES:
        forget_names(known)
    place = place_of(known, text, length)
    if place[0]:
        return
    name = &known.name[known.count]
    known.count += 1
    place[0] = <uint8_t>known.count
    memset(name, 0, sizeof(KnownName))
    memset(ones, 0xFF, 8)
    name.size = <uint32_t>length + 3
    name.text[0] = 0x22
    memcpy(name.text + 1, text, length)
    name.text[length + 1] = 0x22
    name.text[length + 2] = 0x3A
    name.mask = cyjwt_first8(ones, name.size)
    name.first = cyjwt_first8(name.text, name.size)
    if name.size > 8:
        name.last = cyjwt_load64(name.text + name.size - 8)
    name.wanted = find_name(known.names, text, length)
