"""The memory of verified tokens: bounded, by last use, found by the whole text of a token.

Why it is sound. Only tokens that passed everything enter, so that nobody without a signing key adds a
single one. A token is found by a comparison of its whole text, never by its hash: two tokens of one hash
are two tokens. The hash only finds the place to look at. It takes in every octet under eight random words
of this process, so that nobody outside can choose tokens that meet in one slot; and even a signer who could
would make look-ups longer, not wrong. The comparison may stop at the first octet that differs, which would
tell somebody who measures it how much of a guess was right; but it is come to only by a text whose 64 bits
of keyed hash are those of a token that is kept, which is that token, or a guess of one in 2**64. That a
token is kept can be told by the time that a hit takes, but only by somebody who has the whole token.

The interpreter lock guards it, or where there is none the critical section of the cache, which is let go of
where that lock would be. Between reading the table and changing it nothing runs that could run other
Python code, not even an allocation of objects; what is removed is let go of when the table is whole again.
"""

import os

cimport cython
from libc.stdint cimport uint64_t
from libc.stdlib cimport calloc, free, malloc
from libc.string cimport memcmp, memcpy

from cyjwt._engine.stripes cimport count_up
from cyjwt._engine.jsoncopy cimport copy_members, count_containers
from cyjwt._engine.pyraw cimport (
    Py_XDECREF,
    Py_XINCREF,
    PyBytes_FromStringAndSize,
    PyErr_Clear,
    PyErr_Occurred,
)

cdef extern from "keyedhash.h" nogil:
    uint64_t cyjwt_keyed_hash(const uint64_t* key, const uint8_t* text, size_t size) noexcept

cdef enum:
    FIRST_SLOTS = 16
    KEY_WORDS = 8

# Drawn anew by each process; a fork's child has its parent's entries and so its parent's key.
cdef uint64_t[KEY_WORDS] _key
cdef bytes _drawn = os.urandom(sizeof(_key))
memcpy(_key, <const char*>_drawn, sizeof(_key))
_drawn = b""


@cython.final
cdef class Counts:
    """What came of the look-ups, in all the caches that one verifier has had."""


@cython.final
@cython.no_gc
cdef class TokenCache:
    """What was made of verified tokens, the ones that were last of use.

    Args:
        capacity: the most tokens that are kept, 1 or more. Memory is taken as they come.
    """

    def __cinit__(self, Py_ssize_t capacity):
        self.capacity = capacity
        self.counts = Counts()
        self.used_bits = <uint64_t>-1
        self.ring.newer = self.ring.older = &self.ring

    def __dealloc__(self):
        cdef Entry* entry = take_all(self)
        let_go_of_all(entry)

    def clear(self):
        """Forget every token. The counters stay."""
        forget_all(self)

    def info(self):
        """Tell what there is and what came of it: hits, misses, size, capacity and evictions."""
        with cython.critical_section(self):
            return self.counts.hits, self.counts.misses, self.size, self.capacity, self.counts.evictions

    def successor(self):
        """Make an empty one in place of this one, which goes on with its counts."""
        cdef TokenCache made = TokenCache(self.capacity)
        made.counts = self.counts
        return made

    def collide(self):
        """Take all tokens' hashes for one: a hook for tests."""
        forget_all(self)
        with cython.critical_section(self):
            self.used_bits = 0


cdef Entry* take_all(TokenCache cache) noexcept:
    """Empties the table. The entries, by ``older``, are to be let go of."""
    cdef Entry* entry = cache.ring.older
    if entry == NULL or entry == &cache.ring:
        # Its constructor failed, or it is empty.
        return NULL
    # The oldest ends the list: what is let go of is no longer reached from the cache.
    cache.ring.newer.older = NULL
    cache.ring.newer = cache.ring.older = &cache.ring
    cache.size = 0
    cache.slot_count = 0
    free(cache.slots)
    cache.slots = NULL
    return entry


cdef void let_go(Entry* entry) noexcept:
    Py_XDECREF(entry.claims)
    Py_XDECREF(entry.payload)
    free(entry)


cdef void let_go_of_all(Entry* entry) noexcept:
    cdef Entry* older
    while entry != NULL:
        older = entry.older
        let_go(entry)
        entry = older


cdef void forget_all(TokenCache cache) noexcept:
    cdef Entry* entry
    with cython.critical_section(cache):
        entry = take_all(cache)
    let_go_of_all(entry)


cdef inline Entry** slot_of(TokenCache cache, uint64_t hash) noexcept:
    return &cache.slots[hash & (cache.slot_count - 1)]


cdef inline uint64_t hash_of(TokenCache cache, const uint8_t* text, size_t size) noexcept:
    return cyjwt_keyed_hash(_key, text, size) & cache.used_bits


cdef inline Entry* look_up(TokenCache cache, const uint8_t* text, size_t size, uint64_t hash) noexcept:
    cdef Entry* entry
    if cache.size == 0:
        return NULL
    entry = slot_of(cache, hash)[0]
    while entry != NULL:
        if entry.hash == hash and entry.size == size and memcmp(entry + 1, text, size) == 0:
            return entry
        entry = entry.next
    return NULL


cdef inline void unlink_use(Entry* entry) noexcept:
    entry.newer.older = entry.older
    entry.older.newer = entry.newer


