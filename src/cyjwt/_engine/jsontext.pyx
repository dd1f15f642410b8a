"""The strict JSON reader (RFC 8259): UTF-8 only, duplicate members refused, depth and numbers capped.

Three bounded memories make objects cheap, and only text that a key of ours signed adds to them. Member
names that were seen before are not made anew. Nor are the values of members whose values recur across an
issuer's tokens and identify no person (``iss``, ``aud``, ``scope``, role names ...). And an object whose
members come in an order seen before starts as a copy of one of that shape, which spares the growth of its
table. In each memory a newcomer takes the slot of what was there.
"""

from libc.stdlib cimport free, malloc, realloc
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.string cimport memcmp, memcpy, memset

from cyjwt._engine.jsonlex cimport (
    ABSENT,
    ARRAY,
    CYJWT_JSON_SLACK,
    CYJWT_UNLIKELY,
    cyjwt_copy,
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
    cyjwt_first8,
    cyjwt_load64,
    cyjwt_locale_ready,
    cyjwt_string_stop,
    number_value,
    scan_number,
    scan_string,
    skip_space,
    unescape,
)
from cyjwt._engine.jsonscan cimport find_name
from cyjwt._engine.pyraw cimport (
    Py_DECREF,
    Py_False,
    Py_INCREF,
    Py_None,
    Py_True,
    PyBytes_AS_STRING,
    PyBytes_CheckExact,
    PyBytes_GET_SIZE,
    PyDict_Copy,
    PyDict_GetItemWithError,
    PyDict_New,
    PyDict_SetItem,
    PyDict_Size,
    PyErr_Clear,
    PyErr_NoMemory,
    PyFloat_FromDouble,
    PyList_New,
    PyList_SET_ITEM,
    PyLong_FromLongLong,
    PyNumber_Add,
    PyNumber_Multiply,
    PyNumber_Negative,
    PyObject_Hash,
    PyUnicode_1BYTE_DATA,
    PyUnicode_AsUTF8AndSize,
    PyUnicode_Check,
    PyUnicode_DecodeUTF8,
    PyUnicode_FromOrdinal,
    PyUnicode_New,
)
from cyjwt._engine.status cimport JSON_DEPTH, JSON_DUPLICATE, JSON_MEMORY, JSON_OK, JSON_SYNTAX, JSON_UTF8

from cyjwt._engine.status import message_of_json, reason_of_json
from cyjwt.errors import DecodeError

# Claims whose values many tokens share and that identify no person.
cdef frozenset RECURRING = frozenset([
    "iss", "aud", "azp", "client_id", "cid", "scope", "scopes", "scp", "roles", "role", "groups",
    "authorities", "permissions", "perms", "entitlements", "features", "typ", "token_use", "acr", "amr",
    "tid", "tenant",
])

if not cyjwt_locale_ready():
    raise MemoryError("no C locale")

cdef enum:
    NAME_SLOTS_LOG = 10
    NAME_SLOTS = 1 << NAME_SLOTS_LOG
    VALUE_SLOTS_LOG = 12
    VALUE_SLOTS = 1 << VALUE_SLOTS_LOG
    TEXT_MAX = 64           # longer texts are made each time
    SHAPE_SLOTS = 64        # a power of two
    SHAPE_LEAST = 6         # a table of five grows no time
    SHAPE_MOST = 64
    STACK_AT_HAND = 128

# A str that is kept, of ASCII; first and last are its first and last eight bytes.
cdef struct KnownText:
    PyObject* text
    uint64_t first
    uint64_t last
    Py_ssize_t size
    bint recurs             # of a name: values under it are kept too

# An order of names. The dict has recurring values, else None, and owns all that is listed beside it.
cdef struct Shape:
    Py_ssize_t count
    PyObject* model
    PyObject* names[SHAPE_MOST]
    PyObject* values[SHAPE_MOST]

cdef KnownText known_names[NAME_SLOTS]
cdef KnownText known_values[VALUE_SLOTS]
cdef Shape known_shapes[SHAPE_SLOTS]

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


cdef inline PyObject* ascii_text(const uint8_t* p, Py_ssize_t size) noexcept:
    cdef PyObject* text
    if CYJWT_UNLIKELY(size == 1):
        return PyUnicode_FromOrdinal(p[0])
    text = PyUnicode_New(size, 127)
    if text != NULL:
        cyjwt_copy(PyUnicode_1BYTE_DATA(text), p, <size_t>size)
    return text


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


