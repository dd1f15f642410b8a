"""What is revoked, in memory: a hash table that answers for the claims of a token.

The table is cut into shards, so that nothing that needs a walk (to grow, to forget what has expired)
ever walks far. An entry's place is found by the interpreter's hash of its text, which no outsider can
foretell, and its text is compared whole: what merely shares a hash is not revoked. An octet of the hash,
the tag, stands apart for each slot: the tags of a million entries fit in a cache, so that a token that
is not revoked costs no wait for memory. All of it happens under the interpreter lock, or where there is none
in the table's critical section, and runs no other Python code while a shard is looked at.
"""

cimport cython
from cpython.object cimport PyObject
from libc.math cimport INFINITY
from libc.stdint cimport uint8_t, uint32_t, uint64_t, uintptr_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcmp, memcpy, memset

from cyjwt._engine.pyraw cimport PyObject_Hash
from cyjwt._engine.stripes cimport count_up

from _weakref import ref

cdef extern from "Python.h":
    bint PyUnicode_CheckExact(PyObject* o) noexcept nogil
    const char* PyUnicode_AsUTF8AndSize(object s, Py_ssize_t* size) except NULL

cdef enum:
    LEAST_ROOM = 8          # slots of a shard that holds anything; a power of two
    LINE = 64               # octets of a cache line; no slot crosses the end of one
    KEYS_KNOWN = 256

TOKEN, SUBJECT, KEY = TOKEN_KIND, SUBJECT_KIND, KEY_KIND
SHARDS = SHARD_COUNT

cdef uint32_t NO_SCOPE = 0xFFFFFFFF

cdef dict _thumbprints = {}     # by id: a weak reference to the key, and its thumbprint


def thumbprint(key, /):
    """The RFC 7638 thumbprint of a key, computed once for as long as the key lives.

    Raises:
        TypeError: not a key.
    """
    known = _thumbprints.get(id(key))
    if known is not None and known[0]() is key:
        return known[1]
    compute = getattr(key, "thumbprint", None)
    if compute is None:
        raise TypeError(f"key must be a Key, not {type(key).__name__}")
    text = compute()
    if len(_thumbprints) >= KEYS_KNOWN:
        _thumbprints.clear()
    _thumbprints[id(key)] = ref(key), text
    return text


cdef size_t name_size(size_t length) noexcept nogil:
    return sizeof(Name) + length


cdef inline uint8_t tag_of(uint64_t hashed) noexcept nogil:
    """Of bits that neither the shard nor the place is chosen by."""
    return <uint8_t>(hashed >> 48) | 1


cdef int open_shard(Shard* shard, size_t room) except -1:
    shard.memory = malloc(room * (sizeof(Slot) + 1) + LINE)
    if shard.memory == NULL:
        raise MemoryError
    shard.slots = <Slot*>(((<uintptr_t>shard.memory) + LINE - 1) & ~<uintptr_t>(LINE - 1))
    shard.tags = <uint8_t*>(shard.slots + room)
    shard.room = room
    shard.used = 0
    memset(shard.tags, 0, room)
    return 0


cdef void settle(Shard* shard, const Slot* entry) noexcept nogil:
    """Puts an entry into the first empty slot from its place on. There is one."""
    cdef size_t place = entry.hash & (shard.room - 1)
    while shard.tags[place]:
        place = (place + 1) & (shard.room - 1)
    shard.slots[place] = entry[0]
    shard.tags[place] = tag_of(entry.hash)
    shard.used += 1


cdef void vacate(Shard* shard, size_t place) noexcept nogil:
    """Empties a slot, and moves back what stands behind it for want of a nearer one."""
    cdef size_t most = shard.room - 1
    cdef size_t other = place
    while True:
        other = (other + 1) & most
        if shard.tags[other] == 0:
            break
        if ((other - shard.slots[other].hash) & most) >= ((other - place) & most):
            shard.slots[place] = shard.slots[other]
            shard.tags[place] = shard.tags[other]
            place = other
    shard.tags[place] = 0
    shard.used -= 1


