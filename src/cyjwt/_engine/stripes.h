/* Stripes: the numbers of a memory's copies, and who has which. One module includes this. */
#ifndef CYJWT_STRIPES_H
#define CYJWT_STRIPES_H

#include "free_threading.h"

#if defined(_MSC_VER)
#define CYJWT_THREAD_LOCAL __declspec(thread)
#else
#define CYJWT_THREAD_LOCAL __thread
#endif

/* A flag is taken where it is free, which is looked at first: to write would take its line from who holds it. */
#if !CYJWT_FREE_THREADED
static inline int cyjwt_take_flag(int *flag) {
    if (*flag) return 0;
    return *flag = 1;
}
static inline void cyjwt_free_flag(int *flag) { *flag = 0; }
#elif defined(_MSC_VER)
static inline int cyjwt_take_flag(int *flag) {
    return *(volatile int *)flag == 0 && _InterlockedExchange((volatile long *)flag, 1) == 0;
}
static inline void cyjwt_free_flag(int *flag) { _InterlockedExchange((volatile long *)flag, 0); }
#else
static inline int cyjwt_take_flag(int *flag) {
    return __atomic_load_n(flag, __ATOMIC_RELAXED) == 0 && __atomic_exchange_n(flag, 1, __ATOMIC_ACQUIRE) == 0;
}
static inline void cyjwt_free_flag(int *flag) { __atomic_store_n(flag, 0, __ATOMIC_RELEASE); }
#endif

/* As far apart as two lines that are fetched together. */
typedef struct {
    int held;
    char apart[124];
} cyjwt_stripe;

static cyjwt_stripe cyjwt_stripes[CYJWT_STRIPES];
static CYJWT_THREAD_LOCAL unsigned cyjwt_own;
static CYJWT_THREAD_LOCAL unsigned cyjwt_depth; /* how many the thread holds: for the first alone it moves on */

static inline int cyjwt_hold_stripe(void) {
    const unsigned own = cyjwt_own;
    const unsigned depth = cyjwt_depth++;
    unsigned i;
    for (i = 0; i < CYJWT_STRIPES; i++) {
        const unsigned number = (own + i) & (CYJWT_STRIPES - 1);
        if (cyjwt_take_flag(&cyjwt_stripes[number].held)) {
            if (i && depth == 0) cyjwt_own = number;
            return (int)number;
        }
    }
    return CYJWT_FREE_THREADED ? CYJWT_NO_STRIPE : (int)own;
}

static inline int cyjwt_is_held(int number) { return *(volatile int *)&cyjwt_stripes[number].held; }

static inline void cyjwt_leave_stripe(int number) {
    cyjwt_depth--;
    if (number != CYJWT_NO_STRIPE) cyjwt_free_flag(&cyjwt_stripes[number].held);
}

#endif
