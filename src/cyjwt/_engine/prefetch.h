/* Asks for memory that will soon be read: texts lie scattered over the heap, where no processor foresees the next. */
#ifndef CYJWT_PREFETCH_H
#define CYJWT_PREFETCH_H

#include <stddef.h>

#if defined(__GNUC__)
#define CYJWT_PREFETCH(p) __builtin_prefetch(p)
#elif defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
#include <xmmintrin.h>
#define CYJWT_PREFETCH(p) _mm_prefetch((const char *)(p), _MM_HINT_T0)
#else
#define CYJWT_PREFETCH(p) ((void)(p))
#endif

#define CYJWT_PREFETCH_MOST 1024 /* octets of one text; what is behind them, a stream by then, is foreseen */

static inline void cyjwt_prefetch_text(const void *start, size_t size) {
    const char *p = (const char *)start, *end = p + (size < CYJWT_PREFETCH_MOST ? size : CYJWT_PREFETCH_MOST);
    for (; p < end; p += 64) CYJWT_PREFETCH(p);
}

#endif
