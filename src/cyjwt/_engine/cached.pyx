"""One token, by way of the memory of verified tokens where there is one.

A token that is found there passed everything once. What the time and others can change since is asked again:
the dates, and whether it was revoked.
"""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t

from cyjwt._engine.claims cimport judge_dates
from cyjwt._engine.clock cimport read_clock
from cyjwt._engine.compact cimport Borrowed
from cyjwt._engine.jsoncopy cimport copy_members
from cyjwt._engine.pyraw cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cyjwt._engine.status cimport EXPIRED, TOO_OLD, VALID, set_error
from cyjwt._engine.tokencache cimport CACHED_TOKEN_SIZE, Found, drop, find, forget_made, keep
from cyjwt._engine.verify cimport Engine, Finish, Whole, finish_one, verify_borrowed

ctypedef PyObject* (*Again)(Engine, const Borrowed*, const Found*) noexcept


cdef PyObject* verify_again(Engine engine, const Borrowed* text, const Found* found) except NULL:
    """What the caller gets for a token that was found; NULL with the error set that it would get anew."""
    cdef PyObject* claims = NULL
    cdef const uint8_t* payload = NULL
    cdef size_t size = 0
    # A caller's clock may do anything, such as clear the cache: from here on the entry may be gone.
    cdef double now = read_clock(engine.clock)
    cdef int status = judge_dates(engine.claim_rules, &found.dates, now)
    if status != VALID:
        if status == EXPIRED or status == TOO_OLD:
            drop(engine.cache, text.start, text.size)
        set_error(status, None)
        return NULL
    if found.claims != NULL:
        claims = copy_members(found.claims, found.containers)
        if claims == NULL:
            return NULL
    if found.payload != NULL:
        payload = <const uint8_t*>PyBytes_AS_STRING(found.payload)
        size = <size_t>PyBytes_GET_SIZE(found.payload)
    if engine.finishes:
        claims = (<Finish>finish_one)(engine, claims, payload, size, found.key)
    return claims


cdef PyObject* verify_kept(Engine engine, const Borrowed* text) except NULL:
    cdef Found found
    cdef PyObject* claims
    found.claims = found.payload = NULL
    if engine.cache is None:
        return (<Whole>verify_borrowed)(engine, text, NULL)
    if find(engine.cache, text.start, text.size, &found):
        claims = (<Again>verify_again)(engine, text, &found)
        forget_made(&found)
        return claims
    if text.size > CACHED_TOKEN_SIZE:
        return (<Whole>verify_borrowed)(engine, text, NULL)
    claims = (<Whole>verify_borrowed)(engine, text, &found)
    if claims != NULL:
        keep(engine.cache, text.start, text.size, &found)
    return claims