cdef class RevocationTable:
    """The entries of a store that are held in memory.

    Attributes:
        checks, hits: how many tokens were looked up, and how many of them were revoked.
        octets: how much memory the entries take.
    """

    def __cinit__(self, *args, **options):
        self.scopes = {}

    def __dealloc__(self):
        cdef size_t i, k
        for i in range(<size_t>SHARD_COUNT):
            for k in range(self.shards[i].room):
                if self.shards[i].tags[k]:
                    free(self.shards[i].slots[k].name)
            free(self.shards[i].memory)

    def __len__(self):
        return self.count[TOKEN_KIND] + self.count[SUBJECT_KIND] + self.count[KEY_KIND]

    def is_revoked(self, dict claims not None, key, /):
        """Tell whether a verified token is revoked: by ``jti``, by ``sub`` and ``iat``, or by its key.

        Args:
            claims: its claims.
            key: the ``Key`` that verified it.

        Returns:
            Whether it is.

        Raises:
            TypeError: not what a ``Verifier`` passes.
        """
        return self.revokes(claims, key)

    cdef bint revokes(self, dict claims, object key) except -1:
        cdef bint found = False
        cdef double issued
        count_up(&self.checks, 1)
        if self.count[TOKEN_KIND]:
            value = claims.get("jti")
            if value is not None:
                found = self.holds(TOKEN_KIND, value, claims, -INFINITY)
        if not found and self.count[SUBJECT_KIND]:
            value = claims.get("sub")
            if value is not None:
                moment = claims.get("iat")
                # Where nobody can tell when it was issued, it may have been before.
                issued = -INFINITY if moment is None else <double>moment
                found = self.holds(SUBJECT_KIND, value, claims, issued)
        if not found and self.count[KEY_KIND]:
            found = self.holds(KEY_KIND, thumbprint(key), claims, -INFINITY)
        count_up(&self.hits, found)
        return found

    cdef bint holds(self, int kind, object value, dict claims, double issued) except -1:
        """Whether an entry, for any issuer or for that of the claims, revokes this value."""
        cdef const Shard* shard
        cdef const char* text
        cdef uint64_t hashed
        cdef Py_ssize_t length = 0
        cdef uint32_t scope
        value = plain(value)
        hashed = hash_of(value, kind)
        shard = &self.shards[hashed >> (64 - SHARD_BITS)]
        with cython.critical_section(self):
            if not is_held(shard, hashed, <uint32_t>kind, issued, 0, NULL, 0):
                return False
        # By its hash it may be. Whatever might run other code is done before the shard is looked at again.
        text = PyUnicode_AsUTF8AndSize(value, &length)
        issuer = claims.get("iss")
        with cython.critical_section(self):
            scope = self.scopes.get(issuer, NO_SCOPE)
            return is_held(shard, hashed, <uint32_t>kind, issued, scope, text, <size_t>length)

    def _put_one(
        self, int kind, str issuer, str value not None, double before, double expires, double horizon
    ):
        """Add an entry, or make the one that there is last longer and reach further.

        Args:
            kind: ``TOKEN``, ``SUBJECT`` or ``KEY``.
            issuer: whose tokens it is about; ``None`` for anybody's.
            value: the ``jti``, ``sub`` or thumbprint.
            before: of a subject: tokens issued earlier are revoked; else infinite.
            expires: when it may be forgotten.
            horizon: what expired by then is forgotten, if that saves the shard from growing.

        Returns:
            Whether there was no such entry.
        """
        cdef Py_ssize_t length = 0
        cdef const char* text
        if not 0 <= kind < KINDS:
            raise ValueError("no such kind of entry")
        value = plain(value)
        text = PyUnicode_AsUTF8AndSize(value, &length)
        with cython.critical_section(self):
            scope = 0 if issuer is None else self.scopes.setdefault(issuer, len(self.scopes) + 1)
            return self.put(hash_of(value, kind), kind, scope, text, <size_t>length, before, expires, horizon)

    def _drop_one(self, int kind, str issuer, str value not None):
        """Remove an entry.

        Args:
            kind, issuer, value: as for ``_put_one``. An entry for anybody's tokens is not an issuer's.

        Returns:
            Whether there was one.
        """
        cdef Shard* shard
        cdef Slot* slot
        value = plain(value)
        with cython.critical_section(self):
            slot = self.slot_of(kind, issuer, value)
            if slot == NULL:
                return False
            shard = &self.shards[slot.hash >> (64 - SHARD_BITS)]
            self.forget(slot.name)
            vacate(shard, slot - shard.slots)
            return True

    def _holds(self, int kind, str issuer, str value not None):
        """Whether there is this very entry. The arguments are those of ``_drop_one``."""
        value = plain(value)
        with cython.critical_section(self):
            return self.slot_of(kind, issuer, value) != NULL

    def _prune(self, int shard, double horizon):
        """Forget what expired by then in one of the ``SHARDS``, and tell how many entries that were."""
        cdef Shard* one
        cdef size_t used, place
        if not 0 <= shard < SHARD_COUNT:
            raise ValueError("no such shard")
        one = &self.shards[shard]
        with cython.critical_section(self):
            for place in range(one.room):
                if one.tags[place] and one.slots[place].expires <= horizon:
                    used = one.used
                    self.rebuild(one, horizon)
                    return used - one.used
        return 0

    def _entries(self, int shard):
        """List the entries of one of the ``SHARDS``: the arguments of ``_put_one`` but for the last."""
        cdef Shard* one
        cdef Slot* slot
        cdef size_t place
        if not 0 <= shard < SHARD_COUNT:
            raise ValueError("no such shard")
        one = &self.shards[shard]
        found = []
        with cython.critical_section(self):
            issuers = {number: issuer for issuer, number in self.scopes.items()}
            for place in range(one.room):
                slot = &one.slots[place]
                if one.tags[place]:
                    text = slot.name.text[:slot.name.length].decode()
                    issuer = issuers.get(slot.name.scope)
                    found.append((slot.name.kind, issuer, text, slot.before, slot.expires))
        return found

    def _counts(self):
        """How many tokens, subjects and keys have an entry."""
        return self.count[TOKEN_KIND], self.count[SUBJECT_KIND], self.count[KEY_KIND]

    cdef Slot* slot_of(self, int kind, str issuer, str value) except? NULL:
        """The slot of this very entry, or NULL."""
        cdef Py_ssize_t length = 0
        cdef const char* text = PyUnicode_AsUTF8AndSize(value, &length)
        cdef uint64_t hashed = hash_of(value, kind)
        cdef Shard* shard = &self.shards[hashed >> (64 - SHARD_BITS)]
        scope = 0 if issuer is None else self.scopes.get(issuer)
        if scope is None:
            return NULL
        return find(shard, hashed, <uint32_t>kind, scope, text, <size_t>length)

    cdef bint put(
        self, uint64_t hashed, int kind, uint32_t scope, const char* text, size_t length, double before,
        double expires, double horizon
    ) except -1:
        """Adds an entry, or extends the one that there is: then False."""
        cdef Shard* shard = &self.shards[hashed >> (64 - SHARD_BITS)]
        cdef Slot* slot = find(shard, hashed, <uint32_t>kind, scope, text, length)
        cdef Slot entry
        if slot != NULL:
            slot.before = max(slot.before, before)
            slot.expires = max(slot.expires, expires)
            return False
        if 4 * (shard.used + 1) > 3 * shard.room:
            self.rebuild(shard, horizon)
        entry.name = <Name*>malloc(name_size(length))
        if entry.name == NULL:
            raise MemoryError
        entry.hash = hashed
        entry.before = before
        entry.expires = expires
        entry.name.scope = scope
        entry.name.kind = <uint32_t>kind
        entry.name.length = length
        memcpy(entry.name.text, text, length)
        settle(shard, &entry)
        self.count[kind] += 1
        self.octets += name_size(length)
        return True

    cdef int rebuild(self, Shard* shard, double horizon) except -1:
        """Gives the shard twice the room that its entries take, without those that expired."""
        cdef Shard fresh
        cdef Slot* slot
        cdef size_t i, left = 0, room = LEAST_ROOM
        for i in range(shard.room):
            slot = &shard.slots[i]
            left += shard.tags[i] and slot.expires > horizon
        while room < 2 * left:
            room *= 2
        open_shard(&fresh, room)
        for i in range(shard.room):
            slot = &shard.slots[i]
            if shard.tags[i] == 0:
                continue
            if slot.expires > horizon:
                settle(&fresh, slot)
            else:
                self.forget(slot.name)
        self.octets += (fresh.room - shard.room) * (sizeof(Slot) + 1)
        free(shard.memory)
        shard[0] = fresh
        return 0

    cdef void forget(self, Name* name) noexcept:
        self.count[name.kind] -= 1
        self.octets -= name_size(name.length)
        free(name)


