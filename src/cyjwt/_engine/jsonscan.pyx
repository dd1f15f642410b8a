"""JSON checked and picked from without making objects (RFC 8259, duplicate members refused)."""

from libc.stdint cimport uint8_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcmp, memcpy, memset

from cyjwt._engine.jsonkeys cimport KeyText, has_duplicate
from cyjwt._engine.jsonlex cimport (
    ABSENT, ARRAY, CYJWT_JSON_SLACK, ESCAPED, FALSE_VALUE, FRACTION, INTEGER, MAX_DEPTH, NULL_VALUE,
    OBJECT, STRING, TRUE_VALUE, CYJWT_UNLIKELY, Number, cyjwt_first8, cyjwt_locale_ready,
    cyjwt_string_stop_near, number_value, scan_number, scan_string, skip_space, unescape)
from cyjwt._engine.jsonnames cimport (
    KNOWN_LINES, KNOWN_NAMES, KNOWN_STEPS, MAX_NAMES, NAME_PLACES, NESTED, OUTERMOST, UNKNOWN,
    KnownName, KnownNames, Names, find_name, forget_names, learn_name, name_place, number_of,
    stands_here, want_names)
from cyjwt._engine.status cimport JSON_DEPTH, JSON_DUPLICATE, JSON_MEMORY, JSON_OK, JSON_SYNTAX

from cyjwt._engine.status import reason_of_json

if not cyjwt_locale_ready():
    raise MemoryError("no C locale")

cdef enum:
    KEYS_AT_HAND = 48
    FRESH = 16          # names that are learnt of one text

# The line where nothing is remembered. It is never written to.
cdef uint8_t _no_line[KNOWN_STEPS]
memset(_no_line, UNKNOWN, sizeof(_no_line))

cdef struct Scanner:
    const uint8_t* end
    size_t size
    int error
    const Names* names
    Member* out
    KnownNames* known   # or NULL
    uint8_t* next       # the line of known.next
    Notes* notes        # or NULL
    Member unwanted     # where members go that nobody wants
    KeyText* keys       # of every object that is open, innermost last: the names that are not known
    size_t count
    size_t room
    KeyText at_hand[KEYS_AT_HAND]
    uint8_t* decoded    # the names that were written with escapes, decoded; made on the first such name
    uint8_t* next_decoded
    int fresh_count
    KeyText fresh[FRESH]    # to be learnt


cdef int add_name(Names* names, const uint8_t* text, size_t length) noexcept nogil:
    cdef int i = names.count
    cdef size_t place
    if i == MAX_NAMES:
        return -1
    names.text[i] = text
    names.length[i] = <uint32_t>length
    names.first[i] = cyjwt_first8(text, length)
    place = name_place(names.first[i], length)
    while names.places[place]:
        place = (place + 1) & (NAME_PLACES - 1)
    names.count = i + 1
    names.places[place] = <uint8_t>names.count
    return 0


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


cdef const uint8_t* scan_key(Scanner* s, const uint8_t* p, int* number, int* wanted) noexcept nogil:
    """From the opening quote of a name to past its colon; it is kept on the stack unless it is known."""
    cdef const uint8_t* close
    cdef int flags = 0
    cdef KeyText key
    number[0] = UNKNOWN
    wanted[0] = -1
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
    if s.known != NULL:
        number[0] = number_of(s.known, key.text, key.length)
    if number[0] == UNKNOWN:
        key.first = cyjwt_first8(key.text, key.length)
        if s.names != NULL:
            wanted[0] = find_name(s.names, key.text, key.length)
        if s.count == s.room and not more_room(s):
            return fail(s, JSON_MEMORY)
        s.keys[s.count] = key
        s.count += 1
        if s.known != NULL and flags == 0 and s.fresh_count < FRESH:
            s.fresh[s.fresh_count] = key
            s.fresh_count += 1
    p = skip_space(close + 1)
    if p[0] != 0x3A:
        return fail(s, JSON_SYNTAX)
    return p + 1


cdef inline const uint8_t* scan_text(
    Scanner* s, const uint8_t* p, size_t usual, Member* member
) noexcept nogil:
    """From the opening quote of a string, likely to be of the usual length, to past the closing one."""
    cdef const uint8_t* end = cyjwt_string_stop_near(p + 1, usual)
    cdef int flags = 0
    if CYJWT_UNLIKELY(end[0] != 0x22):
        end = scan_string(end, &flags, &s.error)
        if end == NULL:
            return NULL
    member.start = p + 1
    member.length = <uint32_t>(end - p - 1)
    member.kind = STRING
    member.flags = <uint8_t>flags
    return end + 1


