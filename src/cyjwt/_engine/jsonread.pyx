"""The strict JSON reader (RFC 8259): UTF-8 only, duplicate members refused, depth and numbers capped.

Three bounded memories make objects cheap, and only text that a key of ours signed adds to them. Member
names that were seen before are not made anew. Nor are the values of members whose values recur across an
issuer's tokens and identify no person (``iss``, ``aud``, ``scope``, role names ...). And an object whose
members come in an order seen before starts as a copy of one of that shape, which spares the growth of its
table. In each memory a newcomer takes the slot of what was there.
"""

from libc.stdlib cimport calloc
from libc.stdint cimport int64_t, uint32_t
from libc.string cimport memcmp, memset

from cyjwt._engine.jsonlex cimport (
    ABSENT, ARRAY, CYJWT_UNLIKELY, ESCAPED, FALSE_VALUE, INTEGER, MAX_DEPTH, NULL_VALUE, OBJECT, STRING,
    TRUE_VALUE, Number, cyjwt_locale_ready, cyjwt_string_stop, number_value, scan_number, scan_string,
    skip_space, unescape)
from cyjwt._engine.jsonmemory cimport (
    GUESS_DEPTHS, STEADY, KnownText, Memory, Shape, ascii_text, has_shape, is_next, known_name,
    known_number, known_value)
from cyjwt._engine.jsonreader cimport (
    Reader, any_text, close_reader, fail, open_reader, push, read_wide_integer)
from cyjwt._engine.jsonshape cimport make_dict, resume_guess, trust_shape
from cyjwt._engine.jsonnames cimport find_name
from cyjwt._engine.pyraw cimport (
    Py_DECREF, Py_False, Py_INCREF, Py_None, Py_True, PyDict_Copy, PyDict_New, PyDict_Next,
    PyDict_SetItem, PyFloat_FromDouble, PyList_New, PyList_SET_ITEM)
from cyjwt._engine.stripes cimport FREE_THREADED, NO_STRIPE, STRIPES, hold_stripe, leave_stripe
from cyjwt._engine.status cimport JSON_DEPTH, JSON_MEMORY, JSON_SYNTAX
from cyjwt._engine.withheld cimport withhold

if not cyjwt_locale_ready():
    raise MemoryError("no C locale")

# Claims whose values many tokens share and that identify no person.
cdef frozenset RECURRING = frozenset([
    "iss", "aud", "azp", "client_id", "cid", "scope", "scopes", "scp", "roles", "role", "groups",
    "authorities", "permissions", "perms", "entitlements", "features", "typ", "token_use", "acr", "amr",
    "tid", "tenant",
])

cdef Memory first
first.recurring = <PyObject*>RECURRING
cdef Memory** copies = <Memory**>calloc(STRIPES, sizeof(Memory*))
if copies == NULL:
    raise MemoryError
copies[0] = &first


cdef Memory* memory_of(int stripe) noexcept nogil:
    """A stripe's memory; NULL where there can be none, which with a GIL never is."""
    if stripe == NO_STRIPE:
        return NULL
    if CYJWT_UNLIKELY(copies[stripe] == NULL):
        copies[stripe] = <Memory*>calloc(1, sizeof(Memory))
        if copies[stripe] == NULL:
            return NULL if FREE_THREADED else &first
        copies[stripe].recurring = first.recurring
    return copies[stripe]


cdef inline Shape** last_of(const Reader* r) noexcept nogil:
    """By depth, the guesses at shapes; NULL where there is no memory."""
    return NULL if FREE_THREADED and r.memory == NULL else r.memory.last


cdef inline const uint8_t* past_colon(Reader* r, const uint8_t* p) noexcept:
    """From behind the closing quote of a name to its value."""
    if p[0] != 0x3A:
        p = skip_space(p)
        if p[0] != 0x3A:
            fail(r, JSON_SYNTAX)
            return NULL
    return skip_space(p + 1)