cdef inline PyObject* known_text(
    KnownText* table, int slots_log, bint trusted, const uint8_t* p, Py_ssize_t size, bint* recurs
) noexcept:
    """The str of a text without escapes, all ASCII; from the table where it is known."""
    cdef uint64_t first, last, h
    cdef KnownText* slot
    cdef PyObject* text
    if CYJWT_UNLIKELY(size > TEXT_MAX or size == 0):
        return ascii_text(p, size)
    first = cyjwt_first8(p, size)
    last = cyjwt_load64(p + size - 8) if size > 8 else 0
    h = (first ^ (last << 7 | last >> 57)) * <uint64_t>0x9E3779B97F4A7C15 + <uint64_t>size
    slot = &table[(h ^ h >> 29) * <uint64_t>0xBF58476D1CE4E5B9 >> (64 - slots_log)]
    if slot.first == first and slot.last == last and slot.size == size:
        if size <= 16 or memcmp(PyUnicode_1BYTE_DATA(slot.text) + 8, p + 8, size - 16) == 0:
            recurs[0] = slot.recurs
            Py_INCREF(slot.text)
            return slot.text
    text = ascii_text(p, size)
    if text != NULL and trusted:
        keep_text(slot, text, first, last, size)
        recurs[0] = slot.recurs
    return text


cdef void keep_text(
    KnownText* slot, PyObject* text, uint64_t first, uint64_t last, Py_ssize_t size
) noexcept:
    PyObject_Hash(text)
    Py_INCREF(text)
    if slot.text != NULL:
        Py_DECREF(slot.text)
    slot.text = text
    slot.first = first
    slot.last = last
    slot.size = size
    slot.recurs = <object>text in RECURRING


cdef PyObject* read_integer(Number* number, const uint8_t* p) noexcept:
    """An int of more digits than a machine word holds, eighteen at a time; MAX_DIGITS bounds it."""
    cdef PyObject* total = PyLong_FromLongLong(0)
    cdef PyObject* part
    cdef PyObject* scale
    cdef PyObject* next_total
    cdef int64_t chunk, weight
    cdef int left = number.digits, i, n
    if number.negative:
        p += 1
    while left > 0 and total != NULL:
        n = left if left < 18 else 18
        chunk = 0
        weight = 1
        for i in range(n):
            chunk = chunk * 10 + (p[i] - 0x30)
            weight *= 10
        p += n
        left -= n
        scale = PyLong_FromLongLong(weight)
        part = PyLong_FromLongLong(chunk)
        next_total = NULL
        if scale != NULL and part != NULL:
            next_total = PyNumber_Multiply(total, scale)
        Py_DECREF(total)
        total = next_total
        if total != NULL:
            next_total = PyNumber_Add(total, part)
            Py_DECREF(total)
            total = next_total
        if scale != NULL:
            Py_DECREF(scale)
        if part != NULL:
            Py_DECREF(part)
    if total != NULL and number.negative:
        next_total = PyNumber_Negative(total)
        Py_DECREF(total)
        total = next_total
    return total


cdef bint keep_shape(PyObject** pairs, Py_ssize_t count, Shape* shape) noexcept:
    """Remembers the order of an object's names; False where there was no memory."""
    cdef PyObject* model = PyDict_New()
    cdef PyObject* value
    cdef Py_ssize_t i
    if model == NULL:
        return False
    for i in range(count):
        # Only what cannot change may be shared, and only what names no person is kept.
        value = pairs[2 * i + 1]
        if value != Py_True and value != Py_False:
            if not PyUnicode_Check(value) or <object>pairs[2 * i] not in RECURRING:
                value = Py_None
        if PyDict_SetItem(model, pairs[2 * i], value) < 0:
            Py_DECREF(model)
            return False
    if shape.model != NULL:
        Py_DECREF(shape.model)
    shape.model = model
    shape.count = count
    for i in range(count):
        shape.names[i] = pairs[2 * i]
        shape.values[i] = PyDict_GetItemWithError(model, pairs[2 * i])
    return True


