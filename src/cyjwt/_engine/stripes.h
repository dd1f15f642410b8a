/* Stripes: the numbers of a memory's copies, and who has which. One module includes this. */
#ifndef CYJWT_STRIPES_H
#define CYJWT_STRIPES_H

#include "free_threading.h"

#if CYJWT_FREE_THREADED

#if defined(_MSC_VER)
#define CYJWT_THREAD_LOCAL __declspec(thread)
#else
#define CYJWT_THREAD_LOCAL __thread
#endif

/* As far apart as two lines that are fetched together. */
typedef struct {
    int held;
    char apart[124];
} cyjwt_stripe;

static cyjwt_stripe cyjwt_stripes[CYJWT_STRIPES];
static CYJWT_THREAD_LOCAL unsigned cyjwt_own;

static inline int cyjwt_hold_stripe(void) {
    const unsigned own = cyjwt_own;
    unsigned i;
    for (i = 0; i < CYJWT_STRIPES; i++) {
        const unsigned number = (own + i) & (CYJWT_STRIPES - 1);
        int *const held = &cyjwt_stripes[number].held;
        if (_Py_atomic_load_int_relaxed(held) == 0 && _Py_atomic_exchange_int(held, 1) == 0) {
            if (i) cyjwt_own = number;
            return (int)number;
        }
    }
    return CYJWT_NO_STRIPE;
}

static inline void cyjwt_leave_stripe(int number) {
    if (number != CYJWT_NO_STRIPE) _Py_atomic_store_int_release(&cyjwt_stripes[number].held, 0);
}

#else
static inline int cyjwt_hold_stripe(void) { return 0; }
static inline void cyjwt_leave_stripe(int number) { (void)number; }
#endif

#endif