cdef inline Member* wanted_member(Reader* r, const uint8_t* name, size_t size, int depth) noexcept:
    """Where the member of that name is to be noted, or NULL."""
    cdef int index
    if depth > 1 or r.names == NULL:
        return NULL
    index = find_name(r.names, name, size)
    return &r.out[index] if index >= 0 else NULL


cdef PyObject* read_alike(
    Reader* r, const uint8_t** at, int depth, Shape* shape, Py_ssize_t* count
) noexcept:
    """An object, from its first name, into a copy of a shape's model.

    NULL without an error where it turns out to be another: then the members so far are on the stack, count
    says how many they are, and at is where the last of them ends.
    """
    cdef PyObject* model = shape.model
    cdef PyObject* made
    cdef PyObject* key
    cdef PyObject* kept
    cdef PyObject* item
    cdef KnownText* name
    cdef KnownText* value
    cdef Member* member
    cdef const uint8_t* p = at[0]
    cdef const uint8_t* last = p
    cdef Py_ssize_t i = 0, place = 0
    # As long as the model is held, no other one has its address. What collects garbage may run code that
    # reads tokens itself and replaces the shape.
    Py_INCREF(model)
    made = PyDict_Copy(model)
    if made == NULL:
        fail(r, JSON_MEMORY)
    while made != NULL and shape.model == model:
        name = &shape.names[i]
        if p[0] != 0x22 or not is_next(name, p + 1):
            break
        member = wanted_member(r, p + 1, name.size, depth)
        p = past_colon(r, p + name.size + 2)
        if p == NULL:
            break
        value = &shape.values[i]
        if value.size and p[0] == 0x22 and is_next(value, p + 1):
            # It is in the copy already.
            if member != NULL:
                member.start = p + 1
                member.length = <uint32_t>value.size
                member.kind = STRING
                member.flags = 0
            p += value.size + 2
        else:
            key = name.text
            kept = value.text
            item = read_any(r, p, depth, member, name.recurs)
            if item == NULL:
                break
            if item != kept and PyDict_SetItem(made, key, item) < 0:
                fail(r, JSON_MEMORY)
                Py_DECREF(item)
                break
            Py_DECREF(item)
            p = r.end
        i += 1
        last = p
        p = skip_space(p)
        if p[0] == 0x7D and i == shape.count and shape.model == model:
            r.end = p + 1
            Py_DECREF(model)
            return made
        if p[0] != 0x2C or i == shape.count:
            break
        p = skip_space(p + 1)
    at[0] = last
    while not r.error and count[0] < i and PyDict_Next(made, &place, &key, &item):
        Py_INCREF(key)
        Py_INCREF(item)
        count[0] += 1
        if not push(r, key):
            Py_DECREF(item)
        elif not push(r, item):
            pass
    if made != NULL:
        Py_DECREF(made)
    Py_DECREF(model)
    return NULL