cdef bint is_held(
    const Shard* shard, uint64_t hashed, uint32_t kind, double issued, uint32_t scope, const char* text,
    size_t length
) noexcept nogil:
    """Whether an entry, for anybody's tokens or for that scope's, revokes a text; any text, if NULL."""
    cdef size_t place
    cdef const Slot* slot
    if shard.room == 0:
        return False
    place = hashed & (shard.room - 1)
    while shard.tags[place]:
        slot = &shard.slots[place]
        if (
            shard.tags[place] == tag_of(hashed) and slot.hash == hashed and slot.name.kind == kind
            and issued < slot.before
        ):
            if text == NULL:
                return True
            if (
                (slot.name.scope == 0 or slot.name.scope == scope) and slot.name.length == length
                and memcmp(slot.name.text, text, length) == 0
            ):
                return True
        place = (place + 1) & (shard.room - 1)
    return False


cdef Slot* find(
    Shard* shard, uint64_t hashed, uint32_t kind, uint32_t scope, const char* text, size_t length
) noexcept nogil:
    """The slot of this very entry, or NULL."""
    cdef size_t place
    cdef Slot* slot
    if shard.room == 0:
        return NULL
    place = hashed & (shard.room - 1)
    while shard.tags[place]:
        slot = &shard.slots[place]
        if (
            shard.tags[place] == tag_of(hashed) and slot.hash == hashed
            and slot.name.kind == kind and slot.name.scope == scope
            and slot.name.length == length and memcmp(slot.name.text, text, length) == 0
        ):
            return slot
        place = (place + 1) & (shard.room - 1)
    return NULL


cdef inline object plain(object value):
    """A ``str`` whose hash and text are its own."""
    if PyUnicode_CheckExact(<PyObject*>value):
        return value
    if not isinstance(value, str):
        raise TypeError("a jti, a sub or a thumbprint must be a str")
    return str.__str__(value)


cdef inline uint64_t hash_of(object value, int kind) noexcept:
    """Of a plain str, which always has one. The kinds have places of their own."""
    return <uint64_t>PyObject_Hash(<PyObject*>value) ^ <uint64_t>kind * <uint64_t>0x9E3779B97F4A7C15