cdef inline const uint8_t* scan_plain(
    Scanner* s, const uint8_t* p, int depth, int step, Member* member
) noexcept nogil:
    """One value that is no string."""
    cdef const uint8_t* end
    cdef Number number
    if not (p[0] - <uint8_t>0x30 <= 9 or p[0] == 0x2D):
        return scan_other(s, p, depth, step, member)
    end = scan_number(p, &number, &s.error)
    if end == NULL:
        return NULL
    member.start = p
    member.length = <uint32_t>(end - p)
    member.kind = <uint8_t>number.kind
    member.flags = 0
    member.value = number_value(&number)
    return end


cdef const uint8_t* scan_members(Scanner* s, const uint8_t* p, int depth, int step) noexcept nogil:
    """From the opening brace to past the closing one. step is where the line tells which name is first."""
    cdef size_t base = s.count
    cdef KnownName* names = s.known.name if s.known != NULL else NULL
    cdef uint8_t* next = s.next
    cdef Member* out = s.out if depth == 1 else NULL
    cdef Notes* notes = s.notes if depth == 1 else NULL
    cdef Member* member
    cdef const uint8_t* name
    cdef uint64_t seen = 0, bit
    cdef bint twice = False
    cdef int number, wanted
    p = skip_space(p + 1)
    if p[0] == 0x7D:
        return p + 1
    while True:
        number = next[step]
        name = p + 1
        if number != UNKNOWN and stands_here(&names[number], p):
            p += names[number].size
        else:
            p = skip_space(p)
            name = p + 1
            p = scan_key(s, p, &number, &wanted)
            if p == NULL:
                return NULL
        member = &s.unwanted
        if number != UNKNOWN:
            bit = <uint64_t>1 << number
            twice |= seen & bit != 0
            seen |= bit
            wanted = names[number].wanted
            next[step] = <uint8_t>number
            step = number
        if notes != NULL:
            member = take_note(notes, name, member)
        elif wanted >= 0 and out != NULL:
            member = &out[wanted]
        if p[0] != 0x22:
            p = skip_space(p)
        if number == UNKNOWN:
            p = scan_value(s, p, depth, NESTED, member)
        elif p[0] == 0x22:
            p = scan_text(s, p, names[number].value_size, member)
            # Of a string that is none, nobody set a length.
            if p != NULL:
                names[number].value_size = member.length
        else:
            p = scan_plain(s, p, depth, KNOWN_NAMES + number, member)
        if p == NULL:
            return NULL
        if notes != NULL and wanted >= 0:
            out[wanted] = member[0]
        if p[0] != 0x2C:
            p = skip_space(p)
            if p[0] == 0x7D:
                break
            if p[0] != 0x2C:
                return fail(s, JSON_SYNTAX)
        p += 1
    if twice or (s.count > base + 1 and has_duplicate(s.keys + base, s.count - base)):
        return fail(s, JSON_DUPLICATE)
    s.count = base
    return p + 1


cdef const uint8_t* scan_elements(Scanner* s, const uint8_t* p, int depth, int step) noexcept nogil:
    p = skip_space(p + 1)
    if p[0] == 0x5D:
        return p + 1
    while True:
        p = scan_value(s, p, depth, step, &s.unwanted)
        if p == NULL:
            return NULL
        p = skip_space(p)
        if p[0] == 0x2C:
            p = skip_space(p + 1)
        elif p[0] == 0x5D:
            return p + 1
        else:
            return fail(s, JSON_SYNTAX)


cdef inline const uint8_t* scan_value(
    Scanner* s, const uint8_t* p, int depth, int step, Member* member
) noexcept nogil:
    """One value, without white space around it; member gets its place and kind."""
    return scan_text(s, p, 0, member) if p[0] == 0x22 else scan_plain(s, p, depth, step, member)