cdef PyObject* read_object(Reader* r, const uint8_t* p, int depth) noexcept:
    """From the opening brace."""
    cdef const uint8_t* stop
    cdef const uint8_t* key
    cdef Py_ssize_t base = r.top, size, i
    cdef PyObject* item
    cdef Member* member
    cdef int flags
    cdef bint recurs
    cdef size_t decoded
    cdef Py_ssize_t count = 0, next
    # Tokens of one issuer, and objects of one list, have their members in one order, so that the next
    # name is worth a guess.
    cdef Shape* guess = last_of(r)[depth - 1] if depth <= GUESS_DEPTHS and last_of(r) != NULL else NULL
    p = skip_space(p + 1)
    if p[0] == 0x7D:
        r.end = p + 1
        item = PyDict_New()
        return item if item != NULL else fail(r, JSON_MEMORY)
    if guess != NULL and guess.steady >= STEADY and guess.model != NULL:
        item = read_alike(r, &p, depth, guess, &count)
        if r.trusted and not r.error:
            trust_shape(guess, item != NULL)
        if item != NULL or r.error:
            return item
    next = count
    while True:
        if count:
            p = skip_space(p)
            if p[0] == 0x7D:
                break
            if p[0] != 0x2C:
                return fail(r, JSON_SYNTAX)
            p = skip_space(p + 1)
        if p[0] != 0x22:
            return fail(r, JSON_SYNTAX)
        key = p + 1
        flags = 0
        recurs = False
        if guess != NULL and next < guess.count and is_next(&guess.names[next], key):
            item = guess.names[next].text
            Py_INCREF(item)
            recurs = guess.names[next].recurs
            size = guess.names[next].size
            stop = key + size
            next += 1
        else:
            stop = cyjwt_string_stop(key)
            if CYJWT_UNLIKELY(stop[0] != 0x22):
                stop = scan_string(key, &flags, &r.error)
                if stop == NULL:
                    return NULL
            size = stop - key
            if flags == 0:
                item = known_name(r.memory, r.trusted, key, size, &recurs)
                next = resume_guess(guess, next, item)
            else:
                item = any_text(r, key, size, flags)
        count += 1
        if item == NULL:
            return fail(r, JSON_MEMORY)
        if not push(r, item):
            return NULL
        if flags & ESCAPED:
            decoded = unescape(key, size, r.scratch)
            memset(r.scratch + decoded, 0, 8)
            member = wanted_member(r, r.scratch, decoded, depth)
        else:
            member = wanted_member(r, key, size, depth)
        p = past_colon(r, stop + 1)
        if p == NULL:
            return NULL
        item = read_any(r, p, depth, member, recurs)
        if item == NULL or not push(r, item):
            return NULL
        p = r.end
    item = make_dict(r.memory, r.stack + base, count, guess, depth, r.trusted, &r.error)
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
        item = known_value(r.memory, r.trusted, p, stop - p) if recurs else ascii_text(p, stop - p)
        return item if item != NULL else fail(r, JSON_MEMORY)
    if c == 0x7B or c == 0x5B:
        if depth == MAX_DEPTH:
            return fail(r, JSON_DEPTH)
        kind = OBJECT if c == 0x7B else ARRAY
        item = read_object(r, p, depth + 1) if c == 0x7B else read_array(r, p, depth + 1, recurs)
        if item == NULL:
            return NULL
        if r.withheld:
            withhold(item)
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
            item = known_number(
                r.memory, r.trusted,
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


cdef PyObject* read_value(const uint8_t* text, size_t size, bint trusted, int* error) noexcept:
    cdef int stripe = hold_stripe()
    cdef PyObject* value = read_value_in(stripe, text, size, NULL, NULL, trusted, False, NULL, error)
    leave_stripe(stripe)
    return value


cdef PyObject* read_value_in(
    int stripe, const uint8_t* text, size_t size, const Names* names, Member* out, bint trusted,
    bint withheld, void** hint, int* error
) noexcept:
    cdef Reader r
    cdef PyObject* value
    cdef int i
    if names != NULL:
        for i in range(names.count):
            out[i].kind = ABSENT
    open_reader(&r, memory_of(stripe), size, trusted, withheld)
    r.names = names
    r.out = out
    if hint != NULL and hint[0] != NULL and has_shape(r.memory, hint[0]):
        last_of(&r)[0] = <Shape*>hint[0]
    value = read_any(&r, skip_space(text), 0, NULL, False)
    # Written where it changes: threads on other cores read beside it.
    if hint != NULL and value != NULL and last_of(&r) != NULL and hint[0] != last_of(&r)[0]:
        hint[0] = last_of(&r)[0]
    if value != NULL and skip_space(r.end) != text + size:
        Py_DECREF(value)
        value = fail(&r, JSON_SYNTAX)
    close_reader(&r)
    error[0] = r.error
    return value
