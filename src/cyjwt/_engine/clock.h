/* The wall clock in seconds since 1970-01-01T00:00:00Z, with its fraction, without the interpreter. */
#ifndef CYJWT_CLOCK_H
#define CYJWT_CLOCK_H

#include <time.h>

/* 9999-12-31T23:59:59Z. A larger NumericDate is a mistake (milliseconds) or an attack. */
#define CYJWT_LAST_SECOND 253402300799LL

static inline double cyjwt_now(void) {
    struct timespec t;
#if defined(_WIN32)
    timespec_get(&t, TIME_UTC);
#else
    clock_gettime(CLOCK_REALTIME, &t);
#endif
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
