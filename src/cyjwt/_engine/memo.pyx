"""A bounded memory of what a costly construction made, found again by what it was made from.

Arguments are compared by their exact types and contents, never by hash alone, and the construction gets what
was written down of them and not the caller's own containers, which might change meanwhile.

Secrets are compared as any text, not in constant time. Neither side is chosen by an attacker: what is asked
for is the service's own key material and options, never a token or a part of one. Whoever could put guesses
here would learn no more from the time than which of the service's own keys was used last, and where many are
kept, look-up goes by a hash under the process's random key (PEP 456) before anything is compared.

The interpreter lock guards it, or where there is none the critical section of the memo, which is let go of
where that lock would be.
"""

cimport cython
from cpython.object cimport PyObject
from libc.stdint cimport uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from cyjwt._engine.pyraw cimport (
    Py_DECREF,
    Py_INCREF,
    Py_XDECREF,
    PyBytes_AS_STRING,
    PyBytes_FromStringAndSize,
    PyDict_GetItemWithError,
    PyDict_Next,
    PyErr_Clear,
    PyTuple_GET_ITEM,
)
from cyjwt._engine.question cimport (
    BUFFER, DICT, LARGEST, LIST, MOST_VALUES, Node, PyTypeObject, Question, Row, close_row, hash_row,
    octets_of, open_row, same_nodes, write_question)

cdef extern from "Python.h":
    PyTypeObject PyByteArray_Type
    PyObject* PyLong_FromUnsignedLongLong(unsigned long long v) noexcept

cdef enum:
    FAIR_SHARE = 1 << 13    # octets that an entry may have, on the average
    FRONT = 4               # entries that are looked at before anything is hashed
    MOST_ENTRIES = 1 << 24


@cython.final
cdef class Entry:
    """What was made, and from what."""

    cdef object made
    cdef list held              # what the nodes borrow
    cdef Node* node
    cdef Py_ssize_t used, places, octets
    cdef uint64_t hash
    cdef Entry same             # another entry of the same hash
    cdef PyObject* newer        # its neighbours by last use, borrowed
    cdef PyObject* older

    def __dealloc__(self):
        free(self.node)


# --- an entry --------------------------------------------------------------------------------------------


cdef bint take(Entry entry, const Row* row) except -1:
    """Makes an entry own what a row borrows; False where that is too large to keep."""
    cdef Node* node
    cdef Py_ssize_t i
    cdef Py_ssize_t octets = octets_of(row)
    cdef bint failed = False
    if octets > LARGEST:
        return False
    entry.hash = hash_row(row)
    node = <Node*>malloc(row.used * sizeof(Node) + 1)
    if node == NULL:
        raise MemoryError
    memcpy(node, row.node, row.used * sizeof(Node))
    for i in range(row.used):
        if node[i].kind < BUFFER:
            Py_INCREF(node[i].object)
        elif node[i].kind == BUFFER:
            node[i].object = PyBytes_FromStringAndSize(node[i].data, node[i].size)
            if node[i].object != NULL:
                node[i].data = PyBytes_AS_STRING(node[i].object)
        else:
            node[i].object = NULL
    # All is owned from here on, so that code may run again; now it goes where the collector sees it.
    entry.node = node
    entry.held = []
    for i in range(row.used):
        if node[i].object != NULL:
            entry.held.append(<object>node[i].object)
            Py_DECREF(node[i].object)
        elif node[i].kind == BUFFER:
            failed = True
    if failed:
        PyErr_Clear()
        raise MemoryError
    entry.used = row.used
    entry.places = row.places
    entry.octets = octets
    return True


cdef object copied(Entry entry, Py_ssize_t* at):
    """The value whose nodes start there, its containers new ones; at goes behind it."""
    cdef const Node* node = &entry.node[at[0]]
    at[0] += 1
    if node.kind < BUFFER:
        return <object>node.object
    if node.kind == BUFFER:
        if node.type == &PyByteArray_Type:
            return bytearray(<object>node.object)
        return memoryview(<object>node.object)
    if node.kind == DICT:
        members = {}
        for _ in range(node.size):
            name = copied(entry, at)
            members[name] = copied(entry, at)
        return members
    items = [copied(entry, at) for _ in range(node.size)]
    return items if node.kind == LIST else (<object><PyObject*>node.type)(items)


