/* Whether this is built for a CPython without the GIL, and what differs then. */
#ifndef CYJWT_FREE_THREADING_H
#define CYJWT_FREE_THREADING_H

#include <stdint.h>

#ifdef Py_GIL_DISABLED
#define CYJWT_FREE_THREADED 1
#else
#define CYJWT_FREE_THREADED 0
#endif

/* CPython has no public atomics: these are the compilers' own. */
#if CYJWT_FREE_THREADED && defined(_MSC_VER)
#include <intrin.h>
#endif

/* Copies of a memory at most, a power of two. With a GIL, threads that find none free share them. */
#define CYJWT_STRIPES (CYJWT_FREE_THREADED ? 64 : 8)
#define CYJWT_NO_STRIPE (-1)
/* Of a header, guesses at its claims: with a GIL the stripes have one memory of headers. */
#define CYJWT_GUESSES (CYJWT_FREE_THREADED ? 1 : CYJWT_STRIPES)

/* Counts something that several threads count. */
static inline void cyjwt_count(uint64_t *counter, uint64_t more) {
#if !CYJWT_FREE_THREADED
    *counter += more;
#elif defined(_MSC_VER)
    _InterlockedExchangeAdd64((volatile __int64 *)counter, (__int64)more);
#else
    __atomic_fetch_add(counter, more, __ATOMIC_RELAXED);
#endif
}

#endif