cdef const uint8_t* scan_other(
    Scanner* s, const uint8_t* p, int depth, int step, Member* member
) noexcept nogil:
    """One value that is neither string nor number."""
    cdef const uint8_t* end
    cdef uint8_t c = p[0]
    if c == 0x7B or c == 0x5B:
        if depth == MAX_DEPTH:
            return fail(s, JSON_DEPTH)
        if c == 0x7B:
            end = scan_members(s, p, depth + 1, step)
            member.kind = OBJECT
        else:
            end = scan_elements(s, p, depth + 1, step)
            member.kind = ARRAY
        if end == NULL:
            return NULL
    elif c == 0x74 and memcmp(p, b"true", 4) == 0:
        member.kind = TRUE_VALUE
        end = p + 4
    elif c == 0x66 and memcmp(p, b"false", 5) == 0:
        member.kind = FALSE_VALUE
        end = p + 5
    elif c == 0x6E and memcmp(p, b"null", 4) == 0:
        member.kind = NULL_VALUE
        end = p + 4
    else:
        return fail(s, JSON_SYNTAX)
    member.start = p
    member.length = <uint32_t>(end - p)
    member.flags = 0
    return end


cdef int scan_object(
    const uint8_t* text, size_t size, const Names* names, Member* out, KnownNames* known, unsigned int line,
    Notes* notes
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
    s.known = known
    s.notes = notes
    if notes != NULL:
        notes.count = 0
    s.next = &_no_line[0] if known == NULL else &known.next[line & (KNOWN_LINES - 1)][0]
    s.keys = s.at_hand
    s.count = 0
    s.room = KEYS_AT_HAND
    s.decoded = NULL
    s.fresh_count = 0
    whole.kind = ABSENT
    p = scan_value(&s, skip_space(text), 0, OUTERMOST, &whole)
    if p != NULL and skip_space(p) != s.end:
        s.error = JSON_SYNTAX
    for i in range(s.fresh_count):
        # Only now, for learning may forget what the scan has numbered.
        if s.error == JSON_OK:
            learn_name(known, s.fresh[i].text, s.fresh[i].length)
    if s.keys != s.at_hand:
        free(s.keys)
    free(s.decoded)
    if s.error == JSON_OK and whole.kind != OBJECT:
        return NOT_OBJECT
    return s.error


def check(bytes data not None, /):
    """Says why a text is not the JSON of a header or payload, without making an object of it.

    Args:
        data: the text, ``bytes``.

    Returns:
        ``None`` for one JSON object, else a short reason such as ``"duplicate_member"``.

    Example:
        >>> check(b'{"a":1,"a":2}')
        'duplicate_member'
    """
    cdef size_t size = <size_t>len(data)
    cdef uint8_t* text = <uint8_t*>malloc(size + CYJWT_JSON_SLACK)
    cdef int error
    if text == NULL:
        raise MemoryError
    memcpy(text, <const char*>data, size)
    memset(text + size, 0, CYJWT_JSON_SLACK)
    with nogil:
        error = scan_object(text, size, NULL, NULL, NULL, 0, NULL)
    free(text)
    return reason_of_json(error)


cdef class Scan:
    """The scanner with what it remembers of the texts of one run: a hook for tests.

    Args:
        wanted: the names of the members to be noted.
    """

    cdef Names names
    cdef KnownNames known
    cdef list texts

    def __cinit__(self, tuple wanted not None):
        self.texts = [name.encode() + bytes(CYJWT_JSON_SLACK) for name in wanted]
        for text in self.texts:
            if add_name(&self.names, <const uint8_t*><const char*>text, len(text) - CYJWT_JSON_SLACK) < 0:
                raise ValueError(f"at most {MAX_NAMES} names")
        forget_names(&self.known)
        want_names(&self.known, &self.names)

    def read(self, bytes data not None, unsigned int line=0):
        """Scan a text, and learn from it.

        Args:
            data: the text, ``bytes``.
            line: which of the orders that are told apart it is likely to have.

        Returns:
            What ``check`` says, and of each wanted member, by its place, the kind, the flags, the text and,
            of a number, the value; or ``None``.
        """
        cdef Member[MAX_NAMES] members
        cdef bytes text = data + bytes(CYJWT_JSON_SLACK)
        cdef int i
        cdef int error = scan_object(
            <const uint8_t*><const char*>text, len(data), &self.names, members, &self.known, line, NULL
        )
        found = []
        for i in range(self.names.count if error == JSON_OK else 0):
            if members[i].kind == ABSENT:
                found.append(None)
                continue
            start = <Py_ssize_t>(members[i].start - <const uint8_t*><const char*>text)
            found.append((
                members[i].kind,
                members[i].flags,
                text[start:start + members[i].length],
                members[i].value if members[i].kind in (INTEGER, FRACTION) else None,
            ))
        return reason_of_json(error), found