cdef inline void make_newest(TokenCache cache, Entry* entry) noexcept:
    entry.newer = &cache.ring
    entry.older = cache.ring.older
    entry.older.newer = entry
    cache.ring.older = entry


cdef Entry* remove(TokenCache cache, Entry* entry) noexcept:
    """Takes an entry out of the table; it is to be let go of."""
    cdef Entry** link = slot_of(cache, entry.hash)
    while link[0] != entry:
        link = &link[0].next
    link[0] = entry.next
    unlink_use(entry)
    cache.size -= 1
    return entry


cdef void grow(TokenCache cache) noexcept:
    """Doubles the slots; where there is no memory for it, look-ups become longer."""
    cdef size_t count = 2 * cache.slot_count if cache.slot_count else FIRST_SLOTS
    cdef Entry** slots = <Entry**>calloc(count, sizeof(Entry*))
    cdef Entry* entry = cache.ring.older
    cdef Entry** slot
    if slots == NULL:
        return
    free(cache.slots)
    cache.slots = slots
    cache.slot_count = count
    while entry != &cache.ring:
        slot = slot_of(cache, entry.hash)
        entry.next = slot[0]
        slot[0] = entry
        entry = entry.older


cdef inline Entry* find_entry(TokenCache cache, const uint8_t* text, size_t size) noexcept:
    if size > CACHED_TOKEN_SIZE:
        return NULL
    return look_up(cache, text, size, hash_of(cache, text, size))


cdef bint is_kept(TokenCache cache, const uint8_t* text, size_t size) noexcept:
    with cython.critical_section(cache):
        return find_entry(cache, text, size) != NULL


cdef bint find(TokenCache cache, const uint8_t* text, size_t size, Found* out) noexcept:
    cdef bint found
    with cython.critical_section(cache):
        found = take(cache, find_entry(cache, text, size), out)
    count_up(&cache.counts.hits if found else &cache.counts.misses, 1)
    return found


cdef inline bint take(TokenCache cache, Entry* entry, Found* out) noexcept:
    """What an entry has, which is the newest from now on; False where there is none."""
    if entry == NULL:
        return False
    if cache.ring.older != entry:
        unlink_use(entry)
        make_newest(cache, entry)
    out.claims = entry.claims
    out.containers = entry.containers
    out.payload = entry.payload
    out.dates = entry.dates
    out.key = entry.key
    Py_XINCREF(out.claims)
    Py_XINCREF(out.payload)
    return True


cdef void keep(TokenCache cache, const uint8_t* text, size_t size, const Found* made) noexcept:
    cdef Entry* entry = NULL
    cdef Entry* left = NULL
    cdef bint kept = False
    if size <= CACHED_TOKEN_SIZE and (made.claims != NULL or made.payload != NULL):
        entry = <Entry*>malloc(sizeof(Entry) + size)
    if entry != NULL:
        fill(entry, text, size, made)
        with cython.critical_section(cache):
            kept = put(cache, entry, &left)
    if not kept:
        free(entry)
        Py_XDECREF(made.claims)
        Py_XDECREF(made.payload)
    elif left != NULL:
        count_up(&cache.counts.evictions, 1)
        let_go(left)


cdef inline void fill(Entry* entry, const uint8_t* text, size_t size, const Found* made) noexcept:
    entry.size = size
    entry.claims = made.claims
    entry.containers = made.containers
    entry.payload = made.payload
    entry.dates = made.dates
    entry.key = made.key
    memcpy(entry + 1, text, size)


cdef inline bint put(TokenCache cache, Entry* entry, Entry** left) noexcept:
    """Puts an entry into the table, in place of what left gets where that is full; False if it cannot."""
    cdef const uint8_t* text = <const uint8_t*>(entry + 1)
    cdef Entry** slot
    entry.hash = hash_of(cache, text, entry.size)
    if cache.size >= <Py_ssize_t>cache.slot_count and cache.size < cache.capacity:
        grow(cache)
    # Another thread may have been here while the signature was verified.
    if cache.slots == NULL or look_up(cache, text, entry.size, entry.hash) != NULL:
        return False
    if cache.size == cache.capacity:
        left[0] = remove(cache, cache.ring.newer)
    slot = slot_of(cache, entry.hash)
    entry.next = slot[0]
    slot[0] = entry
    make_newest(cache, entry)
    cache.size += 1
    return True


cdef void drop(TokenCache cache, const uint8_t* text, size_t size) noexcept:
    cdef Entry* entry
    with cython.critical_section(cache):
        entry = find_entry(cache, text, size)
        if entry != NULL:
            remove(cache, entry)
    if entry != NULL:
        let_go(entry)


cdef void note_made(
    PyObject* claims, bint with_text, const uint8_t* text, size_t size, Found* made
) noexcept:
    made.containers = 0
    if claims != NULL:
        made.containers = count_containers(claims)
        made.claims = copy_members(claims, made.containers)
    if with_text:
        made.payload = PyBytes_FromStringAndSize(<const char*>text, <Py_ssize_t>size)
    if PyErr_Occurred() != NULL:
        # No memory for what can be done without.
        PyErr_Clear()
        forget_made(made)


cdef void forget_made(Found* made) noexcept:
    Py_XDECREF(made.claims)
    Py_XDECREF(made.payload)
    made.claims = made.payload = NULL