cdef Entry new_entry(Memo memo, const Question* question):
    """An entry that has yet to get what is made; None where the question cannot be remembered."""
    cdef Row row
    cdef bint kept
    # Made before anything is borrowed: a collection of garbage that it sets off may run code.
    cdef Entry entry = Entry.__new__(Entry)
    open_row(&row)
    try:
        kept = write_question(&row, question, memo.live, memo.immutable) and take(entry, &row)
    finally:
        close_row(&row)
    return entry if kept else None


cdef object make(Memo memo, Entry entry, Py_ssize_t names):
    cdef Py_ssize_t at = 0
    arguments = [copied(entry, &at) for _ in range(entry.places)]
    named = [copied(entry, &at) for _ in range(names)]
    options = {copied(entry, &at): value for value in named}
    return memo.build(*arguments, **options)


cdef bint answers(Entry entry, const Row* row) noexcept:
    """Whether an entry was made from what a row says."""
    if entry.used != row.used or entry.places != row.places:
        return False
    return same_nodes(entry.node, row.node, row.used)


# --- all entries -----------------------------------------------------------------------------------------


cdef void unlink(Memo memo, Entry entry) noexcept:
    """Takes an entry out of the order of use."""
    if entry.newer == NULL:
        memo.newest = entry.older
    else:
        (<Entry>entry.newer).older = entry.older
    if entry.older == NULL:
        memo.oldest = entry.newer
    else:
        (<Entry>entry.older).newer = entry.newer


cdef void link(Memo memo, Entry entry) noexcept:
    """Puts an entry in front."""
    entry.newer = NULL
    entry.older = memo.newest
    if memo.newest == NULL:
        memo.oldest = <PyObject*>entry
    else:
        (<Entry>memo.newest).newer = <PyObject*>entry
    memo.newest = <PyObject*>entry


cdef PyObject* seek(Memo memo, const Row* row) noexcept:
    """The entry that answers a row, borrowed, and in front from now on; or NULL."""
    cdef PyObject* entry = memo.newest
    cdef PyObject* hash
    for _ in range(FRONT):
        if entry == NULL or answers(<Entry>entry, row):
            break
        entry = (<Entry>entry).older
    else:
        hash = PyLong_FromUnsignedLongLong(hash_row(row))
        entry = PyDict_GetItemWithError(<PyObject*>memo.table, hash) if hash != NULL else NULL
        Py_XDECREF(hash)
        while entry != NULL and not answers(<Entry>entry, row):
            entry = following(<Entry>entry)
    if entry == NULL:
        # Memory may have run out on the way, which is no reason to fail.
        PyErr_Clear()
        return NULL
    if entry != memo.newest:
        unlink(memo, <Entry>entry)
        link(memo, <Entry>entry)
    memo.hits += 1
    return entry


cdef PyObject* following(Entry entry) noexcept:
    """The next entry of the same hash, or NULL."""
    return NULL if entry.same is None else <PyObject*>entry.same


cdef object keep(Memo memo, Entry entry, uint64_t epoch):
    """Remembers an entry that is complete, and gives what it holds."""
    cdef Row row
    cdef Entry first, other
    # What leaves is let go of at the end: that may run code.
    cdef list leaving = []
    row.node = entry.node
    row.used = entry.used
    row.places = entry.places
    with cython.critical_section(memo):
        if memo.epoch != epoch or memo.capacity == 0:
            return entry.made
        first = other = memo.table.get(entry.hash)
        while other is not None:
            if answers(other, &row):
                # Another thread was first.
                return other.made
            other = other.same
        entry.same = first
        memo.table[entry.hash] = entry
        link(memo, entry)
        memo.count += 1
        memo.octets += entry.octets
        shrink(memo, leaving)
        return entry.made


cdef int shrink(Memo memo, list leaving) except -1:
    """Takes out the entries whose last use is longest ago, until all bounds are kept."""
    cdef Py_ssize_t most = max(<Py_ssize_t>LARGEST, memo.capacity * FAIR_SHARE)
    cdef Entry entry, other
    while memo.count > memo.capacity or memo.octets > most:
        entry = <Entry>memo.oldest
        leaving.append(entry)
        other = memo.table[entry.hash]
        if other is not entry:
            while other.same is not entry:
                other = other.same
            other.same = entry.same
        elif entry.same is not None:
            memo.table[entry.hash] = entry.same
        else:
            del memo.table[entry.hash]
        entry.same = None
        unlink(memo, entry)
        memo.count -= 1
        memo.octets -= entry.octets
    return 0


cdef Py_ssize_t read_size(object size) except -1:
    if isinstance(size, bool) or not isinstance(size, int):
        raise TypeError("size must be a number of entries")
    if not 0 <= size <= MOST_ENTRIES:
        raise ValueError(f"size must be from 0 to {<long>MOST_ENTRIES}")
    return size


