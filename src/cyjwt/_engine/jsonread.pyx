"""The strict JSON reader (RFC 8259): UTF-8 only, duplicate members refused, depth and numbers capped.

Three bounded memories make objects cheap, and only text that a key of ours signed adds to them. Member
names that were seen before are not made anew. Nor are the values of members whose values recur across an
issuer's tokens and identify no person (``iss``, ``aud``, ``scope``, role names ...). And an object whose
members come in an order seen before starts as a copy of one of that shape, which spares the growth of its
table. In each memory a newcomer takes the slot of what was there.
"""

from libc.stdlib cimport free, malloc, realloc
from libc.stdint cimport int64_t, uint32_t
from libc.string cimport memcmp, memcpy, memset

from cyjwt._engine.jsonlex cimport (
    ABSENT,
    ARRAY,
    CYJWT_JSON_SLACK,
    CYJWT_UNLIKELY,
    ESCAPED,
    FALSE_VALUE,
    INTEGER,
    MAX_DEPTH,
    NON_ASCII,
    NULL_VALUE,
    OBJECT,
    STRING,
    TRUE_VALUE,
    Number,
    cyjwt_locale_ready,
    cyjwt_string_stop,
    number_value,
    scan_number,
    scan_string,
    skip_space,
    unescape,
)
from cyjwt._engine.jsonmemory cimport (
    GUESS_DEPTHS,
    NAME_SLOTS_LOG,
    VALUE_SLOTS_LOG,
    Memory,
    Shape,
    ascii_text,
    is_next,
    known_text,
    make_dict,
)
from cyjwt._engine.jsonscan cimport find_name
from cyjwt._engine.pyraw cimport (
    Py_DECREF,
    Py_False,
    Py_INCREF,
    Py_None,
    Py_True,
    PyDict_New,
    PyErr_NoMemory,
    PyErr_SetObject,
    PyFloat_FromDouble,
    PyList_New,
    PyList_SET_ITEM,
    PyLong_FromLongLong,
    PyUnicode_DecodeUTF8,
)
from cyjwt._engine.status cimport JSON_DEPTH, JSON_MEMORY, JSON_OK, JSON_SYNTAX

if not cyjwt_locale_ready():
    raise MemoryError("no C locale")

cdef enum:
    STACK_AT_HAND = 128

# Claims whose values many tokens share and that identify no person.
cdef frozenset RECURRING = frozenset([
    "iss", "aud", "azp", "client_id", "cid", "scope", "scopes", "scp", "roles", "role", "groups",
    "authorities", "permissions", "perms", "entitlements", "features", "typ", "token_use", "acr", "amr",
    "tid", "tenant",
])

cdef Memory memory
memory.recurring = <PyObject*>RECURRING

cdef struct Reader:
    int error
    bint trusted
    size_t size
    const Names* names
    Member* out
    uint8_t* scratch        # for strings written with escapes; made on the first
    PyObject** stack        # owned references: names and values of what is open, innermost last
    Py_ssize_t top
    Py_ssize_t room
    PyObject* at_hand[STACK_AT_HAND]
    const uint8_t* end      # where the value just read ends


cdef PyObject* fail(Reader* r, int error) noexcept:
    r.error = error
    return NULL


cdef PyObject* no_memory(Reader* r) noexcept:
    PyErr_NoMemory()
    return fail(r, JSON_MEMORY)


cdef bint more_room(Reader* r) noexcept:
    cdef Py_ssize_t room = 4 * r.room
    cdef PyObject** stack
    if r.stack == r.at_hand:
        stack = <PyObject**>malloc(room * sizeof(PyObject*))
        if stack != NULL:
            memcpy(stack, r.at_hand, r.top * sizeof(PyObject*))
    else:
        stack = <PyObject**>realloc(r.stack, room * sizeof(PyObject*))
    if stack == NULL:
        no_memory(r)
        return False
    r.stack = stack
    r.room = room
    return True


cdef inline bint push(Reader* r, PyObject* owned) noexcept:
    """Takes the reference in any case."""
    if CYJWT_UNLIKELY(r.top == r.room) and not more_room(r):
        Py_DECREF(owned)
        return False
    r.stack[r.top] = owned
    r.top += 1
    return True


cdef PyObject* any_text(Reader* r, const uint8_t* p, Py_ssize_t size, int flags) noexcept:
    """The str of a scanned string that has escapes or is not ASCII."""
    cdef PyObject* text
    if flags & ESCAPED:
        if r.scratch == NULL:
            r.scratch = <uint8_t*>malloc(r.size + CYJWT_JSON_SLACK)
            if r.scratch == NULL:
                return no_memory(r)
        size = <Py_ssize_t>unescape(p, size, r.scratch)
        p = r.scratch
    text = PyUnicode_DecodeUTF8(<const char*>p, size, NULL) if flags & NON_ASCII else ascii_text(p, size)
    if text == NULL:
        r.error = JSON_MEMORY
    return text


