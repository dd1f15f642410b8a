"""The names of an object's members, and whether one stands twice, in bounded time whatever names a sender
picks."""

from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcmp

cdef enum:
    FEW_KEYS = 16       # up to here every new key is compared with each before it

cdef struct KeyText:
    const uint8_t* text
    size_t length
    uint64_t first


cdef inline int order(const KeyText* a, const KeyText* b) noexcept nogil:
    if a.first != b.first:
        return -1 if a.first < b.first else 1
    if a.length != b.length:
        return -1 if a.length < b.length else 1
    return memcmp(a.text, b.text, a.length) if a.length > 8 else 0


cdef inline void sift(KeyText* keys, size_t root, size_t count) noexcept nogil:
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


cdef inline bint has_duplicate(KeyText* keys, size_t count) noexcept nogil:
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
