"""JSON checked and picked from without making objects (RFC 8259, duplicate members refused)."""

from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

from cyjwt._engine.jsonlex cimport (
    ABSENT,
    ARRAY,
    CYJWT_JSON_SLACK,
    ESCAPED,
    FALSE_VALUE,
    MAX_DEPTH,
    NULL_VALUE,
    OBJECT,
    STRING,
    TRUE_VALUE,
    Number,
    cyjwt_locale_ready,
    number_value,
    scan_number,
    scan_string,
    skip_space,
    unescape,
)
from cyjwt._engine.status cimport JSON_DEPTH, JSON_DUPLICATE, JSON_MEMORY, JSON_OK, JSON_SYNTAX

from cyjwt._engine.status import reason_of_json

if not cyjwt_locale_ready():
    raise MemoryError("no C locale")

cdef enum:
    FEW_KEYS = 16       # up to here every new key is compared with each before it
    KEYS_AT_HAND = 48

cdef struct KeyText:
    const uint8_t* text
    size_t length
    uint64_t first

cdef struct Scanner:
    const uint8_t* end
    size_t size
    int error
    const Names* names
    Member* out
    KeyText* keys       # the names of every object that is open, innermost last
    size_t count
    size_t room
    KeyText at_hand[KEYS_AT_HAND]
    uint8_t* decoded    # the names that were written with escapes, decoded; made on the first such name
    uint8_t* next_decoded


cdef int add_name(Names* names, const uint8_t* text, size_t length) noexcept nogil:
    cdef int i = names.count
    if i == MAX_NAMES:
        return -1
    names.text[i] = text
    names.length[i] = <uint32_t>length
    names.first[i] = cyjwt_first8(text, length)
    names.lengths |= <uint32_t>1 << (length if length < 31 else 31)
    names.count = i + 1
    return 0


cdef int order(const KeyText* a, const KeyText* b) noexcept nogil:
    if a.first != b.first:
        return -1 if a.first < b.first else 1
    if a.length != b.length:
        return -1 if a.length < b.length else 1
    return memcmp(a.text, b.text, a.length) if a.length > 8 else 0


cdef void sift(KeyText* keys, size_t root, size_t count) noexcept nogil:
    cdef size_t child
    cdef KeyText moved = keys[root]
    while True:
        child = 2 * root + 1
        if child >= count:
            break
        if child + 1 < count and order(&keys[child], &keys[child + 1]) < 0:
            child += 1
        if order(&moved, &keys[child]) >= 0:
            break
        keys[root] = keys[child]
        root = child
    keys[root] = moved


cdef bint has_duplicate(KeyText* keys, size_t count) noexcept nogil:
    """Whether a name stands twice. Heapsort beyond a few: n log n whatever names a sender picks."""
    cdef size_t i, j
    cdef KeyText swap
    if count <= FEW_KEYS:
        for i in range(1, count):
            for j in range(i):
                if keys[i].first == keys[j].first and order(&keys[i], &keys[j]) == 0:
                    return True
        return False
    i = count // 2
    while i > 0:
        i -= 1
        sift(keys, i, count)
    i = count - 1
    while i > 0:
        swap = keys[0]
        keys[0] = keys[i]
        keys[i] = swap
        sift(keys, 0, i)
        i -= 1
    for i in range(1, count):
        if order(&keys[i], &keys[i - 1]) == 0:
            return True
    return False


cdef const uint8_t* fail(Scanner* s, int error) noexcept nogil:
    s.error = error
    return NULL


cdef bint more_room(Scanner* s) noexcept nogil:
    cdef size_t room = 4 * s.room
    cdef KeyText* keys
    if s.keys == s.at_hand:
        keys = <KeyText*>malloc(room * sizeof(KeyText))
        if keys != NULL:
            memcpy(keys, s.at_hand, s.count * sizeof(KeyText))
    else:
        keys = <KeyText*>realloc(s.keys, room * sizeof(KeyText))
    if keys == NULL:
        return False
    s.keys = keys
    s.room = room
    return True


cdef const uint8_t* scan_key(Scanner* s, const uint8_t* p) noexcept nogil:
    """From the opening quote of a name to past its colon; the name is kept on the stack."""
    cdef const uint8_t* close
    cdef int flags = 0
    cdef KeyText key
    if p[0] != 0x22:
        return fail(s, JSON_SYNTAX)
    key.text = p + 1
    close = scan_string(p + 1, &flags, &s.error)
    if close == NULL:
        return NULL
    key.length = close - key.text
    if flags & ESCAPED:
        if s.decoded == NULL:
            s.decoded = <uint8_t*>malloc(s.size + CYJWT_JSON_SLACK)
            if s.decoded == NULL:
                return fail(s, JSON_MEMORY)
            s.next_decoded = s.decoded
        # What is decoded is shorter than its text by more than nothing, so the texts of all the names
        # fit in the room of the whole text, with the slack at its end.
        key.length = unescape(key.text, key.length, s.next_decoded)
        key.text = s.next_decoded
        s.next_decoded += key.length
        memset(s.next_decoded, 0, 8)
    key.first = cyjwt_first8(key.text, key.length)
    if s.count == s.room and not more_room(s):
        return fail(s, JSON_MEMORY)
    s.keys[s.count] = key
    s.count += 1
    p = skip_space(close + 1)
    if p[0] != 0x3A:
        return fail(s, JSON_SYNTAX)
    return skip_space(p + 1)