cdef object wide_integer(const Number* number, const uint8_t* p):
    """An int of more digits than a machine word holds, eighteen at a time; MAX_DIGITS bounds it."""
    cdef int64_t chunk, weight
    cdef int i
    cdef object total = 0
    p += number.negative
    for start in range(0, number.digits, 18):
        chunk = 0
        weight = 1
        for i in range(start, min(start + 18, number.digits)):
            chunk = chunk * 10 + (p[i] - 0x30)
            weight *= 10
        total = total * weight + chunk
    return -total if number.negative else total


cdef PyObject* read_wide_integer(Reader* r, const Number* number, const uint8_t* p) noexcept:
    try:
        total = wide_integer(number, p)
    except BaseException as error:
        # The arithmetic of int looks for signals, so that what a handler raises may come out of it.
        kind = type(error)
        PyErr_SetObject(<PyObject*>kind, <PyObject*>error)
        return fail(r, JSON_MEMORY)
    Py_INCREF(<PyObject*>total)
    return <PyObject*>total


cdef PyObject* read_object(Reader* r, const uint8_t* p, int depth) noexcept:
    """From the opening brace."""
    cdef const uint8_t* stop
    cdef const uint8_t* key
    cdef Py_ssize_t base = r.top, size, i
    cdef PyObject* item
    cdef int flags, index
    cdef bint recurs
    cdef size_t decoded
    cdef Py_ssize_t count = 0
    # Tokens of one issuer, and objects of one list, have their members in one order, so that the next
    # name is worth a guess.
    cdef Shape* guess = memory.last[depth - 1] if depth <= GUESS_DEPTHS else NULL
    p = skip_space(p + 1)
    if p[0] == 0x7D:
        r.end = p + 1
        item = PyDict_New()
        return item if item != NULL else fail(r, JSON_MEMORY)
    while True:
        if p[0] != 0x22:
            return fail(r, JSON_SYNTAX)
        key = p + 1
        flags = 0
        recurs = False
        if guess != NULL and count < guess.count and is_next(&guess.names[count], key):
            item = guess.names[count].text
            Py_INCREF(item)
            recurs = guess.names[count].recurs
            size = guess.names[count].size
            stop = key + size
        else:
            guess = NULL
            stop = cyjwt_string_stop(key)
            if CYJWT_UNLIKELY(stop[0] != 0x22):
                stop = scan_string(key, &flags, &r.error)
                if stop == NULL:
                    return NULL
            size = stop - key
            if flags == 0:
                item = known_text(
                    &memory, memory.names, NAME_SLOTS_LOG, r.trusted, key, size, &recurs
                )
            else:
                item = any_text(r, key, size, flags)
        count += 1
        if item == NULL:
            return fail(r, JSON_MEMORY)
        if not push(r, item):
            return NULL
        index = -1
        if depth == 1 and r.names != NULL:
            if flags & ESCAPED:
                decoded = unescape(key, size, r.scratch)
                memset(r.scratch + decoded, 0, 8)
                index = find_name(r.names, r.scratch, decoded)
            else:
                index = find_name(r.names, key, size)
        p = stop + 1
        if p[0] != 0x3A:
            p = skip_space(p)
            if p[0] != 0x3A:
                return fail(r, JSON_SYNTAX)
        p += 1
        if p[0] <= 0x20:
            p = skip_space(p)
        item = read_any(r, p, depth, &r.out[index] if index >= 0 else NULL, recurs)
        if item == NULL or not push(r, item):
            return NULL
        p = r.end
        if p[0] <= 0x20:
            p = skip_space(p)
        if p[0] == 0x2C:
            p += 1
            if p[0] <= 0x20:
                p = skip_space(p)
        elif p[0] == 0x7D:
            break
        else:
            return fail(r, JSON_SYNTAX)
    item = make_dict(&memory, r.stack + base, count, guess, depth, r.trusted, &r.error)
    if item == NULL:
        return NULL
    for i in range(base, r.top):
        Py_DECREF(r.stack[i])
    r.top = base
    r.end = p + 1
    return item