cdef PyObject* make_dict(Reader* r, PyObject** pairs, Py_ssize_t count) noexcept:
    """A dict of the pairs; their references stay with the caller. Duplicate names are refused."""
    cdef PyObject* made
    cdef Shape* shape = NULL
    cdef uint64_t h = <uint64_t>count
    cdef Py_ssize_t i
    cdef bint same = False
    if SHAPE_LEAST <= count <= SHAPE_MOST:
        for i in range(count):
            h = (h ^ <uint64_t>pairs[2 * i]) * <uint64_t>0x9E3779B97F4A7C15
            h ^= h >> 32
        shape = &known_shapes[h & (SHAPE_SLOTS - 1)]
        if shape.count == count:
            same = True
            for i in range(count):
                if shape.names[i] != pairs[2 * i]:
                    same = False
                    break
    made = PyDict_Copy(shape.model) if same else PyDict_New()
    if made == NULL:
        return fail(r, JSON_MEMORY)
    for i in range(count):
        if same and shape.values[i] == pairs[2 * i + 1]:
            continue
        if PyDict_SetItem(made, pairs[2 * i], pairs[2 * i + 1]) < 0:
            Py_DECREF(made)
            return fail(r, JSON_MEMORY)
    if same:
        return made
    if PyDict_Size(made) != count:
        Py_DECREF(made)
        return fail(r, JSON_DUPLICATE)
    if shape != NULL and r.trusted and not keep_shape(pairs, count, shape):
        Py_DECREF(made)
        return fail(r, JSON_MEMORY)
    return made


cdef PyObject* read_object(Reader* r, const uint8_t* p, int depth) noexcept:
    """From the opening brace."""
    cdef const uint8_t* stop
    cdef const uint8_t* key
    cdef Py_ssize_t base = r.top, size, i
    cdef PyObject* item
    cdef int flags, index
    cdef bint recurs
    cdef size_t decoded
    p = skip_space(p + 1)
    if p[0] == 0x7D:
        r.end = p + 1
        item = PyDict_New()
        return item if item != NULL else fail(r, JSON_MEMORY)
    while True:
        if p[0] != 0x22:
            return fail(r, JSON_SYNTAX)
        key = p + 1
        stop = cyjwt_string_stop(key)
        flags = 0
        if CYJWT_UNLIKELY(stop[0] != 0x22):
            stop = scan_string(key, &flags, &r.error)
            if stop == NULL:
                return NULL
        size = stop - key
        recurs = False
        if flags == 0:
            item = known_text(known_names, NAME_SLOTS_LOG, r.trusted, key, size, &recurs)
        else:
            item = any_text(r, key, size, flags)
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
    item = make_dict(r, r.stack + base, (r.top - base) >> 1)
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
            item = known_text(known_values, VALUE_SLOTS_LOG, r.trusted, p, stop - p, &recurs)
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
            item = read_integer(&number, p)
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
    const uint8_t* text, size_t size, const Names* names, Member* out, bint trusted, int* error
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
    value = read_any(&r, skip_space(text), 0, NULL, False)
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


cdef object load(data, bint trusted):
    cdef PyObject* raw = <PyObject*>data
    cdef PyObject* value
    cdef const char* source
    cdef Py_ssize_t size
    cdef uint8_t[2048] at_hand
    cdef uint8_t* text = at_hand
    cdef int error = JSON_OK
    if PyBytes_CheckExact(raw):
        source = PyBytes_AS_STRING(raw)
        size = PyBytes_GET_SIZE(raw)
    elif PyUnicode_Check(raw):
        source = PyUnicode_AsUTF8AndSize(raw, &size)
        if source == NULL:
            PyErr_Clear()
            raise _error(JSON_UTF8)
    elif isinstance(data, (bytes, bytearray, memoryview)):
        return load(bytes(data), trusted)
    else:
        raise TypeError("JSON text must be bytes or str")
    if size > <Py_ssize_t>sizeof(at_hand) - CYJWT_JSON_SLACK:
        text = <uint8_t*>malloc(size + CYJWT_JSON_SLACK)
        if text == NULL:
            raise MemoryError
    memcpy(text, source, size)
    memset(text + size, 0, CYJWT_JSON_SLACK)
    value = read_value(text, size, NULL, NULL, trusted, &error)
    if text != at_hand:
        free(text)
    if value == NULL:
        if error == JSON_MEMORY:
            PyErr_Clear()
            raise MemoryError
        raise _error(error)
    result = <object>value
    Py_DECREF(value)
    return result


def _error(int kind):
    error = DecodeError(f"The text {message_of_json(kind)}")
    error.code = reason_of_json(kind)
    return error


def loads(data, /):
    """Reads JSON text strictly (RFC 8259).

    Args:
        data: UTF-8 ``bytes``, or ``str``, from a source that is trusted: its member names may be kept.

    Returns:
        The value, as ``json.loads`` would give it.

    Raises:
        DecodeError: not JSON, not UTF-8, a duplicate member, or past a cap. Its ``code`` says which.
        TypeError: ``data`` is neither.

    Example:
        >>> loads(b'{"sub":"42","roles":["admin"]}')
        {'sub': '42', 'roles': ['admin']}
    """
    return load(data, True)


def loads_unsigned(data, /):
    """``loads`` for text that nobody vouches for: nothing of it is kept."""
    return load(data, False)