cdef const uint8_t* scan_members(Scanner* s, const uint8_t* p, int depth) noexcept nogil:
    cdef size_t base = s.count
    cdef Member member
    cdef int index
    p = skip_space(p + 1)
    if p[0] == 0x7D:
        return p + 1
    while True:
        p = scan_key(s, p)
        if p == NULL:
            return NULL
        index = -1
        if depth == 1 and s.names != NULL:
            index = find_name(s.names, s.keys[s.count - 1].text, s.keys[s.count - 1].length)
        p = scan_value(s, p, depth, &member)
        if p == NULL:
            return NULL
        if index >= 0:
            s.out[index] = member
        p = skip_space(p)
        if p[0] == 0x2C:
            p = skip_space(p + 1)
        elif p[0] == 0x7D:
            break
        else:
            return fail(s, JSON_SYNTAX)
    if has_duplicate(s.keys + base, s.count - base):
        return fail(s, JSON_DUPLICATE)
    s.count = base
    return p + 1


cdef const uint8_t* scan_elements(Scanner* s, const uint8_t* p, int depth) noexcept nogil:
    cdef Member member
    p = skip_space(p + 1)
    if p[0] == 0x5D:
        return p + 1
    while True:
        p = scan_value(s, p, depth, &member)
        if p == NULL:
            return NULL
        p = skip_space(p)
        if p[0] == 0x2C:
            p = skip_space(p + 1)
        elif p[0] == 0x5D:
            return p + 1
        else:
            return fail(s, JSON_SYNTAX)


cdef const uint8_t* scan_value(
    Scanner* s, const uint8_t* p, int depth, Member* member
) noexcept nogil:
    """One value, without white space around it; member gets its place and kind."""
    cdef const uint8_t* end
    cdef int flags = 0
    cdef Number number
    cdef uint8_t c = p[0]
    member.start = p
    member.flags = 0
    if c == 0x22:
        end = scan_string(p + 1, &flags, &s.error)
        if end == NULL:
            return NULL
        member.start = p + 1
        member.length = <uint32_t>(end - p - 1)
        member.kind = STRING
        member.flags = <uint8_t>flags
        return end + 1
    if c == 0x7B or c == 0x5B:
        if depth == MAX_DEPTH:
            return fail(s, JSON_DEPTH)
        if c == 0x7B:
            member.kind = OBJECT
            end = scan_members(s, p, depth + 1)
        else:
            member.kind = ARRAY
            end = scan_elements(s, p, depth + 1)
    elif c == 0x74:
        member.kind = TRUE_VALUE
        end = p + 4 if memcmp(p, b"true", 4) == 0 else fail(s, JSON_SYNTAX)
    elif c == 0x66:
        member.kind = FALSE_VALUE
        end = p + 5 if memcmp(p, b"false", 5) == 0 else fail(s, JSON_SYNTAX)
    elif c == 0x6E:
        member.kind = NULL_VALUE
        end = p + 4 if memcmp(p, b"null", 4) == 0 else fail(s, JSON_SYNTAX)
    else:
        end = scan_number(p, &number, &s.error)
        if end == NULL:
            return NULL
        member.kind = <uint8_t>number.kind
        member.value = number_value(&number)
    if end == NULL:
        return NULL
    member.length = <uint32_t>(end - p)
    return end


cdef int scan_object(
    const uint8_t* text, size_t size, const Names* names, Member* out
) noexcept nogil:
    cdef Scanner s
    cdef Member whole
    cdef const uint8_t* p
    cdef int i
    if names != NULL:
        for i in range(names.count):
            out[i].kind = ABSENT
    s.end = text + size
    s.size = size
    s.error = JSON_OK
    s.names = names
    s.out = out
    s.keys = s.at_hand
    s.count = 0
    s.room = KEYS_AT_HAND
    s.decoded = NULL
    whole.kind = ABSENT
    p = scan_value(&s, skip_space(text), 0, &whole)
    if p != NULL and skip_space(p) != s.end:
        s.error = JSON_SYNTAX
    if s.keys != s.at_hand:
        free(s.keys)
    free(s.decoded)
    if s.error == JSON_OK and whole.kind != OBJECT:
        return NOT_OBJECT
    return s.error


def check(const uint8_t[::1] data not None, /):
    """Says why a text is not the JSON of a header or payload, without making an object of it.

    Args:
        data: the text, ``bytes``.

    Returns:
        ``None`` for one JSON object, else a short reason such as ``"duplicate_member"``.

    Example:
        >>> check(b'{"a":1,"a":2}')
        'duplicate_member'
    """
    cdef size_t size = data.shape[0]
    cdef uint8_t* text = <uint8_t*>malloc(size + CYJWT_JSON_SLACK)
    cdef int error
    if text == NULL:
        raise MemoryError
    if size:
        memcpy(text, &data[0], size)
    memset(text + size, 0, CYJWT_JSON_SLACK)
    with nogil:
        error = scan_object(text, size, NULL, NULL)
    free(text)
    return reason_of_json(error)