cdef PyObject* read_array(Reader* r, const uint8_t* p, int depth, bint recurs) noexcept:
    """From the opening bracket."""
    cdef Py_ssize_t base = r.top, i
    cdef PyObject* item
    p = skip_space(p + 1)
    if p[0] != 0x5D:
        while True:
            item = read_any(r, p, depth, NULL, recurs)
            if item == NULL or not push(r, item):
                return NULL
            p = skip_space(r.end)
            if p[0] == 0x2C:
                p = skip_space(p + 1)
            elif p[0] == 0x5D:
                break
            else:
                return fail(r, JSON_SYNTAX)
    item = PyList_New(r.top - base)
    if item == NULL:
        return fail(r, JSON_MEMORY)
    for i in range(r.top - base):
        PyList_SET_ITEM(item, i, r.stack[base + i])
    r.top = base
    r.end = p + 1
    return item


cdef PyObject* read_any(
    Reader* r, const uint8_t* p, int depth, Member* member, bint recurs
) noexcept:
    """One value; notes its place in member where that is not NULL. recurs: strings may be kept."""
    cdef const uint8_t* stop
    cdef PyObject* item
    cdef Number number
    cdef double value = 0
    cdef int flags = 0, kind
    cdef uint8_t c = p[0]
    if c == 0x22:
        p += 1
        stop = cyjwt_string_stop(p)
        if stop[0] != 0x22:
            stop = scan_string(p, &flags, &r.error)
            if stop == NULL:
                return NULL
        r.end = stop + 1
        if member != NULL:
            member.start = p
            member.length = <uint32_t>(stop - p)
            member.kind = STRING
            member.flags = <uint8_t>flags
        if flags:
            return any_text(r, p, stop - p, flags)
        if recurs:
            item = known_text(
                &memory, memory.values, VALUE_SLOTS_LOG, r.trusted, p, stop - p, &recurs
            )
        else:
            item = ascii_text(p, stop - p)
        return item if item != NULL else fail(r, JSON_MEMORY)
    if c == 0x7B or c == 0x5B:
        if depth == MAX_DEPTH:
            return fail(r, JSON_DEPTH)
        kind = OBJECT if c == 0x7B else ARRAY
        item = read_object(r, p, depth + 1) if c == 0x7B else read_array(r, p, depth + 1, recurs)
        if item == NULL:
            return NULL
    elif c == 0x74 and memcmp(p, b"true", 4) == 0:
        kind = TRUE_VALUE
        item = Py_True
        Py_INCREF(item)
        r.end = p + 4
    elif c == 0x66 and memcmp(p, b"false", 5) == 0:
        kind = FALSE_VALUE
        item = Py_False
        Py_INCREF(item)
        r.end = p + 5
    elif c == 0x6E and memcmp(p, b"null", 4) == 0:
        kind = NULL_VALUE
        item = Py_None
        Py_INCREF(item)
        r.end = p + 4
    else:
        r.end = scan_number(p, &number, &r.error)
        if r.end == NULL:
            return NULL
        kind = number.kind
        value = number_value(&number)
        if kind != INTEGER:
            item = PyFloat_FromDouble(value)
        elif number.digits <= 18:
            item = PyLong_FromLongLong(
                -<int64_t>number.magnitude if number.negative else <int64_t>number.magnitude
            )
        else:
            item = read_wide_integer(r, &number, p)
        if item == NULL:
            return fail(r, JSON_MEMORY)
    if member != NULL:
        member.value = value
        member.start = p
        member.length = <uint32_t>(r.end - p)
        member.kind = <uint8_t>kind
        member.flags = 0
    return item


cdef PyObject* read_value(
    const uint8_t* text, size_t size, const Names* names, Member* out, bint trusted, void** hint,
    int* error
) noexcept:
    cdef Reader r
    cdef PyObject* value
    cdef int i
    if names != NULL:
        for i in range(names.count):
            out[i].kind = ABSENT
    r.error = JSON_OK
    r.trusted = trusted
    r.size = size
    r.names = names
    r.out = out
    r.scratch = NULL
    r.stack = r.at_hand
    r.top = 0
    r.room = STACK_AT_HAND
    if hint != NULL and hint[0] != NULL:
        memory.last[0] = <Shape*>hint[0]
    value = read_any(&r, skip_space(text), 0, NULL, False)
    if hint != NULL and value != NULL:
        hint[0] = memory.last[0]
    if value == NULL:
        while r.top > 0:
            r.top -= 1
            Py_DECREF(r.stack[r.top])
    elif skip_space(r.end) != text + size:
        Py_DECREF(value)
        value = fail(&r, JSON_SYNTAX)
    if r.stack != r.at_hand:
        free(r.stack)
    free(r.scratch)
    error[0] = r.error
    return value