cdef bint read_question(Question* question, tuple args, dict options) noexcept:
    cdef Py_ssize_t i
    cdef Py_ssize_t position = 0
    question.places = len(args)
    question.names = 0
    if len(args) + len(options) > MOST_VALUES:
        return False
    for i in range(question.places):
        question.value[i] = PyTuple_GET_ITEM(<PyObject*>args, i)
    i = question.places
    while PyDict_Next(
        <PyObject*>options, &position, &question.name[question.names], &question.value[i]
    ):
        question.names += 1
        i += 1
        if i == MOST_VALUES:
            break
    return True


@cython.final
cdef class Memo:
    """Remembers what ``build`` made, by the exact types and contents of its arguments.

    ``str``, ``bytes``, numbers, ``None`` and ``timedelta``, and lists, tuples, dicts and sets of these are
    told by content, and so are ``bytearray`` and plain ``memoryview``. Any other object is told by its
    identity, and held. What is a container or a buffer of another type may change unseen: with one among
    its arguments, ``build`` is called each time. So it is where they are larger than 128 KiB together.

    It is bounded, forgets what was not used for longest, and may be shared by threads. What ``build`` raises
    is passed on and not remembered.

    Args:
        build: what makes the value; it gets its own copies of lists, dicts, sets and buffers.
        size: the most values to remember; 0 for none.
        live: names of keyword arguments that ``build`` keeps and asks later, so that they are told by
            identity whatever they are.
        immutable: types whose objects never change, although they are containers.

    Example:
        >>> memo = Memo(lambda names, leeway=0: object(), 8)
        >>> memo.find(["a", "b"], leeway=1) is memo.find(["a", "b"], leeway=1)
        True
        >>> memo.find(["a", "b"], leeway=1) is memo.find(["a", "b"], leeway=1.0)
        False
    """

    def __init__(self, build, size, *, live=(), immutable=()):
        if not callable(build):
            raise TypeError("build must be callable")
        self.capacity = read_size(size)
        self.live = tuple(live)
        self.immutable = tuple(immutable)
        if not all(type(name) is str for name in self.live):
            raise TypeError("live must name arguments")
        self.build = build

    def __cinit__(self):
        self.table = {}
        self.live = self.immutable = ()

    def find(self, *args, **options):
        """What ``build(*args, **options)`` gives, or gave when it was called with the same."""
        cdef Question question
        cdef PyObject* found
        cdef Entry entry
        # Read first: a clear() in between means what is asked now as well.
        cdef uint64_t epoch
        with cython.critical_section(self):
            epoch = self.epoch
        if not read_question(&question, args, options):
            return self.build(*args, **options)
        found = recall(self, &question)
        if found != NULL:
            made = <object>found
            Py_DECREF(found)
            return made
        with cython.critical_section(self):
            self.misses += 1
        entry = new_entry(self, &question) if self.capacity else None
        if entry is None:
            return self.build(*args, **options)
        entry.made = make(self, entry, question.names)
        return keep(self, entry, epoch)

    def clear(self):
        """Forget everything: when it returns, nothing here holds a value or an argument."""
        cdef dict table = {}
        with cython.critical_section(self):
            # The old table, and all that leaves with it, goes when this returns: that may run code.
            self.table, table = table, self.table
            # What is being made at this moment will not be kept either.
            self.epoch += 1
            self.newest = self.oldest = NULL
            self.count = self.octets = 0
            self.hits = self.misses = 0

    def resize(self, size):
        """Set the most values to remember."""
        cdef list leaving = []
        cdef Py_ssize_t capacity = read_size(size)
        with cython.critical_section(self):
            self.capacity = capacity
            shrink(self, leaving)

    def info(self):
        """Counters: hits, misses, size, capacity, and the octets of what the values were made from."""
        with cython.critical_section(self):
            return {
                "hits": self.hits,
                "misses": self.misses,
                "size": self.count,
                "capacity": self.capacity,
                "octets": self.octets,
            }


cdef PyObject* recall(Memo memo, const Question* question) noexcept:
    cdef Row row
    cdef PyObject* found = NULL
    open_row(&row)
    if write_question(&row, question, memo.live, memo.immutable):
        with cython.critical_section(memo):
            found = seek(memo, &row)
            if found != NULL:
                found = <PyObject*>(<Entry>found).made
                Py_INCREF(found)
    close_row(&row)
    return found
